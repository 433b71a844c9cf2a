"""KM116: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from keras_memlint.analysis.bytes import format_bytes
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.facts.dtypes import itemsize
from keras_memlint.analysis.script import Imported, Script
from keras_memlint.analysis.source import Place
from keras_memlint.analysis.values import Array, Items, Object, Value, const
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.modules import rename_import
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM116", "imagedatagenerator", severity="warning", words=("ImageDataGenerator",), fix="unsafe")

_NAME = "keras.preprocessing.image.ImageDataGenerator"
_MODULE = "keras.preprocessing.image"
_ABOVE = ("keras", "keras.preprocessing", _MODULE)
# What `tensorflow.keras.preprocessing.image` has in TensorFlow 2.21, of what scripts import.
_STILL_THERE = ("ImageDataGenerator", "array_to_img", "img_to_array", "load_img", "save_img")
_STATISTICS = ("featurewise_center", "featurewise_std_normalization", "zca_whitening")
_KERAS_2_ONLY = tuple(f"keras.Model.{name}_generator" for name in ("fit", "evaluate", "predict"))
_LAYERS = "`keras.utils.image_dataset_from_directory`, and layers such as `RandomFlip` for augmentation"
_SLICE = (
    "slice it batch by batch in a `PyDataset` and augment with layers such as `RandomFlip`; `flow` does not copy"
    " an array that has its dtype, a memory-mapped one included"
)
_ADAPT = "fit a sample of the rows, or adapt a `Normalization` layer to a dataset, which reads batches"


class _Copy(NamedTuple):
    """A call that copies ``array`` whole, as ``dtype``: ``bytes`` is what it adds at its peak, ``one`` a single copy."""

    call: Call
    array: Array
    dtype: str
    bytes: int
    one: int


def check(script: Script) -> Iterator[Finding]:
    gone = _gone(script)
    if gone is not None:
        yield gone
        return
    found = [] if script.is_test else [*_whitening(script), *_whole(script)]
    if found:
        yield from found
    else:
        yield from _deprecated(script)


# Gone from Keras 3


def _gone(script: Script) -> Finding | None:
    """The import, or the first use, of what standalone Keras 3 no longer has; None unless Keras 3 is known."""
    if script.keras_major != 3:
        return None
    imported = _standalone(script)
    if imported is not None:
        return Finding(
            at=script.place(imported.alias or imported.statement),
            message="`ImageDataGenerator` is gone from Keras 3: this import raises ImportError",
            help=_LAYERS,
            fixes=_from_tensorflow(script, imported),
            severity="error",
        )
    call = _reached_through_a_module(script)
    if call is None:
        return None
    return Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message="`ImageDataGenerator` is gone from Keras 3: this raises AttributeError",
        help=_LAYERS,
        severity="error",
    )


def _standalone(script: Script) -> Imported | None:
    """An import of the class from standalone Keras that always runs."""
    for imported in script.imports:
        if imported.dotted == _NAME and _always(imported) and script.own(imported.statement):
            return imported
    return None


def _always(imported: Imported) -> bool:
    """Whether the import always runs and nothing catches its failure."""
    return imported.top and not imported.tried


def _reached_through_a_module(script: Script) -> Call | None:
    """The first ``keras.preprocessing.image.ImageDataGenerator(…)``; None where its module may be another one."""
    if any(imported.dotted.endswith(".ImageDataGenerator") for imported in script.imports):
        return None
    roots = [i for i in script.imports if i.dotted in _ABOVE and i.bound != "*"]
    targets = {i.bound: {j.target for j in script.imports if j.bound == i.bound} for i in roots}
    if not roots or not all(_always(i) for i in roots) or any(len(found) > 1 for found in targets.values()):
        return None
    return next((call for call in script.calls(_NAME) if call.flavour == "keras"), None)


def _from_tensorflow(script: Script, imported: Imported) -> tuple[Fix, ...]:
    names = {i.dotted.rpartition(".")[2] for i in script.imports if i.statement is imported.statement}
    if imported.module != _MODULE or not names.issubset(_STILL_THERE) or script.backend != "tensorflow":
        return ()
    edit = rename_import(script, imported, f"tensorflow.{_MODULE}")
    title = "import it from `tensorflow.keras` (unsafe: needs TensorFlow, where it is deprecated)"
    return (Fix(title, False, (edit,)),) if edit is not None else ()


# Whole arrays


def _whitening(script: Script) -> Iterator[Finding]:
    """``fit`` for ZCA whitening of images so large that the matrix counts, however many they are."""
    for call in script.calls(f"{_NAME}.fit"):
        array = call.arg("x")
        size = _matrix(call)
        if not isinstance(array, Array) or array.source == "toy" or not script.large(size):
            continue
        values = prod(axis or 0 for axis in (array.shape or ())[1:])
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"ZCA whitening keeps a matrix of {values:,} x {values:,} values, one for each pair of values"
            " of an image",
            bytes=size,
            help="whiten smaller images, or use `featurewise_center` alone",
            related=script.trail(array.origin),
        )


def _matrix(call: Call) -> int | None:
    """Bytes of the whitening matrix; None when whitening is off or the size of an image is not known."""
    array = call.arg("x")
    maker = _maker(call)
    if maker is None or maker.const("zca_whitening") is not True or not isinstance(array, Array):
        return None
    dtype = _dtype(maker)
    width = itemsize(dtype) if dtype is not None else None
    if width is None or array.shape is None or len(array.shape) != 4 or None in array.shape[1:]:
        return None
    return width * prod(axis or 0 for axis in array.shape[1:]) ** 2


def _whole(script: Script) -> Iterator[Finding]:
    """``fit`` and ``flow`` that copy a large array: the first for each array."""
    groups: dict[int, list[_Copy]] = {}
    for call in sorted(script.calls(f"{_NAME}.fit", f"{_NAME}.flow"), key=lambda call: call.order):
        copy = _copy(call)
        if copy is not None and script.large(copy.one) and not script.large(_matrix(call)):
            groups.setdefault(_cause(copy.array), []).append(copy)
    for copies in groups.values():
        first = copies[0]
        name = first.call.name.rpartition(".")[2]
        size = f" of {format_bytes(first.array.bytes)}" if first.array.bytes is not None else ""
        yield Finding(
            at=script.call_place(first.call),
            site=script.place(first.call.site),
            message=f"`ImageDataGenerator.{name}` {_what(first, name)}{size}",
            bytes=first.bytes,
            help=_SLICE if name == "flow" else "remove the call" if _useless(first.call) else _ADAPT,
            related=(*script.trail(first.array.origin), *_others(script, copies)),
        )


def _what(copy: _Copy, name: str) -> str:
    if name == "flow":
        return f"keeps a {copy.dtype} copy of a whole array"
    several = "augments copies of" if copy.bytes > 2 * copy.one else "makes two copies of"
    done = "copies" if copy.bytes == copy.one else several
    unused = "has nothing to compute for the options given, and " if _useless(copy.call) else ""
    return f"{unused}{done} a whole array"


def _useless(call: Call) -> bool:
    """Whether no option of the generator needs what ``fit`` computes."""
    maker = _maker(call)
    return maker is not None and not any(
        maker.given(name) and maker.const(name, True) is not False for name in _STATISTICS
    )


def _copy(call: Call) -> _Copy | None:
    """What ``call`` copies; None when it is not known, a part of the data at a time, or nothing."""
    maker = _maker(call)
    array = _given(call.arg("x"))
    if maker is None or array is None or array.source in ("toy", "list") or array.kind == "sparse":
        return None
    if call.streamed or call.mapped or (array.part and call.loops):
        return None
    dtype, values = _dtype(maker), _values(array)
    width = itemsize(dtype) if dtype is not None else None
    if dtype is None or width is None or values is None:
        return None
    one = values * width
    converts = array.kind == "hdf5" or (array.dtype is not None and itemsize(array.dtype) != width)
    if call.name.endswith(".flow"):
        return _Copy(call, array, dtype, one, one) if converts and call.arg("subset") is None else None
    deviates = any(maker.const(name) is True for name in ("featurewise_std_normalization", "zca_whitening"))
    copies = 2 if converts or deviates else 1
    rounds = call.const("rounds", 1)
    if call.const("augment", False) is True and isinstance(rounds, int):
        copies = max(copies, rounds * (2 if deviates else 1), 1 + rounds)
    return _Copy(call, array, dtype, one * copies, one)


def _given(value: Value | None) -> Array | None:
    """The array of images: the argument itself, or the first of several inputs."""
    if isinstance(value, Items) and value.items:
        value = value.items[0]
    return value if isinstance(value, Array) else None


def _maker(call: Call) -> Call | None:
    """The call that made the generator."""
    return call.receiver.call if isinstance(call.receiver, Object) else None


def _dtype(maker: Call) -> str | None:
    """What the generator computes with; None when that is not known."""
    if not maker.given("dtype"):
        return "float32"
    name = const(maker.arg("dtype"))
    return name if isinstance(name, str) else None


def _values(array: Array) -> int | None:
    if array.shape is not None and None not in array.shape:
        return prod(axis or 0 for axis in array.shape)
    size = itemsize(array.dtype) if array.dtype is not None else None
    return array.bytes // size if array.bytes is not None and size else None


def _cause(array: Array) -> int:
    """Arrays with the same beginning have one cause."""
    return id(array) if array.origin is None else id(list(array.origin.steps())[-1])


def _others(script: Script, copies: list[_Copy]) -> list[tuple[str, Place]]:
    calls = {
        id(copy.call.node): copy.call for copy in copies[1:] if copy.call.node is not copies[0].call.node
    }
    return [("copied again here", script.call_place(call)) for call in list(calls.values())[:2]]


# Deprecated


def _deprecated(script: Script) -> Iterator[Finding]:
    """One hint for a script; an info where the next Keras breaks its import."""
    imported = _standalone(script)
    old = script.keras_major == 2 or script.uses(*_KERAS_2_ONLY)
    call = next(script.calls(_NAME), None)
    if imported is not None and not old:
        yield Finding(
            at=script.place(imported.alias or imported.statement),
            message="`ImageDataGenerator` is gone from Keras 3, where this import raises ImportError",
            help=_LAYERS,
            severity="info",
        )
    elif call is not None:
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="`ImageDataGenerator` is deprecated, and gone from standalone Keras 3",
            help=_LAYERS,
            severity="hint",
        )
