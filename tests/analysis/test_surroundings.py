"""Which files are asked who calls a script's functions."""

from pathlib import Path

import pytest
from keras_memlint.analysis.projects.importers import surroundings
from keras_memlint.analysis.projects.workspace import Workspace


@pytest.mark.parametrize(
    ("name", "is_root"),
    [("README.md", True), ("LICENSE", True), ("readme_edit.py", False), ("licenses", False)],
)
def test_what_marks_the_root_of_a_project(name: str, is_root: bool, tmp_path: Path) -> None:
    script = tmp_path / "project" / "scripts" / "train.py"
    script.parent.mkdir(parents=True)
    beside = tmp_path / "project" / "tools" / "run.py"
    beside.parent.mkdir()
    for one in (script, beside, tmp_path / "project" / name):
        one.write_text("import os\n")
    found = surroundings(Workspace(), [str(script.parent), str(script.parent.parent)])
    assert found is not None
    assert (str(beside) in found.files) == is_root
