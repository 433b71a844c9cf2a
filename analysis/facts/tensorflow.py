"""TensorFlow outside tf.data and Keras: reading, decoding, casting, image operations and plain tensors."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import KerasTensor
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Array,
    Const,
    Dict,
    Function,
    Items,
    Object,
    Origin,
    Scalar,
    Shape,
    UnknownValue,
    Value,
    const,
)
from keras_memlint.analysis.facts.arguments import dtype_of, shape_of
from keras_memlint.analysis.facts.numpy_joining import as_array
from keras_memlint.analysis.facts.numpy_shaping import solve
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "TensorFlow API reference"
_FIXED = "tf.io.FixedLenFeature"


def _read(call: Call, _run: Machine) -> Value:
    return Array("tensor", "string", shape=(), source="disk", origin=Origin(call.node, "read from its file"))


def _encode(call: Call, _run: Machine) -> Value:
    return Array("tensor", "string", shape=(), origin=Origin(call.node, steps.ENCODED))


def _decode(call: Call, _run: Machine) -> Value:
    given = call.arg("contents")
    encoded = isinstance(given, Array) and given.origin is not None and given.origin.did(steps.ENCODED)
    channels = call.const("channels")
    known = channels if isinstance(channels, int) and channels > 0 else None
    return Array(
        "tensor",
        dtype_of(call.arg("dtype"), "uint8"),
        shape=(None, None, known),
        source="" if encoded else "disk",
        pixels=True,
        origin=Origin(call.node, "decoded here"),
    )


def _decode_raw(call: Call, _run: Machine) -> Value:
    return Array(
        "tensor",
        dtype_of(call.arg("out_type")),
        shape=(None,),
        source="disk",
        origin=Origin(call.node, "decoded here"),
    )


def _feature(call: Call, _run: Machine) -> Value:
    return Object(_FIXED, call, origin=Origin(call.node, "of a fixed length"))


def _parse(call: Call, _run: Machine) -> Value:
    """The features of one record, or of a batch of them, as far as their lengths are fixed."""
    given = call.arg("features")
    if not isinstance(given, Dict):
        return UNKNOWN
    batch: Shape = (None,) if call.name.endswith(".parse_example") else ()
    return Dict({name: _parsed(value, call, batch) for name, value in given.entries.items()})


def _parsed(feature: Value, call: Call, batch: Shape) -> Value:
    made = feature.call if isinstance(feature, Object) and feature.api == _FIXED else None
    shape = shape_of(made.arg("shape")) if made is not None else None
    given = made.arg("dtype") if made is not None else None
    dtype = "string" if isinstance(given, Api) and given.name == "tf.string" else dtype_of(given)
    if shape is None or dtype is None:
        return UNKNOWN
    return Array("tensor", dtype, (*batch, *shape), source="disk", origin=Origin(call.node, "parsed here"))


def _tensor(value: Value, call: Call, dtype: str | None, shape: Shape | None, note: str) -> Value:
    if isinstance(value, KerasTensor):
        return KerasTensor(shape if value.shape is not None else None, None, (value,), 0, call.node)
    if isinstance(value, Array):
        return value.derived(call.node, note, kind="tensor", dtype=dtype, shape=shape, size=None)
    if isinstance(value, UnknownValue):
        return Array("tensor", dtype, shape=shape, origin=Origin(call.node, note))
    return Array("tensor", dtype, shape=shape, source="made", origin=Origin(call.node, note))


def _cast(call: Call, _run: Machine) -> Value:
    given = call.first()
    dtype = dtype_of(call.arg("dtype"))
    if isinstance(given, Scalar):
        return Scalar("float" if dtype and "float" in dtype else "int")
    shape = given.shape if isinstance(given, (Array, KerasTensor)) else None
    return _tensor(given, call, dtype, shape, f"cast to {dtype}" if dtype else "cast")


def resize(call: Call, _run: Machine) -> Value:
    """Images of the size that is asked for; float32, unless pixels are only picked."""
    given = call.first()
    size = const(call.arg("size"))
    axes = (
        [axis if isinstance(axis, int) else None for axis in size]
        if size is not None and len(size) == 2
        else [None, None]
    )
    before = given.shape if isinstance(given, (Array, KerasTensor)) else None
    shape: Shape | None = None
    if before is not None and len(before) in (3, 4):
        shape = (*before[:-3], *axes, before[-1])
    elif size is not None:
        shape = (*axes, None)
    way = call.arg("method") or call.arg("interpolation")
    nearest = "NEAREST" in str(const(way) or "").upper()
    dtype = "float32" if not nearest else given.dtype if isinstance(given, Array) else None
    resized = _tensor(given, call, dtype, shape, "resized to float32")
    if isinstance(resized, Array) and resized.source == "toy" and _grew(before, shape):
        resized.source = ""  # small no more
    return resized


def _grew(before: Shape | None, after: Shape | None) -> bool:
    """Whether images are known to have more pixels in ``after``."""
    if before is None or after is None or None in before[1:] or None in after[1:]:
        return False
    return prod(axis or 0 for axis in after[1:]) > prod(axis or 0 for axis in before[1:])


def _image(height: str, width: str, *, floats: bool = False) -> Gives:
    """An operation that gives images of the size its arguments name; its pixels are float32 if ``floats``."""

    def gives(call: Call, _run: Machine) -> Value:
        given = call.first()
        axes = [axis if isinstance(axis, int) else None for axis in (call.const(height), call.const(width))]
        before = given.shape if isinstance(given, (Array, KerasTensor)) else None
        shape = (*before[:-3], *axes, before[-1]) if before is not None and len(before) in (3, 4) else None
        dtype = "float32" if floats else given.dtype if isinstance(given, Array) else None
        return _tensor(given, call, dtype, shape, "resized to float32" if floats else "cropped or padded")

    return gives


def _random_crop(call: Call, _run: Machine) -> Value:
    given = call.first()
    dtype = given.dtype if isinstance(given, Array) else None
    return _tensor(given, call, dtype, shape_of(call.arg("size")), "cropped")


def _channels(count: int) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        given = call.first()
        if not isinstance(given, (Array, KerasTensor)):
            return UNKNOWN
        shape = (*given.shape[:-1], count) if given.shape else None
        return _tensor(given, call, given.dtype if isinstance(given, Array) else None, shape, "converted")

    return gives


def _same_image(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, (Array, KerasTensor)):
        return given
    return UNKNOWN


def _standardized(call: Call, _run: Machine) -> Value:
    given = call.first()
    shape = given.shape if isinstance(given, (Array, KerasTensor)) else None
    return _tensor(given, call, "float32", shape, "standardized to float32")


def _constant(call: Call, _run: Machine) -> Value:
    given = call.first()
    dtype = dtype_of(call.arg("dtype"))
    if isinstance(given, Items):
        given = as_array(given, call, dtype, "copied into a tensor")
    if isinstance(given, Array):
        return given.derived(call.node, "copied into a tensor", kind="tensor", dtype=dtype or given.dtype)
    return Array("tensor", dtype, source="made", origin=Origin(call.node, "made here"))


def _filled(default: str) -> Gives:
    return lambda call, _run: Array(
        "tensor",
        dtype_of(call.arg("dtype"), default),
        shape=shape_of(call.arg("shape")),
        source="made",
        origin=Origin(call.node, "made here"),
    )


def _one_hot(call: Call, _run: Machine) -> Value:
    given = call.first()
    depth = call.const("depth")
    before = given.shape if isinstance(given, Array) else () if isinstance(given, Scalar) else None
    shape = (*before, depth if isinstance(depth, int) else None) if before is not None else None
    source = given.source if isinstance(given, Array) else ""
    return Array(
        "tensor",
        dtype_of(call.arg("dtype"), "float32"),
        shape=shape,
        source=source,
        labels=True,
        origin=Origin(call.node, "one-hot encoded"),
    )


def _ensure(call: Call, _run: Machine) -> Value:
    given = call.first()
    before = given.shape if isinstance(given, (Array, KerasTensor)) else None
    dtype = given.dtype if isinstance(given, Array) else None
    return _tensor(given, call, dtype, solve(before, shape_of(call.arg("shape"))), "reshaped")


def _set_shape(call: Call, _run: Machine) -> Value:
    """``tensor.set_shape(…)`` works in place."""
    shape = shape_of(call.arg("shape"))
    if isinstance(call.receiver, Array) and shape is not None:
        call.receiver.shape = shape
    return Const(None)


def _function(call: Call, _run: Machine) -> Value:
    given = call.arg("func")
    made = Object("tf.function", call)
    return replace(given, tracer=made) if isinstance(given, Function) else made


def _python(call: Call, run: Machine) -> Value:
    function = call.arg("func") or UNKNOWN
    if isinstance(function, Function):
        _, call.inner = run.apply(function, (), call, mapped=True)
    return _of_types(call, call.arg("Tout") or UNKNOWN)


def _of_types(call: Call, types: Value) -> Value:
    """What Python gives back where ``Tout`` says so: a tensor for a type, as many as there are types in a list."""
    if isinstance(types, Items) and types.items is not None:
        made = tuple(_of_types(call, one) for one in types.items)
        return Items("tuple", made, UNKNOWN, origin=Origin(call.node, "made by Python"))  # as `map` takes it
    dtype = dtype_of(types)
    return (
        Array("tensor", dtype, origin=Origin(call.node, "made by Python")) if dtype is not None else UNKNOWN
    )


def _devices(call: Call, _run: Machine) -> Value:
    return Items("list", None, Object("tf.config.PhysicalDevice"), origin=Origin(call.node, "listed here"))


def _gradients(call: Call, _run: Machine) -> Value:
    """One tensor for each source, in the same structure."""
    made = Array("tensor", source="network", origin=Origin(call.node, "gradients"))
    sources = call.arg("sources")
    if isinstance(sources, Array):
        return made.but(dtype=sources.dtype, shape=sources.shape)
    return Items("list", None, made, origin=made.origin)


def _context(api: str) -> Gives:
    return lambda call, _run: Object(api, call)


_I = "tf.image."
TENSORFLOW = table(
    fact("tf.Tensor.set_shape", "shape", _set_shape, see=_DOCS),
    fact("tf.GradientTape", "persistent watch_accessed_variables", _context("tf.GradientTape"), see=_DOCS),
    fact(
        "tf.GradientTape.gradient",
        "target sources output_gradients unconnected_gradients",
        _gradients,
        see=_DOCS,
    ),
    fact("tf.GradientTape.stop_recording", "", _context("tf.GradientTape.stop_recording"), see=_DOCS),
    fact("tf.cast", "x dtype", _cast, see=_DOCS),
    fact("tf.config.list_physical_devices", "device_type", _devices, see=_DOCS),
    fact("tf.constant", "value dtype shape", _constant, see=_DOCS),
    fact("tf.convert_to_tensor", "value dtype", _constant, see=_DOCS),
    fact("tf.device", "device_name", _context("tf.device"), see=_DOCS),
    fact("tf.ensure_shape", "x shape", _ensure, see=_DOCS),
    fact("tf.function", "func input_signature autograph jit_compile reduce_retracing", _function, see=_DOCS),
    *(
        fact(_I + name, "image", _same_image, see=_DOCS)
        for name in (
            "adjust_brightness",
            "adjust_contrast",
            "adjust_gamma",
            "adjust_hue",
            "adjust_jpeg_quality",
            "adjust_saturation",
            "flip_left_right",
            "flip_up_down",
            "random_brightness",
            "random_contrast",
            "random_flip_left_right",
            "random_flip_up_down",
            "random_hue",
            "random_jpeg_quality",
            "random_saturation",
            "rot90",
            "stateless_random_brightness",
            "stateless_random_contrast",
            "stateless_random_flip_left_right",
            "stateless_random_flip_up_down",
            "stateless_random_hue",
            "stateless_random_saturation",
            "transpose",
        )
    ),
    *(
        fact(
            "tf." + name,
            params,
            lambda c, _r: c.first() if isinstance(c.first(), Array) else UNKNOWN,
            see=_DOCS,
        )
        for name, params in (
            ("abs", "x"),
            ("add", "x y"),
            ("clip_by_value", "t clip_value_min clip_value_max"),
            ("divide", "x y"),
            ("identity", "input"),
            ("maximum", "x y"),
            ("minimum", "x y"),
            ("multiply", "x y"),
            ("square", "x"),
            ("subtract", "x y"),
        )
    ),
    fact(_I + "per_image_standardization", "image", _standardized, see=_DOCS),
    fact(_I + "convert_image_dtype", "image dtype", _cast, see=_DOCS),
    fact(_I + "resize", "images size method", resize, see=_DOCS),
    fact(_I + "central_crop", "image central_fraction", _image("", ""), see=_DOCS),
    fact(
        _I + "crop_to_bounding_box",
        "image offset_height offset_width target_height target_width",
        _image("target_height", "target_width"),
        see=_DOCS,
    ),
    fact(_I + "grayscale_to_rgb", "images", _channels(3), see=_DOCS),
    fact(
        _I + "pad_to_bounding_box",
        "image offset_height offset_width target_height target_width",
        _image("target_height", "target_width"),
        see=_DOCS,
    ),
    fact(_I + "random_crop", "value size seed", _random_crop, see=_DOCS),
    fact(
        _I + "resize_with_crop_or_pad",
        "image target_height target_width",
        _image("target_height", "target_width"),
        see=_DOCS,
    ),
    fact(
        _I + "resize_with_pad",
        "image target_height target_width method",
        _image("target_height", "target_width", floats=True),
        see=_DOCS,
    ),
    fact(_I + "rgb_to_grayscale", "images", _channels(1), see=_DOCS),
    fact(_I + "stateless_random_crop", "value size seed", _random_crop, see=_DOCS),
    *(
        fact(f"tf.io.decode_{kind}", "contents channels", _decode, see=_DOCS)
        for kind in ("bmp", "gif", "image", "jpeg", "png")
    ),
    fact(_FIXED, "shape dtype default_value", _feature, see=_DOCS),
    fact("tf.io.decode_raw", "input_bytes out_type", _decode_raw, see=_DOCS),
    fact("tf.io.encode_jpeg", "image format quality", _encode, see=_DOCS),
    fact("tf.io.encode_png", "image compression", _encode, see=_DOCS),
    fact("tf.io.parse_example", "serialized features", _parse, see=_DOCS),
    fact("tf.io.parse_single_example", "serialized features", _parse, see=_DOCS),
    fact("tf.io.read_file", "filename", _read, see=_DOCS),
    fact("tf.numpy_function", "func inp Tout", _python, see=_DOCS),
    fact("tf.one_hot", "indices depth on_value off_value axis dtype", _one_hot, see=_DOCS),
    fact("tf.ones", "shape dtype", _filled("float32"), see=_DOCS),
    fact("tf.py_function", "func inp Tout", _python, see=_DOCS),
    fact("tf.random.normal", "shape mean stddev dtype", _filled("float32"), see=_DOCS),
    fact("tf.random.uniform", "shape minval maxval dtype", _filled("float32"), see=_DOCS),
    fact("tf.reshape", "tensor shape", _ensure, see=_DOCS),
    fact("tf.zeros", "shape dtype", _filled("float32"), see=_DOCS),
)
