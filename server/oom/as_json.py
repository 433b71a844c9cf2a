"""The report of ``oom`` for programs."""

from __future__ import annotations

import json
from typing import Any

from keras_memlint.analysis.text.source import Place
from keras_memlint.rules.positions import to_position
from keras_memlint.server.oom.failure import Failure
from keras_memlint.server.oom.remedies import Remedy
from keras_memlint.server.oom.report import Report

SCHEMA_VERSION = 1
"""It grows when a key changes its meaning or goes."""


def as_json(report: Report) -> str:
    """One object; null is what neither the log nor the scripts tell."""
    row = report.row
    found = {
        "schema_version": SCHEMA_VERSION,
        "log": report.log,
        **_failure(report.failure),
        "frames": [{"filename": one.file, "row": one.row} for one in report.failure.frames if one.file],
        "others": [_failure(one) for one in report.others],
        "scripts": list(report.scripts),
        "failed_at": None if row is None or row.at is None else _place(row.at),
        "ties": [{"kind": tie.kind, "what": tie.what, **_place(tie.at)} for tie in report.ties],
        "parts": [{"what": part.what, "bytes": part.bytes, **_place(part.at)} for part in report.parts],
        "remedies": [_remedy(one) for one in report.remedies],
    }
    return json.dumps(found, indent=2)


def _failure(failure: Failure) -> dict[str, Any]:
    buffer = failure.buffer
    return {
        "line": failure.line,
        "kind": failure.kind,
        "memory": failure.memory,
        "certain": failure.sure,
        "reporter": failure.reporter,
        "bytes": failure.asked,
        "message_bytes": failure.said,
        "shape": None if failure.shape is None else list(failure.shape),
        "dtype": failure.dtype,
        "allocator": failure.allocator,
        "device": failure.device,
        "node": failure.node,
        "operation": failure.op,
        "in_use_bytes": failure.held,
        "limit_bytes": failure.limit,
        "process": failure.process,
        "largest_buffer": buffer
        and {
            "bytes": buffer.bytes,
            "shape": None if buffer.shape is None else list(buffer.shape),
            "dtype": buffer.dtype,
            "operation": buffer.operator,
        },
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    finding = remedy.finding
    if finding is None:
        place = {} if remedy.at is None else _place(remedy.at)
        known = {"code": None, "severity": None, "help": None}
        return {"what": remedy.what, "bytes": remedy.bytes, "at_least": remedy.at_least, **known, **place}
    return {
        "what": finding.message,
        "bytes": finding.bytes,
        "at_least": False,
        "code": finding.code,
        "severity": finding.severity,
        "help": finding.help or None,
        "filename": finding.filename,
        "location": {"row": finding.location.row, "column": finding.location.column},
        "cell": finding.cell,
    }


def _place(at: Place) -> dict[str, Any]:
    position, cell = to_position(at.source, at.start), at.source.cell_at(at.start)
    return {
        "filename": at.source.path,
        "location": {"row": position.row, "column": position.column},
        "cell": None if cell is None else cell.index,
    }
