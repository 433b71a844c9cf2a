"""How this script spells an API: through the imports it has, or one more that is added."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.names import canonical
from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Edit
from keras_memlint.fixes.imports import TENSORFLOW, Kind, Statement, import_edit

_USUAL = {"tensorflow": "tf", "numpy": "np", "pandas": "pd"}


def spell(script: Script, dotted: str, at: tree.Node | None = None) -> tuple[str, tuple[Edit, ...]]:
    """The text for the absolute name ``dotted`` at module level, and the edits that make it work.

    ``tensorflow.data.AUTOTUNE`` is ``tf.data.AUTOTUNE`` in a script with ``import tensorflow as tf``. With ``at``, only
    imports above that node count, those of its function among them: the first cells of a notebook run before the imports
    of later ones.
    """
    end = script.place(at).start if at is not None else None
    around = script.names.around(at) if at is not None else ()
    wanted = canonical(dotted)[0]
    best: str | None = None
    for imported in script.imports:
        if not imported.target or imported.statement.piece.source is not script.source:
            continue
        if not (imported.top or _is_beside(script, imported, around)) or _is_hidden(
            script, imported.bound, around
        ):
            continue
        if any(isinstance(outer, tree.ClassDef) for outer in script.names.around(imported.statement)):
            continue  # a name of the class
        if end is not None and script.place(imported.statement).start >= end:
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
    root, _, rest = dotted.partition(".")
    alias = _USUAL.get(root, root)
    edit = import_edit(
        script.source, statements(script), f"import {root} as {alias}" if alias != root else f"import {root}"
    )
    return f"{alias}.{rest}" if rest else alias, (edit,)


def _is_beside(script: Script, imported: Imported, around: tuple[tree.Node, ...]) -> bool:
    """Whether the import is a statement of a function among ``around`` itself, which runs before what comes below it."""
    function = next(iter(script.names.around(imported.statement)), None)
    return isinstance(function, tree.FunctionDef) and any(outer is function for outer in around)


def _is_hidden(script: Script, name: str, around: tuple[tree.Node, ...]) -> bool:
    """Whether a function of ``around`` binds ``name`` itself, other than by an import."""
    functions = [outer for outer in around if isinstance(outer, (tree.FunctionDef, tree.Lambda))]
    if any(parameter.name == name for function in functions for parameter in function.params):
        return True
    bound = (use for use in script.names.uses(name) if use.is_bound) if functions else ()
    return any(use.scope is function for use in bound for function in functions)


def autotune(script: Script, at: tree.Node) -> tuple[str, tuple[Edit, ...]] | None:
    """``tf.data.AUTOTUNE`` as ``spell`` gives it, under its older name where TensorFlow may be older than 2.4.

    None for TensorFlow 1, where the older name, too, came late; and where an import would be the module's first of TensorFlow
    or Keras: who has another framework may import it, too.
    """
    if script.needs_tensorflow_1:
        return None
    older = script.tensorflow_before(2, 4) or "experimental.AUTOTUNE" in script.source.text
    name = "tensorflow.data.experimental.AUTOTUNE" if older else "tensorflow.data.AUTOTUNE"
    text, imports = spell(script, name, at)
    if not imports:
        return text, imports
    starts = TENSORFLOW if script.backend == "tensorflow" else ("tensorflow",)
    loads = any(one.top and one.dotted.partition(".")[0] in starts for one in script.imports)
    hidden = _is_hidden(script, text.partition(".")[0], script.names.around(at))
    return (text, imports) if loads and not hidden else None


def sibling(script: Script, call: Call, name: str) -> tuple[Edit, ...]:
    """Edits that call ``name`` of the same module instead: ``layers.Flatten`` → ``layers.GlobalAveragePooling2D``.

    A name imported by ``from … import`` is imported beside the old one. Empty when that is not possible.
    """
    func = call.node.func
    if not script.own(call.node):
        return ()
    if isinstance(func, tree.Attribute):
        end = script.place(func).end
        return (Edit(end - len(func.name), end, name),)
    if not isinstance(func, tree.Name):
        return ()
    place = script.place(func)
    swap = Edit(place.start, place.end, name)
    bound = {imported.bound for imported in script.imports if imported.top}
    for imported in script.imports:
        if imported.alias is None and imported.dotted.endswith("layers") and func.id not in bound:
            return (swap,)  # a star import binds both
        if imported.bound == func.id and imported.alias is not None and imported.alias.asname is None:
            if name in bound:
                return (swap,)
            if not script.own(imported.statement):
                return ()
            end = script.place(imported.alias).end
            return (swap, Edit(end, end, f", {name}"))
    return ()


def statements(script: Script) -> list[Statement]:
    """The script's top-level statements as the import placement wants them."""
    found: list[Statement] = []
    for piece in script.parsed.pieces:
        if piece.error is not None:
            found.append(Statement(piece.start, piece.start + len(piece.text), "other"))
    for statement in script.parsed.statements:
        kind: Kind = "other"
        if isinstance(statement, (tree.Import, tree.ImportFrom)):
            future = isinstance(statement, tree.ImportFrom) and statement.module == "__future__"
            kind = "future" if future else "import"
        elif isinstance(statement, tree.ExprStmt) and isinstance(statement.value, tree.Constant):
            kind = "docstring" if isinstance(statement.value.value, str) else "other"
        piece = statement.piece
        found.append(Statement(piece.start, piece.start + len(piece.text), kind))
    return sorted(set(found))
