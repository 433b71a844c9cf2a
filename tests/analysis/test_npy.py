"""The header of a ``.npy`` file gives dtype and shape; anything else gives nothing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from keras_memlint.analysis.abstract.describing import describe
from keras_memlint.analysis.projects.npy import read_header
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.source import Source


def npy(descr: object, shape: tuple[int, ...], version: int = 1) -> bytes:
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes((version, 0)) + length + header


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    ("descr", "name"), [("|u1", "uint8"), ("<f4", "float32"), (">f8", "float64"), ("|b1", "bool")]
)
def test_header_gives_dtype_and_shape(tmp_path: Path, version: int, descr: str, name: str) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(npy(descr, (3000, 128, 128, 3), version))
    assert read_header(path) == (name, (3000, 128, 128, 3))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"PK\x03\x04" + bytes(60),
        npy("|O", (5,)),
        npy([("a", "<f4")], (5,)),
        npy("<f4", (-1,)),
        b"\x93NUMPY\x01\x00\x05\x00[][0]",
        b"\x93NUMPY\x01\x00\x04\x00\xff\xfe\xff\xfe" + bytes(8),
    ],
)
def test_other_content_gives_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    assert read_header(path) is None


def test_a_missing_file_gives_nothing(tmp_path: Path) -> None:
    assert read_header(tmp_path / "x.npy") is None
    assert read_header(tmp_path) is None


def test_a_loaded_file_has_the_dtype_and_shape_of_its_header(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(npy("|u1", (3000, 128, 128, 3)))
    text = 'import keras\nimport numpy as np\nx = np.load("x.npy")\nprint(x)\nprint(x[:10] / 255.0)\n'
    script = analyse(Source(str(tmp_path / "train.py"), text))
    shown = [describe(call.first()) for call in script.calls("builtins.print")]
    assert shown == [
        "Array(uint8, (3000, 128, 128, 3), disk, 141 MiB)",
        "Array(float64, (10, 128, 128, 3), disk, 3.8 MiB)",
    ]
