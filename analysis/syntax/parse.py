"""Resilient, incremental parsing: a text becomes pieces, each parsed by itself and remembered by its text.

A piece is a top-level statement, or a statement of a large or broken block. One that does not parse is set aside;
everything around it is still analysed. After an edit only the pieces whose text changed are parsed again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from keras_memlint.analysis.syntax import displays, tree
from keras_memlint.analysis.syntax.blocks import assemble, split_block
from keras_memlint.analysis.syntax.pieces import LARGE, MAX_PIECE, Piece, parse_piece, parse_statements
from keras_memlint.analysis.text.tokens import is_closed, split_statements
from keras_memlint.analysis.text.words import words_of

if TYPE_CHECKING:
    from keras_memlint.analysis.text.source import Source

# Characters. The elements of a display longer than this are parsed in groups, so that a keystroke in one costs little.
_LONG_DISPLAY = 8_000


@dataclass
class Parsed:
    """A script's statements in order, and its pieces. ``fresh``: no earlier parse was remembered."""

    statements: tuple[tree.Stmt, ...]
    pieces: list[Piece]
    fresh: bool

    @cached_property
    def broken(self) -> list[Piece]:
        """The pieces that were set aside, in order of position."""
        return [piece for piece in self.pieces if piece.error is not None]

    @cached_property
    def broken_words(self) -> frozenset[str]:
        """All words in them."""
        return frozenset().union(*(words_of(piece.text) for piece in self.broken))

    def among(self, words: frozenset[str]) -> set[str]:
        """Those of ``words`` that stand in the script's statements."""
        # A file that is checked once is faster without what a next keystroke would profit from.
        if self.fresh:
            text = "\0".join([piece.text for piece in self.pieces])
            return {word for word in words if word in text}
        found: set[str] = set()
        for piece in self.pieces:
            found |= piece.among(words)
        return found


@dataclass(slots=True)
class Large:
    """What became of a large statement, which is the same as long as its text is.

    ``pieces`` are the script's pieces in it. ``asked`` are all that were looked at: what each is remembered as, and the
    offset of its text in the statement. ``inner`` are the large statements in it, by text.
    """

    statements: tuple[tree.Stmt, ...]
    pieces: list[Piece]
    asked: list[tuple[str, Piece, int]]
    inner: list[tuple[str, Large]]


@dataclass(slots=True)
class ParseCache:
    """Pieces and large statements of one script's last parse, by text; a text that occurs twice has two pieces."""

    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    large: dict[str, Large] = field(default_factory=dict)
    turn: int = 0


def parse(source: Source, cache: ParseCache | None = None) -> Parsed:
    """The statements of ``source``. Never raises: what does not parse is set aside."""
    cache = cache or ParseCache()
    cache.turn += 1
    parser = _Parser(source, cache)
    statements: list[tree.Stmt] = []
    text = source.code
    for start, end in _regions(source):
        statements += parser.block(text, start, end)
    cache.pieces, cache.large = parser.kept, dict(parser.large)
    return Parsed(tuple(statements), parser.pieces, parser.fresh)


def _regions(source: Source) -> Iterator[tuple[int, int]]:
    """A notebook's cells end statements; any other text is one region."""
    if not source.cells:
        yield 0, len(source.text)
    for cell in source.cells:
        yield cell.start, cell.end


class _Parser:
    __slots__ = ("ahead", "asked", "cache", "fresh", "kept", "known", "large", "pieces", "source")

    def __init__(self, source: Source, cache: ParseCache) -> None:
        self.source = source
        self.cache = cache
        self.fresh = not cache.pieces
        self.ahead: dict[str, list[Piece]] = {}
        self.kept: dict[str, list[Piece]] = {}
        self.pieces: list[Piece] = []
        self.asked: list[tuple[str, Piece]] = []
        self.large: list[tuple[str, Large]] = []
        self.known = _by_first_line(cache)

    def block(self, text: str, start: int, end: int) -> list[tree.Stmt]:
        """The statements of the block ``text[start:end]``."""
        found: list[tree.Stmt] = []
        spans = split_statements(text, start, end, past=self.past if self.known else None)
        if self.fresh:
            for piece in parse_statements(text, spans):
                self.ahead.setdefault(piece.text, []).append(piece)
        for a, b in spans:
            found += self.whole(text, a, b)
        return found

    def past(self, text: str, at: int) -> int:
        """The line after the statement at ``at`` when the last parse had the same; else ``at``."""
        for known in self.known.get(text[at : text.find("\n", at) + 1], ()):
            if text.startswith(known, at):
                return at + len(known)
        return at

    def whole(self, text: str, start: int, end: int) -> tuple[tree.Stmt, ...]:
        """The statement ``text[start:end]``."""
        if end - start <= LARGE:
            return self.anew(text, start, end)
        key = text[start:end]
        known = self.cache.large.get(key)
        if known is not None and all(piece.turn != self.cache.turn for _, piece, _ in known.asked):
            self.again(known, start)
        else:
            pieces, asked, large = len(self.pieces), len(self.asked), len(self.large)
            statements = self.anew(text, start, end)
            known = Large(
                statements,
                self.pieces[pieces:],
                [(name, piece, piece.start - start) for name, piece in self.asked[asked:]],
                self.large[large:],
            )
        self.large.append((key, known))
        return known.statements

    def again(self, known: Large, start: int) -> None:
        """A large statement that is as it was, and stands at ``start`` now."""
        for name, piece, offset in known.asked:
            self.take(name, piece, start + offset)
        self.pieces += known.pieces
        self.large += known.inner

    def anew(self, text: str, start: int, end: int) -> tuple[tree.Stmt, ...]:
        """The statement ``text[start:end]``, in parts when it is a large block or does not parse."""
        if end - start > LARGE:
            before = len(self.pieces)
            block = split_block(text, start, end)
            if block is not None:
                parts = self.parts(text, start, block)
                if len(block) == 1 or all(piece.error is None for piece in self.pieces[before:]):
                    return parts
                whole = self.piece(text[start:end], start)
                if whole.error is None:  # what looked like a clause stands in a string
                    del self.pieces[before:-1]
                    return whole.statements
                self.drop(whole)
                return parts
            grouped = self.display(text[start:end], start) if end - start > _LONG_DISPLAY else None
            if grouped is not None:
                return grouped
        piece = self.piece(text[start:end], start)
        if piece.error is None:
            return piece.statements
        block = split_block(text, start, end)
        if block is not None:
            self.drop(piece)
            return self.parts(text, start, block)
        if end - start > MAX_PIECE and is_closed(text, start, end):
            return ()  # one long statement, which nothing says is broken
        lines = split_statements(text, start, end, by_line=True)
        if len(lines) > 1:
            self.drop(piece)
            return tuple([statement for a, b in lines for statement in self.line(text, a, b)])
        return ()

    def line(self, text: str, start: int, end: int) -> tuple[tree.Stmt, ...]:
        """A statement cut out of broken text without regard to brackets."""
        piece = self.piece(text[start:end], start)
        if piece.error is None:
            return piece.statements
        block = split_block(text, start, end)
        if block is None:
            return ()
        self.drop(piece)
        return self.parts(text, start, block)

    def drop(self, piece: Piece) -> None:
        """Forget a piece whose parts stand for it; it stays in the cache, so that it is not tried again."""
        self.pieces.remove(piece)

    def parts(self, text: str, start: int, clauses: list[tuple[int, int]]) -> tuple[tree.Stmt, ...]:
        """A block statement whose header and body statements are pieces of their own."""
        (body_start, _), *_others = clauses
        header = self.header(text, start, body_start)
        bodies = [tuple(self.block(text, a, b)) for a, b in clauses]
        return assemble(header, bodies, "yield" in text[body_start : clauses[-1][1]])

    def header(self, text: str, start: int, body_start: int) -> tree.Stmt | None:
        piece = self.piece(text[start:body_start], start, header=True)
        return piece.statements[0] if piece.statements else None

    def display(self, text: str, start: int) -> tuple[tree.Stmt, ...] | None:
        """A statement with a long list or dict, whose elements are parsed in groups; None when it has none.

        Groups that parse are not among the script's pieces: the statement stands in the piece around them.
        """
        found = displays.find_display(text, _LONG_DISPLAY) if len(text) <= MAX_PIECE else None
        if found is None:
            return None
        around = found.frame(text)
        frame = self.remembered(around, start, "=")
        frame.stretch(text, around, found.open + 1)
        tokens = frame.tokens
        if frame.error is not None or tokens is None:
            return None
        groups: list[tree.Expr] = []
        broken: list[Piece] = []
        for a, b in found.groups:
            piece = self.remembered(text[a:b], start + a, found.bracket)
            match piece.statements:
                case (tree.ExprStmt(value=group),):
                    groups.append(group)
                case _ if displays.is_one_group(piece.text):
                    broken.append(piece)
                case _:
                    return None
        if not displays.fill(frame.statements, tokens.starts.index(found.open), groups):
            return None
        self.pieces += (frame, *broken)
        return frame.statements

    def piece(self, text: str, start: int, *, header: bool = False) -> Piece:
        """The piece for ``text``, parsed now unless it was known."""
        piece = self.remembered(text, start, ":" if header else "")
        self.pieces.append(piece)
        return piece

    def remembered(self, text: str, start: int, kind: str) -> Piece:
        """The piece for ``text``: a statement, for ``:`` a block's header, for a bracket elements of a display.

        ``=`` is a statement whose display was left out.
        """
        key = f"{kind}\0{text}" if kind else text
        spare = self.cache.pieces.get(key, [])
        while spare and spare[-1].turn == self.cache.turn:  # a large statement has it
            spare.pop()
        spare = spare or self.ahead.get(key, [])
        return self.take(key, spare.pop() if spare else parse_piece(text, kind), start)

    def take(self, key: str, piece: Piece, start: int) -> Piece:
        """``piece``, which this parse has at ``start``."""
        piece.start = start
        piece.source = self.source
        piece.turn = self.cache.turn
        self.kept.setdefault(key, []).append(piece)
        self.asked.append((key, piece))
        return piece


def _by_first_line(cache: ParseCache) -> dict[str, list[str]]:
    """The texts of whole lines that were statements of several lines the last time, by their first line."""
    found: dict[str, list[str]] = {}
    texts = [
        text for text, known in cache.large.items() if all(piece.error is None for piece in known.pieces)
    ]
    texts += [text for text, pieces in cache.pieces.items() if pieces[0].error is None and text[1:2] != "\0"]
    for text in texts:
        first = text.find("\n") + 1
        if first and text.endswith("\n"):
            found.setdefault(text[:first], []).append(text)
    return found
