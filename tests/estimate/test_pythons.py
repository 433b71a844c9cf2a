"""Which Python a script runs with."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.pythons import find


@pytest.fixture(autouse=True)
def _no_active_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)


def test_environment_beside_the_script(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", with_pip=False)
    (tmp_path / "src").mkdir()
    found = find(None, tmp_path / "src" / "train.py")
    assert Path(found).is_relative_to(tmp_path / ".venv")


def test_environment_beyond_the_project_is_not_meant(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", with_pip=False)
    (tmp_path / "project" / ".git").mkdir(parents=True)
    assert find(None, tmp_path / "project" / "train.py") == sys.executable


def test_active_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (".venv", "active"):
        venv.create(tmp_path / name, with_pip=False)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert Path(find(None, tmp_path / "train.py")).is_relative_to(tmp_path / "active")


def test_named_python_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert find(sys.executable, None) == sys.executable


@pytest.mark.parametrize("content", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho 2 7 cpython\n", "no program"])
def test_python_that_is_none(tmp_path: Path, content: str) -> None:
    fake = tmp_path / "python"
    fake.write_text(content)
    fake.chmod(0o755)
    with pytest.raises(EstimateError, match=f"`{fake}`") as refused:
        find(str(fake), None)
    assert refused.value.option == "--python"


def test_python_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EstimateError, match="there is no Python"):
        find(str(tmp_path / "python"), None)
