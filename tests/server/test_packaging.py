"""The wheel holds the folders' modules and pages, all of them and nothing else."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("analysis", "rules", "fixes", "server", "estimate")
PACKED = (".py", ".md", ".html", ".css", ".js")
OTHERS = {"rules/rules.tsv", "py.typed", "estimate/schema.json"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built as for a release: from the source archive, which is built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "node_modules", "*.egg-info")
    shutil.copytree(ROOT, folder / "checkout", ignore=ignored)
    command = [sys.executable, "-m", "build", "--outdir", str(folder / "dist"), str(folder / "checkout")]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    [path] = (folder / "dist").glob("*.whl")
    return zipfile.ZipFile(path)


def in_folders() -> set[str]:
    """Every module and page of the import package, relative to its folder."""
    files = {path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in PACKED}
    files |= set(ROOT.glob("*.py"))
    return {path.relative_to(ROOT).as_posix() for path in files} | OTHERS


def test_wheel_equals_the_folders(wheel: zipfile.ZipFile) -> None:
    package = "keras_memlint/"
    packed = {
        name.removeprefix(package)
        for name in wheel.namelist()
        if not name.split("/")[0].endswith(".dist-info")
    }
    expected = in_folders()
    assert {name for name in packed if name.startswith(package)} == set()
    assert sorted(packed - expected) == [], "packed, but not meant to be"
    assert sorted(expected - packed) == [], "not packed; is the folder listed in pyproject.toml?"


def test_only_entry_points_lie_beside_the_folders() -> None:
    # Every module in the root is packed, so a stray script would be too.
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_wheel_has_the_command_and_the_licence(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    [entry_points] = [name for name in names if name.endswith(".dist-info/entry_points.txt")]
    assert "keras-memlint = keras_memlint.server.cli:main" in wheel.read(entry_points).decode()
    assert any(name.endswith("/LICENSE") for name in names)


def test_every_version_is_the_same(wheel: zipfile.ZipFile) -> None:
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    [module] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    ]
    manifest = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert wheel.filename is not None
    assert Path(wheel.filename).name.split("-")[1] == module == manifest["version"]
    assert f"## {module}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
