"""How many samples an expression holds, as it is written, whatever the values in it are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_STEPS = 6  # expressions that are followed
# What gives as many rows as it is given.
_KEEP = frozenset(
    ["array", "asarray", "cast", "convert_to_tensor", "float32", "pad_sequences", "preprocess_input"]
)
_METHODS = frozenset(["astype", "copy", "numpy"])
_COLLECTIONS = (
    *("builtins.dict", "builtins.list", "builtins.tuple", "builtins.vars", "collections.OrderedDict"),
    *("collections.defaultdict", "json.load", "json.loads", "pickle.load", "pickle.loads"),
)
_LIBRARIES = ("keras.", "numpy.", "tf.")


class Rows(NamedTuple):
    """How many samples there are. ``sure``: whatever is sliced is no list or dict, as nothing is."""

    number: int
    sure: bool


def written(script: Script, node: tree.Expr, steps: int = _STEPS) -> Rows | None:
    """The rows of ``x[:1]``, ``x[i : i + 1]``, ``x[None]`` or ``np.array([x])``, whatever ``x`` is; None for all else.

    Also of a name that was bound to one row just before.
    """
    if isinstance(node, tree.Subscript):
        taken = _taken(script, node)
        return Rows(taken, _is_array(script, node)) if taken is not None else None
    listed = _listed(script, node)
    if listed is not None and (steps == _STEPS or listed == 1):
        return Rows(listed, sure=True)
    found = _rows_of(script, node, steps) if steps else None
    return found if found is not None and found.number == 1 else None


def _listed(script: Script, node: tree.Expr) -> int | None:
    """The elements of the list that ``np.array([a, b])`` makes an array of; None for all else."""
    if not isinstance(node, tree.Call) or script.called(node) not in ("numpy.array", "numpy.asarray"):
        return None
    given = node.args[0].value if node.args else None
    if not isinstance(given, tree.Sequence) or given.kind != "list":
        return None
    return len(given.elements) if not any(isinstance(one, tree.Starred) for one in given.elements) else None


def _rows_of(script: Script, node: tree.Expr, steps: int) -> Rows | None:
    if isinstance(node, tree.Name):
        value = _bound_before(script, node)
        return written(script, value, steps - 1) if value is not None else None
    if isinstance(node, tree.Binary):
        if not isinstance(node.right, tree.Constant) or (
            node.op == "*" and isinstance(node.right.value, int)
        ):
            return None  # a list may be repeated so
        return written(script, node.left, steps - 1)
    if not isinstance(node, tree.Call):
        return None
    name, given = tree.last_name(node.func), [one.value for one in node.args if one.name is None]
    if name in _METHODS and isinstance(node.func, tree.Attribute):
        return written(script, node.func.value, steps - 1)
    if not given or any(one.star for one in node.args):
        return None
    first, known = given[0], script.called(node).startswith(_LIBRARIES)
    if name == "expand_dims":
        axis = next(
            (one.value for one in node.args if one.name == "axis"), given[1] if len(given) > 1 else None
        )
        if isinstance(axis, tree.Constant) and axis.value == 0:
            return Rows(1, known)
        return written(script, first, steps - 1) if axis is not None else None
    single = first.elements[0] if isinstance(first, tree.Sequence) and len(first.elements) == 1 else None
    if isinstance(single, tree.Starred):
        return None
    if name == "texts_to_sequences":
        return Rows(1, sure=True) if single is not None else None
    inner = single if name == "vstack" else first if name in _KEEP else None
    found = written(script, inner, steps - 1) if inner is not None else None
    return found._replace(sure=found.sure and known) if found is not None else None


def _bound_before(script: Script, name: tree.Name) -> tree.Expr | None:
    """What ``name`` was surely bound to last; None where that is a parameter, or may have happened in several places."""
    around = script.names.around(name)
    inner: tree.Node = name
    for outer in around:
        if isinstance(outer, (tree.Lambda, tree.Comprehension)):
            return None
        if isinstance(outer, tree.Stmt):
            for block in tree.blocks(outer):
                at = next((n for n, one in enumerate(block) if one is inner), None)
                if at is not None:
                    value, found = _last(block[:at], name.id)
                    if found:
                        return value
            if isinstance(outer, (tree.For, tree.While)) and name.id in tree.bound_names(outer):
                return None
            if isinstance(outer, (tree.FunctionDef, tree.ClassDef)):
                return None
        inner = outer
    if not isinstance(inner, tree.Stmt):
        return None
    statements = script.parsed.statements
    at = next((n for n, one in enumerate(statements) if one is inner), 0)
    return _last(statements[:at], name.id)[0]


def _last(statements: tuple[tree.Stmt, ...], name: str) -> tuple[tree.Expr | None, bool]:
    """What the last of ``statements`` that binds ``name`` gives it, None for more than an assignment; and if one does."""
    for statement in reversed(statements):
        if _resizes(statement, name):
            return None, True
        if name in tree.bound_names(statement):
            plain = isinstance(statement, tree.Assign) and len(statement.targets) == 1
            if isinstance(statement, tree.Assign) and plain and isinstance(statement.targets[0], tree.Name):
                return statement.value, True
            return None, True
    return None, False


def _resizes(statement: tree.Stmt, name: str) -> bool:
    """Whether ``name.resize(…)``, which gives it other rows in place, stands in ``statement``."""
    return any(
        isinstance(one, tree.ExprStmt)
        and isinstance(one.value, tree.Call)
        and tree.dotted(one.value.func) == f"{name}.resize"
        for one in tree.below([statement])
    )


def _taken(script: Script, node: tree.Subscript) -> int | None:
    if not node.items:
        return None
    key = node.items[0]
    if _is_collection(script, node.value):
        return None
    if isinstance(key, tree.Slice):
        if key.step is not None:
            return None
        start, stop = (0 if key.lower is None else _number(key.lower)), _number(key.upper)
        if start is not None and stop is not None and stop > start:
            return stop - start
        return script.width(key) or _step(script, key)
    return 1 if tree.last_name(key) in ("None", "newaxis") else None


def _is_array(script: Script, node: tree.Subscript) -> bool:
    """Whether nothing but an array can be taken from so: ``x[None, :]``, ``x[np.newaxis]``, or what NumPy made."""
    made = isinstance(node.value, tree.Call) and script.called(node.value).startswith(_LIBRARIES)
    return made or len(node.items) > 1 or tree.last_name(node.items[0]) == "newaxis"


def _is_collection(script: Script, node: tree.Expr) -> bool:
    """Whether ``node`` is bound to a list, tuple or dict, whose elements may be arrays, or to what may be one."""
    value = _bound_before(script, node) if isinstance(node, tree.Name) else node
    if isinstance(value, (tree.Sequence, tree.Mapping, tree.Comprehension)):
        return True
    return isinstance(value, tree.Call) and script.called(value) in _COLLECTIONS


def _step(script: Script, key: tree.Slice) -> int | None:
    """The width of ``i : i + 1``, whatever ``i`` is."""
    end = key.upper
    if key.lower is None or not isinstance(end, tree.Binary) or end.op != "+":
        return None
    return _number(end.right) if script.text(key.lower) == script.text(end.left) else None


def _number(node: tree.Expr | None) -> int | None:
    value = node.value if isinstance(node, tree.Constant) else None
    return value if isinstance(value, int) and value >= 0 else None
