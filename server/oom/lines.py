"""A log as lines of text, whatever its encoding and its size: never more than a piece of it is in memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

_CHUNK = 1 << 18
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
                        yield Line(number + ahead, _plain(part))
        number += piece.count(b"\n")


def _as_utf8(stream: IO[bytes]) -> Iterator[bytes]:
    chunk = stream.read(_CHUNK)
    mark, encoding = next(((mark, name) for mark, name in _MARKS if chunk.startswith(mark)), (b"", "utf-8"))
    chunk = chunk[len(mark) :]
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")
    while chunk:
        yield chunk if decoder is None else decoder.decode(chunk).encode("utf-8", "replace")
        chunk = stream.read(_CHUNK)


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


def _plain(line: bytes) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    text = _ESCAPES.sub("", text[:_LONGEST])
    if text.startswith('{"log":'):
        text = _of_container(text)
    while found := _PREFIX.match(text):
        text = text[found.end() :]
    return text


def _of_container(text: str) -> str:
    """The line in an object of Docker's own log files."""
    try:
        found = json.loads(text)["log"]
    except (ValueError, KeyError, RecursionError):
        return text
    return _ESCAPES.sub("", found.rstrip("\r\n")) if isinstance(found, str) else text
