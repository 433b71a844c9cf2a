"""A log as lines of text, whatever its encoding and its size: never more than a piece of it is in memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

_CHUNK = 1 << 18
_SAMPLE = 512
_LONGEST = 1 << 16
"""Bytes after which a line without an end is cut."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
# Colours and other orders to a terminal.
_ESCAPES = re.compile(
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x00-\x08]"
)
# What kernels, journals, containers and launchers put before a line; they may stand before each other.
_PREFIX = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*\s(?:std(?:out|err) [FP] )?"
    r"|[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \S+ [^\s:]+: "
    r"|\[ *\d+\.\d+\] |\[[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]+ \d{4}\] |<\d>"
    r"|\[rank\d+\]: ?|[\w.-]+ +\| |\d{1,5}: (?!\d)"
)


_SAID = ("log", "message", "textPayload", "msg")
"""Keys under which loggers put the message."""


class Line(NamedTuple):
    """One line; ``number`` from 1 as editors count, so that all a progress bar wrote into a line has the same."""

    number: int
    text: str


def lines(stream: IO[bytes], worth: Callable[[bytes], bool]) -> Iterator[Line]:
    """The lines without colours and prefixes, of those pieces that are ``worth`` it. No bytes make it raise."""
    number = 1
    for piece in _whole_lines(_as_utf8(stream)):
        if worth(piece):
            for ahead, line in enumerate(piece.split(b"\n")):
                for part in line.split(b"\r"):
                    if part:
                        yield from (Line(number + ahead, text) for text in _plain(part))
        number += piece.count(b"\n")


def _as_utf8(stream: IO[bytes]) -> Iterator[bytes]:
    chunk = stream.read(_CHUNK)
    mark, encoding = next(
        ((mark, name) for mark, name in _MARKS if chunk.startswith(mark)), (b"", _without_mark(chunk))
    )
    chunk = chunk[len(mark) :]
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    while chunk:
        yield chunk if decoder is None else decoder.decode(chunk).encode("utf-8", "replace")
        chunk = stream.read(_CHUNK)


def _without_mark(chunk: bytes) -> str:
    """UTF-16 where nearly every second byte is zero, as PowerShell writes it when it appends."""
    first, second = chunk[:_SAMPLE:2], chunk[1:_SAMPLE:2]
    for encoding, zeros, others in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if zeros.count(0) * 2 > len(zeros) and others.count(0) * 10 < len(others):
            return encoding
    return "utf-8"


def _whole_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        rest += chunk
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1
        if not end and len(rest) > _LONGEST:
            end = len(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest


def _plain(line: bytes) -> Iterator[str]:
    """The text of a line; several lines where a logger put them into one object of JSON."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    text = text[:_LONGEST]
    for one in _of_object(text).splitlines() if text.startswith("{") else (text,):
        plain = _ESCAPES.sub("", one)
        while found := _PREFIX.match(plain):
            plain = plain[found.end() :]
        yield plain


def _of_object(text: str) -> str:
    """What a logger that writes JSON, as Docker does, has to say; ``text`` itself when it is no such object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    said = next((found[key] for key in _SAID if key in found), None) if isinstance(found, dict) else None
    return said if isinstance(said, str) else text
