"""A folder of one's own is removed, whenever it is left."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from keras_memlint.estimate.own_folder import own_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_there_while_it_is_used(temporary: Path) -> None:
    with own_folder() as folder:
        assert folder.parent == temporary
        (folder / "of the user's").write_text("x")
    assert list(temporary.iterdir()) == []


def test_interrupted_while_it_is_made(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Path.mkdir

    def interrupted(path: Path, **options: int) -> None:
        make(path, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt), own_folder():
        pass
    assert list(temporary.iterdir()) == []
