"""NumPy (and h5py): what its calls give, keep and copy."""

from __future__ import annotations

import re

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.facts.dtypes import canonical, itemsize
from keras_memlint.analysis.facts.images import image_array
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table
from keras_memlint.analysis.values import (
    UNKNOWN,
    Api,
    Array,
    Const,
    Items,
    Object,
    Origin,
    Scalar,
    Shape,
    Value,
    const,
)

_DOCS = "NumPy reference, routines"


def dtype_of(value: Value | None, default: str | None = None) -> str | None:
    """The dtype a ``dtype=`` argument names; ``default`` when there is none, None when it is not known."""
    if value is None or (isinstance(value, Const) and value.value is None):
        return default
    name = value.name.rpartition(".")[2] if isinstance(value, Api) else const(value)
    if not isinstance(name, str):
        return None
    return canonical(name)


def shape_of(value: Value | None) -> Shape | None:
    """The shape a ``shape`` argument gives; None when its rank is not known."""
    if isinstance(value, Const) and isinstance(value.value, int):
        return (value.value,)
    if isinstance(value, Scalar) and value.kind == "int":
        return (None,)
    if isinstance(value, Items) and value.items is not None:
        axes = [const(item) for item in value.items]
        return tuple(axis if isinstance(axis, int) else None for axis in axes)
    return None


def as_array(value: Value, call: Call, dtype: str | None, note: str) -> Value:
    """``numpy.array(value)``: a list of arrays becomes one array with an axis more."""
    if isinstance(value, Object) and value.api == "PIL.Image":
        return image_array(value, call, dtype or "uint8", channel_axis=False)
    if isinstance(value, Array):
        whole = value.kind != "hdf5" or not value.part
        size = _resized(value, dtype)
        return value.derived(
            call.node,
            note,
            kind="ndarray",
            dtype=dtype or (value.dtype if value.kind != "frame" else None),
            size=size if whole else None,
        )
    if isinstance(value, Items):
        element = value.any()
        if (isinstance(element, Items) and element.kind in ("tuple", "list")) or (
            isinstance(element, Object) and element.api == "PIL.Image"
        ):
            inner = as_array(element, call, dtype, note)
            element = inner if isinstance(inner, Array) else element
        if isinstance(element, Array):
            shape = (value.length, *element.shape) if element.shape is not None else None
            source = "list" if element.source in ("disk", "list") else element.source
            made = (element.origin, value.origin) if element.labels else (value.origin, element.origin)
            return Array(
                "ndarray",
                dtype or element.dtype,
                shape=shape,
                source=source,
                pixels=element.pixels,
                labels=element.labels,
                origin=Origin(call.node, note, made[0] or made[1]),
            )
        found = dtype or _scalar_dtype(element)
        return Array(
            "ndarray",
            found,
            shape=(value.length,),
            source="made" if value.items is not None else "",
            labels=True,
            origin=Origin(call.node, note, value.origin),
        )
    return Array("ndarray", dtype or None, origin=Origin(call.node, note))


def _scalar_dtype(element: Value) -> str | None:
    kind = (
        element.kind
        if isinstance(element, Scalar)
        else type(element.value).__name__
        if isinstance(element, Const)
        else ""
    )
    return {"int": "int64", "float": "float64", "bool": "bool", "str": "str", "path": "str"}.get(kind)


def _resized(value: Array, dtype: str | None) -> int | None:
    if value.size is None or dtype is None or dtype == value.dtype:
        return value.size
    before, after = itemsize(value.dtype) if value.dtype else None, itemsize(dtype)
    return value.size // before * after if before and after else None


def _array(note: str) -> Gives:
    return lambda call, _run: as_array(call.first(), call, dtype_of(call.arg("dtype")), note)


def _filled(default: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        return Array(
            "ndarray",
            dtype_of(call.arg("dtype"), default),
            shape=shape_of(call.arg("shape")),
            source="made",
            origin=Origin(call.node, "allocated here"),
        )

    return gives


def _like(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), given.dtype),
        shape=given.shape,
        source="made",
        origin=Origin(call.node, "allocated here"),
    )


def _random(dtype: str, *, by_args: bool = False, size: str = "size") -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        shape = shape_of(Items("tuple", call.args)) if by_args else shape_of(call.arg(size))
        if shape is None and not by_args and call.arg(size) is None:
            return Scalar("float" if dtype == "float64" else "int")
        return Array("ndarray", dtype, shape=shape, source="made", origin=Origin(call.node, "made here"))

    return gives


def _arange(call: Call, _run: Machine) -> Value:
    bounds = [const(arg) for arg in call.args]
    count = None
    if bounds and all(isinstance(b, int) for b in bounds) and 0 not in bounds[2:]:
        count = len(range(*bounds))
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), "int64"),
        shape=(count,),
        source="made",
        labels=True,
        origin=Origin(call.node, "made here"),
    )


def _load(call: Call, run: Machine) -> Value:
    path = call.const("file")
    size = run.path_size(path) if isinstance(path, str) else None
    source = "toy" if size is None and is_toy_file(call.arg("file")) else "disk"
    if isinstance(path, str) and path.endswith(".npz"):
        state: dict[str, Value] = {"\0source": Const(source)}
        return Object("numpy.NpzFile", call, state, origin=Origin(call.node, "opened here"))
    mode = call.arg("mmap_mode")
    mapped = mode is not None and not (isinstance(mode, Const) and mode.value is None)
    header = run.npy_header(path) if isinstance(path, str) and size is not None else None
    dtype, shape = header if header is not None else (None, None)
    return Array(
        "memmap" if mapped else "ndarray",
        dtype,
        shape=shape,
        source=source,
        size=size if header is None else None,
        origin=Origin(call.node, "mapped, not loaded" if mapped else "loaded whole"),
    )


_TOY = re.compile(
    r"(?<![a-z])(fashion[_-]?mnist|k?e?mnist|cifar|iris|boston|reuters|imdb|california|diabetes|wine)"
)


def is_toy_file(path: Value | None) -> bool:
    """Whether a path, or what ``get_file`` fetches, is named after one of the small built-in data sets."""
    name = const(path.call.first() if isinstance(path, Object) and path.call is not None else path)
    return (
        isinstance(name, str) and _TOY.search(name.replace("\\", "/").rpartition("/")[2].lower()) is not None
    )


def _memmap(call: Call, run: Machine) -> Value:
    path = call.const("filename")
    size = run.path_size(path) if isinstance(path, str) else None
    shape = shape_of(call.arg("shape"))
    return Array(
        "memmap",
        dtype_of(call.arg("dtype"), "uint8"),
        shape=shape,
        source="disk",
        size=size if shape is None else None,
        origin=Origin(call.node, "mapped, not loaded"),
    )


def _text(call: Call, run: Machine) -> Value:
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), "float64"),
        source="disk",
        origin=Origin(call.node, "parsed whole"),
    )


def _same(note: str) -> Gives:
    """The same data under another name or order; ``note`` says what happens."""

    def gives(call: Call, _run: Machine) -> Value:
        given = call.receiver if isinstance(call.receiver, Array) else call.first()
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
    return given.derived(call.node, note, kind=kind, dtype=dtype, size=_resized(given, dtype))


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
        return UNKNOWN
    return given.derived(call.node, "reshaped", shape=solve(given.shape, wanted))


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
    wanted = shape_of(call.args[0] if len(call.args) == 1 else Items("tuple", call.args))
    if wanted is None or wanted[:1] != (1,):
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
    return given.derived(call.node, "reshaped", shape=shape)


def _concatenate(call: Call, _run: Machine) -> Value:
    given = call.first()
    axis = call.const("axis", 0)
    if isinstance(given, Array) and given.kind == "ndarray":  # an array of arrays: an axis less
        rest = (None, *given.shape[2:]) if given.shape is not None and len(given.shape) > 1 else None
        return given.derived(
            call.node, "copied into one array", kind="ndarray", shape=rest, size=None, part=False
        )
    if not isinstance(given, Items):
        return Array("ndarray", origin=Origin(call.node, "copied into one array"))
    if given.items is None:
        element = given.any()
        if isinstance(element, Array):
            source = "list" if element.source in ("disk", "list") else element.source
            rest = (None, *element.shape[1:]) if element.shape else None
            return Array(
                "ndarray",
                element.dtype,
                shape=rest,
                source=source,
                pixels=element.pixels,
                labels=element.labels,
                origin=Origin(call.node, "copied into one array", given.origin or element.origin),
            )
        return Array("ndarray", origin=Origin(call.node, "copied into one array"))
    arrays = [item for item in given.items if isinstance(item, Array)]
    if not arrays:
        return Array("ndarray", origin=Origin(call.node, "copied into one array"))
    shape: Shape | None = None
    if len(arrays) == len(given.items) and axis == 0 and all(a.shape for a in arrays):
        heads = [a.shape[0] for a in arrays if a.shape]
        first = arrays[0].shape
        assert first is not None
        shape = (sum(h for h in heads if h is not None) if None not in heads else None, *first[1:])
    dtype = arrays[0].dtype if all(a.dtype == arrays[0].dtype for a in arrays) else None
    source = next((a.source for a in arrays if a.source in ("disk", "list", "toy")), arrays[0].source)
    return Array(
        "ndarray",
        dtype,
        shape=shape,
        source=source,
        pixels=arrays[0].pixels,
        labels=arrays[0].labels,
        origin=Origin(call.node, "copied into one array", arrays[0].origin),
    )


def _repeat(call: Call, _run: Machine) -> Value:
    given = call.receiver if isinstance(call.receiver, Array) else call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    times, axis = call.const("repeats"), call.const("axis")
    shape = given.shape
    if (
        shape is not None
        and isinstance(times, int)
        and isinstance(axis, int)
        and -len(shape) <= axis < len(shape)
    ):
        changed = list(shape)
        axes = changed[axis]
        changed[axis] = axes * times if axes is not None else None
        shape = tuple(changed)
    else:
        shape = None
    return given.derived(call.node, "repeated", kind="ndarray", shape=shape, size=None, part=False)


def _reduce(call: Call, _run: Machine) -> Value:
    """A statistic: a number, or an array with an axis less that is small either way."""
    given = call.receiver if isinstance(call.receiver, Array) else call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    dtype = "float64" if given.dtype is None or "float" not in given.dtype else given.dtype
    if given.kind == "tensor":
        dtype = given.dtype or "float32"
    return Array(
        "tensor" if given.kind == "tensor" else "ndarray",
        dtype,
        shape=() if call.arg("axis") is None else None,
        source="made",
        origin=Origin(call.node, "computed here"),
    )


def _labels(call: Call, _run: Machine) -> Value:
    given = call.receiver if isinstance(call.receiver, Array) else call.first()
    shape = given.shape[:1] if isinstance(given, Array) and given.shape else None
    return Array(
        "ndarray", "int64", shape=shape, source="made", labels=True, origin=Origin(call.node, "computed here")
    )


def _other_axes(call: Call, run: Machine) -> Value:
    """The same numbers with axes in another order: which one, nobody asks."""
    given = _same("axes exchanged")(call, run)
    return given.but(shape=None, size=given.bytes) if isinstance(given, Array) else given


def _eye(call: Call, _run: Machine) -> Value:
    rows = call.const("N")
    rows = rows if isinstance(rows, int) else None
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), "float64"),
        shape=(rows, rows),
        source="made",
        origin=Origin(call.node, "made here"),
    )


def _permutation(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Array):
        return given.derived(call.node, "copied in another order", kind="ndarray", size=None, part=False)
    count = const(given)
    return Array(
        "ndarray", "int64", shape=(count if isinstance(count, int) else None,), source="made", labels=True
    )


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
        call.node, f"converted to {dtype}", kind="ndarray", dtype=dtype, size=_resized(given, dtype)
    )


def _file(call: Call, _run: Machine) -> Value:
    return Object("h5py.File", call, origin=Origin(call.node, "opened here"))


def _h5_get(call: Call, _run: Machine) -> Value:
    return Array("hdf5", source="disk", origin=Origin(call.node, "a data set of the HDF5 file"))


_R = "numpy.random."
_A = "numpy.ndarray."
NUMPY = table(
    fact("h5py.File", "name mode", _file, see="h5py documentation, File objects"),
    fact("h5py.File.get", "name", _h5_get, see="h5py documentation, groups"),
    fact("numpy.append", "arr values axis", lambda c, r: _concatenate(_pair(c), r), see=_DOCS),
    fact("numpy.arange", "", _arange, probe="numpy.arange(5)"),
    fact("numpy.argmax", "a axis", _labels, probe="numpy.argmax(numpy.zeros((4, 3)), 1)"),
    fact(
        "numpy.array",
        "object dtype",
        _array("copied into one array"),
        probe="numpy.array([numpy.zeros((2, 3), 'uint8')] * 4)",
    ),
    fact("numpy.asarray", "a dtype", _array("copied into one array"), probe="numpy.asarray([[1.0, 2.0]])"),
    fact("numpy.ascontiguousarray", "a dtype", _array("copied into one array"), see=_DOCS),
    fact("numpy.clip", "a a_min a_max", _same("clipped"), probe="numpy.clip(numpy.zeros((2, 3)), 0, 1)"),
    fact(
        "numpy.concatenate",
        "arrays axis",
        _concatenate,
        probe="numpy.concatenate([numpy.zeros((2, 3)), numpy.zeros((4, 3))])",
    ),
    fact("numpy.copy", "a", _same("copied"), probe="numpy.copy(numpy.zeros((2, 3)))"),
    fact("numpy.dstack", "tup", _array("copied into one array"), see=_DOCS),
    fact("numpy.empty", "shape dtype", _filled("float64"), probe="numpy.empty((2, 3))"),
    fact("numpy.empty_like", "prototype dtype", _like, see=_DOCS),
    fact("numpy.expand_dims", "a axis", _expand, probe="numpy.expand_dims(numpy.zeros((2, 3)), -1)"),
    fact("numpy.eye", "N M k dtype", _eye, probe="numpy.eye(4)"),
    fact("numpy.flip", "m axis", _same("flipped"), probe="numpy.flip(numpy.zeros((2, 3)), 1)"),
    fact("numpy.fliplr", "m", _same("flipped"), see=_DOCS),
    fact("numpy.flipud", "m", _same("flipped"), see=_DOCS),
    fact("numpy.float32", "", _number("float32"), probe="numpy.float32(numpy.zeros((2, 3)))"),
    fact("numpy.float64", "", _number("float64"), probe="numpy.float64(numpy.zeros((2, 3), 'float32'))"),
    fact("numpy.full", "shape fill_value dtype", _filled("float64"), see=_DOCS),
    fact("numpy.genfromtxt", "fname dtype", _text, see=_DOCS),
    fact("numpy.hstack", "tup", _concatenate, see=_DOCS),
    fact("numpy.lib.format.open_memmap", "filename mode dtype shape", _memmap, see=_DOCS),
    fact("numpy.linspace", "start stop num", _random("float64", size="num"), probe="numpy.linspace(0, 1, 7)"),
    fact("numpy.load", "file mmap_mode allow_pickle", _load, see=_DOCS),
    fact("numpy.loadtxt", "fname dtype", _text, see=_DOCS),
    fact("numpy.max", "a axis", _reduce, see=_DOCS),
    fact("numpy.mean", "a axis", _reduce, see=_DOCS),
    fact("numpy.memmap", "filename dtype mode offset shape", _memmap, see=_DOCS),
    fact("numpy.min", "a axis", _reduce, see=_DOCS),
    fact(_A + "argmax", "axis", _labels, see=_DOCS),
    fact(_A + "astype", "dtype", _astype, probe="numpy.zeros((2, 3)).astype('float32')"),
    fact(_A + "copy", "", _same("copied"), probe="numpy.zeros((2, 3)).copy()"),
    fact(_A + "flatten", "", lambda c, r: _reshape(_to_one(c), r), see=_DOCS),
    fact(_A + "max", "axis", _reduce, see=_DOCS),
    fact(_A + "mean", "axis", _reduce, see=_DOCS),
    fact(_A + "min", "axis", _reduce, see=_DOCS),
    fact(_A + "numpy", "", lambda c, r: _numpy(c, r), see="TensorFlow API, tf.Tensor"),
    fact(_A + "ravel", "", lambda c, r: _reshape(_to_one(c), r), see=_DOCS),
    fact(_A + "repeat", "repeats axis", _repeat, see=_DOCS),
    fact(_A + "reshape", "", _reshape, probe="numpy.zeros((2, 6)).reshape(-1, 3)"),
    fact(_A + "std", "axis", _reduce, see=_DOCS),
    fact(_A + "sum", "axis", _reduce, see=_DOCS),
    fact(_A + "transpose", "", _same("transposed"), see=_DOCS),
    fact("numpy.moveaxis", "a source destination", _other_axes, see=_DOCS),
    fact("numpy.ones", "shape dtype", _filled("float64"), probe="numpy.ones((2, 3))"),
    fact("numpy.ones_like", "a dtype", _like, see=_DOCS),
    fact(_R + "choice", "a size", _random("int64"), see=_DOCS),
    fact(_R + "normal", "loc scale size", _random("float64"), probe="numpy.random.normal(0, 1, (2, 3))"),
    fact(_R + "permutation", "x", _permutation, probe="numpy.random.permutation(5)"),
    fact(_R + "rand", "", _random("float64", by_args=True), probe="numpy.random.rand(2, 3)"),
    fact(_R + "randint", "low high size dtype", _random("int64"), probe="numpy.random.randint(0, 9, (2, 3))"),
    fact(_R + "randn", "", _random("float64", by_args=True), probe="numpy.random.randn(2, 3)"),
    fact(_R + "random", "size", _random("float64"), probe="numpy.random.random((2, 3))"),
    fact(_R + "random_sample", "size", _random("float64"), see=_DOCS),
    fact(_R + "standard_normal", "size", _random("float64"), see=_DOCS),
    fact(_R + "uniform", "low high size", _random("float64"), probe="numpy.random.uniform(0, 1, (2, 3))"),
    fact("numpy.repeat", "a repeats axis", _repeat, probe="numpy.repeat(numpy.zeros((2, 1)), 3, -1)"),
    fact("numpy.reshape", "a shape", _reshape, probe="numpy.reshape(numpy.zeros((2, 6)), (-1, 3))"),
    fact("numpy.rollaxis", "a axis start", _other_axes, see=_DOCS),
    fact("numpy.rot90", "m k axes", _other_axes, see=_DOCS),
    fact("numpy.squeeze", "a axis", lambda c, r: _squeeze(c), see=_DOCS),
    fact(
        "numpy.stack",
        "arrays axis",
        _array("copied into one array"),
        probe="numpy.stack([numpy.zeros((2, 3))] * 4)",
    ),
    fact("numpy.std", "a axis", _reduce, see=_DOCS),
    fact("numpy.sum", "a axis", _reduce, see=_DOCS),
    fact("numpy.swapaxes", "a axis1 axis2", _other_axes, see=_DOCS),
    fact("numpy.transpose", "a axes", lambda c, r: _transpose(c), see=_DOCS),
    fact("numpy.uint8", "", _number("uint8"), see=_DOCS),
    fact("numpy.vstack", "tup", _concatenate, see=_DOCS),
    fact("numpy.zeros", "shape dtype", _filled("float64"), probe="numpy.zeros((2, 3))"),
    fact("numpy.zeros_like", "a dtype", _like, see=_DOCS),
)


def _pair(call: Call) -> Call:
    """``numpy.append(a, b)`` concatenates its two arguments."""
    call.args = (Items("tuple", call.args[:2]), *call.args[2:])
    return call


def _to_one(call: Call) -> Call:
    call.args = (Const(-1),)
    return call


def _numpy(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if not isinstance(given, Array):
        return UNKNOWN
    return given.derived(call.node, "copied to NumPy", kind="ndarray")


def _squeeze(call: Call) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    return given.but(shape=None)


def _transpose(call: Call) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    axes = const(call.arg("axes"))
    shape: Shape | None = None
    if given.shape is not None and axes is None and call.arg("axes") is None:
        shape = tuple(reversed(given.shape))
    elif given.shape is not None and axes is not None and all(isinstance(a, int) for a in axes):
        shape = tuple(given.shape[a] for a in axes) if max(axes, default=0) < len(given.shape) else None
    return given.derived(call.node, "transposed", shape=shape)
