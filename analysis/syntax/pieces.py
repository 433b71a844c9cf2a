"""Pieces of a script's text, each with the statements that libcst finds in it.

libcst is imported by the first text that is parsed, so that a script whose findings are remembered does without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.syntax import displays, tree
from keras_memlint.analysis.syntax.blocks import indent_of
from keras_memlint.analysis.text.tokens import Tokens, longest_expression
from keras_memlint.analysis.text.words import Among

if TYPE_CHECKING:
    from keras_memlint.analysis.reach.uses import Names
    from keras_memlint.analysis.text.source import Source

# Characters. A block longer than this is parsed statement by statement, so that a keystroke in it costs little.
LARGE = 4_000
# Characters. A text longer than this is set aside.
MAX_PIECE = 1_000_000
# libcst recurses natively on nesting; deeper text is set aside before it can overflow the stack.
_MAX_NESTING = 150
_MAX_EXPRESSION = 2_000  # tokens beside each other
# Characters that are parsed at once: their tree of libcst takes a thousand times as many bytes.
_AT_ONCE = 40_000


class Piece:
    """One independently parsed text and the statements in it.

    ``start`` is where its text stands in the script now; it moves when text before it is edited. ``source`` is the
    script. ``error`` says why the piece was set aside, None when it parsed. ``lines_to_error`` counts the lines
    before the place of the error. ``names`` are those in its statement, with the names that parameters around hid there,
    once somebody asked.
    """

    __slots__ = (
        "_among",
        "_tokens",
        "count",
        "error",
        "lines_to_error",
        "names",
        "source",
        "start",
        "statements",
        "text",
        "turn",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.turn = 0  # the parse that took it last
        self._among = Among()
        self.start = 0
        self.source: Source | None = None
        self.statements: tuple[tree.Stmt, ...] = ()
        self.count = 0
        self.error: str | None = None
        self.lines_to_error = 0
        self.names: tuple[frozenset[str], Names] | None = None
        self._tokens: Tokens | None = None

    @property
    def tokens(self) -> Tokens | None:
        """The counted tokens; None when they do not agree with the tree, so that positions would be wrong."""
        if self._tokens is None:
            self._tokens = Tokens(self.text)
        return self._tokens if self._tokens.count == self.count else None

    def stretch(self, text: str, parsed: str, at: int) -> None:
        """Stand for ``text``, of which only ``parsed`` was: at the offset ``at`` the rest was left out."""
        self.text = text
        self.names = None  # what was left out may be another
        self._tokens = Tokens(parsed)
        self._tokens.insert(at, len(text) - len(parsed))

    def among(self, words: frozenset[str]) -> frozenset[str]:
        """Those of ``words`` that stand in its text."""
        return self._among.of(words, self.text)

    def span(self, node: tree.Node) -> tuple[int, int]:
        """Offsets of ``node`` in the script; the whole piece when its tokens could not be matched, or it has none."""
        tokens = self.tokens
        if tokens is None or not tokens.count:
            return self.start, self.start + len(self.text)
        a, b = min(node.a, tokens.count - 1), min(node.b, tokens.count - 1)
        return self.start + tokens.starts[a], self.start + tokens.ends[b]


def parse_piece(text: str, kind: str) -> Piece:
    """The piece for ``text``: a statement, for ``:`` a block's header, for a bracket elements of a display."""
    piece = Piece(text)
    if _nesting(text) > _MAX_NESTING:
        piece.error = "nested too deeply"
        return piece
    if len(text) > MAX_PIECE:
        piece.error = "statement too long"
        return piece
    if len(text) > LARGE and longest_expression(text) > _MAX_EXPRESSION:
        piece.error = "expression too long"
        return piece
    in_display = kind in ("[", "{")
    indent = "" if in_display else text[: indent_of(text, 0)]
    code = text + "\n" * text.rstrip().endswith("\\")  # of the next line, which is empty
    if in_display:
        code = displays.display_of(kind, text)
    elif kind == ":":
        code = f"{text.rstrip()}\n{indent} pass\n"
        if text.lstrip().startswith("try"):
            code += f"{indent}finally:\n{indent} pass\n"
    from keras_memlint.analysis.syntax.concrete import ParserSyntaxError, statements_of

    try:
        _lower(piece, statements_of(code, indent), first=-in_display)  # its bracket is not in the text
    except ParserSyntaxError as error:
        piece.error = "invalid syntax"
        piece.lines_to_error = max(error.raw_line - 1 - bool(indent), 0)
    except Exception as error:  # libcst raises TypeError and others on odd but valid text
        piece.error = f"not understood by the parser ({type(error).__name__})"
    return piece


def parse_statements(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """Pieces for some of the statements of a block, those of ``spans`` in ``text``: many are parsed at once.

    A call of the parser costs half as much as a short statement. Where one does not parse, those near it are left out.
    """
    from keras_memlint.analysis.syntax.concrete import statements_of

    for run in _runs(text, spans):
        start, end = run[0][0], run[-1][1]
        try:  # with what stands between them, which may be the end of a string
            nodes = statements_of(text[start:end], text[start : start + indent_of(text, start)])
            if len(nodes) == len(run):
                pieces = [Piece(text[a:b]) for a, b in run]
                for piece, node in zip(pieces, nodes, strict=True):
                    _lower(piece, [node])
                yield from pieces
        except Exception:  # the statement at fault says what is wrong with it when it is parsed by itself
            continue


def _runs(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Statements beside each other that can be parsed at once, two at least."""
    run: list[tuple[int, int]] = []
    for a, b in spans:
        small = b - a <= LARGE and _nesting(text[a:b]) <= _MAX_NESTING
        if run and (not small or b - run[0][0] > _AT_ONCE):
            if len(run) > 1:
                yield run
            run = []
        if small:
            run.append((a, b))
    if len(run) > 1:
        yield run


def _lower(piece: Piece, nodes: Sequence[Any], first: int = 0) -> None:
    """Give ``piece`` the statements of libcst's ``nodes``; their tokens are counted from ``first``."""
    from keras_memlint.analysis.syntax.lower import Lowering

    lowering = Lowering(piece)
    lowering.count = first
    piece.statements = lowering.block(nodes)
    piece.count = lowering.count


def _nesting(text: str) -> int:
    """An upper bound of the bracket depth, without regard to strings."""
    if text.count("(") + text.count("[") + text.count("{") <= _MAX_NESTING:
        return 0
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest
