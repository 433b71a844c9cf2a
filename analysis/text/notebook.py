"""Jupyter notebooks of format 4: their code cells as one script, and where each source line stands in the JSON text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keras_memlint.analysis.text.source import Cell, Source

_BLANK = re.compile(r"[ \t\r\n]*")
# Neither can stand in a Python program, and half of a surrogate pair cannot be written to any file.
_IMPOSSIBLE = re.compile("[\0\ud800-\udfff]")


class NotANotebookError(ValueError):
    """The text is no notebook of format 4; the message says why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """One JSON string: its value, and its offsets in the JSON text, quotation marks included."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CodeCell:
    """One code cell. ``index`` counts all cells from 0; ``start`` and ``end`` enclose the JSON value of its source.

    ``lines`` are the strings of the source array, or the only string when the source is no array.
    """

    index: int
    start: int
    end: int
    is_array: bool
    lines: tuple[Literal, ...]

    @property
    def source(self) -> str:
        """The text of the cell."""
        return "".join([line.value for line in self.lines])


def read_notebook(json_text: str) -> tuple[CodeCell, ...]:
    """The Python cells of a notebook, in order; none when it is in another language. Raises NotANotebookError.

    Outputs are decoded one value at a time and dropped, so a large notebook costs little more than its text.
    """
    try:
        return _read(json_text)
    except NotANotebookError:
        raise
    except RecursionError:
        raise NotANotebookError("is nested too deeply to be a notebook") from None
    except ValueError as error:
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise NotANotebookError(f"is not JSON{where}") from None


def join_cells(path: str, cells: Iterable[tuple[int, str]]) -> Source:
    """One script out of the sources of code cells, each with its index among all cells.

    A cell that does not end with a newline is followed by one that belongs to no cell.
    """
    parts: list[str] = []
    spans: list[Cell] = []
    at = 0
    for index, text in cells:
        spans.append(Cell(index, at, at + len(text)))
        separator = "" if text.endswith("\n") else "\n"
        parts += (text, separator)
        at += len(text) + len(separator)
    return Source(path, "".join(parts), tuple(spans))


class _Json:
    """A JSON text read from front to back."""

    __slots__ = ("at", "decode", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.decode = json.JSONDecoder().raw_decode

    def skip_blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        self.skip_blank()
        return self.text[self.at : self.at + 1]

    def expect(self, characters: str) -> str:
        """Takes one of ``characters``."""
        found = self.peek()
        if not found or found not in characters:
            raise json.JSONDecodeError(f"expected one of {characters}", self.text, self.at)
        self.at += 1
        return found

    def value(self) -> object:
        """Takes any value."""
        self.skip_blank()
        value, self.at = self.decode(self.text, self.at)
        return value

    def array_items(self) -> Iterator[None]:
        """Steps to each item of an array; the caller takes its value before the next."""
        self.expect("[")
        if self.peek() == "]":
            self.at += 1
            return
        while True:
            yield
            if self.expect(",]") == "]":
                return

    def object_keys(self) -> Iterator[str]:
        """Steps to the value of each key of an object; the caller takes it before the next."""
        self.expect("{")
        if self.peek() == "}":
            self.at += 1
            return
        while True:
            key = self.value() if self.peek() == '"' else None
            if not isinstance(key, str):
                raise json.JSONDecodeError("expected a key", self.text, self.at)
            self.expect(":")
            yield key
            if self.expect(",}") == "}":
                return


def _read(text: str) -> tuple[CodeCell, ...]:
    reader = _Json(text)
    if reader.peek() != "{":
        reader.value()
        raise NotANotebookError("is JSON but no notebook")
    cells: list[CodeCell] | None = None
    version: object = None
    metadata: object = None
    # Of equal keys the last one holds, here and for the cells: so reads every JSON library.
    for key in reader.object_keys():
        if key == "cells" and reader.peek() == "[":
            cells = [
                cell
                for index, _ in enumerate(reader.array_items())
                if (cell := _cell(reader, index)) is not None
            ]
        elif key == "cells":
            reader.value()
            cells = None
        elif key == "nbformat":
            version = reader.value()
        elif key == "metadata":
            metadata = reader.value()
        else:
            reader.value()
    if reader.peek():
        raise json.JSONDecodeError("text after the end", text, reader.at)
    if not isinstance(version, int):
        raise NotANotebookError("is JSON but no notebook")
    if version != 4:
        raise NotANotebookError(f"is a notebook of format {version}, only format 4 is read")
    if cells is None:
        raise NotANotebookError("is a notebook without a list of cells")
    return tuple(cells) if _is_python(metadata) else ()


def _cell(reader: _Json, index: int) -> CodeCell | None:
    """Takes one cell; None for everything but sound Python code."""
    if reader.peek() != "{":
        reader.value()
        return None
    source: CodeCell | None = None
    kind: object = None
    metadata: object = None
    for key in reader.object_keys():
        if key == "source":
            source = _source(reader, index)
        elif key == "cell_type":
            kind = reader.value()
        elif key == "metadata":
            metadata = reader.value()
        else:
            reader.value()
    editor_language = _get(metadata, "vscode", "languageId")
    if kind != "code" or source is None or _IMPOSSIBLE.search(source.source):
        return None
    return source if editor_language in (None, "python") else None


def _source(reader: _Json, index: int) -> CodeCell | None:
    """Takes the value of ``source``; None when it is neither a string nor an array of strings."""
    opening = reader.peek()
    start = reader.at
    lines: list[Literal] = []
    sound = True
    for _ in reader.array_items() if opening == "[" else (None,):
        reader.skip_blank()
        at = reader.at
        value = reader.value()
        if isinstance(value, str):
            lines.append(Literal(value, at, reader.at))
        else:
            sound = False
    return CodeCell(index, start, reader.at, opening == "[", tuple(lines)) if sound else None


def _is_python(metadata: object) -> bool:
    """Whether the notebook's language is Python; a notebook that does not say is."""
    for path in (("language_info", "name"), ("kernelspec", "language")):
        language = _get(metadata, *path)
        if isinstance(language, str) and language:
            return language.lower() in ("python", "python3", "ipython")
    return True


def _get(value: object, *keys: str) -> object:
    """The value under nested ``keys``; None when a level is missing or no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
