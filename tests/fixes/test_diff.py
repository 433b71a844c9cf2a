"""The diff of a fix can be read, and applied by git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.diff import unified_diff


def test_text() -> None:
    assert unified_diff(Source("a.py", "x\ny\nz\n"), Source("a.py", "x\nY\nz\n")) == (
        "--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n x\n-y\n+Y\n z\n"
    )


def test_no_change_no_diff() -> None:
    assert unified_diff(Source("a.py", "x"), Source("a.py", "x")) == ""


def test_cells_are_named() -> None:
    old = join_cells("a.ipynb", [(1, "x"), (4, "y\nz"), (5, "")])
    new = join_cells("a.ipynb", [(1, "x"), (4, "y\nZ"), (5, "w")])
    assert unified_diff(old, new) == (
        "--- a.ipynb:cell 5\n+++ a.ipynb:cell 5\n@@ -1,2 +1,2 @@\n y\n-z\n+Z\n"
        "--- a.ipynb:cell 6\n+++ a.ipynb:cell 6\n@@ -0,0 +1 @@\n+w\n"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb", "a\nc"),
        ("a\nb", "a\nb\n"),
        ("a\r\nb\r\n", "a\r\nnew\r\nb\r\n"),
        ("a\rb\r", "a\rc\r"),
        ("a\x0cb\u2028\nc\n", "a\x0cb\u2028\nd\n"),
        ("", "a\n"),
    ],
)
def test_git_can_apply_it(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(old.encode())
    diff = unified_diff(Source("a.py", old), Source("a.py", new))
    subprocess.run(
        ["git", "apply", "-p0", "--unidiff-zero", "-"],
        input=diff.encode(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert path.read_bytes() == new.encode()
