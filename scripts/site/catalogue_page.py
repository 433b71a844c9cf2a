"""The list of all rules: by family, by the memory they were measured to save, by how often public code shows them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from keras_memlint.rules.catalogue import Row
from keras_memlint.rules.registry import load
from rule_page import ROOT, family_title, place, results

TEXT = """# Rules

{count} rules. `keras-memlint rule KM203` shows the page of one of them in a terminal, an editor shows it on hovering.

## By family

{families}

## By the memory they save

What the scripts of [benchmarks/evidence](../benchmarks/evidence/README.md) measured: the most memory that the process held in
the bad and in the good variant. Examples are as small as they may be, so the ratio says more than the difference.

{saved}

## By how often public code shows them

Findings of all severities in the repositories of the [ecosystem check](../benchmarks/ecosystem/README.md).

{seen}
"""


def text(rows: Sequence[Row]) -> str:
    """The Markdown of ``rules/README.md``."""
    return TEXT.format(
        count=len(rows), families="\n\n".join(_families(rows)), saved=_saved(rows), seen=_seen(rows)
    )


def table(head: Iterable[str], right: Iterable[bool], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; ``right``: which columns hold numbers."""
    lines = [head, ["---:" if number else "---" for number in right], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _families(rows: Sequence[Row]) -> Iterable[str]:
    for family, members in groupby(rows, lambda row: row.family):
        rules = [(row, load(row.code).rule) for row in members]
        cells = ([_link(row), row.name, rule.severity, rule.fix or "no"] for row, rule in rules)
        yield f"### {family_title(family)}\n\n" + table(
            ("rule", "name", "severity", "fix"), (False,) * 4, cells
        )


def _saved(rows: Sequence[Row]) -> str:
    found = []
    for row in rows:
        measured = results(row.code)
        if measured["variants"] and measured["ratio_of"] == "peak_bytes":
            bad, good = (measured["variants"][name]["peak_bytes"] / 2**20 for name in ("bad", "good"))
            found.append((bad - good, row, bad, good, measured["ratio"]))
    cells = (
        [_link(row), row.name, f"{bad:,.0f}", f"{good:,.0f}", f"{ratio:g} ×"]
        for _, row, bad, good, ratio in sorted(found, key=lambda one: -one[0])
    )
    return table(("rule", "name", "bad, MiB", "good, MiB", "ratio"), (False, False, True, True, True), cells)


def _seen(rows: Sequence[Row]) -> str:
    counted: Counter[str] = Counter()
    repositories: dict[str, set[str]] = {}
    with Path(ROOT, "benchmarks", "ecosystem", "findings.tsv").open(encoding="utf-8", newline="") as file:
        for finding in csv.DictReader(file, delimiter="\t"):
            counted[finding["code"]] += 1
            repositories.setdefault(finding["code"], set()).add(finding["repository"])
    by_code = {row.code: row for row in rows}
    cells = (
        [_link(by_code[code]), by_code[code].name, f"{count:,}", f"{len(repositories[code]):,}"]
        for code, count in counted.most_common()
        if code in by_code
    )
    return table(("rule", "name", "findings", "repositories"), (False, False, True, True), cells)


def _link(row: Row) -> str:
    return f"[{row.code}]({place(row).relative_to('rules').as_posix()})"
