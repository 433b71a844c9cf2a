"""Hovers: a finding's message with the page of its rule, and what the codes in suppressions and settings mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.lsp import pages
from keras_memlint.server.lsp.client import Client
from keras_memlint.server.lsp.core import Outcome, source_of
from keras_memlint.server.lsp.diagnostics import document_of, span
from keras_memlint.server.lsp.documents import Document, Unit
from keras_memlint.server.measurements import place_of, summary
from lsprotocol import types

# Words a suppression or a list of codes can be made of.
_WORD = re.compile(r"[A-Za-z][\w-]*")


def hover(
    client: Client,
    unit: Unit,
    outcome: Outcome,
    document: Document,
    at: types.Position,
    *,
    brief: bool = False,
) -> types.Hover | None:
    """What there is to say about ``at``: findings and the estimate of the training there, else a rule's code.

    ``brief``: the editor shows the finding itself above, so the rule's page is enough.
    """
    findings = _findings(unit, document, outcome.findings, at, brief=brief)
    found = [*findings, *_estimates(unit, document, outcome, at)]
    if not found:
        return code_hover(client, document, at)
    return _hover(client, "\n\n---\n\n".join(text for text, _ in found), found[0][1])


def _findings(
    unit: Unit, document: Document, findings: Iterable[Diagnostic], at: types.Position, *, brief: bool
) -> Iterator[tuple[str, types.Range]]:
    offset = document.lines.offset(at)
    for finding in findings:
        if document_of(unit, finding.cell) is not document:
            continue
        start, end = (
            document.lines.offset_of(place.row, place.column)
            for place in (finding.location, finding.end_location)
        )
        if start <= offset <= end:
            finding_itself = [f"**{finding.code}** ({finding.severity}): {finding.message}", finding.help]
            parts = [*([] if brief else finding_itself), pages.quiet_page(finding.code)]
            text = "\n\n".join(part for part in parts if part)
            yield text, span(document.lines, finding.location, finding.end_location)


def _estimates(
    unit: Unit, document: Document, outcome: Outcome, at: types.Position
) -> Iterator[tuple[str, types.Range]]:
    """What the estimate says, in the line in which the training starts."""
    if outcome.measurement is None:
        return
    place = place_of(outcome.measurement, source_of(unit, ""))
    lines = document.lines
    if place is None or document_of(unit, place.cell) is not document or at.line != place.row - 1:
        return
    end = lines.line_span(place.row - 1)[1]
    where = lines.range(lines.offset_of(place.row, place.column), end)
    yield f"**estimate**: {summary(outcome.measurement)}", where


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
