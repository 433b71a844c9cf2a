"""Sizes of Keras layers that join several inputs into one."""

from __future__ import annotations

from collections.abc import Sequence

from keras_memlint.analysis.facts.sizing import (
    Config,
    Dim,
    LayerRow,
    LayerSize,
    Shape,
    plus,
    positions,
    row,
    sized,
)


def _elementwise(_config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shapes = [shape for shape in inputs if shape]
    if not shapes or len(shapes) != len(inputs):
        return sized(None, 0)
    merged: Shape = shapes[0][1:]
    for shape in shapes[1:]:
        merged = _broadcast(merged, shape[1:])
    batches = {shape[0] for shape in shapes} - {None}
    if merged is None or len(batches) > 1:
        return sized(None, 0)
    return sized((batches.pop() if batches else None, *merged), 0)


def _broadcast(a: Shape, b: Shape) -> Shape:
    if a is None or b is None:
        return None
    if len(a) < len(b):
        a, b = b, a
    merged: list[Dim] = list(a[: len(a) - len(b)])
    for i, j in zip(a[len(a) - len(b) :], b, strict=True):
        if i is not None and j is not None and i != j and 1 not in (i, j):
            return None
        merged.append(None if i is None or j is None else j if i == 1 else i)
    return tuple(merged)


def _concatenate(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    known = [shape for shape in inputs if shape is not None]
    if not known or any(len(shape) != len(known[0]) for shape in known):
        return sized(None, 0)
    places = positions(config.get("axis", -1), len(known[0]))
    if places is None or len(places) != 1:
        return sized((None,) * len(known[0]), 0)
    output: list[Dim] = [_agreed(sizes) for sizes in zip(*known, strict=True)]
    axis = places[0]
    output[axis] = plus(*(shape[axis] for shape in known)) if len(known) == len(inputs) else None
    return sized(tuple(output), 0)


def _agreed(sizes: Sequence[Dim]) -> Dim:
    known = set(sizes) - {None}
    return known.pop() if len(known) == 1 else None


def _dot(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    a, b = inputs if len(inputs) == 2 else (None, None)
    if not a or not b:
        return sized(None, 0)
    axes = config.get("axes")
    pair = axes if isinstance(axes, (tuple, list)) else (axes, axes)
    if len(pair) != 2:
        return sized(None, 0)
    i, j = positions(pair[0], len(a)), positions(pair[1], len(b))
    if i is None or j is None or len(i) != 1 or len(j) != 1 or 0 in (i[0], j[0]):
        return sized(None, 0)
    output: tuple[Dim, ...] = (*a[: i[0]], *a[i[0] + 1 :], *b[1 : j[0]], *b[j[0] + 1 :])
    return sized(output if len(output) > 1 else (*output, 1), 0)


ROWS: dict[str, LayerRow] = {
    "Add": row("", _elementwise),
    "Average": row("", _elementwise),
    "Concatenate": row("axis", _concatenate),
    "Dot": row("axes normalize", _dot),
    "Maximum": row("", _elementwise),
    "Minimum": row("", _elementwise),
    "Multiply": row("", _elementwise),
    "Subtract": row("", _elementwise),
}
