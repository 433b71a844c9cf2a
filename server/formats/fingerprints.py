"""An identity for each finding that survives moved lines, for services that compare two runs."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from hashlib import sha256

from keras_memlint.server.formats.places import line_text, relative
from keras_memlint.server.report import RunReport


def fingerprints(report: RunReport) -> list[str]:
    """One hexadecimal string for each finding, in their order, no two alike.

    Made of the code, the path and the text of the line. The second finding that agrees in all three also gets
    its number, so that it is new to a service that knew only the first.
    """
    source = lru_cache(maxsize=4)(report.sources)
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for diagnostic in report.diagnostics:
        text = line_text(source(diagnostic.filename), diagnostic.location.row, diagnostic.cell) or ""
        key = (diagnostic.code, relative(diagnostic.filename, report.root), text.strip())
        seen[key] += 1
        parts = "\0".join((*key, str(seen[key])))
        found.append(sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return found
