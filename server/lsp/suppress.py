"""Where a comment that suppresses a finding goes."""

from __future__ import annotations

import re

from keras_memlint.analysis.text.tokens import comments
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types

_IGNORE = re.compile(r"#\s*memlint:\s*ignore\[([^\]#]*)\]", re.IGNORECASE)


def suppression_edit(lines: Lines, finding: Diagnostic) -> types.TextEdit:
    """The edit that suppresses ``finding``: in its first row, else in the last row of its statement.

    The first row takes no comment when it ends inside a string or with a backslash.
    """
    rows = [min(max(row, 1), lines.count) - 1 for row in (finding.location.row, finding.last_row)]
    row = next((row for row in rows if _takes_comment(lines, row)), rows[-1])
    start, end = lines.line_span(row)
    known = _existing(lines, start, end)
    if known is not None:
        codes = known.group(1).strip().rstrip(",").rstrip()
        content = f"{codes}, {finding.code}" if codes else finding.code
        return types.TextEdit(lines.range(*known.span(1)), content)
    code_end = start + len(lines.text[start:end].rstrip(" \t\f"))
    gap = "  " if code_end > start else ""
    return types.TextEdit(lines.range(code_end, end), f"{gap}# memlint: ignore[{finding.code}]")


def _takes_comment(lines: Lines, row: int) -> bool:
    """Whether a comment at the end of ``row`` is one."""
    text = lines.text
    end = lines.line_span(row)[1]
    # An open string is only known by the quotes after it: try it out on the whole text.
    probe = f"{text[:end]}#{text[end:]}"
    inside = next((span for span in comments(probe, 0, len(probe)) if span[0] <= end < span[1]), None)
    if inside is None:
        return False
    return inside[0] < end or not text[:end].endswith("\\")


def _existing(lines: Lines, start: int, end: int) -> re.Match[str] | None:
    """The list of suppressed codes in the comment of a row."""
    for begin, stop in comments(lines.text, 0, len(lines.text)):
        if begin >= end:
            break
        if begin >= start:
            return _IGNORE.search(lines.text, begin, stop)
    return None
