"""A whole array fed batch by batch: ``fit`` gets a small ``PyDataset`` that slices the array, which may stay on disk."""

from __future__ import annotations

import re
from collections.abc import Sequence

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.names import canonical
from keras_memlint.analysis.abstract.values import Array, Const, const
from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.facts.defaults import BATCH_SIZE
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.pieces import Piece
from keras_memlint.fixes.calls import remove_arguments
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.mapped import Mapped, is_slice, map_load
from keras_memlint.fixes.spelling import spell

_NAMES = ("Batches", "ArrayBatches", "SlicedBatches")
_SLICED = ("ndarray", "memmap", "hdf5")
# Arguments of `fit` and `evaluate` that mean the same beside a PyDataset, and those that go.
_KEPT = frozenset(
    [
        "callbacks",
        "class_weight",
        "epochs",
        "initial_epoch",
        "return_dict",
        "shuffle",
        "validation_batch_size",
        "validation_data",
        "validation_freq",
        "validation_steps",
        "verbose",
    ]
)
# A comment that belongs to the statement below it; not one that starts a cell or the file.
_COMMENT = re.compile(r"#(?!!|\s*(?:%%|In\s*\[|-\*-|<))")
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)


def feed_in_batches(script: Script, feeds: Sequence[Feed], load: Call | None = None) -> Fix | None:
    """``fit(x, y, batch_size=64)`` becomes ``fit(Batches(x, y, 64))`` for all ``feeds`` of one array.

    With ``load``, the ``np.load`` that gives the array is memory-mapped as well. None when the array is fed in any
    other way, when its value is not simply what was loaded, or when an argument has no meaning beside a PyDataset.
    """
    calls = {id(feed.call.node): feed.call for feed in feeds}
    if not all(_is_simple(script, feed) for feed in feeds if feed.role != "y"):
        return None
    if any(feed.role == "y" and not _reads_as_x(feed, feeds) for feed in feeds):
        return None
    mapped: Mapped | None = Mapped((), "")
    if load is not None:
        mapped = map_load(script, load, [call.node for call in calls.values()], _own_classes(script))
    if mapped is None:
        return None
    made = _class_for(script, list(calls.values()), mapped.dtype)
    if made is None:
        return None
    name, edits = made
    edits = (*edits, *mapped.edits)
    for call in calls.values():
        fed = _fed(script, call, name)
        if fed is None:
            return None
        edits = (*edits, *fed)
    title, price = _said(list(calls.values()), mapped=load is not None)
    return Fix(title, False, edits, price)


def map_only(script: Script, load: Call) -> Fix | None:
    """``np.load(path)`` becomes ``np.load(path, mmap_mode="r")`` where the array is only sliced; None elsewhere."""
    mapped = map_load(script, load, (), _own_classes(script))
    if mapped is None or mapped.dtype:
        return None
    return Fix("load memory-mapped", False, mapped.edits, "the array becomes read-only")


def _said(calls: list[Call], *, mapped: bool) -> tuple[str, str]:
    """The title and the price."""
    methods = list(dict.fromkeys(call.name.rpartition(".")[2] for call in calls))
    fed = " and ".join(f"`{method}`" for method in methods)
    shuffled = any(call.name.endswith(".fit") and call.const("shuffle", True) is not False for call in calls)
    price = "whole batches are shuffled, not rows" if shuffled else "the file must not change meanwhile"
    if not mapped:
        price = price if shuffled else "batches are sliced in Python"
        return f"feed {fed} in batches", price
    return f"load memory-mapped and feed {fed} in batches", price


# The feeds


def _is_simple(script: Script, feed: Feed) -> bool:
    """Whether the array is the whole ``x`` of ``fit`` or ``evaluate``, beside labels that can be sliced, too."""
    fit = feed.fit
    return (
        fit is not None
        and feed.alone
        and feed.method in ("fit", "evaluate")
        and script.own(feed.call.node)
        and feed.array.kind in _SLICED
        and isinstance(fit.y, Array)
        and fit.y.kind in _SLICED
    )


def _reads_as_x(feed: Feed, feeds: Sequence[Feed]) -> bool:
    """Whether labels are the input itself, as autoencoders have it."""
    return any(other.role == "x" and other.call is feed.call for other in feeds)


def _fed(script: Script, call: Call, name: str) -> tuple[Edit, ...] | None:
    """The edits of one ``fit`` or ``evaluate``."""
    x, y = call.argument_node("x"), call.argument_node("y")
    if x is None or y is None or not (_is_name(x.value) and _is_name(y.value)):
        return None
    size, removed = str(BATCH_SIZE), [y]
    edits: list[Edit] = []
    for argument in call.node.args:
        if argument in (x, y):
            continue
        if argument.star or argument.name is None:
            return None
        if argument.name == "batch_size":
            if not isinstance(argument.value, (tree.Name, tree.Attribute, tree.Constant)):
                return None
            given = call.arg("batch_size")
            if not (isinstance(given, Const) and given.value is None):
                size = script.text(argument.value)
            if _sizes_validation(call):
                place = script.place(argument)
                edits.append(Edit(place.start, place.start + len("batch_size"), "validation_batch_size"))
            else:
                removed.append(argument)
        elif argument.name not in _KEPT or not _means_the_same(call, argument.name):
            return None
    gone = remove_arguments(script, call.node, removed)
    if gone is None:
        return None
    place = script.place(x.value)
    batches = f"{name}({script.text(x.value)}, {script.text(y.value)}, {size})"
    return (Edit(place.start, place.end, batches), *edits, *gone)


def _sizes_validation(call: Call) -> bool:
    """Whether ``batch_size`` is the batch size of validation arrays as well."""
    return call.arg("validation_data") is not None and call.arg("validation_batch_size") is None


def _means_the_same(call: Call, name: str) -> bool:
    return name != "shuffle" or const(call.arg("shuffle")) in (True, False)


def _is_name(node: tree.Expr) -> bool:
    """Whether ``node`` is a name, or a part of one between bounds."""
    inner = node.value if isinstance(node, tree.Subscript) and is_slice(node) else node
    return isinstance(inner, tree.Name)


# The class


def _class_for(script: Script, calls: list[Call], dtype: str) -> tuple[str, tuple[Edit, ...]] | None:
    """The name of a class that slices batches, and the edits that define it before the first of ``calls``."""
    first = min(calls, key=lambda call: script.place(call.node).start)
    statement = script.names.around(first.node)[-1]
    if not isinstance(statement, tree.Stmt):
        return None
    base, imports = _base(script, first)
    if base is None or not (imports or _is_bound_before(script, base, script.place(statement).start)):
        return None
    for name in _NAMES:
        text = _class_text(script, name, base, dtype)
        there = _own_classes(script).get(name)
        if there is not None:
            start, end = there.start, there.start + len(there.text)
            written = script.source.text[start:end].rstrip().replace(script.source.newline, "\n")
            if written == text and start < script.place(statement).start:
                return name, ()
        elif not re.search(rf"\b{name}\b", script.source.text):
            edit = _above(script, statement, text)
            return (name, (edit, *imports)) if edit is not None else None
    return None


def _own_classes(script: Script) -> dict[str, Piece]:
    """Where the script's classes with one of our names stand, by name."""
    nodes = [cls.node for cls in script.classes if cls.node.name in _NAMES and script.own(cls.node)]
    return {node.name: node.piece for node in nodes}


def _above(script: Script, statement: tree.Stmt, text: str) -> Edit | None:
    """``text`` above a top-level statement and its comment, two blank lines around; None when it shares its line."""
    source = script.source
    at = statement.piece.start
    row = source.row(at)
    if at != source.line_span(row)[0]:
        return None
    cell = source.cell_at(at)
    first = cell.start if cell is not None else 0
    while at > first and _COMMENT.match(source.text[slice(*source.line_span(row - 1))]):
        row -= 1
        at = source.line_span(row)[0]
    above = source.text[first:at]
    blank = len(re.findall(r"\r\n|\r|\n", above[len(above.rstrip()) :]))
    gap = max(3 - blank, 0) if above.strip() else 0
    return Edit(at, at, ("\n" * gap + text + "\n\n\n").replace("\n", source.newline))


def _class_text(script: Script, name: str, base: str, dtype: str) -> str:
    unit = _INDENT.search(script.source.text)
    step = unit.group(1) if unit is not None and unit.group(1) in ("\t", "  ", "    ") else "    "
    convert = f".astype({dtype})" if dtype else ""
    lines = [
        (0, f"class {name}({base}):"),
        (1, "def __init__(self, x, y, batch_size):"),
        (2, "super().__init__()"),
        (2, "self.x, self.y, self.batch_size = x, y, batch_size"),
        (0, ""),
        (1, "def __len__(self):"),
        (2, "return -(-len(self.x) // self.batch_size)"),
        (0, ""),
        (1, "def __getitem__(self, index):"),
        (2, "rows = slice(index * self.batch_size, (index + 1) * self.batch_size)"),
        (2, f"return self.x[rows]{convert}, self.y[rows]"),
    ]
    return "\n".join(step * depth + line for depth, line in lines)


def _base(script: Script, call: Call) -> tuple[str | None, tuple[Edit, ...]]:
    """How the script spells the class to derive from; Keras 2 calls it ``Sequence``."""
    flavours = [call.flavour, *(canonical(i.dotted)[1] for i in script.imports if i.top)]
    if any(i.top and i.dotted == "tensorflow" for i in script.imports):
        flavours.append("tf.keras")
    flavour = next((flavour for flavour in flavours if flavour), None)
    if flavour is None:
        return None, ()
    if flavour == "keras":
        name = script.batch_class
        return spell(script, f"keras.utils.{name}")
    text, imports = spell(
        script, f"{'tensorflow.keras' if flavour == 'tf.keras' else 'tf_keras'}.utils.Sequence"
    )
    return (text, imports) if text.endswith("Sequence") else (None, ())


def _is_bound_before(script: Script, text: str, offset: int) -> bool:
    """Whether the first name in ``text`` is imported at module level before ``offset``."""
    root = text.partition(".")[0]
    return any(
        i.top and i.bound == root and script.own(i.statement) and script.place(i.statement).start < offset
        for i in script.imports
    )
