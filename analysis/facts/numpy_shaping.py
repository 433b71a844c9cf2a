"""NumPy: the numbers of one array in another shape, order or dtype, and what is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Items,
    Origin,
    Scalar,
    Shape,
    Value,
    const,
    reversed_axes,
)
from keras_memlint.analysis.facts.arguments import dtype_of, shape_of
from keras_memlint.analysis.facts.numpy_joining import as_array
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "NumPy reference, routines"
_A = "numpy.ndarray."


def _same(note: str) -> Gives:
    """The same data under another name or order; ``note`` says what happens."""

    def gives(call: Call, _run: Machine) -> Value:
        given = call.operand()
        if isinstance(given, Items):
            given = as_array(given, call, None, note)
        if not isinstance(given, Array):
            return UNKNOWN
        return given.derived(call.node, note)

    return gives


def _astype(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if not isinstance(given, Array):
        return UNKNOWN
    dtype = dtype_of(call.arg("dtype"))
    wider = (itemsize(dtype or "") or 0) > (itemsize(given.dtype or "") or 99)
    note = f"widened to {dtype}" if wider else f"converted to {dtype}" if dtype else "converted"
    kind = "ndarray" if given.kind in ("memmap", "hdf5") else given.kind
    return given.derived(call.node, note, kind=kind, dtype=dtype, size=given.size_as(dtype))


def _bools_astype(call: Call, _run: Machine) -> Value:
    """``(x > 0).astype(int)`` of an unknown ``x``: no ``bool`` of Python has this method, but arrays do."""
    dtype = dtype_of(call.arg("dtype"))
    if not isinstance(call.receiver, Scalar) or dtype is None:
        return UNKNOWN
    return Array("ndarray", dtype, origin=Origin(call.node, f"converted to {dtype}"))


def _reshape(call: Call, _run: Machine) -> Value:
    if isinstance(call.receiver, Array):
        given: Value = call.receiver
        wanted = shape_of(call.args[0] if len(call.args) == 1 else Items("tuple", call.args))
    else:
        given = call.first()
        wanted = (
            shape_of(call.args[1])
            if len(call.args) > 1
            else shape_of(call.arg("newshape") or call.arg("shape"))
        )
    if isinstance(given, Items):
        given = as_array(given, call, None, "copied into one array")
    if not isinstance(given, Array):
        return _unknown_in(call, wanted)
    if cannot_be(given.shape, wanted):
        return UNKNOWN
    return given.derived(call.node, "reshaped", shape=solve(given.shape, wanted))


def cannot_be(before: Shape | None, wanted: Shape | None) -> bool:
    """Whether an array does not have the elements of ``wanted``: what is known of it is wrong, or the script ends there."""
    if before is None or wanted is None or None in before or None in wanted:
        return False
    total, asked = prod(axis or 0 for axis in before), prod(axis or 0 for axis in wanted if axis != -1)
    return total % asked != 0 if -1 in wanted and asked else -1 not in wanted and total != asked


def solve(before: Shape | None, wanted: Shape | None) -> Shape | None:
    """``wanted`` with its -1 replaced where the number of elements is known."""
    if wanted is None or -1 not in wanted:
        return wanted
    if before is None or None in before or wanted.count(-1) != 1 or None in wanted:
        return tuple(None if axis == -1 else axis for axis in wanted)
    total = rest = 1
    for axis in before:
        total *= axis or 0
    for axis in wanted:
        rest *= 1 if axis == -1 else axis or 0
    return tuple((total // rest if rest else None) if axis == -1 else axis for axis in wanted)


def reshaped(call: Call) -> Value:
    """``unknown.reshape(1, 28, 28)``: an array of that shape; unknown unless its first axis says how many samples."""
    return _unknown_in(call, shape_of(call.args[0] if len(call.args) == 1 else Items("tuple", call.args)))


def _unknown_in(call: Call, wanted: Shape | None) -> Value:
    """What nobody knows, in a shape whose first axis says how many samples it is; unknown for every other shape."""
    if not wanted or wanted[0] is None or wanted[0] < 1:
        return UNKNOWN
    return Array("ndarray", shape=solve(None, wanted), origin=Origin(call.node, "reshaped"))


def _expand(call: Call, _run: Machine) -> Value:
    given = call.first()
    axis = call.const("axis")
    if isinstance(given, Items):
        given = as_array(given, call, None, "copied into one array")
    if not isinstance(given, Array):
        return Array("ndarray", part=True, origin=Origin(call.node, "one sample")) if axis == 0 else UNKNOWN
    shape: Shape | None = None
    if (
        given.shape is not None
        and isinstance(axis, int)
        and -len(given.shape) - 1 <= axis <= len(given.shape)
    ):
        at = axis if axis >= 0 else len(given.shape) + 1 + axis
        shape = (*given.shape[:at], 1, *given.shape[at:])
    one = given.shape is None and axis == 0 and not given.source  # what nobody knows is a sample of something
    return given.derived(call.node, "reshaped", shape=shape, part=given.part or one)


def _labels(call: Call, _run: Machine) -> Value:
    given = call.operand()
    shape = given.shape[:1] if isinstance(given, Array) and given.shape else None
    return Array(
        "ndarray", "int64", shape=shape, source="made", labels=True, origin=Origin(call.node, "computed here")
    )


def _other_axes(call: Call, run: Machine) -> Value:
    """The same numbers with axes in another order: which one, nobody asks."""
    given = _same("axes exchanged")(call, run)
    return given.but(shape=None, size=given.bytes) if isinstance(given, Array) else given


def _number(kind: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        given = call.first()
        if isinstance(given, Items):
            given = as_array(given, call, kind, "copied into one array")
        if isinstance(given, Array):
            return _astype_to(given, kind, call)
        return Array("ndarray", kind, shape=(), source="made")

    return gives


def _astype_to(given: Array, dtype: str, call: Call) -> Array:
    return given.derived(
        call.node, f"converted to {dtype}", kind="ndarray", dtype=dtype, size=given.size_as(dtype)
    )


def _to_one(call: Call) -> Call:
    call.args = (Const(-1),)
    return call


def _numpy(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if not isinstance(given, Array):
        return UNKNOWN
    return given.derived(call.node, "copied to NumPy", kind="ndarray")


def _squeeze(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    return given.but(shape=None)


def _transpose(call: Call, _run: Machine) -> Value:
    given = call.first()
    return _turned(call, given, call.arg("axes")) if isinstance(given, Array) else UNKNOWN


def _transpose_method(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if not isinstance(given, Array):
        return UNKNOWN
    axes = call.args[0] if len(call.args) == 1 else Items("tuple", call.args) if call.args else None
    return _turned(call, given, axes)


def _turned(call: Call, given: Array, by: Value | None) -> Value:
    """``given`` with its axes in the order ``by``, reversed without one."""
    axes = const(by)
    shape: Shape | None = None
    if given.shape is not None and axes is None and (by is None or isinstance(by, Const)):
        shape = reversed_axes(given.shape)
    elif given.shape is not None and isinstance(axes, (list, tuple)) and _is_order(axes, len(given.shape)):
        shape = tuple(given.shape[a] for a in axes)
    return given.derived(call.node, "transposed", shape=shape)


def _is_order(axes: Sequence[object], count: int) -> bool:
    """Whether each of ``count`` axes is among ``axes`` once, where -1 is the last; NumPy takes no other."""
    places = [a % count for a in axes if isinstance(a, int) and -count <= a < count]
    return len(places) == len(axes) and sorted(places) == list(range(count))


def _resize(call: Call, _run: Machine) -> Value:
    """``x.resize((10, 4))`` changes the array itself, and gives None: what calls before have seen is not known any more."""
    if isinstance(call.receiver, Array):
        call.receiver.shape = call.receiver.size = None
    return UNKNOWN


def _pad(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    if given.shape is None:
        return given.derived(call.node, "padded", size=None)
    added = _added(const(call.arg("pad_width")), len(given.shape))
    shape = tuple(
        axis + more if axis is not None and more is not None else None
        for axis, more in zip(given.shape, added, strict=True)
    )
    return given.derived(call.node, "padded", shape=shape, size=None)


def _added(width: object, axes: int) -> list[int | None]:
    """How many elements ``np.pad`` adds to each of ``axes``: a number for both sides, a pair, or a pair for each axis."""
    pairs = [width] * axes if isinstance(width, int) or _is_pair(width) else width
    if not isinstance(pairs, (list, tuple)) or len(pairs) != axes:
        return [None] * axes
    return [2 * p if isinstance(p, int) else sum(p) if _is_pair(p) else None for p in pairs]


def _is_pair(width: object) -> bool:
    return isinstance(width, (list, tuple)) and len(width) == 2 and all(isinstance(w, int) for w in width)


NUMPY_SHAPING = table(
    fact("numpy.argmax", "a axis", _labels, probe="numpy.argmax(numpy.zeros((4, 3)), 1)"),
    fact("numpy.clip", "a a_min a_max", _same("clipped"), probe="numpy.clip(numpy.zeros((2, 3)), 0, 1)"),
    fact("numpy.copy", "a", _same("copied"), probe="numpy.copy(numpy.zeros((2, 3)))"),
    fact("numpy.expand_dims", "a axis", _expand, probe="numpy.expand_dims(numpy.zeros((2, 3)), -1)"),
    fact("numpy.flip", "m axis", _same("flipped"), probe="numpy.flip(numpy.zeros((2, 3)), 1)"),
    fact("numpy.fliplr", "m", _same("flipped"), see=_DOCS),
    fact("numpy.flipud", "m", _same("flipped"), see=_DOCS),
    fact("numpy.float32", "", _number("float32"), probe="numpy.float32(numpy.zeros((2, 3)))"),
    fact("numpy.float64", "", _number("float64"), probe="numpy.float64(numpy.zeros((2, 3), 'float32'))"),
    fact("numpy.pad", "array pad_width", _pad, probe="numpy.pad(numpy.zeros((2, 3)), ((1, 2), (0, 0)))"),
    fact(_A + "argmax", "axis", _labels, see=_DOCS),
    fact("builtins.bool.astype", "dtype", _bools_astype, see="NumPy reference, comparisons of arrays"),
    fact(_A + "astype", "dtype", _astype, probe="numpy.zeros((2, 3)).astype('float32')"),
    fact(_A + "copy", "", _same("copied"), probe="numpy.zeros((2, 3)).copy()"),
    fact(_A + "flatten", "", lambda c, r: _reshape(_to_one(c), r), see=_DOCS),
    fact(_A + "numpy", "", _numpy, see="TensorFlow API, tf.Tensor"),
    fact(_A + "ravel", "", lambda c, r: _reshape(_to_one(c), r), see=_DOCS),
    fact(_A + "reshape", "", _reshape, probe="numpy.zeros((2, 6)).reshape(-1, 3)"),
    fact(_A + "resize", "", _resize, see=_DOCS),
    fact(_A + "transpose", "", _transpose_method, probe="numpy.zeros((2, 6)).transpose()"),
    fact("numpy.moveaxis", "a source destination", _other_axes, see=_DOCS),
    fact("numpy.reshape", "a shape", _reshape, probe="numpy.reshape(numpy.zeros((2, 6)), (-1, 3))"),
    fact("numpy.rollaxis", "a axis start", _other_axes, see=_DOCS),
    fact("numpy.rot90", "m k axes", _other_axes, see=_DOCS),
    fact("numpy.squeeze", "a axis", _squeeze, see=_DOCS),
    fact("numpy.swapaxes", "a axis1 axis2", _other_axes, see=_DOCS),
    fact("numpy.transpose", "a axes", _transpose, see=_DOCS),
    fact("numpy.uint8", "", _number("uint8"), see=_DOCS),
)
