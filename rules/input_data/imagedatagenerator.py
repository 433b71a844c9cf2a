"""KM116: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.arrays.image_generators import Copy, copy_of, is_useless, whitening_bytes
from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.reach.uses import uses_of
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.modules import rename_import
from keras_memlint.fixes.statements import remove
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM116", "imagedatagenerator", severity="warning", words=("ImageDataGenerator",), fix="both")

_NAME = "keras.preprocessing.image.ImageDataGenerator"
_MODULE = "keras.preprocessing.image"
_ABOVE = ("keras", "keras.preprocessing", _MODULE)
# What `tensorflow.keras.preprocessing.image` has in TensorFlow 2.21, of what scripts import.
_STILL_THERE = ("ImageDataGenerator", "array_to_img", "img_to_array", "load_img", "save_img")
_LAYERS = "use `keras.utils.image_dataset_from_directory`, and layers such as `RandomFlip` for augmentation"
_SLICE = (
    "slice it batch by batch in a `{}` and augment with layers such as `RandomFlip`; `flow` does not copy"
    " an array that has its dtype, a memory-mapped one included"
)
_ADAPT = "fit a sample of the rows, or adapt a `Normalization` layer to a dataset, which reads batches"


def check(script: Script) -> Iterator[Finding]:
    gone = _gone(script)
    if gone is not None:
        yield gone
        return
    found = [] if script.is_test else [*_whitening(script), *_whole(script)]
    yield from found
    if all(finding.severity == "info" for finding in found):
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
    return next((call for call in script.calls(_NAME) if call.flavour == "keras" and not call.tried), None)


def _from_tensorflow(script: Script, imported: Imported) -> tuple[Fix, ...]:
    names = {i.dotted.rpartition(".")[2] for i in script.imports if i.statement is imported.statement}
    if imported.module != _MODULE or not names.issubset(_STILL_THERE) or script.backend != "tensorflow":
        return ()
    edit = rename_import(script, imported, f"tensorflow.{_MODULE}")
    title = "import it from `tensorflow.keras`"
    price = "needs TensorFlow, where it is deprecated"
    return (Fix(title, False, (edit,), price),) if edit is not None else ()


# Whole arrays


def _whitening(script: Script) -> Iterator[Finding]:
    """``fit`` for ZCA whitening of images so large that the matrix counts, however many they are."""
    for call in script.calls(f"{_NAME}.fit"):
        array = call.arg("x")
        size = whitening_bytes(call)
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


def _whole(script: Script) -> Iterator[Finding]:
    """``fit`` and ``flow`` that copy a large array: the first for each array; an info for a built-in data set."""
    groups: dict[int, list[Copy]] = {}
    for call in sorted(script.calls(f"{_NAME}.fit", f"{_NAME}.flow"), key=lambda call: call.order):
        copy = copy_of(call)
        if copy is not None and script.large(copy.one) and not script.large(whitening_bytes(call)):
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
            help=_SLICE.format(script.batch_class)
            if name == "flow"
            else "remove the call"
            if is_useless(first.call)
            else _ADAPT,
            related=(*script.trail(first.array.origin), *_others(script, copies)),
            fixes=_left_out(script, first),
            severity="info" if first.array.source == "toy" else None,
        )


def _what(copy: Copy, name: str) -> str:
    if name == "flow":
        return f"keeps a {copy.dtype} copy of a whole array"
    several = "augments copies of" if copy.bytes > 2 * copy.one else "makes two copies of"
    done = "copies" if copy.bytes == copy.one else several
    unused = "has nothing to compute for the options given, and " if is_useless(copy.call) else ""
    return f"{unused}{done} a whole array"


def _left_out(script: Script, copy: Copy) -> tuple[Fix, ...]:
    """The script without a ``fit`` that does nothing but copy: it leaves the generator and random numbers as they are."""
    call = copy.call
    statement = script.statement_at(script.place(call.node).start) if script.own(call.node) else None
    if (
        not isinstance(statement, tree.ExprStmt)
        or statement.value is not call.node
        or len(call.node.args) != 1
    ):
        return ()
    plain = isinstance(call.node.args[0].value, tree.Name) and call.arg("x") is not None
    if not plain or copy.array.shape is None or len(copy.array.shape) != 4:  # it raises for other images
        return ()
    same = [one for one in script.calls(call.name) if one.node is call.node]
    if not all(is_useless(one) for one in same) or not _is_only_called(script, call.node.func):
        return ()
    edit = remove(script, statement, inside=True)
    return (Fix("remove the call", True, (edit,)),) if edit is not None else ()


def _is_only_called(script: Script, func: tree.Expr) -> bool:
    """Whether nothing but methods of the generator is used: no option of it can have been set after it was made."""
    if not isinstance(func, tree.Attribute) or not isinstance(func.value, tree.Name):
        return False
    uses = uses_of(script, func.value.id)
    return uses is not None and all(
        use.is_bound or (isinstance(use.around[0], tree.Attribute) and isinstance(use.around[1], tree.Call))
        for use in uses
    )


def _cause(array: Array) -> int:
    """Arrays with the same beginning have one cause."""
    return id(array) if array.origin is None else id(list(array.origin.steps())[-1])


def _others(script: Script, copies: list[Copy]) -> list[tuple[str, Place]]:
    calls = {
        id(copy.call.node): copy.call for copy in copies[1:] if copy.call.node is not copies[0].call.node
    }
    return [("copied again here", script.call_place(call)) for call in list(calls.values())[:2]]


# Deprecated


def _deprecated(script: Script) -> Iterator[Finding]:
    """One hint for a script; an info where the next Keras breaks its import."""
    imported = _standalone(script)
    old = script.keras_major == 2
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
