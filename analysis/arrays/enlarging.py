"""Images of which there are more numbers once they are resized, all of them at once: one by one into an array, or by one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from keras_memlint.analysis.abstract.calls import Call, Fill
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.scopes import trips_of
from keras_memlint.analysis.abstract.values import Array, Items, Shape
from keras_memlint.analysis.facts.joining import JOINS
from keras_memlint.analysis.facts.numpy_making import ALLOCATIONS

RESIZES = ("cv2.resize", "skimage.transform.resize", "tf.image.resize", "tf.image.resize_with_pad")
_IMAGES = 4  # images, rows, columns, channels


@dataclass(frozen=True, slots=True)
class Enlarged:
    """All images of a data set, resized: ``data``, the array that ``call`` makes.

    ``resize`` resizes one image, or all of them where it is ``call`` itself. ``times``: how many numbers become of one.
    """

    call: Call
    resize: Call
    data: Array
    times: float

    @property
    def side(self) -> tuple[int, int] | None:
        """Rows and columns of a stored image; None when they are not known."""
        shape = self.data.shape or ()
        rows, columns = shape[1:3] if len(shape) in (_IMAGES - 1, _IMAGES) else (None, None)
        return (rows, columns) if rows is not None and columns is not None else None


def enlarged(resizes: Iterable[Call], calls: Iterable[Call], fills: Iterable[Fill]) -> Iterator[Enlarged]:
    """All of them, in order of the kinds. ``resizes`` are the calls of ``RESIZES``."""
    one_by_one: dict[int, Call] = {}
    for call in resizes:
        if call.streamed or call.mapped or not isinstance(call.result, Array):
            continue
        if call.loops:
            one_by_one.setdefault(id(call.node), call)
        elif len(call.result.shape or ()) == _IMAGES and (times := _times(call, call.result)):
            yield Enlarged(call, call, call.result, times)
    made: dict[int, Call] = {}
    for call in calls if one_by_one else ():
        if call.streamed or call.mapped or call.loops or not isinstance(call.result, Array):
            continue  # a loop makes such an array in each turn: a batch, most likely
        given = call.first() if call.name in JOINS else None
        if isinstance(given, Items):
            yield from _gathered(call, any_item(given), _all(call.result, given), one_by_one)
        elif call.name in ALLOCATIONS and call.result.origin is not None:
            made[id(call.result.origin)] = call
    for fill in fills if made else ():
        maker = made.get(id(fill.array.origin)) if fill.loops and not fill.streamed else None
        if maker is not None:
            yield from _gathered(maker, fill.value, fill.array, one_by_one)


def _gathered(call: Call, image: object, data: Array, resizes: Mapping[int, Call]) -> Iterator[Enlarged]:
    """The array of images that a loop resized, ``image`` standing for one of them."""
    for step in image.origin.steps() if isinstance(image, Array) and image.origin is not None else ():
        resize = resizes.get(id(step.node))
        times = _times(resize, image) if resize is not None and isinstance(image, Array) else None
        if resize is not None and times:
            yield Enlarged(call, resize, data, times)
            return


def _all(data: Array, given: Items) -> Array:
    """``data`` with as many images as the loop has turns that collected them in ``given``."""
    if len(given.grown) != 1 or given.grown[0].conditional or not data.shape or data.shape[0] is not None:
        return data
    return data.but(shape=(trips_of(given.grown[0].loops), *data.shape[1:]))


def _times(resize: Call, after: Array) -> float | None:
    """How many numbers ``after`` has for each that ``resize`` was given; None when that is not known."""
    before = resize.first()
    numbers = _numbers(before.shape) if isinstance(before, Array) else None
    found = _numbers(after.shape)
    return found / numbers if numbers and found else None


def _numbers(shape: Shape | None) -> int | None:
    if not shape or None in shape:
        return None
    return prod(axis or 0 for axis in shape)
