"""tf.data: sources, transformations and what flows through them."""

from __future__ import annotations

from math import prod

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Array,
    Const,
    Dataset,
    Dict,
    Function,
    Instance,
    Items,
    Origin,
    Scalar,
    Value,
    const,
)
from keras_memlint.analysis.facts.images import READERS
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table
from keras_memlint.analysis.facts.tensor_specs import declared
from keras_memlint.analysis.interpret.elements import parts
from keras_memlint.analysis.interpret.preprocessing import (
    is_arithmetic,
    is_random,
    is_sizing,
    preprocessing_layers,
)

_GUIDE = "TensorFlow guide, tf.data: Build TensorFlow input pipelines"
_READS = frozenset(["tf.io.read_file", "tf.io.gfile.GFile", "numpy.load", *READERS])
# What gives images or sound; other decoders may give as little as a number.
_DECODES = frozenset(
    [
        "tf.audio.decode_wav",
        "tf.image.decode_and_crop_jpeg",
        "tf.io.decode_and_crop_jpeg",
        "tf.io.decode_bmp",
        "tf.io.decode_gif",
        "tf.io.decode_image",
        "tf.io.decode_jpeg",
        "tf.io.decode_png",
        *READERS,
    ]
)
# Cuts or fills, and computes nothing; the older name is of TensorFlow 1.
_SIZES_ALONE = ("tf.image.resize_with_crop_or_pad", "tf.image.resize_image_with_crop_or_pad")
_RANDOM = ("tf.image.random_", "tf.image.stateless_random", "tf.random.")


def _make(
    call: Call,
    op: str,
    before: Dataset | None,
    element: Value,
    cardinality: int | None,
    *,
    batch_size: int | None = None,
    infinite: bool = False,
    toy: bool = False,
    traits: frozenset[str] = frozenset(),
) -> Dataset:
    """The dataset after ``op``; without ``before`` a source. What ``before`` was stays true unless told otherwise."""
    if before is None:
        return Dataset(
            op,
            call,
            None,
            element,
            cardinality,
            batch_size,
            infinite,
            toy,
            traits,
            origin=Origin(call.node, "read from here"),
        )
    origin = Origin(call.node, f"`{op}`", before.origin)
    return Dataset(
        op, call, before, element, cardinality, batch_size, infinite, before.toy or toy, traits, origin=origin
    )


def _after(
    call: Call, op: str, element: Value, cardinality: int | None, traits: frozenset[str] = frozenset()
) -> Dataset:
    """The receiver after an operation that leaves batches and repetition as they are."""
    before = _self(call)
    return _make(
        call,
        op,
        before,
        element,
        cardinality,
        batch_size=before.batch_size,
        infinite=before.infinite,
        traits=traits,
    )


def slices(value: Value) -> Value:
    """One element of ``from_tensor_slices(value)``."""
    if isinstance(value, Items) and value.kind == "tuple":
        parts = tuple([slices(item) for item in value.items]) if value.items is not None else None
        return Items("tuple", parts, slices(value.element), value.length)
    if isinstance(value, Dict):
        return Dict({key: slices(item) for key, item in value.entries.items()}, slices(value.element))
    if isinstance(value, Items):
        return _as_tensor(any_item(value))
    if isinstance(value, Array):
        shape = value.shape[1:] if value.shape else None
        return value.but(kind="tensor", shape=shape, size=None, part=False)
    return UNKNOWN


def _as_tensor(value: Value) -> Value:
    if isinstance(value, Const) and isinstance(value.value, str):
        return Scalar("path")
    return value


def length(value: Value) -> int | None:
    """Samples in an array, a list, or the first known part of a tuple or dict of them."""
    if isinstance(value, Array):
        return value.length
    if isinstance(value, Items):
        if value.kind == "tuple":
            found = [length(item) for item in value.items or ()]
            return next((n for n in found if n is not None), None)
        return value.length
    if isinstance(value, Dict):
        return next((n for n in map(length, value.entries.values()) if n is not None), None)
    return None


def is_toy(value: Value) -> bool:
    """Whether ``value`` comes from a small built-in data set."""
    if isinstance(value, Array):
        return value.source == "toy"
    if isinstance(value, Items):
        return any(is_toy(item) for item in value.items or ())
    return isinstance(value, Dict) and any(is_toy(item) for item in value.entries.values())


def _from_slices(call: Call, _run: Machine) -> Value:
    given = call.arg("tensors") or UNKNOWN
    return _make(call, "from_tensor_slices", None, slices(given), length(given), toy=is_toy(given))


def _from_tensors(call: Call, _run: Machine) -> Value:
    given = call.arg("tensors") or UNKNOWN
    return _make(call, "from_tensors", None, given, 1, toy=is_toy(given))


def _files(call: Call, run: Machine) -> Value:
    pattern = call.const("file_pattern")
    found = run.glob_count(pattern) if isinstance(pattern, str) else None
    return _make(call, "list_files", None, Scalar("path"), found[0] if found else None)


def _records(call: Call, _run: Machine) -> Value:
    return _make(call, "records", None, Array("tensor", "string", shape=(), source="disk"), None)


def _text_lines(call: Call, _run: Machine) -> Value:
    return _make(call, "text_lines", None, Scalar("str"), None)


def _generator(call: Call, run: Machine) -> Value:
    source = call.arg("generator") or UNKNOWN
    element: Value = UNKNOWN
    inner: tuple[Call, ...] = ()
    if isinstance(source, (Function, Instance)):
        made, inner = run.apply(source, (), call, mapped=True)
        element = any_item(made) if isinstance(made, Items) else UNKNOWN
    call.inner = inner
    return _make(call, "from_generator", None, declared(call, element), None)


def _range(call: Call, _run: Machine) -> Value:
    bounds = [const(arg) for arg in call.args]
    count = (
        len(range(*bounds))
        if bounds and all(isinstance(b, int) for b in bounds) and 0 not in bounds[2:]
        else None
    )
    return _make(call, "range", None, Scalar("int"), count)


def _source(op: str) -> Gives:
    return lambda call, _run: _make(call, op, None, UNKNOWN, None)


def _self(call: Call) -> Dataset:
    return call.receiver if isinstance(call.receiver, Dataset) else Dataset("unknown")


def _spread(element: Value) -> tuple[Value, ...]:
    """How ``map`` hands an element to its function: tuples become several arguments, dicts are its own to change."""
    if isinstance(element, Items) and element.kind == "tuple" and element.items is not None:
        return tuple([item.but() if isinstance(item, Dict) else item for item in element.items])
    return (element.but() if isinstance(element, Dict) else element,)


def _map(call: Call, run: Machine) -> Value:
    before = _self(call)
    function = call.arg("map_func") or UNKNOWN
    element: Value = UNKNOWN
    traits: set[str] = set()
    if isinstance(function, (Api, Function, Instance, Layer, Model)):
        element, call.inner = run.apply(function, _spread(before.element), call, mapped=True)
        traits = traits_of(call.inner, element)
    made = _after(call, "map", element, before.cardinality, frozenset(traits))
    made.toy = before.toy and not _grew(before.element, element)
    return made


def _grew(before: Value, after: Value) -> bool:
    """Whether the largest part of an element is known to have more numbers in ``after``: small no more."""
    small, large = _numbers(before), _numbers(after)
    return small is not None and large is not None and large > small


def _numbers(element: Value) -> int | None:
    """How many numbers the largest part of an element has; None when that of an array is not known."""
    found = 1
    for part in parts(element):
        if isinstance(part, Array):
            if part.shape is None or None in part.shape:
                return None
            found = max(found, prod(axis or 0 for axis in part.shape))
    return found


def traits_of(inner: tuple[Call, ...], element: Value) -> set[str]:
    """What a mapped function does.

    ``reads`` files; ``decodes`` images or sound; ``parses`` records, some as ``raw`` bytes; ``resizes``, ``crops``,
    ``casts``; makes ``one_hot`` vectors; draws ``random`` numbers; runs ``python`` code or a ``network``; ``works``: more
    than TensorFlow does in passing; gives ``floats``.
    """
    found: set[str] = set()
    for call in inner:
        name = call.name
        if name in _READS:
            found |= {"reads", "works"}
        if name in _DECODES:
            found |= {"decodes", "works"}
        elif name.startswith(("tf.io.parse_", "tf.io.decode_")):
            found |= {"parses", "works"} | ({"raw"} if name == "tf.io.decode_raw" else set())
        elif name in _SIZES_ALONE:
            found.add("crops")
        elif name.startswith("tf.image.") and "crop" in name:
            found |= {"crops", "works"} | ({"random"} if "random" in name else set())
        elif name.startswith("tf.image.resize") or name == "keras.preprocessing.image.smart_resize":
            found.add("resizes")
        elif name in ("tf.cast", "tf.image.convert_image_dtype", "numpy.ndarray.astype"):
            found.add("casts")
        elif name == "tf.one_hot":
            found.add("one_hot")
        elif name in ("tf.py_function", "tf.numpy_function"):
            found.add("python")
        elif name.startswith(_RANDOM):
            found |= {"random", "works"}
        elif name.startswith(("tf.image.", "tf.signal.", "tf.audio.", "tf.strings.")):
            found.add("works")
        elif name in ("keras.Model.__call__", "keras.Layer.__call__"):
            layers = preprocessing_layers(call.receiver)
            if not layers or not all(is_sizing(layer) or is_arithmetic(layer) for layer in layers):
                found.add("works")
            if not layers:
                found.add("network")
            if any(is_random(layer) for layer in layers):
                found.add("random")
            if any(is_sizing(layer) for layer in layers):
                found.add("resizes")
    for part in _spread(element):
        if isinstance(part, Array) and part.dtype is not None and part.dtype.startswith("float"):
            found.add("floats")
    return found


def _flat_map(op: str) -> Gives:
    def gives(call: Call, run: Machine) -> Value:
        before = _self(call)
        function = call.arg("map_func") or UNKNOWN
        element: Value = UNKNOWN
        batch = None
        if isinstance(function, Function):
            made, call.inner = run.apply(function, _spread(before.element), call, mapped=True)
            if isinstance(made, Dataset):
                element, batch = made.element, made.batch_size
        elif function is not UNKNOWN and getattr(function, "name", "") in ("tf.data.TFRecordDataset",):
            element = Array("tensor", "string", shape=(), source="disk")
        return _make(call, op, before, element, None, batch_size=batch)

    return gives


def _batch(call: Call, _run: Machine) -> Value:
    before = _self(call)
    size = call.const("batch_size")
    known = size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else None
    count = None
    if before.cardinality is not None and known is not None:
        whole = call.const("drop_remainder") is True
        count = before.cardinality // known if whole else -(-before.cardinality // known)
    return _make(
        call, call.name.rpartition(".")[2], before, stack(before.element, known), count, batch_size=known or 0
    )


def stack(element: Value, size: int | None) -> Value:
    """A batch of elements."""
    if isinstance(element, Items) and element.kind == "tuple" and element.items is not None:
        return Items("tuple", tuple([stack(item, size) for item in element.items]), length=element.length)
    if isinstance(element, Dict):
        return Dict({key: stack(item, size) for key, item in element.entries.items()})
    if isinstance(element, Array):
        shape = (size, *element.shape) if element.shape is not None else None
        return element.but(kind="tensor", shape=shape, size=None, part=False)
    return element


def _unbatch(call: Call, _run: Machine) -> Value:
    before = _self(call)

    def first(value: Value) -> Value:
        if isinstance(value, Items) and value.items is not None:
            return Items("tuple", tuple([first(item) for item in value.items]))
        return slices(value) if isinstance(value, Array) else value

    return _make(call, "unbatch", before, first(before.element), None, batch_size=None)


def _same(op: str) -> Gives:
    return lambda call, _run: _after(call, op, _self(call).element, _self(call).cardinality)


def _repeat(call: Call, _run: Machine) -> Value:
    before = _self(call)
    times = call.const("count")
    known = isinstance(times, int) and times > 0
    count = before.cardinality * times if known and before.cardinality is not None else None
    forever = call.arg("count") is None or times == -1
    return _make(
        call,
        "repeat",
        before,
        before.element,
        count,
        batch_size=before.batch_size,
        infinite=before.infinite or forever,
    )


def _take(call: Call, _run: Machine) -> Value:
    before = _self(call)
    wanted = call.const("count")
    count = before.cardinality
    if isinstance(wanted, int) and wanted >= 0:
        count = wanted if count is None else min(count, wanted)
    return _make(call, "take", before, before.element, count, batch_size=before.batch_size)


def _fewer(op: str) -> Gives:
    return lambda call, _run: _after(call, op, _self(call).element, None)


def _zip(call: Call, _run: Machine) -> Value:
    given = call.args[0] if len(call.args) == 1 else Items("tuple", call.args)
    parts = given.items if isinstance(given, Items) and given.items is not None else ()
    sets = [part for part in parts if isinstance(part, Dataset)]
    element = Items("tuple", tuple(part.element if isinstance(part, Dataset) else UNKNOWN for part in parts))
    count = next((s.cardinality for s in sets if s.cardinality is not None), None)
    base = next((s for s in sets), None)
    return _make(call, "zip", base, element, count, batch_size=base.batch_size if base is not None else None)


def _concatenate(call: Call, _run: Machine) -> Value:
    before = _self(call)
    other = call.first()
    count = None
    if isinstance(other, Dataset) and before.cardinality is not None and other.cardinality is not None:
        count = before.cardinality + other.cardinality
    return _after(call, "concatenate", before.element, count)


def _apply(call: Call, run: Machine) -> Value:
    before = _self(call)
    function = call.first()
    if isinstance(function, Function):
        made, call.inner = run.apply(function, (before,), call, mapped=False)
        if isinstance(made, Dataset):
            return made
    return _after(call, "apply", UNKNOWN, None)


def _cardinality(call: Call, _run: Machine) -> Value:
    given = call.receiver if isinstance(call.receiver, Dataset) else call.first()
    if isinstance(given, Dataset) and given.cardinality is not None:
        return Const(given.cardinality)
    return Scalar("int", counts=True)


def _iterator(call: Call, _run: Machine) -> Value:
    before = _self(call)
    return Items("generator", None, before.element, before.cardinality, origin=before.origin)


_D = "tf.data.Dataset."
TF_DATA = table(
    fact("builtins.int.numpy", "", lambda call, _run: call.receiver or UNKNOWN, see=_GUIDE),
    fact("tf.data.AUTOTUNE", see=_GUIDE),
    fact(
        "tf.contrib.eager.Iterator", "dataset", lambda call, _run: call.first(), see="API reference of 1.15"
    ),
    fact("tf.data.FixedLengthRecordDataset", "filenames record_bytes", _records, see=_GUIDE),
    fact(
        "tf.data.TFRecordDataset",
        "filenames compression_type buffer_size num_parallel_reads",
        _records,
        see=_GUIDE,
    ),
    fact("tf.data.TextLineDataset", "filenames", _text_lines, see=_GUIDE),
    fact("tf.data.experimental.CsvDataset", "filenames record_defaults", _source("csv"), see=_GUIDE),
    fact("tf.data.experimental.cardinality", "dataset", _cardinality, see=_GUIDE),
    fact(
        "tf.data.experimental.choose_from_datasets",
        "datasets choice_dataset",
        _source("choose_from_datasets"),
        see=_GUIDE,
    ),
    fact("tf.data.experimental.make_csv_dataset", "file_pattern batch_size", _source("csv"), see=_GUIDE),
    fact(
        "tf.data.experimental.sample_from_datasets",
        "datasets weights",
        _source("sample_from_datasets"),
        see=_GUIDE,
    ),
    fact(_D + "apply", "transformation_func", _apply, see=_GUIDE),
    fact(_D + "as_numpy_iterator", "", _iterator, see=_GUIDE),
    fact(_D + "batch", "batch_size drop_remainder num_parallel_calls deterministic", _batch, see=_GUIDE),
    fact(
        _D + "bucket_by_sequence_length",
        "element_length_func bucket_boundaries",
        _fewer("bucket"),
        see=_GUIDE,
    ),
    fact(_D + "cache", "filename", _same("cache"), see=_GUIDE),
    fact(_D + "cardinality", "", _cardinality, see=_GUIDE),
    fact(_D + "choose_from_datasets", "datasets choice_dataset", _source("choose_from_datasets"), see=_GUIDE),
    fact(_D + "concatenate", "dataset", _concatenate, see=_GUIDE),
    fact(_D + "enumerate", "start", _fewer("enumerate"), see=_GUIDE),
    fact(_D + "filter", "predicate", _fewer("filter"), see=_GUIDE),
    fact(_D + "flat_map", "map_func", _flat_map("flat_map"), see=_GUIDE),
    fact(
        _D + "from_generator",
        "generator output_types output_shapes args output_signature",
        _generator,
        see=_GUIDE,
    ),
    fact(_D + "from_tensor_slices", "tensors", _from_slices, see=_GUIDE),
    fact(_D + "from_tensors", "tensors", _from_tensors, see=_GUIDE),
    fact(_D + "get_next", "", lambda call, _run: _self(call).drawn, see="API reference, `tf.data.Iterator`"),
    fact(
        _D + "interleave",
        "map_func cycle_length block_length num_parallel_calls",
        _flat_map("interleave"),
        see=_GUIDE,
    ),
    fact(_D + "list_files", "file_pattern shuffle seed", _files, see=_GUIDE),
    *(
        fact(
            f"{_D}make_{kind}_iterator",
            "",
            lambda call, _run: call.receiver or UNKNOWN,
            see="API reference of 1.15",
        )
        for kind in ("initializable", "one_shot")
    ),
    fact(_D + "map", "map_func num_parallel_calls deterministic", _map, see=_GUIDE),
    fact(_D + "padded_batch", "batch_size padded_shapes padding_values drop_remainder", _batch, see=_GUIDE),
    fact(_D + "prefetch", "buffer_size", _same("prefetch"), see=_GUIDE),
    fact(_D + "ragged_batch", "batch_size drop_remainder", _batch, see=_GUIDE),
    fact(_D + "range", "", _range, see=_GUIDE),
    fact(_D + "rebatch", "batch_size", _batch, see=_GUIDE),
    fact(_D + "repeat", "count", _repeat, see=_GUIDE),
    fact(_D + "sample_from_datasets", "datasets weights", _source("sample_from_datasets"), see=_GUIDE),
    fact(_D + "shard", "num_shards index", _fewer("shard"), see=_GUIDE),
    fact(_D + "shuffle", "buffer_size seed reshuffle_each_iteration", _same("shuffle"), see=_GUIDE),
    fact(_D + "skip", "count", _fewer("skip"), see=_GUIDE),
    fact(_D + "snapshot", "path", _same("snapshot"), see=_GUIDE),
    fact(_D + "take", "count", _take, see=_GUIDE),
    fact(_D + "unbatch", "", _unbatch, see=_GUIDE),
    fact(_D + "window", "size shift stride drop_remainder", _fewer("window"), see=_GUIDE),
    fact(_D + "with_options", "options", _same("with_options"), see=_GUIDE),
    fact(_D + "zip", "datasets", _zip, see=_GUIDE),
)
