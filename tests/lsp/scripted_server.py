"""The real server around an engine that does what comments in the text say: for findings no rule has yet, and failures.

``# @finding {...}`` reports a finding of that row, with the keys of ``Diagnostic``; ``# @problem TEXT`` a rule that
failed; ``# @raise``, ``# @print``, ``# @sleep SECONDS`` do that; ``# @digest`` reports a digest of the text.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from typing import Any

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import Report
from keras_memlint.server.lsp import start


def check(
    source: Source, *, codes: frozenset[str], settings: Settings, workspace: object, look: object
) -> Report:
    report = Report()
    for row, line in enumerate(source.text.split("\n"), 1):
        _, _, order = line.partition("# @")
        word, _, rest = order.strip().partition(" ")
        if word == "finding":
            report.diagnostics.append(finding(source, row, line.index("# @"), json.loads(rest)))
        elif word == "digest":
            digest = hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()
            report.diagnostics.append(finding(source, row, 1, {"message": digest}))
        elif word == "problem":
            report.problems.append(rest)
        elif word == "raise":
            raise RuntimeError("as ordered")
        elif word == "print":
            print("Content-Length: 3\r\n\r\n{}}")
        elif word == "sleep":
            time.sleep(float(rest))
    return report


def finding(source: Source, row: int, columns: int, given: dict[str, Any]) -> Diagnostic:
    plain: dict[str, Any] = {
        "code": "KM209",
        "name": "map-sequential",
        "severity": "warning",
        "message": "as ordered",
        "filename": source.path,
        "location": {"row": row, "column": 1},
        "end_location": {"row": row, "column": max(columns, 1)},
        "cell": None,
        "related": [],
        "fixes": [],
        "tags": [],
        "last_row": row,
    }
    return Diagnostic.from_json({**plain, **given})


if __name__ == "__main__":
    sys.exit(start.serve(sys.argv[1:], check=check))
