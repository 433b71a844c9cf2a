"""Whole statements put in, after the imports, before or after a statement; or removed."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.reach.uses import uses_of
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import places, tree
from keras_memlint.analysis.text.tokens import KEYWORDS
from keras_memlint.fixes.edits import Edit
from keras_memlint.fixes.imports import block_end
from keras_memlint.fixes.spelling import statements

_LIBRARIES = ("keras.", "keras_tuner.", "tf.", "tfmot.")


def after_imports(script: Script, text: str, *names: str) -> Edit | None:
    """``text`` (lines without a final line ending) as statements below the imports of ``names``, and a blank line.

    ``names`` are those that ``text`` uses, as the script spells them. None when one is not imported at module level,
    when something else stands on the last import's line, or when TensorFlow may be at work before it.
    """
    needed = 0
    for name in names:
        root = name.partition(".")[0]
        starts = [
            one.statement.piece.start for one in script.imports if one.bound == root and _always(script, one)
        ]
        if not starts:
            return None
        needed = max(needed, min(starts))
    at = block_end(script.source, statements(script), needed)
    if at is None or any(_is_before(script, call, at) for call in script.all_calls):
        return None
    newline = script.source.newline
    lines = newline.join(text.split("\n"))
    return Edit(at, at, f"{newline}{newline}{lines}")


def _always(script: Script, imported: Imported) -> bool:
    return imported.top and script.own(imported.statement)


def _is_before(script: Script, call: Call, at: int) -> bool:
    """Whether ``call`` is one of TensorFlow or Keras above the offset ``at``."""
    return call.name.startswith(_LIBRARIES) and script.own(call.site) and script.place(call.site).start < at


def before(script: Script, statement: tree.Stmt, text: str) -> Edit | None:
    """``text`` as statements before ``statement``, with its indentation; None when it shares its line."""
    line = _own_line(script, statement)
    if line is None:
        return None
    start, indent = line
    newline = script.source.newline
    lines = newline.join(indent + one if one else one for one in text.split("\n"))
    return Edit(start, start, lines + newline)


def after(script: Script, call: tree.Call, text: str) -> Edit | None:
    """``text`` as a statement after the one that assigns the result of ``call``; None when that shares its lines."""
    statement = script.statement_at(script.place(call).start)
    line = _own_line(script, statement) if isinstance(statement, tree.Assign) else None
    if line is None or not isinstance(statement, tree.Assign) or statement.value is not call:
        return None
    source = script.source
    end = script.call_end(call)
    at = source.line_span(source.row(end))[1]
    rest = source.text[end:at].strip()
    if rest and not rest.startswith("#"):
        return None
    return Edit(at, at, f"{source.newline}{line[1]}{text}")


def _own_line(script: Script, statement: tree.Stmt) -> tuple[int, str] | None:
    """Start and indentation of the line ``statement`` starts; None when something stands before it."""
    if not script.own(statement):
        return None
    source = script.source
    place = script.place(statement)  # from its first name: keywords before it belong to it
    start = source.line_span(source.row(place.start))[0]
    lead = source.text[start : place.start]
    if not KEYWORDS.issuperset(lead.replace("(", " ").replace("@", " ").split()):
        return None
    return start, lead[: len(lead) - len(lead.lstrip())]


def remove(script: Script, statement: tree.Stmt, *, inside: bool = False) -> Edit | None:
    """The script without the line of ``statement``; None when it has none to itself.

    None too for a statement inside another one, unless ``inside`` allows it and its block has more statements.
    """
    alone = statement in script.parsed.statements
    if (not alone and not (inside and _has_neighbours(script, statement))) or _own_line(
        script, statement
    ) is None:
        return None
    source = script.source
    place = script.place(statement)
    row = source.row(place.start)
    start, end = source.line_span(row)
    if place.end > end or source.text[place.end : end].strip():
        return None  # more lines, a comment or another statement
    below = source.line_span(row + 1)[0] if row + 1 < len(source.line_starts) else end
    return Edit(start, below if source.cell_at(start) == source.cell_at(below) else end, "")


def _has_neighbours(script: Script, statement: tree.Stmt) -> bool:
    """Whether the block that ``statement`` stands in has more statements."""
    outer = list(places.around(script.parsed, script.place(statement).start))[-2:-1]
    return any(statement in block and len(block) > 1 for one in outer for block in tree.blocks(one))


def hoist(script: Script, call: tree.Call, loop: tree.Node) -> tuple[Edit, ...]:
    """Edits that put the statement ``call`` or ``name = call`` before ``loop``, in whose body it stands.

    Empty when it stands deeper, is all that the loop does, shares a line with another statement or a comment, or when
    its name is bound or deleted elsewhere too. Whether its arguments are the same in each turn is the caller's question.
    """
    if not isinstance(loop, (tree.For, tree.While)) or len(loop.body) < 2:
        return ()
    statement = next((one for one in loop.body if getattr(one, "value", None) is call), None)
    if not isinstance(statement, (tree.Assign, tree.ExprStmt)) or not script.own(statement):
        return ()
    if isinstance(statement, tree.Assign) and not _binds_once(script, statement):
        return ()
    start, end = _own_line(script, statement), script.call_end(call)
    source = script.source
    if start is None or "\n" in source.text[start[0] : end] or "\r" in source.text[start[0] : end]:
        return ()
    row = source.row(end)
    if row + 1 == len(source.line_starts) or source.text[end : source.line_span(row)[1]].strip():
        return ()
    put = before(script, loop, source.text[start[0] + len(start[1]) : end])
    return (put, Edit(start[0], source.line_starts[row + 1], "")) if put is not None else ()


def _binds_once(script: Script, statement: tree.Assign) -> bool:
    """Whether a statement binds one name, which nothing else binds or deletes."""
    target = statement.targets[0]
    if len(statement.targets) > 1 or not isinstance(target, tree.Name):
        return False
    uses = uses_of(script, target.id) or []
    return bool(uses) and all(
        use.node is target or not (use.is_bound or isinstance(use.around[0], tree.Delete)) for use in uses
    )
