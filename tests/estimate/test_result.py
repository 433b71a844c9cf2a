"""Estimates survive JSON, and the published schema says of them what is so."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import estimates
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from keras_memlint.estimate import result
from keras_memlint.estimate.result import TIERS, Estimate

SCHEMA: dict[str, Any] = json.loads(
    Path(result.__file__).with_name("schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)

PARTS = {
    "range": result.Range,
    "breakdown": result.Breakdown,
    "tensor": result.Tensor,
    "batch": result.Batch,
    "target": result.TargetEstimate,
    "what_if": result.WhatIf,
    "buffer": result.Buffer,
    "host": result.Host,
    "not_covered": result.NotCovered,
}
"""The dataclasses by the names that their definitions have in the schema."""

OBJECTS = {"estimate": (SCHEMA, Estimate)} | {
    name: (SCHEMA["$defs"][name], part) for name, part in PARTS.items()
}


def through_text(estimate: Estimate) -> Any:
    """The JSON of ``estimate`` as another program reads it."""
    return json.loads(json.dumps(estimate.to_json()))


def test_every_dataclass_has_a_definition() -> None:
    classes = {
        kind for kind in vars(result).values() if is_dataclass(kind) and kind.__module__ == result.__name__
    }
    assert classes == {*PARTS.values(), Estimate}
    assert set(SCHEMA["$defs"]) == {*PARTS, "bytes", "tier"}


@pytest.mark.parametrize("name", OBJECTS)
def test_fields_agree(name: str) -> None:
    schema, kind = OBJECTS[name]
    names = {field.name for field in fields(kind)}
    assert set(schema["properties"]) == names
    assert set(schema["required"]) == names
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", OBJECTS)
def test_types_agree(name: str) -> None:
    schema, kind = OBJECTS[name]
    hints = get_type_hints(kind)
    said = {key: described(value) for key, value in schema["properties"].items()}
    assert said == {field.name: wanted(hints[field.name]) for field in fields(kind)}


def described(schema: Mapping[str, Any]) -> str:
    """The type that a part of the schema allows, in one spelling."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return name if name in PARTS else described(SCHEMA["$defs"][name])
    if "anyOf" in schema:
        return "|".join(sorted(described(option) for option in schema["anyOf"]))
    if "enum" in schema:
        return f"one of {sorted(schema['enum'])}"
    if "const" in schema:
        return "integer"
    if schema["type"] == "array" and "prefixItems" in schema:
        return f"({', '.join(described(item) for item in schema['prefixItems'])})"
    if schema["type"] == "array":
        return f"[{described(schema['items'])}]"
    if schema["type"] == "object":
        return f"{{{described(schema['additionalProperties'])}}}"
    kinds = schema["type"]
    return kinds if isinstance(kinds, str) else "|".join(sorted(kinds))


def wanted(hint: Any) -> str:
    """The same spelling for a type of Python."""
    names = {part: name for name, part in PARTS.items()}
    simple = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
    origin, options = get_origin(hint), get_args(hint)
    if origin is types.UnionType:
        return "|".join(sorted(wanted(option) for option in options))
    if origin is Literal:
        return f"one of {sorted(options)}"
    if origin is tuple and options[-1] is Ellipsis:
        return f"[{wanted(options[0])}]"
    if origin is tuple:
        return f"({', '.join(wanted(option) for option in options)})"
    if origin is Mapping:
        return f"{{{wanted(options[1])}}}"
    return names[hint] if hint in names else simple[hint]


def test_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", OBJECTS)
def test_every_field_is_described_with_its_unit(name: str) -> None:
    schema, _ = OBJECTS[name]
    for key, value in schema["properties"].items():
        text = value.get("description", "")
        assert text.endswith("."), key
        if (key.endswith("bytes") and "range" not in str(value)) or key in ("low", "mid", "high"):
            assert "bytes" in text, key


def test_tiers_are_those_of_the_code() -> None:
    assert SCHEMA["$defs"]["tier"]["enum"] == list(TIERS)


@pytest.mark.parametrize("make", estimates.ALL.values(), ids=estimates.ALL)
def test_samples_are_valid_and_come_back(make: Callable[[], Estimate]) -> None:
    data = through_text(make())
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []
    assert Estimate.from_json(data) == make()
    assert Estimate.from_json(make().to_json()) == make()


def test_fields_with_defaults_may_be_left_out() -> None:
    data = through_text(estimates.minimal())
    for field in fields(Estimate):
        if has_default(field) and field.name != "schema_version":
            del data[field.name]
    assert Estimate.from_json(data) == estimates.minimal()


def has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


@settings(deadline=None)
@given(estimates.any_estimate())
def test_any_estimate_comes_back(estimate: Estimate) -> None:
    assert Estimate.from_json(through_text(estimate)) == estimate


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in ``data``."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(data, dict):
        inner = list(data.items())
    elif isinstance(data, list):
        inner = list(enumerate(data[:3]))
    return [path] + [place for key, value in inner for place in places(value, (*path, key))]


def changed(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = data.copy()
    copy[path[0]] = changed(data[path[0]], path[1:], value)
    return copy


SAMPLE = through_text(estimates.complete())


@settings(deadline=None)
@given(st.sampled_from(places(SAMPLE)), anything)
def test_a_damaged_estimate_is_read_or_refused_in_one_way(path: tuple[Any, ...], value: Any) -> None:
    try:
        estimate = Estimate.from_json(changed(SAMPLE, path, value))
    except ValueError:
        return
    assert Estimate.from_json(estimate.to_json()) == estimate or value != value or "nan" in str(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((), None),
        ((), []),
        ((), {}),
        (("schema_version",), 0),
        (("schema_version",), True),
        (("script",), None),
        (("batch_size",), "32"),
        (("batch_size",), 32.0),
        (("batch_size",), True),
        (("batch_size",), 10**400),
        (("tier",), "guessed"),
        (("tier",), ["measured"]),
        (("targets",), {}),
        (("targets", 0, "fits"), True),
        (("targets", 0, "program_peak_bytes"), 5),
        (("targets", 0, "largest_batch"), {"size": 1}),
        (("program_peak_bytes", "mid"), None),
        (("timeline", 0), [0.5]),
        (("timeline", 0), [0.5, 1, 2]),
        (("timeline", 0, 0), 10**400),
        (("versions", "keras"), 3),
        (("seconds",), [1]),
        (("unheard_of",), 1),
        (("host", "unheard_of"), 1),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_data_is_refused(path: tuple[Any, ...], value: Any) -> None:
    data = json.loads(json.dumps(SAMPLE))
    if path and path[-1] == "unheard_of":
        inner = data
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
    else:
        data = changed(data, path, value)
    with pytest.raises(ValueError, match="this is no estimate"):
        Estimate.from_json(data)


def test_a_part_that_is_missing_is_refused() -> None:
    data = {key: value for key, value in SAMPLE.items() if key != "tier"}
    with pytest.raises(ValueError, match="tier"):
        Estimate.from_json(data)


def test_every_field_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "estimate-report.md").read_text(encoding="utf-8")
    inner = {result.Range, result.Tensor, result.NotCovered, result.Buffer}
    own = {
        "script",
        "largest_batch",
        "targets",
        "what_if",
        "schema_version",
        "breakdown",
        "host",
        "name",
        "target",
        "tier",
    }
    for kind in {*PARTS.values(), Estimate} - inner:
        for field in fields(kind):
            assert re.search(rf"[`.]{field.name}`", page) or field.name in own, field.name
