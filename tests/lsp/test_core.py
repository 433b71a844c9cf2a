"""The bridge to the analysis keeps what it needs, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from keras_memlint.analysis.sizes.size_hints import SizeHints, Sizes
from keras_memlint.analysis.text.source import Source
from keras_memlint.server.lsp.core import LONGEST, Core, Outcome
from keras_memlint.server.lsp.documents import Document, Documents
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


def opened(documents: Documents, folder: Path, text: str) -> Document:
    return documents.open(types.TextDocumentItem((folder / "train.py").as_uri(), "python", 1, text))


def test_sizes_that_fail_are_told_once(tmp_path: Path) -> None:
    documents = Documents()
    core = Core(documents, lambda _: Options())
    unit = opened(documents, tmp_path, "")
    broken: Any = object()
    outcome = Outcome(sizes=Sizes(broken))
    none, (problem,) = core.sizes(unit, outcome)
    assert none == SizeHints()
    assert problem.startswith(f"{unit.uri}: finding sizes failed (AttributeError: ")
    assert problem.endswith("this is a bug")
    assert core.sizes(unit, outcome) == (SizeHints(), [])


def test_changes_that_cannot_be_looked_for_are_a_problem(tmp_path: Path, script: str) -> None:
    def fails(_path: str) -> Options:
        raise RuntimeError("as ordered")

    documents = Documents()
    found, (problem,) = Core(documents, fails).changes(opened(documents, tmp_path, script), ["batch_size=8"])
    assert found == {}
    assert "looking for changes failed (RuntimeError: as ordered)" in problem


@pytest.mark.parametrize(
    ("can", "arrays", "layers", "kept"),
    [(True, True, True, 1), (True, False, True, 1), (True, False, False, 0), (False, True, True, 0)],
)
def test_sizes_are_at_hand_where_they_are_shown(
    tmp_path: Path, can: bool, arrays: bool, layers: bool, kept: int
) -> None:
    documents = Documents()
    core = Core(documents, lambda _: Options(array_hints=arrays, layer_hints=layers))
    core.shows_sizes = can
    unit = opened(documents, tmp_path, "import keras\nimport numpy as np\nx = np.zeros((1000000, 8))\n")
    sizes, problems = core.sizes(unit, core.outcome(unit))
    assert (len(sizes.arrays), problems) == (kept, [])
