"""What gives the elements of something else, as ``iter``, ``enumerate`` and ``tqdm`` do, and what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Dataset, Value
from keras_memlint.analysis.syntax import tree

_HAND_ON = (
    "builtins.enumerate",
    "builtins.iter",
    "builtins.list",
    "builtins.tuple",
    "tfds.as_numpy",
    "tqdm.auto.tqdm",
    "tqdm.notebook.tqdm",
    "tqdm.tqdm",
    "tqdm.tqdm_notebook",
)
_WRAPPED = 4  # of these that may stand around each other

# The calls that gave iterable values, by the ``id`` of the value.
Givers = Mapping[int, Call]


def datasets_behind(value: Value, givers: Givers) -> tuple[Dataset, ...]:
    """The pipelines whose elements ``value`` gives, several where `zip` goes through these at once; empty without one."""
    for _ in range(_WRAPPED):
        if isinstance(value, Dataset):
            return (value,)
        call = givers.get(id(value))
        if call is None:
            return ()
        if call.name == "tf.data.Dataset.as_numpy_iterator" and call.receiver is not None:
            value = call.receiver
        elif call.name == "builtins.zip":
            return tuple([one for given in call.args for one in datasets_behind(given, givers)])
        elif call.name in _HAND_ON:
            value = call.first()
        else:
            return ()
    return ()


def counted(value: Value, givers: Givers) -> Value | None:
    """What ``value`` counts the elements of: ``loader`` of ``enumerate(tqdm(loader))``; None where it counts none."""
    enumerated = False
    for _ in range(_WRAPPED):
        call = givers.get(id(value))
        if call is None or call.name not in _HAND_ON:
            break
        enumerated = enumerated or call.name == "builtins.enumerate"
        value = call.first()
    return value if enumerated else None


def is_generated(value: Value, givers: Givers) -> bool:
    """Whether ``value`` gives what a generator function of the user's own yields."""
    for _ in range(_WRAPPED):
        call = givers.get(id(value))
        if call is None:
            return False
        if call.callee is not None:
            node = call.callee.node
            return isinstance(node, tree.FunctionDef) and node.is_generator
        value = call.first()
    return False
