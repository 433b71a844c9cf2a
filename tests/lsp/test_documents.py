"""The server's texts stay equal to the editor's, whatever is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.server.lsp.documents import Documents, Notebook, innermost
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types

URI = "file:///w/train.py"
PIECES = st.text(alphabet=st.sampled_from("ab #\f\x1c\u2028é🙂\r\n"), max_size=6)


def item(text: str, uri: str = URI, language: str = "python") -> types.TextDocumentItem:
    return types.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)


@settings(deadline=None)
@given(
    text=st.text(alphabet=st.sampled_from("ab #\f\x1c\u2028é🙂\r\n"), max_size=30),
    edits=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), PIECES), max_size=5),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_incremental_changes_give_the_editors_text(
    text: str, edits: list[tuple[int, int, str]], encoding: str
) -> None:
    documents = Documents()
    documents.encoding = encoding
    documents.open(item(text))
    changes: list[types.TextDocumentContentChangeEvent] = []
    for at, length, new in edits:
        start, end = (_editable(text, offset) for offset in (min(at, len(text)), min(at + length, len(text))))
        before = Lines(text, encoding)
        changes.append(types.TextDocumentContentChangePartial(range=before.range(start, end), text=new))
        text = text[:start] + new + text[end:]
    changed = documents.change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(version=7, uri=URI), changes)
    )
    assert changed is not None
    assert (changed.text, changed.version) == (text, 7)


def _editable(text: str, offset: int) -> int:
    """Editors cannot point between the two characters of one line end."""
    return offset + 1 if text[offset - 1 : offset + 1] == "\r\n" else offset


def test_a_snapshot_stays_as_it_was() -> None:
    documents = Documents()
    first = documents.open(item("x = 1\n"))
    whole = types.TextDocumentContentChangeWholeDocument("y = 2\n")
    documents.change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(version=2, uri=URI), [whole])
    )
    assert first.text == "x = 1\n"
    assert documents.document(URI) is not first


def test_messages_about_documents_that_are_not_open_are_ignored() -> None:
    documents = Documents()
    change = types.TextDocumentContentChangeWholeDocument("x")
    unknown = types.VersionedTextDocumentIdentifier(version=2, uri=URI)
    assert documents.change(types.DidChangeTextDocumentParams(unknown, [change])) is None
    assert documents.close(URI) is None
    assert documents.unit("no scheme at all") is None


def test_one_document_under_two_spellings_of_its_uri() -> None:
    documents = Documents()
    opened = documents.open(item("x", uri="file:///c%3A/w%20x/train.py"))
    assert documents.document("file:///c:/w x/train.py") is opened


def test_names_for_documents_that_are_no_files() -> None:
    documents = Documents()
    documents.root = "/w"
    assert documents.path("file:///x/a%20b.py") == "/x/a b.py"
    assert documents.path("untitled:Untitled-1") == "/w/Untitled-1"
    assert documents.path("https://[broken") == "/w/https:/[broken"


def test_the_text_of_an_open_script_is_found_by_its_path() -> None:
    documents = Documents()
    documents.open(item("x = 1", uri="file:///w/a%20b.py"))
    assert documents.text_at(Path("/w/a b.py")) == "x = 1"
    documents.close("file:///w/a b.py")
    assert documents.text_at(Path("/w/a b.py")) is None


def test_a_notebook_changes_cell_by_cell() -> None:
    documents = Documents()
    book = _open_notebook(documents, "a", "b", "c")
    removed_and_new = types.NotebookDocumentCellChanges(
        structure=types.NotebookDocumentCellChangeStructure(
            array=types.NotebookCellArrayChange(start=1, delete_count=1, cells=[_cell("d")]),
            did_open=[item("d = 1", uri="nb:d")],
            did_close=[types.TextDocumentIdentifier("nb:b")],
        ),
        text_content=[
            types.NotebookDocumentCellContentChanges(
                document=types.VersionedTextDocumentIdentifier(version=9, uri="nb:c"),
                changes=[types.TextDocumentContentChangeWholeDocument("c = 3")],
            )
        ],
    )
    result = documents.change_notebook(
        types.DidChangeNotebookDocumentParams(
            notebook_document=types.VersionedNotebookDocumentIdentifier(version=2, uri=book.uri),
            change=types.NotebookDocumentChangeEvent(cells=removed_and_new),
        )
    )
    assert result is not None
    new, gone = result
    assert gone == ["nb:b"]
    assert [(index, cell.text) for index, cell in new.code_cells()] == [(0, "a"), (1, "d = 1"), (2, "c = 3")]
    assert documents.unit("nb:d") is new
    assert documents.unit("nb:b") is None


def test_prose_and_other_languages_are_not_code_but_count() -> None:
    documents = Documents()
    book = _open_notebook(documents, "a", "b", "c")
    swap = types.NotebookDocumentCellChanges(
        data=[types.NotebookCell(kind=types.NotebookCellKind.Markup, document="nb:a")]
    )
    result = documents.change_notebook(
        types.DidChangeNotebookDocumentParams(
            notebook_document=types.VersionedNotebookDocumentIdentifier(version=2, uri=book.uri),
            change=types.NotebookDocumentChangeEvent(cells=swap),
        )
    )
    assert result is not None
    assert [index for index, _ in result[0].code_cells()] == [1, 2]


def test_closing_a_notebook_forgets_its_cells() -> None:
    documents = Documents()
    book = _open_notebook(documents, "a")
    assert documents.is_cell("nb:a")
    documents.close(book.uri)
    assert not documents.is_cell("nb:a")
    assert list(documents) == []


def _cell(name: str) -> types.NotebookCell:
    return types.NotebookCell(kind=types.NotebookCellKind.Code, document=f"nb:{name}")


def _open_notebook(documents: Documents, *names: str) -> Notebook:
    return documents.open_notebook(
        types.DidOpenNotebookDocumentParams(
            notebook_document=types.NotebookDocument(
                uri="file:///w/n.ipynb",
                notebook_type="jupyter-notebook",
                version=1,
                cells=[_cell(name) for name in names],
            ),
            cell_text_documents=[item(name, uri=f"nb:{name}") for name in names],
        )
    )


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/w/a/train.py", "/w/a"),
        ("/w/ab/train.py", "/w"),
        ("/w/a", "/w/a"),
        ("/w/b/deep/train.py", "/w/b/"),
        ("/elsewhere/train.py", "/"),
    ],
)
def test_the_innermost_folder(path: str, folder: str) -> None:
    assert innermost(["/w", "/", "/w/a", "/w/b/"], path) == folder
    assert innermost(["/w/a"], "/w/ab/train.py") is None
