"""``--output-format gitlab``: a Code Quality report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.formats.fingerprints import fingerprints
from keras_memlint.server.formats.places import relative, shown
from keras_memlint.server.report import RunReport

_SEVERITIES: Final = {"error": "critical", "warning": "major", "info": "minor", "hint": "info"}


def render(report: RunReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001  (every format takes it)
    """One array; an empty one tells the service that the findings of before are gone."""
    entries = [
        _entry(diagnostic, fingerprint, report)
        for diagnostic, fingerprint in zip(report.diagnostics, fingerprints(report), strict=True)
    ]
    yield from json.dumps(entries, indent=2).splitlines()


def _entry(diagnostic: Diagnostic, fingerprint: str, report: RunReport) -> dict[str, Any]:
    at, end = diagnostic.location, diagnostic.end_location
    description = f"{diagnostic.code}: {diagnostic.message}"
    lines = {"begin": at.row, "end": end.row}
    if diagnostic.cell is not None:
        # A row of a notebook's cell is no line of its file.
        description = f"{shown('', at, diagnostic.cell).lstrip(':')}: {description}"
        lines = {"begin": 1, "end": 1}
    return {
        "description": description,
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": relative(diagnostic.filename, report.root), "lines": lines},
    }
