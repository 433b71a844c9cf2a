"""Text that is safe to print: on one line, with nothing that could drive a terminal; its width and its colours."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_COLOURS: Final = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;34",
    "hint": "1;36",
    "good": "1;32",
    "bold": "1",
    "dim": "2",
}
_BREAK = re.compile(r"\s*(?:\r\n|[\r\n\v\f\x85\u2028\u2029])\s*")


def paint(text: str, colour: str, on: bool) -> str:
    """``text`` in one of the named colours when ``on``."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on else text


def one_line(text: str) -> str:
    """``text`` on one line, safe to print: line breaks are spaces, control characters are pictures of themselves."""
    return "".join(safe(c) for c in _BREAK.sub(" ", text))


def width(char: str) -> int:
    """Columns that a character takes on a terminal."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def safe(char: str) -> str:
    """``char``, or a harmless stand-in when it would move the cursor, reorder text or cannot be encoded."""
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _BIDI:
        return "\ufffd"
    return char


_BIDI: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
