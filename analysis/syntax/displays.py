"""A large list or dict display cut into groups of elements, so that a keystroke in a long table re-parses few of them.

Groups end where an element's own text says so, not after a number of elements: an inserted one moves no other boundary.
A mistake hides only its group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.tokens import STRING

_GROUP = 500  # characters, at least
_ENDS = 4  # about every so many elements end a group that is long enough
_MAX_DEPTH = 100
_CLOSERS = {"[": "]", "{": "}"}
_MARKS = re.compile(
    rf"""[^"'#()\[\]{{}},]*(?:(?P<o>[(\[{{])|(?P<e>[)\]}}])|(?P<m>,)|{STRING}|#[^\r\n]*|\Z)""", re.DOTALL
)
# Commas that end no element look like those that do: in a lambda, and in an f-string that holds its own quotes.
_DOUBTFUL = re.compile(r"\blambda\b|[fFtT][rR]?[\"']|[rR][fFtT][\"']")


class Display(NamedTuple):
    """A display in a text: the offset of its ``bracket``, that of the closing one, and the spans of its groups."""

    bracket: str
    open: int
    close: int
    groups: list[tuple[int, int]]

    def frame(self, text: str) -> str:
        """``text`` with the display empty."""
        return text[: self.open + 1] + text[self.close :]


def display_of(bracket: str, elements: str) -> str:
    """A display that holds only ``elements``, as a statement."""
    return f"{bracket}{elements}\n{_CLOSERS[bracket]}\n"


def is_one_group(text: str) -> bool:
    """Whether ``text``, which does not parse as elements, is surely a group: the mistake is in it, not in its ends."""
    return _DOUBTFUL.search(text) is None


def find_display(text: str, least: int) -> Display | None:
    """The first outermost list or dict display of ``text``; None when it has fewer characters than ``least``.

    None as well when brackets do not match.
    """
    open_ = -1
    inside: list[str] = []
    depth = -1  # of the display's elements, once it is found
    commas: list[int] = []
    for match in _MARKS.finditer(text):
        kind = match.lastgroup
        if kind == "m":
            if len(inside) == depth:
                commas.append(match.end())
        elif kind == "o":
            inside.append(text[match.end() - 1])
            if len(inside) > _MAX_DEPTH:
                return None
            if depth < 0 and inside[-1] != "(":
                open_, depth = match.end() - 1, len(inside)
        elif kind == "e":
            if not inside:
                return None
            if len(inside) == depth:
                close = match.end() - 1
                if close - open_ < least or _CLOSERS[text[open_]] != text[close]:
                    return None
                return Display(text[open_], open_, close, list(_groups(text, open_ + 1, commas, close)))
            inside.pop()
    return None


def _groups(text: str, start: int, commas: list[int], end: int) -> Iterator[tuple[int, int]]:
    element = start
    for comma in commas:
        if comma - start >= _GROUP and not crc32(text[element:comma].encode("utf-8", "replace")) % _ENDS:
            yield start, comma
            start = comma
        element = comma
    yield start, end


def fill(frame: tuple[tree.Stmt, ...], token: int, groups: list[tree.Expr]) -> bool:
    """Put the elements of ``groups`` into the empty display at counted token ``token``; False when they do not fit."""
    display = _at(frame, token)
    if isinstance(display, tree.Mapping):
        mappings = [group for group in groups if isinstance(group, tree.Mapping)]
        display.items = tuple([item for group in mappings for item in group.items])
        return len(mappings) == len(groups)
    if isinstance(display, tree.Sequence) and display.kind == "list":
        lists = [group for group in groups if isinstance(group, tree.Sequence) and group.kind == "list"]
        display.elements = tuple([element for group in lists for element in group.elements])
        return len(lists) == len(groups)
    return False


def _at(statements: tuple[tree.Stmt, ...], token: int) -> tree.Node | None:
    """The list or dict display that starts with a counted token and has no brackets around it."""
    stack: list[object] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack += node
        elif isinstance(node, tree.Node):
            if node.a == node.b == token and isinstance(node, (tree.Sequence, tree.Mapping)):
                return node
            stack += tree.parts(node)
    return None
