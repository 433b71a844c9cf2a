"""Readers of images, sound and other samples: one call, one sample."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
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
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

# Python functions that read and decode the file of an image.
READERS = ("PIL.Image.open", "cv2.imread", "keras.utils.load_img", "plt.imread")


def _sample(dtype: str | None, channels: int | None = None) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        shape: Shape | None = (None, None, channels) if channels else None
        if call.name == "cv2.imread" and call.given("flags"):
            shape = _by_flags(call)
        return Array(
            "ndarray",
            dtype,
            shape=shape,
            source="disk",
            part=True,
            pixels=True,
            origin=Origin(call.node, "read here"),
        )

    return gives


def _by_flags(call: Call) -> Shape:
    """The shape of ``cv2.imread``'s result with flags, which may leave the number of channels to the file."""
    flags = call.arg("flags")
    name = getattr(flags, "name", "").rpartition(".")[2]
    if call.const("flags") == 0 or name.endswith("GRAYSCALE"):
        return (None, None)
    return (None, None, 3 if call.const("flags") == 1 or name.startswith("IMREAD_COLOR") else None)


def _image_object(call: Call, _run: Machine) -> Value:
    return Object("PIL.Image", call, origin=Origin(call.node, "read here"))


def _load_img(call: Call, _run: Machine) -> Value:
    made = Object("PIL.Image", call, origin=Origin(call.node, "read here"))
    size = call.arg("target_size")
    if size is not None:
        made.state["size"] = size
    grey = call.const("color_mode") == "grayscale" or call.const("grayscale") is True
    made.state["channels"] = Const(1 if grey else 3)
    return made


def _pil(call: Call, _run: Machine) -> Value:
    """A method of a PIL image that gives another one."""
    given = call.receiver
    if not isinstance(given, Object):
        return UNKNOWN
    made = Object("PIL.Image", given.call, dict(given.state), origin=given.origin)
    name = call.name.rpartition(".")[2]
    if name == "crop":
        made.state.pop("size", None)
    elif name == "resize":
        size = const(call.first())
        made.state.pop("size", None)
        if size is not None and len(size) == 2:
            made.state["size"] = Items("tuple", (Const(size[1]), Const(size[0])))
    elif name == "convert":
        mode = const(call.first())
        made.state["channels"] = Const(
            {"L": 1, "RGB": 3, "RGBA": 4}.get(mode) if isinstance(mode, str) else None
        )
    return made


def _from_array(call: Call, _run: Machine) -> Value:
    """``Image.fromarray(array)``: what it shows was read where the array was; unknown for anything else."""
    given = call.first()
    if not isinstance(given, Array) or not given.pixels:
        return UNKNOWN
    made = Object("PIL.Image", call, origin=given.origin)
    shape = given.shape
    if shape is not None and len(shape) in (2, 3):
        made.state["size"] = Items("tuple", (Const(shape[0]), Const(shape[1])))
        made.state["channels"] = Const(shape[2] if len(shape) == 3 else 1)
    return made


def image_array(image: Object, call: Call, dtype: str, *, channel_axis: bool) -> Array:
    """The array of a PIL image: ``uint8`` by ``numpy.array``, ``float32`` by ``img_to_array``."""
    size = const(image.state.get("size"))
    channels = const(image.state.get("channels"))
    height, width = (
        size[:2] if size is not None and len(size) >= 2 else (None, None)
    )  # a third is not looked at
    axes = [a if isinstance(a, int) else None for a in (height, width)]
    shape: Shape = (*axes, channels)  # where nothing says that they are grey, images have channels
    if channels == 1 and not channel_axis:
        shape = tuple(axes)
    return Array(
        "ndarray",
        dtype,
        shape=shape,
        source="disk",
        part=True,
        pixels=True,
        origin=Origin(call.node, "decoded here", image.origin),
    )


def _img_to_array(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Object) and given.api == "PIL.Image":
        return image_array(given, call, "float32", channel_axis=True)
    if isinstance(given, Array):
        shape = given.shape
        if shape is not None and len(shape) == 2:
            shape = (*shape, 1)
        origin = Origin(call.node, "converted to float32", given.origin)
        return Array(
            "ndarray",
            "float32",
            shape=shape,
            source=given.source,
            part=given.part,
            pixels=True,
            origin=origin,
        )
    return Array(
        "ndarray", "float32", source="disk", part=True, pixels=True, origin=Origin(call.node, "decoded here")
    )


def _resize(call: Call, _run: Machine) -> Value:
    given = call.first()
    size = const(call.arg("dsize"))
    if not isinstance(given, Array):
        return UNKNOWN
    shape: Shape | None = None
    if size is not None and len(size) == 2:
        axes = [axis if isinstance(axis, int) else None for axis in (size[1], size[0])]
        rest = given.shape[2:] if given.shape is not None and len(given.shape) == 3 else None
        shape = (*axes, *rest) if rest is not None else tuple(axes) if given.shape is not None else None
    return given.derived(call.node, "resized", kind="ndarray", shape=shape, size=None, labels=False)


def _skimage_resize(call: Call, _run: Machine) -> Value:
    given = call.first()
    shape = const(call.arg("output_shape"))
    known: Shape | None = (
        tuple(a if isinstance(a, int) else None for a in shape) if shape is not None else None
    )
    axes = given.shape if isinstance(given, Array) else None
    if known is not None and axes is not None and len(axes) == len(known) + 1:
        known = (*known, axes[-1])  # the channels, which need not be given
    source = given.source if isinstance(given, Array) else ""
    part = given.part if isinstance(given, Array) else True
    dtype = given.dtype if isinstance(given, Array) else None
    short = dtype in (None, "float32", "float16")  # newer versions keep float32
    return Array(
        "ndarray",
        ("float32" if dtype == "float32" else None) if short else "float64",
        shape=known,
        source=source,
        part=part,
        pixels=True,
        origin=Origin(call.node, "resized" if dtype == "float32" else "resized to float64"),
    )


def _colour(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    code = call.args[1] if len(call.args) > 1 else UNKNOWN
    name = getattr(code, "name", "")
    shape = given.shape
    channels = {"GRAY": (), "RGB": (3,), "BGR": (3,), "RGBA": (4,), "BGRA": (4,)}.get(name.rpartition("2")[2])
    if channels is not None and shape is not None:
        shape = (*shape[:2], *channels)
    return given.derived(call.node, "converted", kind="ndarray", shape=shape, size=None, labels=False)


def _filtered(call: Call, _run: Machine) -> Value:
    """An image of the same size and dtype."""
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    return given.derived(call.node, "filtered", size=None)


def _threshold(call: Call, run: Machine) -> Value:
    return Items("tuple", (Scalar("float"), _filtered(call, run)), length=2)


def _turned(call: Call, run: Machine) -> Value:
    """An image turned by SciPy, of the same size where it is told not to be reshaped."""
    return _filtered(call, run) if call.const("reshape") is False else _moved(call, run)


def _moved(call: Call, _run: Machine) -> Value:
    """An image of another size, or with other axes."""
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    return given.derived(call.node, "changed", shape=None, size=None)


def _grey(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    shape = given.shape[:-1] if given.shape is not None and len(given.shape) == 3 else None
    dtype = "float32" if given.dtype == "float32" else "float64" if given.dtype is not None else None
    return given.derived(call.node, "made grey", dtype=dtype, shape=shape, size=None)


_CV = "OpenCV documentation"
_SAME_SIZE = (
    "GaussianBlur",
    "addWeighted",
    "bilateralFilter",
    "blur",
    "dilate",
    "equalizeHist",
    "erode",
    "fastNlMeansDenoising",
    "fastNlMeansDenoisingColored",
    "filter2D",
    "flip",
    "medianBlur",
    "morphologyEx",
)
_OTHER_SIZE = ("copyMakeBorder", "rotate", "warpAffine", "warpPerspective")
_SCIPY_SAME_SIZE = ("gaussian_filter", "median_filter", "shift", "uniform_filter")
_PIL = "Pillow handbook"
_ND = "SciPy reference, scipy.ndimage"
IMAGES = table(
    fact("PIL.Image.convert", "mode", _pil, see=_PIL),
    fact("PIL.Image.crop", "box", _pil, see=_PIL),
    fact("PIL.Image.fromarray", "obj mode", _from_array, see=_PIL),
    fact("PIL.Image.open", "fp", _image_object, see=_PIL),
    fact("PIL.Image.resize", "size", _pil, see=_PIL),
    fact("PIL.Image.rotate", "angle", _pil, see=_PIL),
    *(fact(f"cv2.{name}", "src", _filtered, see=_CV) for name in _SAME_SIZE),
    *(fact(f"cv2.{name}", "src", _moved, see=_CV) for name in _OTHER_SIZE),
    fact("cv2.cvtColor", "src code", _colour, see=_CV),
    fact("cv2.imread", "filename flags", _sample("uint8", 3), see=_CV),
    fact("cv2.resize", "src dsize", _resize, see=_CV),
    fact("cv2.threshold", "src thresh maxval type", _threshold, see=_CV),
    fact("imageio.imread", "uri", _sample("uint8"), see="imageio documentation"),
    fact("keras.utils.img_to_array", "img", _img_to_array, see="Keras API, image utilities"),
    fact("keras.utils.load_img", "path color_mode target_size", _load_img, see="Keras API, image utilities"),
    fact(
        "librosa.load",
        "path sr",
        lambda c, r: Items("tuple", (_sample("float32")(c, r), UNKNOWN)),
        see="librosa documentation",
    ),
    fact(
        "nibabel.load",
        "filename",
        lambda c, r: Object("nibabel.Image", c, origin=Origin(c.node, "read here")),
        see="nibabel documentation",
    ),
    fact("nibabel.Image.get_fdata", "", _sample("float64"), see="nibabel documentation"),
    fact(
        "plt.imread", "fname", _sample(None), see="Matplotlib documentation: float32 for PNG, uint8 otherwise"
    ),
    fact(
        "pydicom.dcmread",
        "fp",
        lambda c, r: Object("pydicom.Dataset", c, origin=Origin(c.node, "read here")),
        see="pydicom documentation",
    ),
    fact("rasterio.open", "fp", lambda c, r: Object("rasterio.Dataset", c), see="rasterio documentation"),
    fact(
        "scipy.io.wavfile.read",
        "filename",
        lambda c, r: Items("tuple", (UNKNOWN, _sample(None)(c, r))),
        see="SciPy reference",
    ),
    *(fact(f"scipy.ndimage.{name}", "input", _filtered, see=_ND) for name in _SCIPY_SAME_SIZE),
    fact("scipy.ndimage.rotate", "input angle axes reshape", _turned, see=_ND),
    fact("skimage.color.rgb2gray", "rgb", _grey, see="scikit-image documentation"),
    fact("skimage.io.imread", "fname as_gray", _sample("uint8"), see="scikit-image documentation"),
    fact("skimage.transform.resize", "image output_shape", _skimage_resize, see="scikit-image documentation"),
    fact(
        "soundfile.read",
        "file",
        lambda c, r: Items("tuple", (_sample("float64")(c, r), UNKNOWN)),
        see="soundfile documentation",
    ),
    fact("tifffile.imread", "files", _sample(None), see="tifffile documentation"),
)
