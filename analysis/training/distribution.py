"""Scripts that train on several devices: what batches they make, and what stands in the scope of a strategy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Bound, Object, Scalar, UnknownValue, Value

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.script import Script

# The count of replicas is that of the devices by default, and of nothing else.
_ON_SEVERAL = (
    "tf.distribute.MirroredStrategy",
    "tf.distribute.MultiWorkerMirroredStrategy",
    "tf.distribute.TPUStrategy",
    "tf.distribute.experimental.MultiWorkerMirroredStrategy",
    "tf.distribute.experimental.TPUStrategy",
)
_FROM_FUNCTION = (
    "tf.distribute.Strategy.distribute_datasets_from_function",
    "tf.distribute.Strategy.experimental_distribute_datasets_from_function",
)
# What makes batches of a number that it calls otherwise, or of something unknown.
_BATCH = "?.batch"


def makes_strategy(script: Script) -> bool:
    """Whether the script makes a strategy for several devices."""
    return script.uses(*_ON_SEVERAL)


def multiplied(call: Call) -> int:
    """How often the batch that ``call`` is given was multiplied by the number of replicas, see ``Scalar.replicas``."""
    given = call.first() if call.name == _BATCH else call.arg("batch_size")
    return given.replicas if isinstance(given, Scalar) else 0


def for_one_replica(script: Script) -> Iterator[tuple[Call, Call]]:
    """Calls that make the batches of a single replica, each with the call that distributes these."""
    for call in script.calls(*_FROM_FUNCTION):
        for inner in call.inner:
            if inner.name.endswith("batch") and inner.name != "tf.data.Dataset.unbatch":
                yield inner, call


def scope_of(call: Call) -> Object | None:
    """The innermost ``with strategy.scope()`` around ``call``; None outside of any."""
    for value in reversed(call.contexts):
        if isinstance(value, Object) and value.api == "tf.distribute.scope":
            return value
    return None


def surely_outside(call: Call) -> bool:
    """Whether no strategy's scope is around ``call``; not where it is unknown what is, or who calls the function."""
    contexts = [value for value in call.contexts if _may_be_scope(value)]
    return not contexts and (call.function is None or call.caller is not None)


def mirrored(scope: Object) -> Call | None:
    """The call that made the ``MirroredStrategy`` whose scope this is; None for other strategies."""
    strategy = scope.call.receiver if scope.call is not None else None
    made = strategy.call if isinstance(strategy, Object) else None
    return made if made is not None and made.name == "tf.distribute.MirroredStrategy" else None


def made_outside(model: Model) -> Call | None:
    """The call outside of any scope that made ``model``, or one that is a part of it; None when none surely did."""
    parts = [model, *(use.layer.model for use in model.uses if use.layer.model is not None)]
    for part in parts:
        if part.kind in ("sequential", "functional", "application") and part.call is not None:
            if surely_outside(part.call):
                return part.call
    return None


def _may_be_scope(value: Value) -> bool:
    if isinstance(value, Object):
        return value.api == "tf.distribute.scope"
    return isinstance(value, (UnknownValue, Bound))
