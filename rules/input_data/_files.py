"""What the rules on files read into memory agree on: which arrays are read from files, and when these are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.scopes import Growth, Loop, trips_of
from keras_memlint.analysis.abstract.values import Array, Instance, Items, Origin, Shape, Value
from keras_memlint.analysis.arrays.feeds import arrays
from keras_memlint.analysis.interpret.elements import most_numbers
from keras_memlint.analysis.script import Script
from keras_memlint.rules.diagnostic import Severity

_PARTS = 4  # a loop of so few turns may read training, validation and test data
_MANY = 1000  # so many files of unknown size count as a data set
_OF_EACH = 100  # files; so few of each folder are a sample of a data set
_FEW = 1000  # many folders in public code hold about so many images: where these stay below the threshold, who knows
_DEEP = 4  # lists made from lists
_NO_MORE_PIXELS = (
    steps.COMPUTED,
    steps.CONVERTED,
    steps.MIRRORED,
    steps.RESHAPED,
    steps.SLICED,
    steps.TRANSPOSED,
    steps.WIDENED,
)
PYDATASET = "keras.utils.PyDataset"  # the canonical name of `Sequence`, too
_TAKEN = (steps.SLICED, steps.PICKED)
FLOW = "keras.preprocessing.image.ImageDataGenerator.flow"


class Uses(NamedTuple):
    """The expressions whose arrays are trained on, and those whose arrays are only predicted."""

    trained: frozenset[int]
    shown: frozenset[int]

    def trains(self, array: Array) -> bool:
        """Whether ``array`` itself, or what is made of it, is trained on: not only what it was made of."""
        return array.origin is not None and id(array.origin.node) in self.trained


class Bulk(NamedTuple):
    """How much is read: all bytes, None when unknown, and how likely it is that this is much.

    ``loops`` are the loops that read it, ``one`` the bytes of what one file becomes, None when unknown.
    """

    bytes: int | None
    severity: Severity
    loops: frozenset[int]
    one: int | None


def uses(script: Script) -> Uses:
    """What becomes of the script's arrays."""
    trained: set[int] = set()
    shown: set[int] = set()
    for feed in script.feeds:
        if feed.method != "evaluate":
            (shown if feed.method == "predict" else trained).update(nodes(feed.array.origin))
    for call in script.calls(FLOW):
        if call.given("save_to_dir"):
            continue  # changed images are written to look at them
        methods = {fit.method for fit in script.fits if fit.batch_call is call}
        predicted = bool(methods) and all(method.startswith("predict") for method in methods)
        for array in arrays(call.arg("x") or call.first()):
            (shown if predicted else trained).update(nodes(array.origin))
    for fit in script.trainings:
        for array in _given_out(fit.x):
            trained.update(nodes(array.origin))
    for call in script.calls("keras.Model.train_on_batch"):
        for array in arrays(call.arg("x") or call.first()):
            if _is_taken(array):
                trained.update(nodes(array.origin))
    return Uses(frozenset(trained), frozenset(shown - trained))


def _given_out(x: Value) -> Iterator[Array]:
    """The batches that a generator of the script's own takes out of a larger array; the arrays that a sequence holds."""
    if isinstance(x, Instance) and x.cls.api_base() == PYDATASET:
        yield from (value for value in x.attributes.values() if isinstance(value, Array) and not value.part)
    drawn = x.element if isinstance(x, Items) and x.kind == "generator" else None
    for array in arrays(drawn) if drawn is not None else ():
        if _is_taken(array):
            yield array


def _is_taken(array: Array) -> bool:
    """Whether it is rows that were taken out of a larger array."""
    return array.origin is not None and any(step.did(*_TAKEN) for step in array.origin.steps())


def nodes(origin: Origin | None) -> Iterator[int]:
    """The expressions a value came through."""
    return (id(step.node) for step in origin.steps()) if origin is not None else iter(())


def reads_files(script: Script, sample: Array) -> bool:
    """Whether ``sample`` is what one file holds, an image, a sound, an array, or what a list of these became."""
    if sample.labels or sample.source not in ("disk", "list"):
        return False
    if sample.pixels:
        return True
    maker = script.maker(sample)
    return sample.source == "disk" and maker is not None and maker.name == "numpy.load" and bool(maker.loops)


def bulk(
    script: Script,
    sample: Array,
    result: Array | None,
    growth: Iterable[Growth],
    around: tuple[Loop, ...],
    used: Uses,
) -> Bulk | None:
    """How much is collected in ``result``; None when that is little, or when nothing says that it is much.

    ``growth`` says where ``sample`` is added to it, ``around`` are the loops in which that begins anew. Where neither
    the number of files nor their size is known, they are many when a loop lists a folder, or when a model is trained
    on images of them all.
    """
    growth = list(growth)
    loops = frozenset(id(grown.loops[-1].node) for grown in growth if grown.loops)
    one = result.item_bytes if result is not None and result.item_bytes is not None else sample.bytes
    if result is not None and result.bytes is not None:
        return Bulk(result.bytes, "warning", loops, one) if script.large(result.bytes) else None
    reader = script.maker(sample)
    again = {id(loop.node): loop for loop in around}
    own = [(grown, _turns(grown.loops, again, reader)) for grown in growth]
    own = [(grown, turns) for grown, turns in own if turns]
    if not own or any(_is_part(grown, again) for grown, _ in own):
        return None
    if all(_are_few_of_each(turns) for _, turns in own):
        return None
    counts = [trips_of(turns) for _, turns in own]
    if None not in counts:
        total = sum(known for known in counts if known is not None)
        if one is None:
            return Bulk(None, "warning", loops, None) if total >= _MANY else None
        certain = not any(grown.conditional for grown, _ in own)
        size = total * one
        return Bulk(size if certain else None, "warning", loops, one) if script.large(size) else None
    trained = _is_trained(result, used)
    if not (trained and sample.pixels) and not any(_lists_folder(script, turns) for _, turns in own):
        return None
    shown = result is not None and any(node in used.shown for node in nodes(result.origin))
    runs = reader is None or script.reached(reader)
    likely = trained or (runs and not shown and next(script.trainings, None) is not None)
    most = one if one is not None else _at_most(script, sample, result)
    small = most is not None and not script.large(most * _FEW)
    ends = any(script.breaks(loop) for _, turns in own for loop in turns)
    cut = any(_are_pieces(sample, turns, reader) for _, turns in own)
    sure = (
        likely and sample.pixels and not (small or ends or cut) and (reader is None or script.is_run(reader))
    )
    return Bulk(None, "warning" if sure else "info", loops, one)


def _at_most(script: Script, image: Array, result: Array | None) -> int | None:
    """Bytes that one image takes at most, by the last size it is known to have had and by what a model is fed.

    None when neither says it.
    """
    found = [most_numbers(shape) for shape in (*_sizes(script, image), *_fed(script, result))]
    width = itemsize((result.dtype if result is not None else None) or image.dtype or "float64")
    known = [values for values in found if values is not None]
    return min(known) * width if known and width is not None else None


def _sizes(script: Script, image: Array) -> Iterator[Shape]:
    """The last shape of an image, and those it had before steps that add no pixels."""
    if image.shape is not None:
        yield image.shape
    for step in image.origin.steps() if image.origin is not None else ():
        before = script.made_at(step)
        if isinstance(before, Array) and before.shape is not None:
            yield before.shape
        if not step.did(*_NO_MORE_PIXELS):
            return


def _fed(script: Script, result: Array | None) -> Iterator[Shape]:
    """The shapes of one image of ``result`` where a model is fed with it, reshaped perhaps."""
    if result is None or result.origin is None:
        return
    for feed in script.feeds:
        fed = feed.array
        if feed.role == "y" or fed.shape is None or len(fed.shape) < 2 or fed.origin is None:
            continue
        if any(step is result.origin for step in fed.origin.steps()):
            yield fed.shape[1:]


def _is_trained(result: Array | None, used: Uses) -> bool:
    return result is None or any(node in used.trained for node in nodes(result.origin))


def _is_part(grown: Growth, again: dict[int, Loop]) -> bool:
    """Whether the list is filled anew by each turn of a loop: a batch, a class, a video at a time."""
    shared = [loop for loop in grown.loops if id(loop.node) in again]
    return any(loop.trips is None or loop.trips > _PARTS for loop in shared)


def _turns(loops: tuple[Loop, ...], again: dict[int, Loop], reader: Call | None) -> list[Loop]:
    """Those of ``loops`` that take another file each turn and do not begin anew."""
    return [loop for loop in loops if id(loop.node) not in again and _reads(loop, reader)]


def _reads(loop: Loop, reader: Call | None) -> bool:
    """Whether each turn of ``loop`` takes another file, read there or before; else it takes pieces of one."""
    if reader is None or any(one.node is loop.node for one in reader.loops):
        return True
    return isinstance(loop.iter, Items) and bool(loop.iter.grown)


def _are_pieces(sample: Array, loops: Iterable[Loop], reader: Call | None) -> bool:
    """Whether a loop takes several slices of each file: these are views, and the array is the first copy of them."""
    if reader is None or sample.origin is None:
        return False
    own = {id(loop.node) for loop in reader.loops}
    cut = any(step.did(steps.SLICED) for step in sample.origin.steps())
    return cut and any(id(loop.node) not in own for loop in loops)


def _lists_folder(script: Script, loops: Iterable[Loop]) -> bool:
    return any(loop.trips is None and not script.breaks(loop) and _listed(loop.iter, _DEEP) for loop in loops)


def _are_few_of_each(loops: Sequence[Loop]) -> bool:
    """Whether the innermost of several loops goes over a few files of a folder: a sample of a data set."""
    *outer, inner = loops
    origin = inner.iter.origin
    files = origin is not None and any(step.did(steps.LISTED) for step in origin.steps())
    return bool(outer) and files and inner.trips is not None and inner.trips < _OF_EACH


def _listed(iterated: Value, depth: int) -> bool:
    """Whether ``iterated`` are the files of a folder, or what a loop over them collected."""
    if iterated.origin is not None and iterated.origin.did(steps.SOME):
        return False
    if iterated.origin is not None and any(step.did(steps.LISTED) for step in iterated.origin.steps()):
        return True
    if not isinstance(iterated, Items) or not depth:
        return False
    return any(_listed(loop.iter, depth - 1) for grown in iterated.grown for loop in grown.loops)
