"""The bridge to the analysis keeps what it needs, and no more."""

from __future__ import annotations

from pathlib import Path

from keras_memlint.analysis.source import Source
from keras_memlint.server.lsp.core import LONGEST, Core
from keras_memlint.server.lsp.documents import Documents
from keras_memlint.server.lsp.options import Options
from lsprotocol import types


def test_the_tree_of_a_closed_document_is_dropped(tmp_path: Path, script: str) -> None:
    documents = Documents()
    core = Core(documents, lambda _: Options())
    path = tmp_path / "train.py"
    unit = documents.open(
        types.TextDocumentItem(uri=path.as_uri(), language_id="python", version=1, text=script)
    )
    assert [finding.code for finding in core.outcome(unit).findings] == ["KM209"]
    same = Source(str(path), script)
    assert core.workspace.parse(same)[0] is not same, "the tree of an open document is kept"
    documents.close(unit.uri)
    core.forget(unit.uri)
    assert core.workspace.parse(same)[0] is same


def test_a_text_too_long_for_the_editor_has_a_notice_and_no_edits(tmp_path: Path, script: str) -> None:
    documents = Documents()
    core = Core(documents, lambda _: Options())
    for text, told in ((script + "#" * LONGEST, True), ("#" * (LONGEST + 1), False)):
        item = types.TextDocumentItem((tmp_path / "long.py").as_uri(), "python", 1, text)
        unit = documents.open(item)
        outcome = core.outcome(unit)
        assert outcome.findings == ()
        assert (outcome.notice is not None) == told, "without a word of Keras nothing would be checked anyway"
        if told:
            assert core.fix_all(unit) == ([], [outcome.notice])
            assert core.changes(unit, ["batch_size=8"]) == ({}, [outcome.notice])
