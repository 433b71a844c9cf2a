"""KM404: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Layer
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.script import Script
from keras_memlint.rules.architecture._budget import budget
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM404", "embedding-too-large", severity="warning", words=("Embedding",))

WEIGHTS = 25_000_000
_MUCH = 256 << 20  # bytes of a smaller table, with what its optimizer keeps, that are worth a word


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for call in script.calls("keras.layers.Embedding"):
        layer = call.result
        weights = _weights(layer)
        if not isinstance(layer, Layer) or weights is None:
            continue
        model, _ = script.layers.get(id(call.node), (None, ()))
        if layer.frozen or "lora_rank" in layer.config or (model is not None and model.frozen):
            continue
        slots = script.optimizer_slots(model) if model is not None else None
        rows, width = weights
        part = rows * width * 4 * (1 if slots is None else 2 + slots)
        wide = rows * width >= WEIGHTS
        if not wide and (slots is None or part < _MUCH):
            continue
        step = budget(script, model) if model is not None else None
        memory = script.settings.target.gpu_memory
        trained = wide and slots is not None and (memory is None or part * 10 > memory)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`Embedding` of {rows:,} × {width:,} has {rows * width / 1e6:,.1f} M weights"
            + ("" if slots is None else ", with gradients and optimizer slots"),
            bytes=part,
            cost=step.cost(part) if step is not None else "",
            help=_help(slots),
            severity="warning" if trained else "info",
        )


def _weights(layer: object) -> tuple[int, int] | None:
    """Rows and columns of the table; None when they are not known."""
    if not isinstance(layer, Layer):
        return None
    rows, width = const(layer.config.get("input_dim")), const(layer.config.get("output_dim"))
    known = isinstance(rows, int) and isinstance(width, int) and rows > 0 and width > 0
    return (rows, width) if known else None


def _help(slots: int | None) -> str:
    fewer = "keep the most frequent words or hash ids into fewer rows, or take fewer columns"
    return f"{fewer}; an optimizer without slots, such as `SGD`, keeps the table once" if slots else fewer
