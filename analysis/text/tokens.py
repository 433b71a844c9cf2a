"""Two regular expressions over source text: one finds where statements end, one counts tokens.

Neither needs text that parses. Strings that never end stop at their line (a triple quote without a partner does
too), so half-typed code does not swallow what follows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

STRING = (
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|'
    r"'''(?:[^'\\]|\\.|'(?!''))*'''|"
    r'"""|'
    r"'''|"
    r'"(?:[^"\\\r\n]+|\\(?:\r\n|.))*"?|'
    r"'(?:[^'\\\r\n]+|\\(?:\r\n|.))*'?"
)
# Only what decides where a logical line ends. What stands before that is matched too, which is several times faster
# than to search, and every character that ends it begins one of the groups, so that nothing is tried twice.
_LINES = re.compile(
    rf"""[^"'#()\[\]{{}}\\\r\n]*(?:(?P<n>[\r\n]+)|(?P<o>[(\[{{])|(?P<e>[)\]}}])|(?P<s>{STRING})"""
    r"|(?P<c>#[^\r\n]*)|(?P<j>\\(?:\r\n|\r|\n)?)|\Z)",
    re.DOTALL,
)
# In column 0 these never continue an expression: a bracket still open there was forgotten.
_RESTART = re.compile(
    r"(?:def|class|import|while|with|return|try)\b|async\s+def\b|from\s+[\w.]+\s+import\b|(?:for|if)\b.*:[ \t]*$",
    re.MULTILINE,
)
# Such a line continues the statement above it.
CLAUSE = re.compile(r"[ \t\f]*(?:else|elif|except|finally)\b")


def split_statements(
    text: str,
    start: int,
    end: int,
    *,
    by_line: bool = False,
    past: Callable[[str, int], int] | None = None,
) -> list[tuple[int, int]]:
    """Spans of the statements of the block ``text[start:end]``, in order.

    The block's indentation is that of its first statement. A compound statement is one span with all its clauses; a
    decorated definition includes its decorators. Blank lines and comments after a statement belong to no span.
    ``by_line`` ignores brackets: each line with the block's indentation starts a statement. ``past`` tells of an offset
    at which such a statement starts where the line after it starts, or the offset itself when it does not know.
    """
    starts: list[int] = []
    depth = 0
    base: int | None = None
    decorated = False
    at = start
    fresh = True  # at the start of a logical line
    position = start
    matches = _LINES.finditer(text, start, end)
    while (match := next(matches, None)) is not None:
        if fresh:
            first = at
            while first < end and text[first] in " \t\f":
                first += 1
            if first < end and text[first] not in "#\r\n":
                column = first - at
                if base is None:
                    base = column
                if column <= base and not decorated and not CLAUSE.match(text, first):
                    starts.append(at)
                    after = past(text, at) if past is not None and column == base else at
                    if at < after <= end:
                        matches, at = _LINES.finditer(text, after, end), after
                        continue
                decorated = column <= base and text[first] == "@"
            fresh = False
        kind = match.lastgroup
        if kind == "o":
            depth += not by_line
        elif kind == "e":
            depth -= depth > 0
        elif kind == "n":
            position = match.end()
            if (
                depth
                and position < end
                and text[position] not in " \t\r\n#)]}"
                and _RESTART.match(text, position)
            ):
                depth = 0
            if not depth:
                at, fresh = position, True
    if not starts:
        return []
    spans = []
    for begin, stop in zip(starts, [*starts[1:], end], strict=True):
        spans.append((begin, _code_end(text, begin, stop)))
    return spans


def _code_end(text: str, start: int, end: int) -> int:
    """Where the code of ``text[start:end]`` ends: before trailing blank lines and comment lines."""
    while end > start:
        line = max(text.rfind("\n", start, end - 1), text.rfind("\r", start, end - 1), start - 1) + 1
        stripped = text[line:end].strip(" \t\f\r\n")
        if line <= start or (stripped and stripped[0] != "#"):
            return end
        end = line
    return end


def header_end(text: str, start: int, end: int) -> int | None:
    """The offset after the header line of the block statement at ``start``: a colon outside brackets ends it.

    Decorators belong to the header. None when the statement is no block with its body on lines of its own.
    """
    depth = 0
    line, code_end = start, -1
    for match in _LINES.finditer(text, start, end):
        kind = match.lastgroup
        if kind == "o":
            depth += 1
        elif kind == "e":
            depth -= depth > 0
        elif depth:
            continue
        elif kind == "c" and code_end < 0:
            code_end = match.start("c")
        elif kind == "n":
            code = text[line : match.start("n") if code_end < 0 else code_end].strip()
            if code.endswith(":"):
                return match.end()
            if code and not code.startswith("@"):
                return None
            line, code_end = match.end(), -1
    return None


def logical_line_end(text: str, start: int, end: int) -> int:
    """The offset after the logical line that ``start`` stands in, its line ending included; at most ``end``.

    ``start`` must stand outside strings, brackets and comments.
    """
    depth = 0
    for match in _LINES.finditer(text, start, end):
        kind = match.lastgroup
        if kind == "o":
            depth += 1
        elif kind == "e":
            depth -= depth > 0
        elif kind == "n" and not (depth and not _RESTART.match(text, match.end())):
            line_end = match.start("n")
            return line_end + (2 if text.startswith("\r\n", line_end) else 1)
    return end


def is_closed(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` closes as many brackets as it opens; of which kind they are is not looked at: ``(]`` is closed."""
    kinds = Counter(match.lastgroup for match in _LINES.finditer(text, start, end))
    return kinds["o"] == kinds["e"]


KEYWORDS = frozenset(
    [
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "else",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "if",
        "import",
        "in",
        "is",
        "lambda",
        "nonlocal",
        "not",
        "or",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
        "yield",
    ]
)
# An f-string on one line may hold its own quote inside braces (Python 3.12).
_FORMATTED = "|".join(
    rf"(?:[fFtT][rR]?|[rR][fFtT]){q}(?!{q}{q})"
    rf"(?:[^{q}\\{{\r\n]|\\.|\{{\{{|\{{(?:[^{{}}{q}\r\n]|{q}[^{q}\r\n]*{q}|\{{[^{{}}\r\n]*\}})*\}})*{q}"
    for q in "\"'"
)
_COUNTED = re.compile(
    rf"(?P<c>#[^\r\n]*)|(?P<f>{_FORMATTED})|(?P<s>[rRbBuUfFtT]{{0,2}}(?:{STRING}))"
    r"|(?P<d>(?:\d|\.\d)(?:[eE][+-](?=\d)|[\w.])*)|(?P<w>\w+)|(?P<o>[(\[{])|(?P<e>[)\]}])",
    re.DOTALL,
)


class Tokens:
    """The counted tokens of a piece of text: names, numbers, strings and opening brackets, keywords left out.

    ``starts[i]`` and ``ends[i]`` are the offsets of counted token ``i``; for a bracket ``ends[i]`` is the offset after
    its partner. ``count`` is their number.
    """

    __slots__ = ("count", "ends", "starts")

    def __init__(self, text: str) -> None:
        starts: list[int] = []
        ends: list[int] = []
        open_: list[int] = []
        for match in _COUNTED.finditer(text):
            kind = match.lastgroup
            if kind == "c":
                continue
            if kind == "e":
                if open_:
                    ends[open_.pop()] = match.end()
                continue
            if kind == "w" and match.group() in KEYWORDS:
                continue
            if kind == "o":
                open_.append(len(starts))
            starts.append(match.start())
            ends.append(match.end())
        self.starts, self.ends, self.count = starts, ends, len(starts)

    def insert(self, at: int, length: int) -> None:
        """Take account of text that was put in at the offset ``at`` and has no tokens."""
        self.starts = [start + length if start >= at else start for start in self.starts]
        self.ends = [end + length if end > at else end for end in self.ends]


def comments(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans of the comments in ``text[start:end]``, in order; a ``#`` inside a string starts none."""
    return (match.span() for match in _COUNTED.finditer(text, start, end) if match.lastgroup == "c")


_STEPS = re.compile(
    rf"(?P<c>#[^\r\n]*)|(?P<s>{STRING})|(?P<o>[(\[{{])|(?P<e>[)\]}}])|(?P<r>[,;\r\n])|\w+|[^\w\s]",
    re.DOTALL,
)


def longest_expression(text: str) -> int:
    """The most tokens that stand beside each other without a comma or line end between them.

    Parsers recurse on chains such as ``a.b.c.d`` and ``1 + 1 + 1``; thousands of links overflow their stack.
    """
    longest = 0
    counts = [0]
    for match in _STEPS.finditer(text):
        kind = match.lastgroup
        if kind == "c":
            continue
        if kind == "o":
            counts[-1] += 1
            counts.append(0)
        elif kind == "e":
            if len(counts) > 1:
                longest = max(longest, counts.pop())
        elif kind == "r":
            longest = max(longest, counts[-1])
            if match.group() not in "\r\n" or len(counts) == 1:
                counts[-1] = 0
        else:
            counts[-1] += 1
    return max(longest, *counts)
