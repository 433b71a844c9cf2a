"""Temporary: decodes files until analysis/files.py exists."""

from __future__ import annotations

from keras_memlint.analysis.source import Source


class UnreadableError(Exception):
    pass


def decode(raw: bytes, filename: str) -> Source:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"is not UTF-8 text ({error.reason} at byte {error.start})") from error
    if "\0" in text:
        raise UnreadableError("holds NUL bytes, so it is no text")
    return Source(filename, text)
