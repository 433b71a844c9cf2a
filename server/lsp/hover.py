"""Hovers: a finding's message with the page of its rule, and what the codes in suppressions and settings mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.lsp import pages
from keras_memlint.server.lsp.client import Client
from keras_memlint.server.lsp.diagnostics import document_of, span
from keras_memlint.server.lsp.documents import Document, Unit
from lsprotocol import types

# Words a suppression or a list of codes can be made of.
_WORD = re.compile(r"[A-Za-z][\w-]*")


def finding_hover(
    client: Client, unit: Unit, document: Document, findings: Iterable[Diagnostic], at: types.Position
) -> types.Hover | None:
    """The hover of the findings at ``at``; None where there are none."""
    offset = document.lines.offset(at)
    texts: list[str] = []
    where: types.Range | None = None
    for finding in findings:
        if document_of(unit, finding.cell) is not document:
            continue
        start, end = (
            document.lines.offset_of(place.row, place.column)
            for place in (finding.location, finding.end_location)
        )
        if not start <= offset <= end:
            continue
        where = where or span(document.lines, finding.location, finding.end_location)
        parts = [f"**{finding.code}** ({finding.severity}): {finding.message}", finding.help]
        texts.append("\n\n".join(part for part in [*parts, pages.page(finding.code)] if part))
    return _hover(client, "\n\n---\n\n".join(texts), where)


def code_hover(client: Client, document: Document, at: types.Position) -> types.Hover | None:
    """The head of a rule's page for its code or name in a comment or in settings; None anywhere else."""
    lines = document.lines
    offset = lines.offset(at)
    start, end = lines.line_span(lines.row(offset))
    line = lines.text[start:end]
    word = next((m for m in _WORD.finditer(line) if m.start() <= offset - start <= m.end()), None)
    if word is None or (document.language == "python" and "#" not in line[: word.start()]):
        return None
    text = pages.head(word.group())
    return _hover(client, text or "", lines.range(start + word.start(), start + word.end()))


def _hover(client: Client, text: str, where: types.Range | None) -> types.Hover | None:
    if not text:
        return None
    kind = types.MarkupKind.Markdown if client.markdown else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, text), where)
