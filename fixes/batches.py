"""The batch a training takes, changed where the script says it; and small batches accumulated to a large one."""

from __future__ import annotations

from dataclasses import dataclass

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Const, Dataset, Object, const
from keras_memlint.analysis.facts.defaults import BATCH_SIZE
from keras_memlint.analysis.facts.optimizers import class_name, takes
from keras_memlint.analysis.reach.uses import literal_behind
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.calls import append_argument
from keras_memlint.fixes.edits import Edit, Fix, overlap
from keras_memlint.fixes.spelling import spell

_STEPS = "gradient_accumulation_steps"


@dataclass(frozen=True, slots=True)
class Batch:
    """Where a script says how many samples a batch has: ``call`` takes it, ``literal`` is the number as it is written.

    Without a literal the call takes Keras's usual ``size``.
    """

    size: int
    call: Call
    literal: tree.Constant | None


def batch_of(script: Script, fit: Fit) -> Batch | None:
    """The batch of ``fit``; None when it is not known, or no one literal decides it."""
    call = fit.batch_call
    if call is None or call.star or not script.own(call.node):
        return None
    argument = call.argument_node("batch_size")
    if argument is None:
        usual = fit.x.batch_size if isinstance(fit.x, Dataset) else BATCH_SIZE
        return Batch(usual, call, None) if usual and _may_be_told(script, fit, call) else None
    literal = literal_behind(script, argument.value)
    size = literal.value if literal is not None else None
    # The value decides, should the name stand for something else there.
    if not isinstance(size, int) or isinstance(size, bool) or const(call.arg("batch_size")) != size:
        return None
    return Batch(size, call, literal)


def smaller_batch(script: Script, fit: Fit, size: int) -> Fix | None:
    """``fit`` trains on batches of ``size``; None when it does so already, or the batch has no one place."""
    batch = batch_of(script, fit)
    edit = _resized(script, batch, size) if batch is not None else None
    if edit is None:
        return None
    return Fix(
        f"train on batches of {size}", False, (edit,), f"each update sees {size} samples, so results differ"
    )


def accumulated(script: Script, fit: Fit, size: int, steps: int) -> Fix | None:
    """``fit`` trains on batches of ``size``, and ``steps`` of them make an update.

    None without Keras 3, whose optimizers alone can do that, and when batch or optimizer have no one place.
    """
    model, batch = fit.model, batch_of(script, fit)
    if model is None or batch is None or model.flavour == "tf_keras" or script.keras_major == 2:
        return None
    smaller, optimizer = _resized(script, batch, size), _accumulating(script, fit, steps)
    if smaller is None or not optimizer or overlap((smaller, *optimizer)):
        return None
    title = f"train on batches of {size} and accumulate {steps}"
    return Fix(title, False, (smaller, *optimizer), "needs Keras 3; batch normalisation sees smaller batches")


def _may_be_told(script: Script, fit: Fit, call: Call) -> bool:
    """Whether ``batch_size`` can be added to ``call``: to a ``fit`` of arrays, or a loader; a data set refuses it."""
    if call is not fit.call:
        return "batch_size" in call.params
    return fit.method == "fit" and any(feed.fit is fit and feed.role == "x" for feed in script.feeds)


def _resized(script: Script, batch: Batch, size: int) -> Edit | None:
    if size == batch.size or size < 1:
        return None
    if batch.literal is None:
        return append_argument(script, batch.call.node, f"batch_size={size}")
    place = script.place(batch.literal)
    return Edit(place.start, place.end, str(size))


def _accumulating(script: Script, fit: Fit, steps: int) -> tuple[Edit, ...]:
    """The optimizer with ``steps``; empty when it accumulates already or is no call and no name in ``compile``."""
    compiled = fit.model.compiled if fit.model is not None else None
    given = compiled.arg("optimizer") if compiled is not None else None
    if compiled is None or given is None or steps < 2:
        return ()
    if isinstance(given, Const):
        return _constructed(script, fit, compiled, given.value, steps)
    if not isinstance(given, Object) or given.call is None or given.call.given(_STEPS):
        return ()
    if not takes(given.api, _STEPS):
        return ()
    edit = append_argument(script, given.call.node, f"{_STEPS}={steps}")
    return (edit,) if edit is not None else ()


def _constructed(script: Script, fit: Fit, compiled: Call, given: object, steps: int) -> tuple[Edit, ...]:
    """``"adam"`` as a call of the class that it stands for, which has the same settings."""
    argument = compiled.argument_node("optimizer")
    name = class_name(given) if isinstance(given, str) else None
    if argument is None or name is None or not isinstance(argument.value, tree.Constant):
        return ()
    if not script.own(compiled.node) or not script.own(argument.value):
        return ()
    flavour = (fit.model.flavour if fit.model is not None else None) or compiled.flavour
    root = "keras" if flavour == "keras" else "tensorflow.keras"
    text, imports = spell(script, f"{root}.optimizers.{name}", argument.value)
    place = script.place(argument.value)
    return (Edit(place.start, place.end, f"{text}({_STEPS}={steps})"), *imports)
