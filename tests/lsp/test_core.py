"""The bridge to the analysis keeps what it needs, and no more."""

from __future__ import annotations

from pathlib import Path

from keras_memlint.analysis.source import Source
from keras_memlint.server.lsp.core import Core
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
