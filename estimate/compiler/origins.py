"""Which line of the model a buffer comes from: the compiler drops names when it fuses, copies and splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

_STEPS = 4
"""How many instructions away a name is still believed to be the buffer's own."""


class Origins:
    """The instructions of a compiled program, and the names that the framework gave them."""

    def __init__(self, module: Any, arguments: Sequence[Mapping[str, Any]]) -> None:
        self._arguments = arguments
        self._computations = {computation.id: computation for computation in module.computations}
        self._instructions = {
            instruction.id: instruction
            for computation in module.computations
            for instruction in computation.instructions
        }

        entry = self._computations[module.entry_id]
        self._inputs = {part.id for part in entry.instructions if part.opcode == "parameter"}

    def of(self, value: Any) -> tuple[Any, str]:
        """The instruction that tells most about ``value``, and its path in the framework; empty when unknown."""
        made_by = self._instructions[value.at.instruction]
        starts = [made_by]
        if made_by.opcode == "fusion":
            inside = self._computations[made_by.called[0]]
            root = self._instructions[inside.root]
            if root.opcode == "tuple" and value.at.index:
                root = self._instructions[root.operands[value.at.index[0]]]
            starts = [root, made_by, *reversed(inside.instructions)]
        for start in starts:
            if start.metadata.name and start.opcode != "parameter":
                return start, str(start.metadata.name)
        users = self._takers(made_by, value.at.index)
        for found in (self._nearest([made_by], self._operands), self._nearest(users, self._users_of)):
            if found is not None:
                return found, self._name(found)
        return made_by, ""

    def _nearest(self, level: Sequence[Any], following: Callable[[Any], Iterable[Any]]) -> Any | None:
        for _ in range(_STEPS):
            for instruction in level:
                if self._name(instruction):
                    return instruction
            level = [neighbour for instruction in level for neighbour in following(instruction)][:50]
        return None

    def _name(self, instruction: Any) -> str:
        if instruction.opcode != "parameter":
            return str(instruction.metadata.name)
        if instruction.id in self._inputs and instruction.parameter < len(self._arguments):
            name = self._arguments[instruction.parameter].get("name")
            return f"{name}/copy" if name else ""
        return ""

    def _operands(self, instruction: Any) -> list[Any]:
        return [self._instructions[number] for number in instruction.operands]

    def _users_of(self, instruction: Any) -> list[Any]:
        return self._users[instruction.id]

    def _takers(self, instruction: Any, index: Sequence[int]) -> list[Any]:
        """Who uses part ``index`` of what ``instruction`` gives."""
        return [
            user
            for user in self._users[instruction.id]
            if not index or user.opcode != "get-tuple-element" or user.tuple_index == index[0]
        ]

    @cached_property
    def _users(self) -> dict[int, list[Any]]:
        users: dict[int, list[Any]] = defaultdict(list)
        for instruction in self._instructions.values():
            for number in instruction.operands:
                users[number].append(instruction)
        return users
