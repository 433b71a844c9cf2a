"""The texts the editor has open: immutable snapshots of scripts and notebooks, and the store that replaces them.

pygls has such a store too. It cuts lines at form feeds and other characters that editors do not count as line ends, so
its texts drift away from the editor's; ``server.py`` switches it off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types
from pygls.uris import to_fs_path


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One version of a text the editor has open; ``version`` is None for a file that it has not."""

    uri: str
    language: str
    version: int | None
    lines: Lines

    @property
    def text(self) -> str:
        """The whole text."""
        return self.lines.text


@dataclass(frozen=True, slots=True, eq=False)
class NotebookCell:
    """A cell as the notebook lists it; ``code`` is false for prose."""

    uri: str
    code: bool


@dataclass(frozen=True, slots=True, eq=False)
class Notebook:
    """One version of an open notebook: all its cells in order, and the documents of those that were sent."""

    uri: str
    version: int
    cells: tuple[NotebookCell, ...]
    documents: dict[str, Document]

    def code_cells(self) -> Iterator[tuple[int, Document]]:
        """The Python cells with their index among all cells of the notebook."""
        for index, cell in enumerate(self.cells):
            document = self.documents.get(key(cell.uri))
            if cell.code and document is not None and document.language == "python":
                yield index, document


Unit = Document | Notebook
"""What is analysed at once."""


def key(uri: str) -> str:
    """What identifies ``uri``: editors do not always escape the same characters."""
    return unquote(uri)


def file_path(uri: str) -> str | None:
    """The path of a ``file:`` URI; None for everything else."""
    try:
        return to_fs_path(uri)
    except ValueError:
        return None


def innermost(folders: Iterable[str], path: str) -> str | None:
    """The innermost of ``folders`` that ``path`` is or lies in; None when it is in none."""
    inside = [folder for folder in folders if Path(path).is_relative_to(folder)]
    return max(inside, key=len, default=None)


def apply_changes(lines: Lines, changes: Iterable[types.TextDocumentContentChangeEvent]) -> Lines:
    """The text after ``changes``, each of which counts from the text the one before it left."""
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            start, end = lines.offset(change.range.start), lines.offset(change.range.end)
            lines = Lines(lines.text[:start] + change.text + lines.text[max(start, end) :], lines.encoding)
        else:
            lines = Lines(change.text, lines.encoding)
    return lines


class Documents:
    """The open documents and notebooks. Messages about ones that are not open are ignored.

    ``encoding`` is the editor's. ``root`` is the folder that documents which are no files are taken to be in.
    """

    def __init__(self) -> None:
        self.encoding = "utf-16"
        self.root = str(Path.cwd())
        self._units: dict[str, Unit] = {}
        self._notebook_of: dict[str, str] = {}
        self._paths: dict[str, str] = {}

    def __iter__(self) -> Iterator[Unit]:
        return iter(list(self._units.values()))

    def unit(self, uri: str) -> Unit | None:
        """The open document or notebook ``uri``, or the notebook that ``uri`` is a cell of."""
        name = key(uri)
        return self._units.get(self._notebook_of.get(name, name))

    def document(self, uri: str) -> Document | None:
        """The open document or cell ``uri``."""
        unit = self.unit(uri)
        if isinstance(unit, Notebook):
            return unit.documents.get(key(uri))
        return unit

    def path(self, uri: str) -> str:
        """An absolute path to name a document by: its file, else its name (``untitled:Untitled-1``) in the root."""
        path = file_path(uri)
        if path is None:
            try:
                path = unquote(urlsplit(uri).path)
            except ValueError:
                path = uri
        return str(Path(self.root, path))

    def unit_at(self, path: str) -> Unit | None:
        """The open document or notebook with this absolute path."""
        return self._units.get(self._paths.get(path, ""))

    def text_at(self, path: Path) -> str | None:
        """The text of the open script at ``path``; None when it is not open."""
        unit = self.unit_at(str(path))
        return unit.text if isinstance(unit, Document) else None

    def is_cell(self, uri: str) -> bool:
        """Whether ``uri`` is a cell of an open notebook."""
        return key(uri) in self._notebook_of

    def open(self, item: types.TextDocumentItem) -> Document:
        """Adds or replaces a document."""
        document = self._document(item)
        self._units[key(item.uri)] = document
        self._paths[self.path(item.uri)] = key(item.uri)
        return document

    def change(self, params: types.DidChangeTextDocumentParams) -> Document | None:
        """Replaces a document by its next version."""
        name = key(params.text_document.uri)
        old = self._units.get(name)
        if not isinstance(old, Document):
            return None
        new = _next_version(old, params.text_document.version, params.content_changes)
        self._units[name] = new
        return new

    def close(self, uri: str) -> Unit | None:
        """Forgets a document or notebook; returns what was open."""
        unit = self._units.pop(key(uri), None)
        self._paths.pop(self.path(uri), None)
        if isinstance(unit, Notebook):
            for name in unit.documents:
                self._notebook_of.pop(name, None)
        return unit

    def open_notebook(self, params: types.DidOpenNotebookDocumentParams) -> Notebook:
        """Adds or replaces a notebook."""
        book = params.notebook_document
        self.close(book.uri)
        cells = tuple(_cell(cell) for cell in book.cells)
        documents = {key(item.uri): self._document(item) for item in params.cell_text_documents}
        return self._put(Notebook(book.uri, book.version, cells, documents))

    def change_notebook(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> tuple[Notebook, list[str]] | None:
        """Replaces a notebook by its next version; also returns the URIs of the cells that are gone."""
        old = self._units.get(key(params.notebook_document.uri))
        if not isinstance(old, Notebook):
            return None
        cells, documents = list(old.cells), dict(old.documents)
        gone: list[str] = []
        change = params.change.cells
        if change is not None and change.structure is not None:
            array = change.structure.array
            cells[array.start : array.start + array.delete_count] = [
                _cell(cell) for cell in array.cells or ()
            ]
            for item in change.structure.did_open or ():
                documents[key(item.uri)] = self._document(item)
            for closed in change.structure.did_close or ():
                if documents.pop(key(closed.uri), None) is not None:
                    self._notebook_of.pop(key(closed.uri), None)
                    gone.append(closed.uri)
        if change is not None:
            kinds = {key(cell.document): _cell(cell) for cell in change.data or ()}
            cells = [kinds.get(key(cell.uri), cell) for cell in cells]
            for text in change.text_content or ():
                document = documents.get(key(text.document.uri))
                if document is not None:
                    documents[key(text.document.uri)] = _next_version(
                        document, text.document.version, text.changes
                    )
        new = replace(old, version=params.notebook_document.version, cells=tuple(cells), documents=documents)
        return self._put(new), gone

    def _put(self, notebook: Notebook) -> Notebook:
        name = key(notebook.uri)
        self._units[name] = notebook
        self._paths[self.path(notebook.uri)] = name
        self._notebook_of |= dict.fromkeys(notebook.documents, name)
        return notebook

    def _document(self, item: types.TextDocumentItem) -> Document:
        return Document(item.uri, str(item.language_id), item.version, Lines(item.text, self.encoding))


def _cell(cell: types.NotebookCell) -> NotebookCell:
    return NotebookCell(cell.document, cell.kind == types.NotebookCellKind.Code)


def _next_version(
    old: Document, version: int | None, changes: Iterable[types.TextDocumentContentChangeEvent]
) -> Document:
    return replace(
        old, version=old.version if version is None else version, lines=apply_changes(old.lines, changes)
    )
