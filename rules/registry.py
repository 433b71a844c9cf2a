"""Finds the rules: every module of a family's folder that has a row in ``rules.tsv`` offers ``RULE`` and ``check``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.catalogue import rows

Check = Callable[[Script], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Registered:
    """A rule and its check."""

    rule: Rule
    check: Check


@cache
def load(code: str) -> Registered:
    """The rule with ``code``, imported now. Raises KeyError for a code that has no module."""
    row = next((row for row in rows() if row.code == code), None)
    if row is None:
        raise KeyError(code)
    module = import_module(f"keras_memlint.rules.{row.path.parent.name}.{row.path.stem}")
    return Registered(module.RULE, module.check)


def selected(codes: Collection[str], text: str) -> list[Registered]:
    """The rules among ``codes`` that can have a finding in ``text``, in order of their codes."""
    found = [load(code) for code in sorted(codes) if code not in ("KM000", "KM001")]
    return [one for one in found if any(word in text for word in one.rule.words)]
