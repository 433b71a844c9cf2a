"""``np.load`` made memory-mapped, where every use of the array is known to read it in parts."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Object
from keras_memlint.analysis.reach.uses import Use, target_of, uses_of
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Edit

_STREAMS = ("builtins.file", "io.BytesIO")  # NumPy maps paths only
_HARMLESS = frozenset({"dtype", "itemsize", "nbytes", "ndim", "shape", "size"})
_REPEATED = (tree.FunctionDef, tree.Lambda, tree.For, tree.While, tree.Comprehension)


class Mapped(NamedTuple):
    """The edits, and the conversion they take away: the argument of ``astype`` as written, or ``""``."""

    edits: tuple[Edit, ...]
    dtype: str


def map_load(
    script: Script, load: Call, fed: Collection[tree.Call], readers: Collection[str]
) -> Mapped | None:
    """``x = np.load(path)`` becomes ``x = np.load(path, mmap_mode="r")``; a conversion to another dtype goes.

    None unless all uses of the array read its shape, read parts, or are arguments of the calls ``fed`` or of the
    functions and classes ``readers``.
    """
    if load.given("allow_pickle") or load.loops or not script.own(load.node):
        return None
    file = load.arg("file")
    if isinstance(file, Object) and file.api in _STREAMS:
        return None
    value: tree.Expr = load.node
    dtype = ""
    edits: list[Edit] = []
    outer = script.names.around(load.node)
    while outer and isinstance(outer[0], (tree.Subscript, tree.Attribute)):
        node = outer[0]
        if isinstance(node, tree.Subscript):
            if node.value is not value or not is_slice(node):
                return None
            value, outer = node, outer[1:]
            continue
        converted = _conversion(script, outer)
        if converted is None or dtype:
            return None
        call, dtype = converted
        edit = Edit(script.place(value).end, script.place(call).end, "")
        if not re.match(r"\.[^#]*\Z", script.source.text[edit.start : edit.end]):
            return None
        edits.append(edit)
        value, outer = call, outer[2:]
    name = _name(value, outer)
    if name is None or not _is_read_in_parts(script, name, fed, readers, {name}):
        return None
    mode = set_argument(script, load.node, "mmap_mode", '"r"', 1)
    return Mapped((mode, *edits), dtype) if mode is not None else None


def is_slice(node: tree.Expr) -> bool:
    """Whether ``node`` is cut out of something by slices alone, so that a mapped array stays mapped."""
    return isinstance(node, tree.Subscript) and all(isinstance(item, tree.Slice) for item in node.items)


def _conversion(script: Script, outer: tuple[tree.Node, ...]) -> tuple[tree.Call, str] | None:
    """The call ``….astype(dtype)`` and its dtype as written; None for other calls and other arguments."""
    method, call = outer[0], outer[1] if len(outer) > 1 else None
    if not isinstance(method, tree.Attribute) or method.name != "astype" or not isinstance(call, tree.Call):
        return None
    if call.func is not method or len(call.args) != 1 or call.args[0].name is not None:
        return None
    dtype = call.args[0].value
    if isinstance(dtype, tree.Constant) and isinstance(dtype.value, str):
        return call, script.text(dtype)
    if isinstance(dtype, tree.Attribute) and isinstance(dtype.value, tree.Name):
        root = dtype.value.id
        return (call, script.text(dtype)) if any(i.top and i.bound == root for i in script.imports) else None
    return None


def _name(value: tree.Expr, outer: tuple[tree.Node, ...]) -> str | None:
    """The name an assignment binds to ``value``; None when it binds none."""
    target = target_of(value, outer)
    return target.id if isinstance(target, tree.Name) else None


def _is_read_in_parts(
    script: Script, name: str, fed: Collection[tree.Call], readers: Collection[str], known: set[str]
) -> bool:
    """Whether ``name`` is bound once, and no use of it reads or changes the whole array."""
    uses = uses_of(script, name)
    if uses is None:
        return False
    stores = 0
    for use in uses:
        if _is_store(use):
            stores += 1
            continue
        if _is_harmless(use, readers) or _is_fed(use, fed):
            continue
        part = _part(use)
        if part is None or part in known:
            return False
        if part and not _is_read_in_parts(script, part, fed, readers, {*known, part}):
            return False
    return stores == 1


def _is_store(use: Use) -> bool:
    holder = use.around[0]
    if isinstance(holder, tree.Assign):
        return any(target is use.node for target in holder.targets)
    statement = use.around[1] if len(use.around) > 1 else None
    return isinstance(statement, tree.Assign) and any(target is holder for target in statement.targets)


def _is_harmless(use: Use, readers: Collection[str]) -> bool:
    """``x.shape`` and ``len(x)`` read no data, and ``readers`` read it in parts."""
    holder = use.around[0]
    if isinstance(holder, tree.Attribute):
        return holder.name in _HARMLESS
    call = use.around[1] if len(use.around) > 1 else None
    if not isinstance(holder, tree.Argument) or not isinstance(call, tree.Call):
        return False
    return isinstance(call.func, tree.Name) and (call.func.id == "len" or call.func.id in readers)


def _is_fed(use: Use, fed: Collection[tree.Call]) -> bool:
    """Whether it is an argument of one of the calls ``fed``, whole or as a slice."""
    outer = use.around
    if isinstance(outer[0], tree.Subscript) and outer[0].value is use.node:
        outer = outer[1:]
    return len(outer) > 1 and isinstance(outer[0], tree.Argument) and any(outer[1] is call for call in fed)


def _part(use: Use) -> str | None:
    """The name that ``part = x[a:b]`` binds, ``""`` for a part that is used at once; None for any other use."""
    part, holder = use.around[0], use.around[1] if len(use.around) > 1 else None
    if not isinstance(part, tree.Subscript) or part.value is not use.node or _is_whole(part):
        return None
    if isinstance(holder, (tree.AugAssign, tree.Delete)):
        return None
    if isinstance(holder, tree.Assign) and any(target is part for target in holder.targets):
        return None
    if isinstance(part.items[0], tree.Constant) or any(isinstance(outer, _REPEATED) for outer in use.around):
        return ""  # one sample, or one part at a time: in a generator, a method, a loop
    return _name(part, use.around[1:]) if is_slice(part) else None


def _is_whole(part: tree.Subscript) -> bool:
    first = part.items[0]
    return isinstance(first, tree.Slice) and first.lower is None and first.upper is None
