"""``--output-format sarif``: SARIF 2.1.0, with the rules' pages, related places and fixes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from keras_memlint.rules.catalogue import Row
from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix, Position, TextEdit
from keras_memlint.server.formats.fingerprints import fingerprints
from keras_memlint.server.formats.places import relative
from keras_memlint.server.report import RunReport

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note", "hint": "note"}
_PROBLEMS: Final = {
    "error": "error",
    "warning": "warning",
    "info": "recommendation",
    "hint": "recommendation",
}
_ROOT: Final = "SRCROOT"


def render(report: RunReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001  (every format takes it)
    """One log with one run. Columns count characters; the end of a region is exclusive."""
    firsts = {d.code: d for d in reversed(report.diagnostics)}
    codes = sorted(firsts)
    results = [
        _result(diagnostic, codes.index(diagnostic.code), fingerprint, report.root)
        for diagnostic, fingerprint in zip(report.diagnostics, fingerprints(report), strict=True)
    ]
    run = {
        "tool": {
            "driver": {
                "name": "keras-memlint",
                "version": report.version,
                "rules": [_rule(firsts[code], report.rules.get(code)) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": _folder_uri(report.root)}},
        "results": results,
    }
    yield from json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2).splitlines()


def _rule(example: Diagnostic, row: Row | None) -> dict[str, Any]:
    """A rule as it is described once in a run; ``example`` is its first finding."""
    rule: dict[str, Any] = {
        "id": example.code,
        "name": example.name,
        "shortDescription": {"text": example.name},
        "defaultConfiguration": {"level": _LEVELS[example.severity]},
        "properties": {"problem.severity": _PROBLEMS[example.severity]},
    }
    if row is None:
        return rule
    page = row.text()
    first = _first_paragraph(page) or example.name
    return {
        **rule,
        "shortDescription": {"text": first},
        "fullDescription": {"text": first},
        "help": {"text": page, "markdown": page},
        "properties": {**rule["properties"], "tags": [row.family]},
    }


def _first_paragraph(page: str) -> str:
    """The sentence below the title of a page, which says what the rule finds."""
    paragraphs = (part.strip() for part in page.split("\n\n"))
    return next((" ".join(part.split()) for part in paragraphs if part and not part.startswith("#")), "")


def _result(diagnostic: Diagnostic, rule: int, fingerprint: str, root: Path) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": diagnostic.message},
        "locations": [
            _location(
                diagnostic.filename, diagnostic.location, diagnostic.end_location, diagnostic.cell, root
            )
        ],
        "partialFingerprints": {"codePathAndLine/v1": fingerprint},
    }
    if diagnostic.related:
        result["relatedLocations"] = [
            {
                "id": number,
                **_location(place.filename, place.location, place.end_location, place.cell, root),
                "message": {"text": place.message},
            }
            for number, place in enumerate(diagnostic.related)
        ]
    if diagnostic.fixes and diagnostic.cell is None:
        # Readers apply fixes to the file's own lines, and the rows of a cell are not lines of a notebook's file.
        result["fixes"] = [_fix(fix, diagnostic.filename, root) for fix in diagnostic.fixes]
    properties = {"bytes": diagnostic.bytes, "cell": diagnostic.cell}
    result["properties"] = {
        "name": diagnostic.name,
        **{key: value for key, value in properties.items() if value is not None},
    }
    return result


def _location(filename: str, start: Position, end: Position, cell: int | None, root: Path) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(filename, root), "region": _region(start, end)}
    }
    if cell is not None:
        location["logicalLocations"] = [
            {"name": f"cell {cell + 1}", "fullyQualifiedName": f"{relative(filename, root)}:cell {cell + 1}"}
        ]
    return location


def _fix(fix: DiagnosticFix, filename: str, root: Path) -> dict[str, Any]:
    return {
        "description": {"text": fix.message},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(filename, root),
                "replacements": [_replacement(e) for e in fix.edits],
            }
        ],
        "properties": {"applicability": fix.applicability},
    }


def _replacement(edit: TextEdit) -> dict[str, Any]:
    return {
        "deletedRegion": _region(edit.location, edit.end_location),
        "insertedContent": {"text": edit.content},
    }


def _region(start: Position, end: Position) -> dict[str, int]:
    return {
        "startLine": start.row,
        "startColumn": start.column,
        "endLine": end.row,
        "endColumn": end.column,
    }


def _artifact(filename: str, root: Path) -> dict[str, str]:
    path = relative(filename, root)
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": _ROOT}


def _folder_uri(folder: Path) -> str:
    return folder.absolute().as_uri().rstrip("/") + "/"
