"""``keras-memlint rule``: the pages of the rules, and the list of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from keras_memlint.rules.catalogue import Row, reserved, rows
from keras_memlint.rules.suppressions import UNUSED
from keras_memlint.server import terminal
from keras_memlint.server.errors import UserError, did_you_mean


def show(arguments: argparse.Namespace) -> int:
    """Prints a page or the list. Raises UserError when no rule is called that."""
    chosen = find(arguments.rule) if arguments.rule is not None else None
    if arguments.output_format == "json":
        import json

        value = _published(chosen) if chosen else [_published(row) for row in listed()]
        print(json.dumps(value, indent=2))
    elif chosen is None:
        _print_list(listed())
    else:
        _print_page(chosen.text())
    return 0


def listed() -> Sequence[Row]:
    """All rules in order of their code, those of the program itself first."""
    return reserved() + rows()


def find(word: str) -> Row:
    """The rule of a code or name. Raises UserError."""
    for row in listed():
        if word.upper() == row.code or word == row.name:
            return row
    near = did_you_mean(word, [name for row in listed() for name in (row.code, row.name)])
    raise UserError(f"no rule is called `{word}`{near}; `keras-memlint rule` lists them all")


def _published(row: Row) -> dict[str, str | None]:
    severity, fix = _facts(row)
    return {
        "code": row.code,
        "name": row.name,
        "family": row.family,
        "severity": severity,
        "fix": fix,
        "page": row.text(),
    }


def _facts(row: Row) -> tuple[str, str | None]:
    if row in reserved():
        return "info", "safe" if row.code == UNUSED else None
    from keras_memlint.rules.registry import load

    rule = load(row.code).rule
    return rule.severity, rule.fix


def _print_list(shown: Sequence[Row]) -> None:
    width = max(len(row.name) for row in shown)
    for row in shown:
        print(f"{row.code}  {row.name:{width}}  {row.family}")


def _print_page(page: str) -> None:
    if not terminal.colour(sys.stdout):
        sys.stdout.write(page)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(page))
