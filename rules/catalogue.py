"""Which rules this release has, read from ``rules.tsv`` and the folders without importing any rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RULES = Path(__file__).parent
FOLDERS = {
    "input data": "input_data",
    "tf.data pipeline": "tf_data",
    "precision": "precision",
    "model architecture": "architecture",
    "training loop": "training",
    "leaks and lifetime": "leaks",
    "GPU runtime": "gpu_runtime",
    "compression and export": "compression",
    "hyperparameter search": "tuning",
    "reserved": "reserved",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One rule: its code and name, its family in words, and its module's file (the page lies beside it)."""

    code: str
    name: str
    family: str
    path: Path

    @property
    def page(self) -> Path:
        """The Markdown page of the rule."""
        return self.path.with_suffix(".md")

    def text(self) -> str:
        """The page as people read it: without the marks in its examples, which are for the tests."""
        return re.sub(r"[ \t]*# *(?:expect|todo): .*", "", self.page.read_text(encoding="utf-8"))


@cache
def rows() -> tuple[Row, ...]:
    """The rules that exist as a module and a page, in order of their code."""
    return tuple(row for row in _table() if {row.path.name, row.page.name} <= _files(row.path.parent))


@cache
def reserved() -> tuple[Row, ...]:
    """``KM000`` and ``KM001``: reported by the program itself, so they have a page but no module."""
    return (_row("KM000", "syntax-error", "reserved"), _row("KM001", "unused-suppression", "reserved"))


def _table() -> list[Row]:
    lines = (RULES / "rules.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return sorted((_row(*line.split("\t")[:3]) for line in lines if line.strip()), key=lambda row: row.code)


def _row(code: str, name: str, family: str) -> Row:
    return Row(code, name, family, RULES / FOLDERS[family] / f"{name.replace('-', '_')}.py")


@cache
def _files(folder: Path) -> frozenset[str]:
    return frozenset(file.name for file in folder.iterdir())
