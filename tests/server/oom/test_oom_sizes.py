"""Bytes, shapes and types as logs write them."""

from __future__ import annotations

import re

import pytest
from keras_memlint.server.oom.sizes import SIZE, bytes_of, dtype, shape, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.00GiB", 2 << 30),
        ("22.78 GiB", round(22.78 * (1 << 30))),
        ("117. GiB", 117 << 30),
        ("159.69M", round(159.69 * (1 << 20))),
        ("1234567 bytes", 1234567),
        ("268435456B", 268435456),
        ("0B", 0),
        ("4288kB", 4288 << 10),
        ("17043456kb", 17043456 << 10),
        ("26,184,840kB", 26184840 << 10),
        ("15.77G", round(15.77 * (1 << 30))),
        ("1.5 TiB", 3 << 39),
    ],
)
def test_size(text: str, expected: int) -> None:
    assert size(text) == expected
    found = re.match(SIZE, text)
    assert found is not None
    assert found[0] == text


@pytest.mark.parametrize("text", ["", "GiB", "1.2.3 GiB", "-1", "9" * 30, "2 GiBs"])
def test_no_size(text: str) -> None:
    assert size(text) is None


def test_shape_and_dtype() -> None:
    assert shape("256,224,224,64") == shape("(256, 224, 224, 64)") == (256, 224, 224, 64)
    assert shape("") == ()
    assert shape("9" * 30) is None
    assert (dtype("half"), dtype("f32"), dtype("uint8")) == ("float16", "float32", "uint8")
    assert bytes_of((2, 3), "float32") == 24
    assert bytes_of((), "float64") == 8
    assert bytes_of((10**20,) * 30, "float32") is None
    assert bytes_of(None, "float32") is bytes_of((2,), None) is bytes_of((2,), "no such") is None
