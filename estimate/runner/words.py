"""Errors of frameworks in one sentence."""

from __future__ import annotations

import re

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WITHIN = re.compile(r"^\w*(?:Error|Exception|Interrupt)\b.*?: (.+)")
_SKIPPED = (
    "in user code:",
    "Exception encountered when calling",
    "Detected at node",
    "Graph execution error",
    "File ",
    "-----",
)


def message(error: BaseException) -> str:
    """The line of an error's text that says what is wrong; texts are often pages long."""
    lines = [line.strip() for line in _COLOUR.sub("", str(error)).splitlines() if line.strip()]
    if lines and lines[0] == "in user code:":
        found = [match.group(0) for match in map(_WITHIN.match, lines) if match]
        if found:
            return found[-1][:400]
    return next((line for line in lines if not line.startswith(_SKIPPED)), "")[:400]


def sentence(error: BaseException) -> str:
    """Its type and message."""
    text = message(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
