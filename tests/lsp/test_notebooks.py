"""Notebooks: rules see the cells joined in order, marks and edits go to the cell they belong to."""

from __future__ import annotations

import pytest
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMPORTS = "%load_ext tensorboard\nimport tensorflow as tf"
DECODE = "def decode(path):\n    return tf.io.decode_jpeg(tf.io.read_file(path))\n"
PIPELINE = 'note = "🙂"; ds = tf.data.Dataset.list_files("*.jpg").map(decode)'
SHELL = "%%bash\nrm -r train"
FIX = ", num_parallel_calls=tf.data.AUTOTUNE"


def open_notebook(editor, name: str, *cells: str, start: int = 0) -> tuple[str, list[str]]:
    """Opens a notebook; a cell that starts with ``#`` is prose. Returns its URI and those of the cells."""
    book = editor.uri(name)
    uris = [f"vscode-notebook-cell:{book.removeprefix('file:')}#W{start + n}" for n in range(len(cells))]
    items = []
    for uri, text in zip(uris, cells, strict=True):
        if not text.startswith("#"):
            editor.texts[uri], editor.versions[uri] = Lines(text, editor.encoding), 1
            items.append(types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text))
    editor.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(
                uri=book,
                notebook_type="jupyter-notebook",
                version=1,
                cells=[
                    types.NotebookCell(
                        kind=types.NotebookCellKind.Markup
                        if text.startswith("#")
                        else types.NotebookCellKind.Code,
                        document=uri,
                    )
                    for uri, text in zip(uris, cells, strict=True)
                ],
            ),
            cell_text_documents=items,
        )
    )
    return book, uris


def send(editor, book: str, changes: types.NotebookDocumentCellChanges) -> None:
    editor.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(
            types.VersionedNotebookDocumentIdentifier(version=2, uri=book),
            types.NotebookDocumentChangeEvent(cells=changes),
        )
    )


def type_into(editor, book: str, uri: str, text: str) -> None:
    """Replaces the text of a cell."""
    editor.versions[uri] += 1
    whole = types.TextDocumentContentChangePartial(
        range=editor.texts[uri].range(0, len(editor.texts[uri].text)), text=text
    )
    editor.texts[uri] = Lines(text, editor.encoding)
    document = types.VersionedTextDocumentIdentifier(version=editor.versions[uri], uri=uri)
    content = types.NotebookDocumentCellContentChanges(document=document, changes=[whole])
    send(editor, book, types.NotebookDocumentCellChanges(text_content=[content]))


async def test_cells_are_one_script_and_marks_stand_in_their_cell(vscode):
    _, cells = open_notebook(vscode, "joined.ipynb", IMPORTS, "# prose", SHELL, DECODE, PIPELINE)
    (mark,) = await vscode.marks(cells[4])
    assert mark.code == "KM209"
    assert (mark.range.start.line, mark.range.start.character) == (0, PIPELINE.index("map") + 1)
    for other in (cells[0], cells[2], cells[3]):
        assert await vscode.marks(other) == []
    assert cells[1] not in vscode.published


async def test_editors_that_ask_for_marks_are_sent_those_of_cells(vscode_pull):
    _, cells = open_notebook(vscode_pull, "asking.ipynb", IMPORTS, DECODE, PIPELINE)
    assert len(await vscode_pull.marks(cells[2])) == 1
    assert (await vscode_pull.pull(cells[2])).items == ()


async def test_a_change_in_one_cell_changes_the_marks_of_another(vscode):
    book, cells = open_notebook(vscode, "changing.ipynb", IMPORTS, DECODE, PIPELINE)
    assert len(await vscode.marks(cells[2])) == 1
    type_into(vscode, book, cells[1], "def decode(path):\n    return path\n")
    await vscode.until(lambda: not vscode.published[cells[2]][-1].diagnostics, "the mark to go")


async def test_a_removed_cell_leaves_no_marks(vscode):
    book, cells = open_notebook(vscode, "removing.ipynb", IMPORTS, DECODE, PIPELINE)
    assert len(await vscode.marks(cells[2])) == 1
    gone = types.NotebookDocumentCellChangeStructure(
        array=types.NotebookCellArrayChange(start=2, delete_count=1),
        did_close=[types.TextDocumentIdentifier(cells[2])],
    )
    send(vscode, book, types.NotebookDocumentCellChanges(structure=gone))
    await vscode.until(lambda: not vscode.published[cells[2]][-1].diagnostics, "the mark to go")


async def test_closing_a_notebook_removes_all_marks(vscode):
    book, cells = open_notebook(vscode, "closing.ipynb", IMPORTS, DECODE, PIPELINE)
    assert len(await vscode.marks(cells[2])) == 1
    vscode.notebook_document_did_close(
        types.DidCloseNotebookDocumentParams(
            types.NotebookDocumentIdentifier(book), [types.TextDocumentIdentifier(uri) for uri in cells]
        )
    )
    await vscode.until(lambda: not vscode.published[cells[2]][-1].diagnostics, "the mark to go")


async def test_a_quick_fix_edits_its_cell(vscode):
    _, cells = open_notebook(vscode, "fixing.ipynb", IMPORTS, DECODE, PIPELINE)
    (mark,) = await vscode.marks(cells[2])
    fix, *_ = await vscode.actions(cells[2], mark.range, only=["quickfix"])
    ((uri, edits),) = vscode.edits(fix.edit).items()
    assert (uri, [edit.new_text for edit in edits]) == (cells[2], [FIX])
    assert vscode.texts[uri].offset(edits[0].range.start) == PIPELINE.index("decode)") + len("decode")
    assert await vscode.actions(cells[1], only=["quickfix"]) == []


async def test_a_suppression_goes_to_its_cell(vscode):
    book, cells = open_notebook(vscode, "suppressing.ipynb", IMPORTS, DECODE, PIPELINE)
    (mark,) = await vscode.marks(cells[2])
    *_, suppress = await vscode.actions(cells[2], mark.range, only=["quickfix"])
    ((uri, (edit,)),) = vscode.edits(suppress.edit).items()
    assert (uri, edit.new_text) == (cells[2], "  # memlint: ignore[KM209]")
    type_into(vscode, book, uri, PIPELINE + edit.new_text)
    assert await vscode.marks(uri) == []


async def test_plain_source_actions_do_nothing_in_a_cell(vscode):
    _, cells = open_notebook(vscode, "plain.ipynb", IMPORTS, DECODE, PIPELINE)
    for only in ("source", "source.fixAll", "source.fixAll.keras-memlint"):
        assert await vscode.actions(cells[2], only=[only]) == []


async def test_fix_all_of_a_notebook_edits_every_cell(vscode):
    second = "other = tf.data.Dataset.list_files('b/*').map(decode)\n\nother = other.batch(8)\n"
    _, cells = open_notebook(vscode, "all.ipynb", IMPORTS, DECODE, PIPELINE, SHELL, second)
    (everything,) = await vscode.actions(cells[0], only=["notebook.source.fixAll"])
    assert everything.kind == "notebook.source.fixAll.keras-memlint"
    everything = await vscode.code_action_resolve_async(everything)
    changed = vscode.edits(everything.edit)
    assert set(changed) == {cells[2], cells[4]}
    for uri, edits in changed.items():
        text = vscode.texts[uri].text
        for edit in sorted(edits, key=lambda edit: vscode.texts[uri].offset(edit.range.start), reverse=True):
            start, end = (vscode.texts[uri].offset(place) for place in (edit.range.start, edit.range.end))
            text = text[:start] + edit.new_text + text[end:]
        assert f"map(decode{FIX})" in text


async def test_hovers_in_cells(vscode):
    _, cells = open_notebook(vscode, "hovering.ipynb", IMPORTS, DECODE, PIPELINE)
    at = vscode.texts[cells[2]].position(PIPELINE.index("map"))
    answer = await vscode.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(cells[2]), at)
    )
    assert "map-sequential" in answer.contents.value
