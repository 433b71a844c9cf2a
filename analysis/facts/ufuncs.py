"""NumPy's arithmetic as functions: the operators with a ``dtype``."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.values import UNKNOWN, Array, Origin, Value
from keras_memlint.analysis.facts.arguments import dtype_of
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table
from keras_memlint.analysis.interpret.arithmetic import binary

_DOCS = "NumPy reference, universal functions"


def _ufunc(op: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        left, right = call.arg("x1") or UNKNOWN, call.arg("x2") or UNKNOWN
        result = binary(op, left, right, call.node)
        dtype = dtype_of(call.arg("dtype"))
        if not isinstance(result, Array):
            return UNKNOWN
        if not call.given("dtype"):
            return result
        size = None
        if result.size is not None and result.dtype is not None and dtype is not None:
            size = result.size // (itemsize(result.dtype) or 1) * (itemsize(dtype) or 0) or None
        before = result.origin.before if result.origin is not None else None
        result = result.but(dtype=dtype, size=size)
        result.origin = Origin(call.node, f"computed in {dtype}" if dtype else "computed here", before)
        return result

    return gives


_ROWS = {"divide": "/", "true_divide": "/", "multiply": "*", "subtract": "-", "add": "+"}
UFUNCS = table(
    *(
        fact(
            f"numpy.{name}",
            "x1 x2 out",
            _ufunc(op),
            probe=f"numpy.{name}(numpy.zeros((2, 3), 'uint8'), 255.0, dtype='float32')",
        )
        for name, op in _ROWS.items()
    )
)
