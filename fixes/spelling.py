"""How this script spells an API: through the imports it has, or one more that is added."""

from __future__ import annotations

from keras_memlint.analysis import tree
from keras_memlint.analysis.names import canonical
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Edit

_USUAL = {"tensorflow": "tf", "numpy": "np", "pandas": "pd"}


def spell(script: Script, dotted: str) -> tuple[str, tuple[Edit, ...]]:
    """The text for the absolute name ``dotted`` at module level, and the edits that make it work.

    ``tensorflow.data.AUTOTUNE`` is ``tf.data.AUTOTUNE`` in a script with ``import tensorflow as tf``.
    """
    wanted = canonical(dotted)[0]
    best: str | None = None
    for imported in script.imports:
        if not imported.top or not imported.target or imported.statement.piece.source is not script.source:
            continue
        base, bound = imported.target, imported.bound
        if dotted == base or dotted.startswith(base + "."):
            text = bound + dotted[len(base) :]
        else:
            known = canonical(base)[0]
            if wanted != known and not wanted.startswith(known + "."):
                continue
            text = bound + wanted[len(known) :]
        if best is None or len(text) < len(best):
            best = text
    if best is not None:
        return best, ()
    from keras_memlint.fixes.imports import import_edit

    root, _, rest = dotted.partition(".")
    alias = _USUAL.get(root, root)
    edit = import_edit(
        script.source, statements(script), f"import {root} as {alias}" if alias != root else f"import {root}"
    )
    return f"{alias}.{rest}" if rest else alias, (edit,)


def statements(script: Script) -> list[Statement]:
    """The script's top-level statements as the import placement wants them."""
    from keras_memlint.fixes.imports import Statement

    found: list[Statement] = []
    for piece in script.parsed.pieces:
        if piece.error is not None:
            found.append(Statement(piece.start, piece.start + len(piece.text), "other"))
    for statement in script.parsed.statements:
        kind = "other"
        if isinstance(statement, (tree.Import, tree.ImportFrom)):
            future = isinstance(statement, tree.ImportFrom) and statement.module == "__future__"
            kind = "future" if future else "import"
        elif isinstance(statement, tree.ExprStmt) and isinstance(statement.value, tree.Constant):
            kind = "docstring" if isinstance(statement.value.value, str) else "other"
        piece = statement.piece
        found.append(Statement(piece.start, piece.start + len(piece.text), kind))
    return sorted(set(found))
