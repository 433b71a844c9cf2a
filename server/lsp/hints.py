"""Inlay hints: the bytes of an array where it is made, what a layer gives and costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from keras_memlint.analysis.abstract.values import Shape
from keras_memlint.analysis.sizes.size_hints import ArrayHint, LayerHint, SizeHints
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.source import Location
from keras_memlint.server.lsp.diagnostics import document_of
from keras_memlint.server.lsp.documents import Document, Unit
from keras_memlint.server.lsp.options import Options
from lsprotocol import types

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer

Hint = TypeVar("Hint", ArrayHint, LayerHint)


def add_hints(server: MemlintServer) -> None:
    """Registers the request."""

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT, types.InlayHintOptions(resolve_provider=False))
    async def inlay_hint(params: types.InlayHintParams) -> list[types.InlayHint]:
        uri = params.text_document.uri
        await server.debounce.quiet(uri)
        latest = await server.latest(uri)
        document = server.documents.document(uri)
        if latest is None or document is None:
            return []
        unit, outcome = latest
        options = server.options_for(server.documents.path(unit.uri))
        if not options.shows_sizes:
            return []
        sizes, problems = await server.analyser.in_worker(lambda: server.core.sizes(unit, outcome))
        for problem in problems:
            server.log_once(problem)
        return list(hints(unit, sizes, document, params.range, options))


def hints(
    unit: Unit, sizes: SizeHints, document: Document, where: types.Range, options: Options
) -> Iterator[types.InlayHint]:
    """The hints of one document within ``where``."""
    start, end = document.lines.offset(where.start), document.lines.offset(where.end)

    def inside(found: Iterable[tuple[Location, Hint]]) -> Iterator[tuple[types.Position, Hint]]:
        for at, hint in found:
            if document_of(unit, at.cell) is document:
                offset = document.lines.offset_of(at.row, at.column)
                if start <= offset <= end:
                    yield document.lines.position(offset), hint

    if options.array_hints:
        for at, array in inside(sizes.arrays):
            yield _hint(at, array_label(array), array_details(array))
    if options.layer_hints:
        for at, layer in inside(sizes.layers):
            label = layer_label(layer)
            if label:
                yield _hint(at, label, layer_details(layer))


def array_label(hint: ArrayHint) -> str:
    """``11.2 GiB float64``."""
    where = " on disk" if hint.on_disk else ""
    return f"{format_bytes(hint.bytes)} {hint.dtype}".rstrip() + where


def array_details(hint: ArrayHint) -> str:
    """The shapes, and the bytes to the last one."""
    shapes = ", ".join(f"`{shape_text(shape)}`" for shape in hint.shapes)
    plural = "s" if len(hint.shapes) > 1 else ""
    kind = f" of {hint.dtype}" if hint.dtype else ""
    lines = [f"shape{plural} {shapes}{kind}", f"{hint.bytes:,} bytes"]
    if hint.on_disk:
        lines.append("on disk: what is read of it takes memory")
    return _list(lines)


def layer_label(hint: LayerHint) -> str:
    """``193 MiB · (None, 222, 222, 32) · 896 params``, as far as each is known; empty when nothing is.

    The bytes are those of a batch, else ``6.0 MiB a sample``. They come first: editors cut long hints at the end.
    """
    parts = []
    if hint.sample and hint.batch is not None:
        parts.append(format_bytes(hint.sample * hint.batch))
    elif hint.sample:
        parts.append(f"{format_bytes(hint.sample)} a sample")
    # An axis that is not known may be one that varies, as the length of a text does: nobody can tell.
    if hint.output is not None and None not in hint.output[1:]:
        parts.append(shape_text(hint.output))
    if hint.parameters:
        parts.append(f"{hint.parameters:,} params")
    return " · ".join(parts)


def layer_details(hint: LayerHint) -> str:
    """What its weights and its output take of a training step."""
    lines = []
    if hint.parameters:
        size = hint.parameters * 4
        lines.append(f"parameters: {hint.parameters:,}, {format_bytes(size)} as float32")
        if hint.frozen:
            lines.append("frozen: not all of them are trained")
        else:
            lines.append(f"their gradients: {format_bytes(size)}")
            if hint.slots:
                lines.append(f"optimizer: {format_bytes(size * hint.slots)}, {hint.slots} for each parameter")
    if hint.sample and hint.number is not None:
        kept = f"kept for the backward pass: {format_bytes(hint.sample)} a sample"
        if hint.batch is not None:
            kept += f", {format_bytes(hint.sample * hint.batch)} at batch {hint.batch}"
        lines.append(f"{kept}, {hint.number} bytes a number")
    return f"**{hint.name}**\n\n{_list(lines)}" if lines else f"**{hint.name}**"


def shape_text(shape: Shape) -> str:
    """A shape as Python writes it."""
    return str(tuple(shape))


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _hint(at: types.Position, label: str, details: str) -> types.InlayHint:
    tooltip = types.MarkupContent(types.MarkupKind.Markdown, details)
    return types.InlayHint(at, label, tooltip=tooltip, padding_left=True)
