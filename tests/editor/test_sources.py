"""What is packed does not depend on what else lies in the checkout, nor on how it was made."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sources() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sources", ROOT / "scripts/vsix/sources.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a file that is tracked and changed since, one that is tracked and gone, and strays."""
    # A commit's hook would name its own repository.
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name in ("rules/é.py", "rules/gone.py", "rules/stray.py", "build/left.py", "rules/__pycache__/c.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("first")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "rules/é.py", "rules/gone.py")
    (tmp_path / "rules/é.py").write_text("second")
    (tmp_path / "rules/gone.py").unlink()
    return tmp_path


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)


def test_what_git_knows_is_taken_as_it_is_now(sources: ModuleType, checkout: Path) -> None:
    names = sources.files(checkout)
    assert names == ["rules/é.py"]
    sources.copy(checkout, names, checkout / "copy")
    assert (checkout / "copy/rules/é.py").read_text() == "second"


@pytest.mark.parametrize("missing", [".git", "git"])
def test_without_git_all_but_what_arises_by_itself(
    missing: str, sources: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "git":
        monkeypatch.setenv("PATH", "")
    else:
        (checkout / ".git").rename(checkout.parent / "repository")
    assert sources.files(checkout) == ["rules/stray.py", "rules/é.py"]


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_permissions_are_always_the_same(sources: ModuleType, tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    sources.copy(ROOT, ["dev", "LICENSE"], stage / "folder")
    sources.plain_modes(stage)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (stage, *stage.rglob("*"))}
    assert modes == {"stage": "0o755", "folder": "0o755", "dev": "0o644", "LICENSE": "0o644"}
