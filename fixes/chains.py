"""Rewrites of a dataset's chain of operations: one is moved before another, or left out.

A chain is one expression, ``ds.map(f).shuffle(n)``, or consecutive assignments to one name, ``ds = ds.map(f)`` and
``ds = ds.shuffle(n)``. The work is done on the text of ``.op(args)`` with the blanks, line breaks and comments around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.tokens import logical_line_end
from keras_memlint.fixes.edits import Edit, apply, overlap

_GAP = re.compile(r"(?:[ \t\f]|\\?(?:\r\n|\r|\n)|#[^\r\n]*)*")
_BREAK = re.compile(r"\r\n|\r|\n")
_TRAILING = re.compile(r"[ \t\f]*(#[^\r\n]*)?(?=[\r\n]|\Z)")
_LINE_REST = re.compile(r"[ \t\f)]*(#[^\r\n]*)?(?:\r\n|\r|\n|\Z)")


def move_before(
    script: Script, later: tree.Call, earlier: tree.Call, change: Edit | None = None
) -> tuple[Edit, ...] | None:
    """The operation ``later`` stands directly before ``earlier``, an operation of the same chain.

    ``change`` is an edit of ``later``'s own text that is made on the way. None when they are not of one chain, when a
    statement that does not only continue the chain or a comment lies between, or when a comment would be lost.
    """
    if not script.own(later) or not script.own(earlier):
        return None
    if any(call is earlier for call in _calls(later)):
        return _move_inside(script, later, earlier, change)
    return _move_across(script, later, earlier, change)


def together(first: tuple[Edit, ...] | None, second: tuple[Edit, ...] | None) -> tuple[Edit, ...] | None:
    """Two moves before the same operation: that of ``first`` comes first. None when they do not fit together."""
    if first is None or second is None or second[0].start < first[0].start:
        return None
    if first[0].start == second[0].start:
        insert = Edit(first[0].start, first[0].end, first[0].content + second[0].content)
        edits = (insert, *first[1:], *second[1:])
    else:
        edits = (*first, *second)
    return None if overlap(edits) else edits


def leave_out(script: Script, call: tree.Call) -> tuple[Edit, ...] | None:
    """``call``'s operation is removed from its chain; None when a comment would be lost or it is all there is."""
    operation = _operation(script, call)
    if operation is None or not script.own(call):
        return None
    cut = _cut(script, operation)
    if cut is None:
        return None
    if isinstance(call.func, tree.Attribute) and isinstance(call.func.value, tree.Name):
        line = _line(script, call)
        if line is not None and line.only and line.name == call.func.value.id:
            return None if line.comment or _is_alone(script, line) else (Edit(line.start, line.end, ""),)
    return (cut,)


def assigned_name(script: Script, call: tree.Call) -> str | None:
    """The name a chain with ``call`` is assigned to, None when it is used otherwise."""
    line = _line(script, call)
    return line.name if line is not None else None


def root_name(call: tree.Call) -> str | None:
    """The name a chain with ``call`` starts at: ``ds`` in ``ds.map(f).batch(8)``; None when it is another expression."""
    root = _root(call)
    return root.id if isinstance(root, tree.Name) else None


@dataclass(frozen=True, slots=True)
class _Operation:
    """``.op(args)``: it follows its receiver at ``start``, its dot stands at ``dot``, its bracket closes at ``end``."""

    start: int
    dot: int
    end: int

    def gap(self, text: str) -> str:
        """What stands between the receiver and the dot: blanks, line breaks, comments."""
        return text[self.start : self.dot]


def _calls(call: tree.Expr) -> Iterator[tree.Call]:
    """``call`` and the calls its chain starts with, last first."""
    at: tree.Expr = call
    while isinstance(at, tree.Call) and isinstance(at.func, tree.Attribute):
        yield at
        at = at.func.value


def _root(call: tree.Call) -> tree.Expr:
    at: tree.Expr = call
    for one in _calls(call):
        assert isinstance(one.func, tree.Attribute)
        at = one.func.value
    return at


def _operation(script: Script, call: tree.Call) -> _Operation | None:
    """The text of the last operation of ``call``; None when brackets stand around its receiver."""
    if not isinstance(call.func, tree.Attribute):
        return None
    start = script.place(call.func.value).end
    match = _GAP.match(script.source.text, start)
    dot = match.end() if match is not None else start
    if script.source.text[dot : dot + 1] != ".":
        return None
    return _Operation(start, dot, script.call_end(call))


def _content(script: Script, operation: _Operation, change: Edit | None) -> str:
    """The text of the operation from its dot, with ``change`` made."""
    text = script.source.text[operation.dot : operation.end]
    if change is None:
        return text
    return apply(text, [Edit(change.start - operation.dot, change.end - operation.dot, change.content)])


def _lead(gap: str) -> str | None:
    """The part of a gap that belongs to the operation after it: the lines from the first break on, else None."""
    match = _BREAK.search(gap)
    if match is None or "\\" in gap:
        return None
    return gap[match.start() :]


def _move_inside(
    script: Script, later: tree.Call, earlier: tree.Call, change: Edit | None
) -> tuple[Edit, ...] | None:
    text = script.source.text
    operations: list[_Operation] = []
    for call in _calls(later):
        operation = _operation(script, call)
        if operation is None:
            return None
        operations.append(operation)
        if call is earlier:
            break
    last, first = operations[0], operations[-1]
    trailing = _TRAILING.match(text, last.end)
    comment = trailing is not None and trailing.group(1) is not None
    inner = [operation.gap(text) for operation in operations[:-1]]
    first_lead = _lead(first.gap(text)) or ""
    multiline = any(_BREAK.search(gap) for gap in inner)
    if not any("#" in gap for gap in inner) and "#" not in first_lead and not (comment and multiline):
        moved = _content(script, last, change) + last.gap(text)
        return (Edit(first.dot, first.dot, moved), Edit(last.start, last.end, ""))
    # Each operation stands on a line of its own and takes the comments above it and behind it along.
    leads = [_lead(operation.gap(text)) for operation in operations]
    if any(lead is None for lead in leads) or trailing is None:
        return None
    behind = trailing.group() if comment else ""
    moved = (leads[0] or "") + _content(script, last, change) + behind
    at = first.dot - len(leads[-1] or "")
    return (Edit(at, at, moved), Edit(last.dot - len(leads[0] or ""), last.end + len(behind), ""))


def _cut(script: Script, operation: _Operation) -> Edit | None:
    """The chain without ``operation``; None when a comment belongs to it."""
    text = script.source.text
    if "#" in operation.gap(text):
        return None
    trailing = _TRAILING.match(text, operation.end)
    if trailing is not None and trailing.group(1) is not None and _BREAK.search(operation.gap(text)):
        return None
    return Edit(operation.start, operation.end, "")


@dataclass(frozen=True, slots=True)
class _Line:
    """A statement ``name = chain`` with its lines: ``only`` when the chain is one operation on a name."""

    statement: tree.Assign
    name: str
    start: int
    end: int
    only: bool
    comment: bool


def _line(script: Script, call: tree.Call) -> _Line | None:
    """The assignment of a chain that ``call`` is part of; None when it is another statement or shares its line."""
    statement = script.statement_at(script.place(call).start)
    return _as_line(script, statement) if statement is not None and _holds(statement, call) else None


def _holds(statement: tree.Stmt, call: tree.Call) -> bool:
    return isinstance(statement, tree.Assign) and any(one is call for one in _calls(statement.value))


def _as_line(script: Script, statement: tree.Stmt) -> _Line | None:
    if not isinstance(statement, tree.Assign) or len(statement.targets) != 1 or not script.own(statement):
        return None
    target = statement.targets[0]
    if not isinstance(target, tree.Name) or not isinstance(statement.value, tree.Call):
        return None
    text = script.source.text
    place = script.place(statement)
    start = script.source.line_span(script.source.row(place.start))[0]
    end = logical_line_end(text, place.start, len(text))
    rest = _LINE_REST.match(text, place.end)
    if text[start : place.start].strip() or rest is None or rest.end() != end:
        return None
    cell = script.source.cell_at(start)
    if cell is not None:
        end = min(end, cell.end)
    calls = list(_calls(statement.value))
    only = len(calls) == 1 and isinstance(_root(statement.value), tree.Name)
    return _Line(statement, target.id, start, end, only, rest.group(1) is not None)


def _block(statements: tuple[tree.Stmt, ...], wanted: tree.Stmt) -> tuple[tree.Stmt, ...] | None:
    """The block ``wanted`` stands in."""
    for statement in statements:
        if statement is wanted:
            return statements
        for inner in tree.blocks(statement):
            found = _block(inner, wanted)
            if found is not None:
                return found
    return None


def _is_alone(script: Script, line: _Line) -> bool:
    """Whether its block would be empty without ``line``."""
    block = _block(script.parsed.statements, line.statement)
    return block is None or len(block) == 1


def _lines_between(script: Script, later: tree.Call, earlier: tree.Call) -> list[_Line] | None:
    """The consecutive assignments from the one with ``earlier`` to the one with ``later``, first to last."""
    last = _line(script, later)
    if last is None:
        return None
    block = _block(script.parsed.statements, last.statement)
    if block is None:
        return None
    lines = [last]
    at = block.index(last.statement)
    while not _holds(lines[0].statement, earlier):
        value = lines[0].statement.value
        root = _root(value) if isinstance(value, tree.Call) else None
        if at == 0 or not isinstance(root, tree.Name) or root.id != last.name:
            return None
        at -= 1
        line = _as_line(script, block[at])
        if line is None or line.name != last.name or script.source.text[line.end : lines[0].start].strip():
            return None
        lines.insert(0, line)
    cells = {script.source.cell_at(line.start) for line in lines}
    return lines if len(cells) == 1 else None


def _move_across(
    script: Script, later: tree.Call, earlier: tree.Call, change: Edit | None
) -> tuple[Edit, ...] | None:
    lines = _lines_between(script, later, earlier)
    source, target = _operation(script, later), _operation(script, earlier)
    if lines is None or source is None or target is None:
        return None
    text = script.source.text
    first, last = lines[0], lines[-1]
    if re.search(rf"\b{re.escape(last.name)}\b", text[script.place(later.func).end : source.end]):
        return None
    receiver = earlier.func.value if isinstance(earlier.func, tree.Attribute) else None
    if last.only and isinstance(receiver, tree.Name) and receiver.id == last.name:
        return _move_line(script, first, last, change)
    content = _content(script, source, change)
    gap = target.gap(text)
    lead = _lead(gap)
    if lead is not None:
        indent = lead[max(lead.rfind("\n"), lead.rfind("\r")) + 1 :]
        insert = Edit(
            target.dot - len(lead), target.dot - len(lead), script.source.newline + indent + content
        )
    else:
        insert = Edit(target.dot, target.dot, content + gap)
    if last.only:
        return None if last.comment else (insert, Edit(last.start, last.end, ""))
    cut = _cut(script, source)
    return (insert, cut) if cut is not None else None


def _move_line(script: Script, first: _Line, last: _Line, change: Edit | None) -> tuple[Edit, ...]:
    """The line ``last`` stands before ``first`` and the comment lines directly above it."""
    text = script.source.text
    moved = text[last.start : last.end]
    if change is not None:
        moved = apply(moved, [Edit(change.start - last.start, change.end - last.start, change.content)])
    removed = last.start
    if not _BREAK.search(moved[-1:]):  # the last line of the file has no line ending
        moved += script.source.newline
        removed -= len(script.source.newline)
    row = script.source.row(first.start)
    cell = script.source.cell_at(first.start)
    while row:
        start, end = script.source.line_span(row - 1)
        if not text[start:end].lstrip().startswith("#") or (cell is not None and start < cell.start):
            break
        row -= 1
    at = script.source.line_starts[row]
    return (Edit(at, at, moved), Edit(removed, last.end, ""))
