"""Models of keras.applications: shapes, parameters and activations, told from the arguments."""

from __future__ import annotations

from typing import NamedTuple

from keras_memlint.analysis.facts.application_rows import (
    APPLICATIONS,
    LARGEST,
    LAYERS,
    VARIANTS,
    ApplicationRow,
    Family,
)
from keras_memlint.analysis.facts.sizing import (
    Config,
    Dim,
    Shape,
    as_shape,
    flag,
    given,
    plus,
    positive,
    times,
)

__all__ = ["APPLICATIONS", "LAYERS", "ApplicationSize", "application"]


class ApplicationSize(NamedTuple):
    """What one model costs; None for what is not known.

    ``activations``: all layer outputs, in elements per image. Scaled by area from the default input size: within
    6 % where the sides are multiples of 32, up to 16 % too low for small odd sides, where each layer rounds up.
    ``largest``: the numbers of the largest weight.
    """

    input: Shape
    output: Shape
    parameters: Dim
    trainable_parameters: Dim
    activations: Dim
    largest: Dim = None


_UNSIZED = ApplicationSize(None, None, None, None, None)


def application(name: str, config: Config) -> ApplicationSize | None:
    """The size of ``keras.applications.<name>(**config)``; None when there is no such model.

    ``input_tensor`` may be given as its shape, batch included.
    """
    row = APPLICATIONS.get(name)
    if row is None:
        return None
    family = row.family
    if any(key not in family.params and key not in family.keras2 for key in config):
        return _UNSIZED
    found = _variant(name, row, config)
    top = flag(config, "include_top", True)
    image = _image(row, config, top)
    height, width, channels = image
    if found is None or top is None:
        return _UNSIZED._replace(input=(None, *image))
    area = times(height, width)
    rows, columns = _features(family, height), _features(family, width)
    body, frozen = _body(found, channels)
    if not family.any_size and area is None:
        body = frozen = None
    activations = _scaled(found, height, width)
    largest = LARGEST.get(name) if found is row else None
    if not top:
        output = _pooled(config, rows, columns, found.channels)
        return _sized(image, output, body, frozen, activations)._replace(largest=largest)
    classes = positive(config, "classes", 1000)
    head, kept = _head(found, rows, columns, classes)
    if largest is not None:
        largest = max(largest, _widest(found, rows, columns, classes))
    return _sized(image, (None, classes), plus(body, head), frozen, plus(activations, kept))._replace(
        largest=largest
    )


def _sized(image: tuple[Dim, ...], output: Shape, parameters: Dim, frozen: Dim, kept: Dim) -> ApplicationSize:
    trainable = None if parameters is None or frozen is None else parameters - frozen
    return ApplicationSize((None, *image), output, parameters, trainable, kept)


def _variant(name: str, row: ApplicationRow, config: Config) -> ApplicationRow | None:
    """The row for the width of a MobileNet; None when it was not measured."""
    if config.get("depth_multiplier", 1) != 1:
        return None
    width, minimal = config.get("alpha", 1.0), flag(config, "minimalistic", False)
    if not isinstance(width, (int, float)) or minimal is None:
        return None
    if width == 1 and not minimal:
        return row
    return VARIANTS.get(name, {}).get((float(width), minimal))


def _image(row: ApplicationRow, config: Config, top: bool | None) -> tuple[Dim, Dim, Dim]:
    """Height, width and channels of the input."""
    channels: Dim = 3 if config.get("weights", "imagenet") == "imagenet" else None
    if given(config, "input_tensor"):
        shape = as_shape(config["input_tensor"])
        shape = shape[1:] if shape else None
    elif given(config, "input_shape"):
        shape = as_shape(config["input_shape"])
    elif top is None or (top and not row.family.top_size):
        return None, None, 3
    else:
        return (row.size, row.size, 3) if top else (None, None, 3)
    if shape is None or len(shape) != 3:
        return None, None, channels
    return shape[0], shape[1], shape[2]


def _scaled(row: ApplicationRow, height: Dim, width: Dim) -> Dim:
    """The activations for another size of image, by area."""
    margin = row.family.margin
    area = times(*(None if side is None else max(side - margin, 1) for side in (height, width)))
    return None if area is None else round(row.activations * area / (row.size - margin) ** 2)


def _features(family: Family, size: Dim) -> Dim:
    found = None if size is None else family.feature(size)
    return found if found is not None and found > 0 else None


def _body(row: ApplicationRow, channels: Dim) -> tuple[Dim, Dim]:
    """Parameters without top and those of them that never train, for images of ``channels``."""
    if channels is None:
        return None, None
    more = channels - 3
    return row.parameters + more * row.stem, row.frozen + more * row.stem_frozen


def _head(row: ApplicationRow, rows: Dim, columns: Dim, classes: Dim) -> tuple[Dim, Dim]:
    """Parameters and outputs, in elements, of the layers from the features to the classes."""
    width, hidden = row.channels, row.family.hidden
    if row.family.flattens:
        flat = times(rows, columns, width)
        parameters = plus(times(plus(flat, 1), hidden), (hidden + 1) * hidden, times(hidden + 1, classes))
        return parameters, plus(flat, 2 * hidden, classes)
    if hidden:
        return plus((width + 1) * hidden, times(hidden + 1, classes)), plus(width, hidden, classes)
    return times(width + 1, classes), plus(width, classes)


def _widest(row: ApplicationRow, rows: Dim, columns: Dim, classes: Dim) -> int:
    """The numbers of the largest weight from the features to the classes, as far as they are known."""
    hidden = row.family.hidden
    features = (times(rows, columns, row.channels) or 0) if row.family.flattens else row.channels
    between = hidden if row.family.flattens else 0
    return max(features * hidden, hidden * between, (hidden or features) * (classes or 0))


def _pooled(config: Config, rows: Dim, columns: Dim, channels: int) -> Shape:
    pooling = config.get("pooling")
    if pooling is None:
        return (None, rows, columns, channels)
    return (None, channels) if pooling in ("avg", "max") else None
