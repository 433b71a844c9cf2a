"""Finds the rules: every module of a family's folder that has a row in ``rules.tsv`` offers ``RULE`` and ``check``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
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


def selected(codes: Collection[str], script: Script) -> list[Registered]:
    """The rules among ``codes`` that can have a finding in ``script``, in order of their codes."""
    rules, words = _with_words(frozenset(codes))
    present = script.words_among(words)
    return [one for one in rules if not present.isdisjoint(one.rule.words)]


@lru_cache(maxsize=8)
def _with_words(codes: frozenset[str]) -> tuple[list[Registered], frozenset[str]]:
    """The rules with these codes, in order, and all their words."""
    rules = [load(code) for code in sorted(codes) if code not in ("KM000", "KM001")]
    return rules, frozenset([word for one in rules for word in one.rule.words])
