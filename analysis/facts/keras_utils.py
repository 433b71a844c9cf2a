"""Keras outside layers and models: built-in data sets, loaders of folders, one-hot labels, padding."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Dataset,
    Items,
    Object,
    Origin,
    Scalar,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.defaults import BATCH_SIZE
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table
from keras_memlint.analysis.facts.tensorflow import resize
from keras_memlint.analysis.syntax import tree

_DOCS = "Keras API reference"
ITERATOR = "keras.preprocessing.image.Iterator"
"""What gives the batches of an ``ImageDataGenerator``."""
_SIDES = Items("tuple", (Const(256), Const(256)), length=2)
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
# Samples (train, test), shape of one, dtype: as load_data() returns them.
_BUILT_IN: dict[str, tuple[tuple[int, int], Shape, str]] = {
    "mnist": ((60000, 10000), (28, 28), "uint8"),
    "fashion_mnist": ((60000, 10000), (28, 28), "uint8"),
    "cifar10": ((50000, 10000), (32, 32, 3), "uint8"),
    "cifar100": ((50000, 10000), (32, 32, 3), "uint8"),
    "boston_housing": ((404, 102), (13,), "float64"),
    "california_housing": ((16512, 4128), (8,), "float32"),
    "imdb": ((25000, 25000), (), "object"),
    "reuters": ((8982, 2246), (), "object"),
}


def _word_matrix(call: Call, _run: Machine) -> Value:
    """One row a text, one column for each of ``num_words`` words."""
    given = call.first()
    made = call.receiver.call if isinstance(call.receiver, Object) else None
    columns = made.const("num_words", const(made.first())) if made is not None else None
    return Array(
        "ndarray",
        "float64",
        shape=(
            given.length if isinstance(given, (Array, Items)) else None,
            columns if isinstance(columns, int) else None,
        ),
        source="toy" if isinstance(given, Array) and given.source == "toy" else "made",
        origin=Origin(call.node, "a matrix of words"),
    )


def _built_in(name: str) -> Gives:
    (train, test), shape, dtype = _BUILT_IN[name]

    def gives(call: Call, _run: Machine) -> Value:
        origin = Origin(call.node, "a small built-in data set")
        pairs = tuple(
            Items(
                "tuple",
                (
                    Array(
                        "ndarray",
                        dtype,
                        shape=(count, *shape),
                        source="toy",
                        pixels=len(shape) > 1,
                        origin=origin,
                    ),
                    Array(
                        "ndarray",
                        "uint8" if dtype == "uint8" else "int64",
                        shape=(count,),
                        source="toy",
                        labels=True,
                        origin=origin,
                    ),
                ),
                length=2,
            )
            for count in (train, test)
        )
        return Items("tuple", pairs, length=2)

    return gives


def _folder(op: str) -> Gives:
    """``image_dataset_from_directory`` and its like: batched, decoded, prefetched by Keras itself."""

    def gives(call: Call, _run: Machine) -> Value:
        batch_given = call.arg("batch_size")
        batch = const(batch_given) if batch_given is not None else BATCH_SIZE
        size: int | None = batch if isinstance(batch, int) else None if isinstance(batch_given, Const) else 0
        image = call.name.rpartition(".")[2].startswith("image")
        sample: Value = UNKNOWN
        if image:
            axes = const(call.arg("image_size")) if call.arg("image_size") is not None else (256, 256)
            channels = {"grayscale": 1, "rgb": 3, "rgba": 4}.get(call.const("color_mode", "rgb"))
            height, width = axes if axes is not None and len(axes) == 2 else (None, None)
            shape: Shape = tuple(a if isinstance(a, int) else None for a in (height, width, channels))
            head = () if size is None else (size or None,)
            sample = Array(
                "tensor",
                "float32",
                shape=(*head, *shape),
                source="disk",
                pixels=True,
                origin=Origin(call.node, "decoded here"),
            )
        element = (
            Items("tuple", (sample, Scalar("int")), length=2)
            if call.const("label_mode", "int") is not None
            else sample
        )
        made = Dataset(
            op,
            call,
            None,
            element,
            None,
            size,
            traits=frozenset({"decodes", "floats"} if image else ()),
            origin=Origin(call.node, "read from here"),
        )
        if call.const("subset") == "both":
            return Items("tuple", (made, made), length=2)
        return made

    return gives


def _windows(call: Call, _run: Machine) -> Value:
    batch = const(call.arg("batch_size")) if call.arg("batch_size") is not None else 128
    return Dataset(
        "timeseries",
        call,
        None,
        UNKNOWN,
        None,
        batch if isinstance(batch, int) else 0,
        origin=Origin(call.node, "read from here"),
    )


def _one_hot(call: Call, _run: Machine) -> Value:
    given = call.arg("x") or call.kwargs.get("y") or UNKNOWN  # Keras 2 calls it y
    classes = call.const("num_classes", call.const("nb_classes"))
    known = classes if isinstance(classes, int) else None
    shape: Shape | None = None  # a list may hold lists
    source = "made" if isinstance(given, Items) else ""
    if isinstance(given, Items) and isinstance(any_item(given), (Scalar, Const)):
        shape = (given.length, known)
    elif isinstance(given, Array):
        source = given.source
        if given.shape is not None:
            head = given.shape[:-1] if len(given.shape) > 1 and given.shape[-1] == 1 else given.shape
            shape = (*head, known)
    dtype = "float64" if call.flavour == "keras" else "float32" if call.flavour == "tf_keras" else None
    return Array(
        "ndarray", dtype, shape=shape, source=source, labels=True, origin=Origin(call.node, "one-hot encoded")
    )


def _padded(call: Call, _run: Machine) -> Value:
    length = call.const("maxlen")
    given = call.first()
    rows = (
        given.shape[0]
        if isinstance(given, Array) and given.shape
        else given.length
        if isinstance(given, Items)
        else None
    )
    source = given.source if isinstance(given, Array) else ""
    dtype = call.const("dtype", "int32")
    return Array(
        "ndarray",
        dtype if isinstance(dtype, str) else None,
        shape=(rows, length if isinstance(length, int) else None),
        source=source,
        origin=Origin(call.node, "padded into one array"),
    )


def _as_numbers(call: Call, _run: Machine) -> Value:
    """``texts_to_sequences``: a list of numbers for each text."""
    given = call.first()
    rows = given.length if isinstance(given, (Items, Array)) else None
    words = Items("list", None, Scalar("int"))
    return Items("list", None, words, rows, origin=Origin(call.node, "encoded"))


def _generator_object(call: Call, _run: Machine) -> Value:
    return Object("keras.preprocessing.image.ImageDataGenerator", call, origin=Origin(call.node, "made here"))


def _batches(call: Call, _run: Machine) -> Value:
    return Object(ITERATOR, call, origin=Origin(call.node, "made here"))


def _next_batch(call: Call, _run: Machine) -> Value:
    flow = call.receiver.call if isinstance(call.receiver, Object) else None
    return drawn(flow, call.node) if flow is not None else UNKNOWN


def drawn(flow: Call, node: tree.Expr) -> Value:
    """One batch of what ``flow`` made: all of ``flow(x, y)`` where the batch is as long as the arrays."""
    if not flow.name.endswith(".flow"):
        return _drawn_from_files(flow, node)
    x, y = flow.arg("x"), flow.arg("y")
    if not isinstance(x, Array):
        return UNKNOWN
    size, length = _batch_size(flow), x.length
    rows = min(size, length) if size is not None and length is not None else None

    def batch(given: Array, dtype: str | None) -> Array:
        shape = (rows, *given.shape[1:]) if given.shape else None
        return given.derived(
            node,
            "drawn at once",
            kind="ndarray",
            dtype=dtype,
            shape=shape,
            size=None,
            part=given.part or rows != length,
        )

    if y is None:
        return batch(x, "float32")
    return Items(
        "tuple", (batch(x, "float32"), batch(y, y.dtype) if isinstance(y, Array) else UNKNOWN), length=2
    )


def _drawn_from_files(flow: Call, node: tree.Expr) -> Value:
    """One batch of images of a folder or a table, with their labels unless there are none; unknown when in doubt."""
    mode = flow.arg("class_mode") or Const("categorical")
    if flow.star or not isinstance(mode, Const) or mode.value == "input":
        return UNKNOWN
    size, colors = const(flow.arg("target_size") or _SIDES), const(flow.arg("color_mode") or Const("rgb"))
    height, width = size if isinstance(size, (tuple, list)) and len(size) == 2 else (None, None)
    channels = _CHANNELS.get(colors) if isinstance(colors, str) else None
    shape = (_batch_size(flow), height, width, channels)
    x = Array("ndarray", "float32", shape, part=True, origin=Origin(node, "one batch"))
    return x if mode.value is None else Items("tuple", (x, UNKNOWN), length=2)


def _batch_size(flow: Call) -> int | None:
    size = const(flow.arg("batch_size")) if flow.given("batch_size") else BATCH_SIZE
    return size if isinstance(size, int) else None


def _preprocess_input(call: Call, _run: Machine) -> Value:
    """``preprocess_input`` of an application: integers become float32, the shape stays."""
    given = call.arg("x") or UNKNOWN
    if not isinstance(given, Array):
        return UNKNOWN
    dtype = given.dtype
    if dtype is not None and not dtype.startswith("float"):
        dtype = "float32"
    return given.derived(
        call.node,
        "preprocessed",
        dtype=dtype,
        size=given.size if dtype == given.dtype else None,
        labels=False,
    )


def _smart_resize(call: Call, run: Machine) -> Value:
    """Images cut to the aspect of ``size`` and resized, an array where an array is given; unknown when in doubt."""
    given, channels = call.first(), call.arg("data_format")
    if channels is not None and const(channels) != "channels_last":
        return UNKNOWN
    if not isinstance(given, Array):
        return resize(call, run) if call.mapped else UNKNOWN
    made = resize(call, run)
    return made.but(kind=given.kind) if isinstance(made, Array) else made


# The modules of keras.applications.
_APPLICATIONS = [
    "convnext",
    "densenet",
    "efficientnet",
    "efficientnet_v2",
    "imagenet_utils",
    "inception_resnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3",
    "nasnet",
    "regnet",
    "resnet",
    "resnet50",
    "resnet_rs",
    "resnet_v2",
    "vgg16",
    "vgg19",
    "xception",
]
_G = "keras.preprocessing.image.ImageDataGenerator"
_LOADER = "directory labels label_mode class_names color_mode batch_size image_size shuffle"
_T = "keras.preprocessing.text.Tokenizer"
KERAS_UTILS = table(
    fact(f"{_T}.sequences_to_matrix", "sequences mode", _word_matrix, see="Keras 2 API reference"),
    fact(f"{_T}.texts_to_matrix", "texts mode", _word_matrix, see="Keras 2 API reference"),
    *(fact(f"keras.datasets.{name}.load_data", "path", _built_in(name), see=_DOCS) for name in _BUILT_IN),
    fact(
        _G,
        "featurewise_center samplewise_center featurewise_std_normalization samplewise_std_normalization"
        " zca_whitening",
        _generator_object,
        see="Keras 2 API reference",
    ),
    fact(f"{ITERATOR}.next", "", _next_batch, see="Keras 2 API reference"),
    fact(f"{_G}.fit", "x augment rounds seed", lambda _c, _r: UNKNOWN, see="Keras 2 API reference"),
    fact(f"{_T}.texts_to_sequences", "texts", _as_numbers, see="Keras 2 API reference"),
    *(
        fact(f"{_G}.{name}", params, _batches, see="Keras 2 API reference")
        for name, params in (
            ("flow", "x y batch_size"),
            ("flow_from_dataframe", "dataframe directory"),
            ("flow_from_directory", "directory target_size color_mode classes class_mode batch_size"),
        )
    ),
    fact(
        "keras.utils.audio_dataset_from_directory",
        "directory labels label_mode class_names batch_size",
        _folder("folder"),
        see=_DOCS,
    ),
    *(
        fact(f"keras.applications.{module}.preprocess_input", "x", _preprocess_input, see=_DOCS)
        for module in _APPLICATIONS
    ),
    fact(
        "keras.utils.get_file",
        "fname origin",
        lambda c, _r: Object("keras.utils.get_file", c, origin=Origin(c.node, "downloaded here")),
        see=_DOCS,
    ),
    fact(
        "keras.preprocessing.image.smart_resize",
        "x size interpolation data_format",
        _smart_resize,
        probe="keras.preprocessing.image.smart_resize(numpy.zeros((20, 10, 3), 'uint8'), (4, 8))",
    ),
    fact("keras.utils.image_dataset_from_directory", _LOADER, _folder("folder"), see=_DOCS),
    fact("keras.utils.pad_sequences", "sequences maxlen dtype padding", _padded, see=_DOCS),
    fact(
        "keras.utils.split_dataset",
        "dataset left_size right_size",
        lambda c, _r: Items("tuple", (_half(c), _half(c)), length=2),
        see=_DOCS,
    ),
    fact(
        "keras.utils.text_dataset_from_directory",
        "directory labels label_mode class_names batch_size",
        _folder("folder"),
        see=_DOCS,
    ),
    fact(
        "keras.utils.timeseries_dataset_from_array",
        "data targets sequence_length sequence_stride sampling_rate batch_size",
        _windows,
        see=_DOCS,
    ),
    fact("keras.utils.to_categorical", "x num_classes", _one_hot, see=_DOCS),
)


def _half(call: Call) -> Value:
    given = call.first()
    if isinstance(given, Dataset):
        return Dataset(
            "split_dataset",
            call,
            None,
            given.element,
            None,
            given.batch_size,
            origin=Origin(call.node, "read from here"),
        )
    return Dataset("split_dataset", call, origin=Origin(call.node, "read from here"))
