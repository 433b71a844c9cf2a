"""What a training compares predictions with, and where such targets were one-hot encoded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call, Fill
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import counter_of
from keras_memlint.analysis.abstract.values import (
    Array,
    Const,
    Dataset,
    Items,
    Object,
    Scalar,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.training.fits import Fit

# Calls whose result has a column for each class, and the parameter that says how many there are.
ENCODERS = {
    "keras.utils.to_categorical": "num_classes",
    "tf.one_hot": "depth",
    "numpy.eye": "N",
    "numpy.identity": "n",
    "pandas.get_dummies": "",
    "sklearn.preprocessing.LabelBinarizer.fit_transform": "",
    "sklearn.preprocessing.LabelBinarizer.transform": "",
    "sklearn.preprocessing.OneHotEncoder.fit_transform": "",
    "sklearn.preprocessing.OneHotEncoder.transform": "",
}
_IDENTITIES = ("numpy.eye", "numpy.identity")
_ALLOCATED = ("numpy.zeros", "numpy.zeros_like")
_HOT = (1, True)


@dataclass(frozen=True, slots=True)
class Target:
    """What ``fit`` compares predictions with. ``held_out``: its validation data, or that of ``evaluate``.

    ``whole``: it stands as one argument of the call, or in the tuple of its ``validation_data``.
    """

    fit: Fit
    value: Value
    held_out: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class OneHot:
    """A one-hot target. ``call`` encoded it: it is in ``ENCODERS``, or allocated the zeros that ``fills`` set.

    ``classes`` is None when unknown. ``labels`` is how many one sample has, None when several, but nobody knows how
    many. ``rows`` is the number of samples. ``dtype`` is None where the version of Keras decides. ``words``: the
    classes are a vocabulary of words.
    """

    call: Call
    classes: int | None
    labels: int | None
    rows: int | None
    dtype: str | None
    toy: bool
    words: bool = False
    fills: tuple[Fill, ...] = ()

    @property
    def placed(self) -> bool:
        """Whether each of ``fills`` sets one element of the place that the innermost loop counts: ``x[i, t, letter] = 1``."""
        return all(_is_placed(fill) for fill in self.fills)

    @property
    def width(self) -> int | None:
        """Numbers one sample takes; a lower bound where the number of its labels is unknown."""
        return self.classes * (self.labels or 2) if self.classes is not None else None

    @property
    def bytes(self) -> int | None:
        """Its size, the least one where the dtype is unknown: Keras 2 makes float32. None when unknown."""
        if self.rows is None or self.labels is None or self.width is None:
            return None
        size = itemsize(self.dtype or "float32")
        return self.rows * self.width * size if size is not None else None


def targets_of(fits: Iterable[Fit]) -> Iterator[Target]:
    """The targets of all fits and evaluations, in order."""
    for fit in fits:
        if fit.method not in ("fit", "evaluate", "fit_generator", "evaluate_generator", "search"):
            continue
        held_out = fit.method.startswith("evaluate")
        given = _second(fit.x) if isinstance(fit.x, (Dataset, Object)) else None
        yield Target(fit, fit.y if given is None else given, held_out, given is None)
        validation = fit.call.arg("validation_data")
        if validation is not None and not (isinstance(validation, Const) and validation.value is None):
            second = _second(validation)
            yield Target(fit, second or validation, True, isinstance(validation, Items))


def _second(data: Value) -> Value | None:
    """The targets in a tuple, a dataset of tuples, or what an ``ImageDataGenerator`` flows; None when unknown."""
    if isinstance(data, Dataset):
        data = data.element
    if isinstance(data, Items) and data.items is not None and len(data.items) >= 2:
        return data.items[1]
    if (
        isinstance(data, Object)
        and data.call is not None
        and data.call.name.endswith("ImageDataGenerator.flow")
    ):
        return data.call.arg("y")
    return None


def one_hot_of(
    target: Target, maker: Callable[[Value], Call | None], fills: Collection[Fill]
) -> OneHot | None:
    """How ``target`` was one-hot encoded; None when it was not, or when arithmetic may have made its labels soft."""
    value = target.value
    if not isinstance(value, Array) or value.origin is None or value.kind == "sparse":
        return None
    call = maker(value)
    if call is None or call.mapped or call.streamed or not isinstance(call.result, Array):
        return None
    later = list(value.origin.steps())[:-1]
    if any(step.did(steps.COMPUTED, steps.WIDENED, steps.SCALED) for step in later):
        return None
    written = tuple(fill for fill in fills if fill.array is value or maker(fill.array) is call)
    if call.name in _ALLOCATED:
        rows = [fill for fill in fills if fill not in written]
        if not written or not all(_sets_one(fill) or _sets_row(fill, maker, rows) for fill in written):
            return None
    elif call.name not in ENCODERS or written:
        return None
    if call.name in _IDENTITIES and not later:
        return None
    return _sized(target, value, call, written)


def _sets_one(fill: Fill) -> bool:
    """Whether a single element is set to one: ``y[i, label] = 1``."""
    if not fill.loops or not isinstance(fill.value, Const) or fill.value.value not in _HOT:
        return False
    shape = fill.array.shape
    if shape is None or len(shape) != len(fill.node.items) or len(shape) < 2:
        return False
    return not any(isinstance(item, tree.Slice) for item in fill.node.items)


def _is_placed(fill: Fill) -> bool:
    counter = counter_of(fill.loops[-1]) if fill.loops else ""
    places = (node for item in fill.node.items[:-1] for node, _ in tree.walk(item))
    return bool(counter) and any(isinstance(node, tree.Name) and node.id == counter for node in places)


def _sets_row(fill: Fill, maker: Callable[[Value], Call | None], fills: Iterable[Fill]) -> bool:
    """Whether a row is set to zeros of which one was set to one: ``row[0, label] = 1``, then ``y[i, :] = row``."""
    row, index = fill.value, fill.node.items
    made = maker(row) if fill.loops and isinstance(row, Array) else None
    if made is None or made.name not in _ALLOCATED or not index or not isinstance(row, Array):
        return False
    every = all(isinstance(item, tree.Slice) and item.lower is item.upper is None for item in index[1:])
    width = fill.array.shape[-1] if fill.array.shape else None
    if isinstance(index[0], tree.Slice) or not every or not row.shape or row.shape[-1] != width:
        return False
    written = [one for one in fills if one.array is row or maker(one.array) is made]
    return bool(written) and all(
        isinstance(one.value, Const)
        and one.value.value in _HOT
        and len(one.node.items) == len(row.shape)
        and not any(isinstance(item, tree.Slice) for item in one.node.items)
        for one in written
    )


def _sized(target: Target, value: Array, call: Call, written: tuple[Fill, ...]) -> OneHot:
    shape = _encoded_shape(value, call)
    output = _output(target.fit.model)
    given = call.arg(ENCODERS.get(call.name) or "-")
    classes = shape[-1] if shape else None
    if classes is None:
        number = const(given)
        classes = number if isinstance(number, int) else output[-1] if output else None
    inner = shape[1:-1] if shape and len(shape) > 1 else None
    predicted = output[1:-1] if output and len(output) > 1 else None
    if not inner or None in inner:
        inner = predicted if predicted is not None and (not inner or len(inner) == len(predicted)) else inner
    labels: int | None = 1
    if inner:
        labels = None if None in inner else prod(axis or 0 for axis in inner)
    rows = shape[0] if shape and len(shape) > 1 else None
    words = isinstance(given, Scalar) and given.words
    return OneHot(call, classes, labels, rows, _dtype(call), value.source == "toy", words, written)


def _encoded_shape(value: Array, call: Call) -> Shape | None:
    """The shape of all that was encoded, before any split; that of ``value`` where the call does not tell."""
    made = call.result.shape if isinstance(call.result, Array) and call.name not in _IDENTITIES else None
    if made is None or (value.shape is not None and len(value.shape) > len(made)):
        return value.shape  # identity rows picked by labels, or a list of arrays made into one
    return made


def _output(model: Model | None) -> Shape | None:
    tensor = model.output if model is not None else None
    return tensor.shape if tensor is not None else None


def _dtype(call: Call) -> str | None:
    """The dtype of what ``call`` gives; None where it depends on the version of Keras."""
    if call.name == "keras.utils.to_categorical" and "dtype" in call.kwargs:
        found = const(call.kwargs["dtype"])
        return found if isinstance(found, str) else None
    return call.result.dtype if isinstance(call.result, Array) else None
