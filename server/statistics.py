"""How often each rule fired, what it found in bytes, and how long it took: ``--statistics``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.report import Typed


@dataclass(slots=True)
class RuleCount:
    """One rule's share of a run. ``bytes`` is the sum over findings whose bytes are known, None without any.

    ``fixable`` counts findings that the same command with ``--fix`` would repair. ``seconds`` is None when every result came from the cache.
    """

    code: str
    name: str
    count: int = 0
    fixable: int = 0
    bytes: int | None = None
    seconds: float | None = None


def count(diagnostics: Iterable[Diagnostic], seconds: Mapping[str, float], typed: Typed) -> list[RuleCount]:
    """A row for each rule that found something, most findings first."""
    rows: dict[str, RuleCount] = {}
    for diagnostic in diagnostics:
        row = rows.setdefault(diagnostic.code, RuleCount(diagnostic.code, diagnostic.name))
        row.count += 1
        row.fixable += typed.would_fix(diagnostic)
        if diagnostic.bytes is not None:
            row.bytes = (row.bytes or 0) + diagnostic.bytes
    for code, row in rows.items():
        if code in seconds:
            row.seconds = round(seconds[code], 6)
    return sorted(rows.values(), key=lambda row: (-row.count, row.code))


def as_text(rows: Iterable[RuleCount]) -> Iterator[str]:
    """The lines of a table; none without findings."""
    cells = [("count", "rule", "name", "fixable", "bytes", "time")]
    for row in rows:
        time = "" if row.seconds is None else f"{row.seconds * 1000:.1f} ms"
        bytes_ = "" if row.bytes is None else f"{row.bytes:,}"
        cells.append((str(row.count), row.code, row.name, str(row.fixable), bytes_, time))
    if len(cells) == 1:
        return
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = (False, True, True, False, False, False)
    for line in cells:
        padded = (
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(line, widths, left, strict=True)
        )
        yield "  ".join(padded).rstrip()


def as_json(rows: Iterable[RuleCount]) -> str:
    """One JSON array."""
    import json

    return json.dumps([asdict(row) for row in rows], indent=2)
