"""Where a new import goes: below the first imports, else below docstring and header comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from keras_memlint.analysis.text.magics import is_python_cell
from keras_memlint.analysis.text.source import Source
from keras_memlint.analysis.text.tokens import logical_line_end
from keras_memlint.fixes.edits import Edit

Kind = Literal["docstring", "future", "import", "other"]

# Each of these starts TensorFlow, which reads the environment then: what a script sets first must stay first.
TENSORFLOW = frozenset({"keras", "keras_tuner", "tensorflow", "tensorflow_model_optimization", "tf_keras"})
_PACKAGE = re.compile(r"\s*(?:import|from)\s+(\w+)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Statement(NamedTuple):
    """A top-level statement: its span in the source, and what it is as far as imports care."""

    start: int
    end: int
    kind: Kind


def import_edit(
    source: Source, statements: Sequence[Statement], wanted: str, used_at: int | None = None
) -> Edit:
    """The insertion of the import ``wanted`` (one line of code) into ``source``.

    ``statements`` are in order. ``used_at`` is the first offset that needs the import at module level: imports below
    it are no place for one more. In a notebook the first cell with imports takes it, else the first Python cell.
    """
    blocks = [
        block
        for block in _blocks(source, statements)
        if used_at is None or _line_end(source, block[-1]) <= used_at
    ]
    if blocks:
        return _below(source, _best(source, blocks, wanted)[-1], source.newline + wanted)
    if statements and statements[0].kind == "docstring" and not source.cells:
        return _below(source, statements[0], source.newline * 2 + wanted)
    at = _header_end(source, statements)
    if at and source.text[at - 1] not in "\r\n":
        return Edit(at, at, source.newline + wanted)
    return Edit(at, at, wanted + source.newline)


def block_end(source: Source, statements: Sequence[Statement], at: int) -> int | None:
    """The end of the last line of the imports that the one at offset ``at`` is among.

    None when it is not among top-level imports, or when another statement stands on that line.
    """
    for block in _blocks(source, statements):
        last = block[-1]
        if block[0].start <= at <= last.start:
            shared = any(one.kind == "other" and one.start == last.start for one in statements)
            return None if shared else _line_end(source, last)
    return None


def _blocks(source: Source, statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """Imports with nothing but strings between them, each block in one cell."""
    block: list[Statement] = []
    for statement in statements:
        apart = bool(block) and source.cell_at(block[0].start) != source.cell_at(statement.start)
        if block and (apart or statement.kind == "other"):
            yield block
            block = []
        if statement.kind in ("future", "import"):
            block.append(statement)
    if block:
        yield block


def _best(source: Source, blocks: Sequence[list[Statement]], wanted: str) -> list[Statement]:
    """The first block; for what starts TensorFlow the first that does so already."""
    if _packages(wanted) & TENSORFLOW:
        for block in blocks:
            if any(_packages(source.text[one.start : one.end]) & TENSORFLOW for one in block):
                return block
    return blocks[0]


def _packages(code: str) -> set[str]:
    return {match[1] for match in map(_PACKAGE.match, code.split(";")) if match}


def _below(source: Source, statement: Statement, content: str) -> Edit:
    at = _line_end(source, statement)
    return Edit(at, at, content)


def _line_end(source: Source, statement: Statement) -> int:
    """The end of the statement's last line, before its line ending: other statements and a comment may follow."""
    code = source.code
    cell = source.cell_at(statement.start)
    last = statement.start + len(code[statement.start : statement.end].rstrip())
    end = logical_line_end(code, last, cell.end if cell else len(code))
    return last + len(code[last:end].rstrip("\r\n"))


def _header_end(source: Source, statements: Sequence[Statement]) -> int:
    """The offset below the comments at the top (shebang, coding cookie, licence) and all lines of IPython."""
    cells = source.cells
    cell = next((one for one in cells if is_python_cell(source.text[one.start : one.end])), None)
    start, end = (cell.start, cell.end) if cell else (0, len(source.text))
    first = next((one.start for one in statements if one.start >= start), end)
    at = start
    in_header = True
    for line in _LINE.finditer(source.code, start, min(first, end)):
        if not line[0].strip():
            in_header = at == start
        elif in_header or line[0] != source.text[line.start() : line.end()]:
            at = line.end()
    return at
