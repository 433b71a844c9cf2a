"""Findings as an editor wants them: LSP diagnostics, each in the document or cell it belongs to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from keras_memlint.rules.diagnostic import Diagnostic, Position, RelatedPlace, Severity
from keras_memlint.server.lsp import pages
from keras_memlint.server.lsp.client import Client
from keras_memlint.server.lsp.documents import Document, Documents, Notebook, Unit
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types
from pygls.uris import from_fs_path

SOURCE = "keras-memlint"

_SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}
_TAGS = {
    "unnecessary": types.DiagnosticTag.Unnecessary,
    "deprecated": types.DiagnosticTag.Deprecated,
}


@dataclass(frozen=True, slots=True)
class Renderer:
    """What turning findings into messages needs to know: the editor, its documents and its way to count."""

    client: Client
    documents: Documents

    def by_document(self, unit: Unit, findings: Iterable[Diagnostic]) -> dict[str, list[types.Diagnostic]]:
        """The messages for each document of ``unit`` by its URI, documents without findings included."""
        messages: dict[str, list[types.Diagnostic]] = {document.uri: [] for document in documents_of(unit)}
        for finding in findings:
            document = document_of(unit, finding.cell)
            if document is not None:
                messages[document.uri].append(self.message(unit, document, finding))
        return messages

    def message(self, unit: Unit, document: Document, finding: Diagnostic) -> types.Diagnostic:
        """One finding in ``document``, as far as the editor supports its parts."""
        client = self.client
        url = pages.url(finding.code) if client.links else None
        return types.Diagnostic(
            range=span(document.lines, finding.location, finding.end_location),
            message=f"{finding.message}\n{finding.help}" if finding.help else finding.message,
            severity=_SEVERITIES[finding.severity],
            code=finding.code,
            code_description=types.CodeDescription(url) if url else None,
            source=SOURCE,
            tags=[_TAGS[tag] for tag in finding.tags if tag in _TAGS] or None if client.tags else None,
            related_information=self._related(unit, finding) if client.related and finding.related else None,
            data={"name": finding.name, "bytes": finding.bytes} if client.data else None,
        )

    def _related(self, unit: Unit, finding: Diagnostic) -> list[types.DiagnosticRelatedInformation]:
        found = []
        for place in finding.related:
            uri, lines = self._text(unit, place)
            where = span(lines, place.location, place.end_location) if lines else _unknown(place)
            found.append(types.DiagnosticRelatedInformation(types.Location(uri, where), place.message))
        return found

    def _text(self, unit: Unit, place: RelatedPlace) -> tuple[str, Lines | None]:
        """The URI and text of a place: this unit, another open document, a file, or only a name."""
        path = str(Path(place.filename).absolute())
        for other in (unit, *self.documents):
            if self.documents.path(other.uri) == path:
                document = document_of(other, place.cell)
                if document is not None:
                    return document.uri, document.lines
        uri = from_fs_path(path) or path
        try:
            text = Path(path).read_bytes().decode("utf-8-sig")
        except (OSError, ValueError):
            return uri, None
        return uri, Lines(text, self.documents.encoding)


def documents_of(unit: Unit) -> list[Document]:
    """The texts of ``unit``: itself, or the cells of a notebook that were sent."""
    return list(unit.documents.values()) if isinstance(unit, Notebook) else [unit]


def document_of(unit: Unit, cell: int | None) -> Document | None:
    """The text that holds a place of ``unit``; None for a cell that is not there."""
    if isinstance(unit, Notebook):
        return next((document for index, document in unit.code_cells() if index == cell), None)
    return unit


def span(lines: Lines, start: Position, end: Position) -> types.Range:
    """The range between two places counted from 1 in characters."""
    return types.Range(lines.position_of(start.row, start.column), lines.position_of(end.row, end.column))


def result_id(messages: Iterable[types.Diagnostic]) -> str:
    """A name for a list of messages: equal lists have equal names, whatever version of the text they are from."""
    plain = [repr(message) for message in messages]
    return hashlib.blake2b(json.dumps(plain).encode(), digest_size=12).hexdigest()


def _unknown(place: RelatedPlace) -> types.Range:
    start, end = place.location, place.end_location
    return types.Range(
        types.Position(max(start.row - 1, 0), max(start.column - 1, 0)),
        types.Position(max(end.row - 1, 0), max(end.column - 1, 0)),
    )
