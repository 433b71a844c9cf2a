"""The Pythons that are supported are the same wherever they are named."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "package.json",
    ROOT / "README.md",
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "vscode-client").rglob("*.md"),
]


def test_every_home_names_the_same_pythons() -> None:
    start = runpy.run_path(str(ROOT / "vscode-client/bundled/start.py"), run_name="start")
    client = read("vscode-client/src/python.ts")
    project = read("pyproject.toml")
    homes = {
        "scripts/vsix/targets.py": list(runpy.run_path(str(ROOT / "scripts/vsix/targets.py"))["PYTHONS"]),
        "vscode-client/bundled/start.py": versions(start["OLDEST"][1], start["NEWEST"][1]),
        "vscode-client/src/python.ts": versions(
            one(r"OLDEST = (\d+);", client), one(r"NEWEST = (\d+);", client)
        ),
        "dev": [f"3.{minor}" for minor in one(r"for minor in ([\d ]+);", read("dev")).split()],
    }
    classifiers = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project)
    assert one(r'requires-python = ">=(.+)"', project) == classifiers[0]
    assert homes == dict.fromkeys(homes, classifiers)


def test_texts_name_them_too() -> None:
    oldest, *_, newest = runpy.run_path(str(ROOT / "scripts/vsix/targets.py"))["PYTHONS"]
    named = {
        f"{page.relative_to(ROOT)}: {found}"
        for page in PAGES
        for found in re.findall(r"Python 3\.\d+ to 3\.\d+", page.read_text(encoding="utf-8"))
    }
    assert named
    assert {text.split(": ")[1] for text in named} == {f"Python {oldest} to {newest}"}, named


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def one(pattern: str, text: str) -> str:
    [found] = re.findall(pattern, text)
    return str(found)


def versions(oldest: int | str, newest: int | str) -> list[str]:
    return [f"3.{minor}" for minor in range(int(oldest), int(newest) + 1)]
