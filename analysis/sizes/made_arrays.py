"""Which expressions make arrays, and how large these are for sure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.values import Array, Items, Value
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.script import Script

# Nothing is allocated: what these give is the same memory.
_VIEWS = (steps.EXCHANGED, steps.RESHAPED, steps.TRANSPOSED)
_AS_IT_IS = frozenset(("numpy.asarray", "numpy.asanyarray", "numpy.ascontiguousarray"))
_KINDS = frozenset(("ndarray", "tensor", "memmap", "hdf5"))
ON_DISK = frozenset(("memmap", "hdf5"))


def made_arrays(script: Script) -> Iterator[tuple[tree.Expr, Value]]:
    """What allocates, loads or converts, with the value it gives; once for each time it is reached."""
    for call in script.all_calls:
        if isinstance(call.result, (Array, Items)) and not call.mapped and _makes(script, call):
            yield call.node, call.result
    inner = {
        id(part) for operation in script.operations for part in (operation.node.left, operation.node.right)
    }
    for operation in script.operations:
        if id(operation.node) not in inner and not operation.mapped:
            yield operation.node, operation.result


def _makes(script: Script, call: Call) -> bool:
    """Whether ``call`` itself makes what it gives, and how large that is does not depend on versions."""
    name = call.name
    if name.startswith(("def ", "class ", "builtins.")) or name in _AS_IT_IS:
        return False
    if name == "keras.utils.to_categorical" and script.keras_major != 3:
        return False
    result = call.result
    if isinstance(result, Items):
        # Loaders and splits make several arrays; what else gives a list or a tuple does not make what is in it.
        return result.kind in ("tuple", "list") and name.startswith(("keras.datasets.", "sklearn."))
    origin = result.origin
    return origin is not None and origin.node is call.node and not origin.did(*_VIEWS)


def arrays_in(value: Value) -> Iterator[Array]:
    """The arrays in ``value``; one of unknown size for anything else."""
    if isinstance(value, Array):
        yield value
    elif isinstance(value, Items) and value.items:
        for item in value.items:
            yield from arrays_in(item)
    else:
        yield Array()


def exact_bytes(array: Array) -> int | None:
    """Its bytes as shape and dtype say; None when either is unknown, or when it is more than these numbers."""
    known = array.kind in _KINDS and array.source != "network"
    return array.but(size=None).bytes if known else None
