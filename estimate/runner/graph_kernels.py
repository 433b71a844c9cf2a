"""What one operation does to memory: which outputs are new, which are inputs under another name."""

from __future__ import annotations

from typing import Any, Callable, List

from . import graph_ops as ops
from .graph_memory import Memory, Tensor, TensorList, Value, Variable, hold
from .graph_read import INPUTS, Node

Given = List[Value]


def outputs(memory: Memory, node: Node, given: Given, trip: int, batch: list[Value]) -> list[Value]:
    """The values of the node's outputs, each with one holder. ``trip``: the iteration of the loop around it."""
    kind = node.kind
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(memory, node, given, trip)
    if kind in ops.ALIASES:
        return (
            [hold(given[i if kind == "IdentityN" else 0]) for i in range(len(node.shapes))]
            if given
            else [None]
        )
    if kind in INPUTS:
        return [hold(batch[i]) if i < len(batch) else None for i in range(len(node.shapes))]
    if kind.startswith(("Assign", "Resource")) and given and isinstance(given[0], Variable):
        return _updated(memory, node, given[0], given)
    if kind in ops.SAME_SIZE_ALIASES and _nothing_to_do(node):
        return [hold(given[0])]
    if kind in ops.SLICES and _is_window(node):
        return [hold(_first_tensor(given)) for _ in node.shapes]
    return [_new(memory, node, given, output) for output in range(len(node.shapes))]


def _new(memory: Memory, node: Node, given: Given, output: int) -> Value:
    size = node.bytes(output)
    if size is None:
        memory.unknown += 1
        return None
    if not size:
        return None
    candidates: tuple[int, ...] = ()
    if output == 0:
        candidates = ops.FORWARD_INPUTS.get(node.kind, ())
    later = ops.LATER_OUTPUTS.get(node.kind)
    if later is not None:
        candidates = (later[1],) if output == later[0] else ()
    for at in candidates:
        if at >= len(given):
            break
        value = given[at]
        if value.__class__ is Tensor and value.refs == 1 and value.size == size:
            source, index = node.inputs[at]
            if source.types[index] == node.types[output]:
                return hold(value)
    return memory.tensor(size, node, output)


def _first_tensor(given: Given) -> Value:
    return next((value for value in given if value.__class__ is Tensor), None)


def _nothing_to_do(node: Node) -> bool:
    source, index = node.inputs[0]
    size = node.bytes(0)
    if size is None or size != source.bytes(index) or source.types[index] != node.types[0]:
        return False
    if node.kind in ("Transpose", "ConjugateTranspose"):
        before = [length for length in source.shapes[index] or () if length != 1]
        after = [length for length in node.shapes[0] or () if length != 1]
        return before == after and (len(set(before)) == len(before) or len(before) < 2)
    return node.kind != "ReverseV2"


def _is_window(node: Node) -> bool:
    """The outputs are whole rows of the first axis, one after the other."""
    if node.kind == "Unpack":
        return int(node.op.get_attr("axis")) == 0
    at = 1 if node.kind == "Split" else 0
    source, index = node.inputs[at]
    before, after = source.shapes[index], node.shapes[0]
    if not before or not after or None in before:
        return False
    if node.kind in ("StridedSlice", "Slice"):
        return _first_axis_slice(node, tuple(before), tuple(after))
    return len(before) == len(after) and before[1:] == after[1:] and before[0] != after[0]


def _first_axis_slice(node: Node, before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    if node.kind == "Slice":
        return before[1:] == after[1:]
    if int(node.op.get_attr("new_axis_mask")) or int(node.op.get_attr("ellipsis_mask")):
        return False
    shrunk = int(node.op.get_attr("shrink_axis_mask"))
    return after == before[1:] if shrunk == 1 else shrunk == 0 and before[1:] == after[1:]


def _read(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    variable = given[0]
    if not isinstance(variable, Variable):
        return [None]
    if variable.tensor is None:  # its size is known from its first reader
        variable.tensor = memory.tensor(node.bytes(0), None)
    if variable.copies:
        return [memory.tensor(node.bytes(0), node)]
    return [hold(variable.tensor)]


def _updated(memory: Memory, node: Node, variable: Variable, given: Given) -> list[Value]:
    kind = node.kind
    if kind in ("ResourceGather", "ResourceGatherNd"):
        return [memory.tensor(node.bytes(0), node)]
    if kind.startswith(ops.VARIABLE_COPIES):
        variable.copies = True
        return [None] * len(node.shapes)
    old = variable.tensor
    if kind == "AssignVariableOp":
        value = given[1]
        if value.__class__ is Tensor and value is not old:
            variable.tensor = hold(value)  # type: ignore[assignment]
            value.node = None
            _leave(memory, old, node)
        return []
    # In place unless somebody still reads the old value.
    touched = (
        [v for v in given if isinstance(v, Variable)] if kind.startswith("ResourceApply") else [variable]
    )
    for one in touched:
        if one.tensor is not None and one.tensor.refs > 1:
            old, one.tensor = one.tensor, memory.tensor(one.tensor.size, None)
            _leave(memory, old, node)
    return [None] * len(node.shapes)


def _leave(memory: Memory, old: Tensor | None, node: Node) -> None:
    """The variable lets go of its memory; as long as others read it, it belongs to the update."""
    if old is not None:
        old.node = node
        memory.release(old)


def _as_list(value: Value) -> TensorList:
    """A list that this operation may change: the given one when nobody else holds it, else a copy of it."""
    if isinstance(value, TensorList):
        if value.refs == 1:
            value.refs += 1
            return value
        for item in value.items:
            hold(item)
        return TensorList(list(value.items))
    return TensorList([])


def _reserve(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    return [TensorList([])]


def _set_item(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    made = _as_list(given[0])
    if len(made.items) <= trip:
        made.items.extend([None] * (trip + 1 - len(made.items)))
    old, made.items[trip] = made.items[trip], memory.keep(given[2])  # type: ignore[assignment]
    memory.release(old)
    return [made]


def _get_item(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    listed = given[0]
    item = None
    if isinstance(listed, TensorList) and listed.items:
        item = listed.items[trip % len(listed.items)]
    return [memory.tensor(node.bytes(0), node) if item is None else hold(item)]


def _push(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    made = _as_list(given[0])
    made.items.append(memory.keep(given[1]))  # type: ignore[arg-type]
    return [made]


def _pop(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    made = _as_list(given[0])
    item = made.items.pop() if made.items else None
    return [made, memory.tensor(node.bytes(1), node, 1) if item is None and not made.items else item]


def _from_tensor(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    """Each element is a copy of its row."""
    source, index = node.inputs[0]
    shape, size = source.shapes[index], source.bytes(index)
    if not shape or not size or not shape[0]:
        memory.unknown += size is None
        return [TensorList([])]
    return [TensorList([memory.tensor(size // shape[0], node) for _ in range(shape[0])])]


def _zeros_like(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    listed = given[0] if given else None
    if isinstance(listed, TensorList):
        return [TensorList([item and memory.tensor(item.size, node) for item in listed.items])]
    return [_new(memory, node, given, 0)]


def _add(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    """Lists are added element by element; an element that was never set leaves the other one as it is."""
    lists = [value for value in given if isinstance(value, TensorList)]
    if not lists:
        return [_new(memory, node, given, 0)]
    items: list[Tensor | None] = []
    for at in range(max(len(one.items) for one in lists)):
        both = [one.items[at] for one in lists if at < len(one.items) and one.items[at] is not None]
        first = both[0] if both else None
        if len(both) > 1 and first is not None:
            items.append(memory.tensor(first.size, node))
        else:
            items.append(hold(first))  # type: ignore[arg-type]
    return [TensorList(items)]


def _no_output(memory: Memory, node: Node, given: Given, trip: int) -> list[Value]:
    return [None] * len(node.shapes)


_SPECIAL: dict[str, Callable[[Memory, Node, Given, int], list[Value]]] = {
    "ReadVariableOp": _read,
    "TensorListReserve": _reserve,
    "EmptyTensorList": _reserve,
    "TensorListSetItem": _set_item,
    "TensorListGetItem": _get_item,
    "TensorListPushBack": _push,
    "TensorListPopBack": _pop,
    "TensorListFromTensor": _from_tensor,
    "ZerosLike": _zeros_like,
    "AddN": _add,
    "VarIsInitializedOp": _no_output,
}
