"""The value of each kind of expression: ``EXPRESSIONS`` finds it by the node's type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.abstract.calls import Operation, Yielded
from keras_memlint.analysis.abstract.joining import any_item, join
from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Dict,
    Items,
    Origin,
    Scalar,
    Value,
    const,
    known_text,
)
from keras_memlint.analysis.interpret import (
    arithmetic,
    binding,
    branches,
    calling,
    definitions,
    loops,
    references,
    storing,
)
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def constant(_run: Interpreter, node: tree.Constant, _scope: Scope) -> Value:
    value = node.value
    return UNKNOWN if value is ... else Const(value)


def subscript(run: Interpreter, node: tree.Subscript, scope: Scope) -> Value:
    owner = run.eval(node.value, scope)
    keys = tuple([run.eval(item, scope) for item in node.items])
    return arithmetic.subscript(owner, keys, node)


def slice_(run: Interpreter, node: tree.Slice, scope: Scope) -> Value:
    parts = [
        run.eval(part, scope) if part is not None else Const(None)
        for part in (node.lower, node.upper, node.step)
    ]
    start, stop, _ = parts
    width = start.until(stop) if isinstance(start, Scalar) and isinstance(stop, Scalar) else None
    if width is not None:
        run.windows[id(node)] = max(width, run.windows.get(id(node), 0))
    return Items("slice", tuple(parts), length=3)


def binary(run: Interpreter, node: tree.Binary, scope: Scope) -> Value:
    left, right = run.eval(node.left, scope), run.eval(node.right, scope)
    result = arithmetic.binary(node.op, left, right, node)
    if isinstance(result, Array):
        mapped, streamed = run.mapped > 0, run.streamed > 0
        run.operations.append(
            Operation(
                node,
                left,
                right,
                result,
                run.loops,
                run.function,
                mapped,
                streamed,
                run.led_to(node),
            )
        )
    return result


def unary(run: Interpreter, node: tree.Unary, scope: Scope) -> Value:
    value = run.eval(node.operand, scope)
    return arithmetic.unary(node.op, value)


def boolean(run: Interpreter, node: tree.Boolean, scope: Scope) -> Value:
    left, right = run.eval(node.left, scope), run.eval(node.right, scope)
    return join(left, right) if node.op == "or" else UNKNOWN


def compare(run: Interpreter, node: tree.Compare, scope: Scope) -> Value:
    left = run.eval(node.left, scope)
    for right in node.rights:
        run.eval(right, scope)
    if isinstance(left, Array):
        return Array(left.kind, "bool", left.shape, left.source, part=left.part)
    return Scalar("bool")


def sequence(run: Interpreter, node: tree.Sequence, scope: Scope) -> Value:
    found: list[Value] = []
    known = True
    for element in node.elements:
        if isinstance(element, tree.Starred):
            inner = run.eval(element.value, scope)
            if isinstance(inner, Items) and inner.items is not None:
                found += inner.items
            else:
                found.append(any_item(inner) if isinstance(inner, Items) else UNKNOWN)
                known = False
        else:
            found.append(run.eval(element, scope))
    if known and node.kind != "set":
        origin = Origin(node, "made here")
        return Items(node.kind, tuple(found), length=len(found), loops=run.loops, origin=origin)
    element_value: Value = UNKNOWN
    for value in found:
        element_value = join(element_value, value)
    return Items(node.kind, None, element_value)


def mapping(run: Interpreter, node: tree.Mapping, scope: Scope) -> Value:
    made = Dict()
    for key_node, value_node in node.items:
        value = run.eval(value_node, scope)
        key = const(run.eval(key_node, scope)) if key_node is not None else None
        if key is None:
            if isinstance(value, Dict):
                made.entries.update(value.entries)
            else:
                made.element = join(made.element, value)
        elif isinstance(key, (str, int, float, bool, bytes)):
            made.entries[key] = value
    return made


def formatted(run: Interpreter, node: tree.Formatted, scope: Scope) -> Value:
    values = [run.eval(part, scope) for part in node.parts]
    if all(isinstance(v, Const) for v in values):
        return Const("".join(str(v.value) for v in values if isinstance(v, Const)))
    kind = "path" if any(isinstance(v, Scalar) and v.kind == "path" for v in values) else "str"
    return Scalar(kind, known="".join(map(known_text, values)))


def await_(run: Interpreter, node: tree.Await, scope: Scope) -> Value:
    return run.eval(node.value, scope)


def yield_(run: Interpreter, node: tree.Yield, scope: Scope) -> Value:
    if node.value is not None:
        value = run.eval(node.value, scope)
        element = binding.iterate(value)[0] if node.is_from else value
        run.yielded.append(element)
        run.yields.append(Yielded(node, element, run.function, run.loops, run.led_to(node)))
    return UNKNOWN


def assignment(run: Interpreter, node: tree.Assignment, scope: Scope) -> Value:
    value = run.eval(node.value, scope)
    storing.store(run, node.target, value, scope, node)
    return value


def starred(run: Interpreter, node: tree.Starred, scope: Scope) -> Value:
    return run.eval(node.value, scope)


EXPRESSIONS: dict[type, Callable[[Interpreter, Any, Scope], Value]] = {
    tree.Name: references.name,
    tree.Constant: constant,
    tree.Attribute: references.attribute,
    tree.Call: calling.call,
    tree.Subscript: subscript,
    tree.Slice: slice_,
    tree.Binary: binary,
    tree.Unary: unary,
    tree.Boolean: boolean,
    tree.Compare: compare,
    tree.Conditional: branches.conditional,
    tree.Sequence: sequence,
    tree.Mapping: mapping,
    tree.Comprehension: loops.comprehension,
    tree.Formatted: formatted,
    tree.Await: await_,
    tree.Yield: yield_,
    tree.Assignment: assignment,
    tree.Lambda: definitions.make_function,
    tree.Starred: starred,
}
