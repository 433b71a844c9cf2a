"""The order of the site's pages. Titles are those of the pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from keras_memlint.rules import catalogue
from rule_page import family_title, place

SECTIONS = {
    "Out of memory": ("docs/out-of-memory.md", "docs/oom.md", "docs/strategies.md"),
    "Use": ("docs/configuration.md", "docs/ci.md", "docs/bill.md"),
    "In the editor": ("docs/editors/README.md", "docs/editors/vscode.md", "docs/editors/"),
    "Estimates": ("docs/estimate.md", "docs/sweep.md", "docs/estimate-report.md", "docs/estimate-"),
    "Evidence": ("benchmarks/",),
    "Inside": ("",),
}


def toml(pages: Sequence[Path]) -> str:
    """The table ``project.nav`` for these pages, each of them once."""
    return f"[project]\nnav = {_array(_entries([page.as_posix() for page in pages]))}\n"


def _entries(pages: list[str]) -> list[object]:
    rules = [page for page in pages if page.startswith("rules/")]
    rest = [page for page in pages if page not in ("README.md", *rules)]
    sections: dict[str, list[str]] = {}
    for title, starts in SECTIONS.items():
        for start in starts:
            taken = [page for page in rest if page.startswith(start)]
            sections.setdefault(title, []).extend(taken)
            rest = [page for page in rest if page not in taken]
    shown: list[object] = [{title: list(taken)} for title, taken in sections.items() if taken]
    return ["README.md", *shown[:1], {"Rules": ["rules/README.md", *_families()]}, *shown[1:]]


def _families() -> list[object]:
    rows = catalogue.rows() + catalogue.reserved()
    return [
        {family_title(family): [{f"{row.code} {row.name}": place(row).as_posix()} for row in members]}
        for family, members in groupby(rows, lambda row: row.family)
    ]


def _array(value: object) -> str:
    """Lists and dictionaries of one key as TOML writes them."""
    if isinstance(value, list):
        return f"[{', '.join(map(_array, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_array(one)}' for key, one in value.items())} }}"
    return json.dumps(value)
