"""Buffers of small made-up programs: sizes, what is alive at the peak, and who owns it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.protobuf", reason="the extra gpu-predict is not installed")

from keras_memlint.estimate.compiler import hlo, memory


class Builder:
    """A program and its buffers. Every buffer is ``f32``; sizes are in bytes."""

    def __init__(self) -> None:
        self.proto = hlo.HloProto()
        self.entry = self.proto.module.computations.add(id=1)
        self.proto.module.entry_id = 1
        self._trace = None

    def instruction(self, number: int, opcode: str, name: str = "", size: int = 4, **fields: Any) -> Any:
        made = self.entry.instructions.add(id=number, opcode=opcode, **fields)
        made.metadata.name = name
        if not made.shape.type and not made.shape.parts:
            made.shape.type = 11
            made.shape.dimensions.append(size // 4)
        return made

    def value(self, number: int, size: int, instruction: int, index: tuple[int, ...] = ()) -> None:
        made = self.proto.buffers.values.add(id=number, size=size)
        made.at.instruction = instruction
        made.at.index.extend(index)

    def allocation(self, size: int, *values: int, **fields: Any) -> None:
        made = self.proto.buffers.allocations.add(size=size, **fields)
        for value in values:
            made.assigned.add(value=value, size=size)

    def event(self, kind: int, value: int, shares: int = 0) -> None:
        self._trace = self._trace or self.proto.buffers.traces.add()
        self._trace.events.add(kind=kind, value=value, shares=shares)


def step() -> Builder:
    """A parameter that is replaced in place, an input, an activation, a gradient that takes over its memory."""
    made = Builder()
    made.instruction(1, "parameter", size=400, parameter=0)
    made.instruction(2, "parameter", size=80, parameter=1)
    made.instruction(3, "dot", "jit(step)/jvp(dense)/dot_general", size=800)
    made.instruction(4, "dot", "jit(step)/transpose(jvp(dense))/dot_general", size=400)
    made.instruction(5, "copy", size=200, operands=[1])
    for number, size in enumerate((400, 80, 800, 400, 200), 1):
        made.value(number, size, number)
    made.allocation(400, 1, is_parameter=True, is_result=True)
    made.allocation(80, 2, is_parameter=True, parameter=1)
    made.allocation(1100, 3)
    made.allocation(16, is_constant=True)
    made.allocation(24, is_thread_local=True)
    made.event(hlo.ALLOCATED, 3)
    made.event(hlo.SHARED, 4, 3)
    made.event(hlo.FREED, 3)
    made.event(hlo.ALLOCATED, 5)
    made.event(hlo.FREED, 4)
    made.event(hlo.FREED, 5)
    return made


ARGUMENTS = [{"kind": "parameter", "name": "dense/kernel"}, {"kind": "input", "name": "x"}]


def test_sizes_by_use() -> None:
    assert memory.describe(step().proto, ARGUMENTS, ())["stats"] == {
        "arguments": 480,
        "outputs": 400,
        "aliased": 400,
        "temporary": 1100,
        "constants": 16,
        "peak": 480 + 1100,
    }


def test_shared_memory_counts_once_and_until_its_last_user() -> None:
    """The gradient lives on in the activation's 800 bytes when the copy joins: 1,000 are alive, never 1,400."""
    timeline = memory.describe(step().proto, ARGUMENTS, ())["timeline"]
    assert [size - 480 for _, size in timeline] == [0, 800, 800, 800, 1000, 200, 0]
    assert timeline[0][0] == 0
    assert timeline[-1][0] == 1


def test_breakdown_adds_up_to_the_peak() -> None:
    found = memory.describe(step().proto, ARGUMENTS, ())
    assert found["breakdown"] == {
        "parameters": 400,
        "gradients": 0,
        "optimizer": 0,
        "activations": 1000,
        "inputs": 80,
        "workspace": 100,
    }
    assert sum(found["breakdown"].values()) == found["stats"]["peak"]


def test_top_tensors_name_layer_and_operation() -> None:
    largest, second, third, _ = memory.describe(step().proto, ARGUMENTS, ())["top"]
    assert (largest["bytes"], largest["kind"], largest["layer"], largest["op"]) == (
        800,
        "activation",
        "dense",
        "dot_general",
    )
    assert (second["shape"], second["kind"], second["layer"], second["op"]) == (
        "f32[100]",
        "parameter",
        "dense",
        "dense/kernel",
    )
    assert (third["layer"], third["op"]) == ("dense", "copy")


def test_without_arguments_what_is_replaced_in_place_is_a_parameter() -> None:
    breakdown = memory.describe(step().proto, [], ())["breakdown"]
    assert (breakdown["parameters"], breakdown["inputs"]) == (400, 80)


def test_result_beside_its_argument_is_a_second_copy() -> None:
    """The training step of a script that does not donate its state."""
    made = step()
    made.proto.buffers.allocations[0].is_result = False
    made.value(6, 400, 4)
    made.allocation(400, 6, is_result=True)
    found = memory.describe(made.proto, ARGUMENTS, ())
    assert found["stats"]["peak"] == 480 + 400 + 1100
    assert found["breakdown"]["parameters"] == 800


def test_scratch_of_a_library_call_is_workspace() -> None:
    made = step()
    products = memory.describe(made.proto, ARGUMENTS, ())["calls"]["gemm"]
    call = made.entry.instructions.add(id=7, opcode="custom-call", target="__cublas$lt$matmul")
    call.shape.parts.add(type=11).dimensions.append(10)
    call.shape.parts.add(type=2).dimensions.append(4096)
    made.value(7, 4096, 7, (1,))
    made.event(hlo.ALLOCATED, 7)
    found = memory.describe(made.proto, ARGUMENTS, ())
    assert found["top"][0]["kind"] == "workspace"
    assert found["top"][0]["shape"] == "s8[4096]"
    assert found["calls"]["gemm"] == products + 1


def test_line_of_the_user_under_library_frames() -> None:
    made = step()
    stacks = made.proto.module.stacks
    stacks.files.extend(["/env/site-packages/keras/dense.py", "/home/me/train.py"])
    stacks.places.add(file=1, line=7)
    stacks.places.add(file=2, line=31)
    stacks.frames.add(place=2)
    stacks.frames.add(place=1, parent=1)
    made.entry.instructions[2].metadata.stack = 2
    assert memory.describe(made.proto, ARGUMENTS, ())["top"][0]["source"] == "/home/me/train.py:31"


def test_unnamed_output_of_a_fusion_is_named_by_who_uses_it() -> None:
    """The stacks of a recurrent layer: one fusion fills them all with zeros, and a loop takes them."""
    made = Builder()
    inner = made.proto.module.computations.add(id=2, root=12)
    inner.instructions.add(id=10, opcode="broadcast")
    inner.instructions.add(id=12, opcode="tuple", operands=[10, 10])
    fusion = made.entry.instructions.add(id=3, opcode="fusion", called=[2])
    for _ in range(2):
        fusion.shape.parts.add(type=11).dimensions.append(200)
    for index, name in enumerate(("first", "second")):
        made.instruction(20 + index, "get-tuple-element", operands=[3], tuple_index=index)
        made.instruction(30 + index, "while", f"jit(step)/jvp({name})/while", operands=[20 + index])
    made.value(1, 800, 3, (1,))
    made.allocation(800, 1)
    made.event(hlo.ALLOCATED, 1)
    assert memory.describe(made.proto, [], ("first", "second"))["top"][0]["layer"] == "second"


def test_program_without_temporaries() -> None:
    made = Builder()
    made.instruction(1, "parameter", size=400)
    made.value(1, 400, 1)
    made.allocation(400, 1, is_parameter=True)
    found = memory.describe(made.proto, [], ())
    assert found["stats"]["peak"] == 400
    assert found["timeline"] == [[0.0, 400]]


def test_long_timeline_keeps_its_highest_points() -> None:
    made = Builder()
    made.instruction(1, "dot", size=4)
    for number in range(1, 5001):
        made.value(number, 1000 if number == 2501 else 4, 1)
        made.event(hlo.ALLOCATED, number)
        made.event(hlo.FREED, number)
    made.allocation(1000, 1)
    timeline = memory.describe(made.proto, [], ())["timeline"]
    assert len(timeline) <= memory.TIMELINE_POINTS
    assert max(timeline, key=lambda point: point[1]) == [pytest.approx(0.5, abs=0.01), 1000]


def test_file_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    text = step().proto.SerializeToString()
    path = tmp_path / "dump"
    module = len(hlo.HloProto(module=step().proto.module).SerializeToString())
    for length in (0, len(text) // 3, module, len(text) - 1):
        path.write_bytes(text[:length])
        assert hlo.read(path) is None, length
    path.write_bytes(text)
    assert hlo.read(path) == step().proto
    assert hlo.read(tmp_path / "absent") is None
