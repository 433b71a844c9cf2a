"""The few fields of XLA's dump that tell where buffers lie, as a protocol buffer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import (  # type: ignore[import-not-found, import-untyped, unused-ignore]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-not-found, import-untyped, unused-ignore]

# Message: field = (number, type); a star repeats. Numbers from xla/service/hlo.proto and xla/xla_data.proto,
# names are ours. Everything else in the file is skipped.
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "HloProto": {"module": (1, "Module"), "buffers": (3, "Buffers")},
    "Module": {
        "computations": (3, "*Computation"),
        "entry_id": (6, "int"),
        "stacks": (17, "Stacks"),
    },
    "Computation": {"instructions": (2, "*Instruction"), "id": (5, "int"), "root": (6, "int")},
    "Instruction": {
        "opcode": (2, "text"),
        "shape": (3, "Shape"),
        "metadata": (7, "Metadata"),
        "parameter": (9, "int"),
        "tuple_index": (13, "int"),
        "window": (15, "Window"),
        "target": (28, "text"),
        "id": (35, "int"),
        "operands": (36, "*int"),
        "called": (38, "*int"),
    },
    "Window": {"dimensions": (1, "*WindowDimension")},
    "WindowDimension": {"dilation": (5, "int")},
    "Shape": {"type": (2, "int"), "dimensions": (3, "*int"), "parts": (4, "*Shape")},
    "Metadata": {"name": (2, "text"), "file": (3, "text"), "line": (4, "int"), "stack": (15, "int")},
    "Stacks": {"files": (1, "*text"), "places": (3, "*Place"), "frames": (4, "*Frame")},
    "Place": {"file": (1, "int"), "line": (3, "int")},
    "Frame": {"place": (1, "int"), "parent": (2, "int")},
    "Buffers": {"values": (1, "*Value"), "allocations": (3, "*Allocation"), "traces": (4, "*Trace")},
    "Value": {"id": (1, "int"), "size": (2, "int"), "at": (3, "Location")},
    "Location": {"index": (3, "*int"), "instruction": (4, "int")},
    "Allocation": {
        "size": (2, "int"),
        "is_thread_local": (3, "bool"),
        "is_parameter": (5, "bool"),
        "parameter": (6, "int"),
        "is_result": (7, "bool"),
        "assigned": (9, "*Assigned"),
        "is_constant": (12, "bool"),
    },
    "Assigned": {"value": (1, "int"), "size": (3, "int")},
    "Trace": {"events": (1, "*Event")},
    "Event": {"kind": (1, "int"), "value": (2, "int"), "shares": (5, "int")},
}

ALLOCATED, FREED, SHARED = 0, 1, 2
"""Kinds of an ``Event``."""

TYPES = {
    1: "pred", 2: "s8", 3: "s16", 4: "s32", 5: "s64", 6: "u8", 7: "u16", 8: "u32", 9: "u64", 10: "f16", 11: "f32",
    12: "f64", 15: "c64", 16: "bf16", 18: "c128", 19: "f8e5m2", 20: "f8e4m3fn", 21: "s4", 22: "u4",
}  # fmt: skip
"""Names of element types, by the number in a ``Shape``."""


def _message_class() -> Any:
    field_type = descriptor_pb2.FieldDescriptorProto
    plain = {"text": field_type.TYPE_STRING, "int": field_type.TYPE_INT64, "bool": field_type.TYPE_BOOL}
    file = descriptor_pb2.FileDescriptorProto(name="hlo_memory.proto", package="hlo", syntax="proto3")
    for message, fields in _MESSAGES.items():
        entry = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            label = field_type.LABEL_REPEATED if kind.startswith("*") else field_type.LABEL_OPTIONAL
            field = entry.field.add(name=name, number=number, label=label)
            kind = kind.lstrip("*")
            if kind in plain:
                field.type = plain[kind]
            else:
                field.type, field.type_name = field_type.TYPE_MESSAGE, f".hlo.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("hlo.HloProto"))


HloProto: Any = _message_class()
"""The class of a whole dump: ``HloProto.FromString(bytes)``."""


def read(path: Path) -> Any | None:
    """The dump in ``path``, None while it is not written to its end."""
    try:
        proto = HloProto.FromString(path.read_bytes())
    except (DecodeError, OSError):
        return None
    return proto if proto.buffers.allocations else None
