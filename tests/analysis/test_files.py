"""Bytes become text the way Python reads them, and what is no text is refused with a reason."""

from __future__ import annotations

import codecs
import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.files import UnreadableError, read_script, script_from_bytes

NOTEBOOK = '{"cells": [{"cell_type": "code", "source": "x = 1"}], "nbformat": 4}'


def reason(raw: bytes, name: str = "train.py") -> str:
    with pytest.raises(UnreadableError) as caught:
        script_from_bytes(raw, name)
    assert caught.value.path == name
    assert str(caught.value) == f"{name}: {caught.value.reason}"
    return caught.value.reason


@pytest.mark.parametrize(
    ("raw", "text", "encoding", "bom"),
    [
        (b"", "", "utf-8", b""),
        ("x = 'é'\n".encode(), "x = 'é'\n", "utf-8", b""),
        (codecs.BOM_UTF8 + "x = 'é'".encode(), "x = 'é'", "utf-8", codecs.BOM_UTF8),
        (codecs.BOM_UTF8 + b"# coding: utf-8\n", "# coding: utf-8\n", "utf-8", codecs.BOM_UTF8),
        (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n", "iso-8859-1", b""),
        (
            b"#!python\r# vim: fileencoding=cp1252 :\r'\x80'",
            "#!python\r# vim: fileencoding=cp1252 :\r'€'",
            "cp1252",
            b"",
        ),
        ("x = 'é'".encode("utf-16"), "x = 'é'", "utf-16-le", codecs.BOM_UTF16_LE),
        (codecs.BOM_UTF16_BE + "x = 'é'".encode("utf-16-be"), "x = 'é'", "utf-16-be", codecs.BOM_UTF16_BE),
        ("x = 'é'".encode("utf-32"), "x = 'é'", "utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
def test_encodings(raw: bytes, text: str, encoding: str, bom: bytes) -> None:
    file = script_from_bytes(raw, "train.py")
    assert (file.source.text, file.encoding, file.bom) == (text, encoding, bom)
    assert file.raw == raw
    assert file.text == text


def test_line_endings_stay() -> None:
    text = "a\r\nb\rc\nd"
    assert script_from_bytes(text.encode(), "train.py").source.text == text


def test_a_cookie_below_the_second_line_is_a_comment() -> None:
    assert script_from_bytes("\n\n# coding: latin-1\n'é'".encode(), "a.py").source.text.endswith("'é'")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"x = '\xe9'", "is not UTF-8 text and declares no other encoding (line 1)"),
        (b"x = 1\ny = '\xe9'", "is not UTF-8 text and declares no other encoding (line 2)"),
        (b"x = 1\r\n\r\n\0", "is not text, it holds NUL bytes (line 3)"),
        ("x = 1".encode("utf-16-le"), "is not text, it holds NUL bytes (line 1)"),
        (codecs.BOM_UTF16_LE + b"x", "is not text in utf-16-le, the encoding it declares"),
        (codecs.BOM_UTF8 + b"\xe9", "is not text in utf-8, the encoding it declares"),
        (b"# coding: ascii\n\xe9", "is not text in ascii, the encoding it declares"),
        (b"# coding: hex\n", "is not text in hex, the encoding it declares"),
        (b"# coding: undefined\n", "is not text in undefined, the encoding it declares"),
        (b"# coding: utf-16\n", "is not text in utf-16, the encoding it declares"),
        (b"# coding: unicode_escape\n'\\ud800'", "is not text in unicode_escape, the encoding it declares"),
        (
            b"# coding: klingon\n",
            "declares an encoding that Python does not accept (unknown encoding: klingon)",
        ),
        (
            codecs.BOM_UTF8 + b"# coding: latin-1\n",
            "declares an encoding that Python does not accept (encoding problem: utf-8)",
        ),
    ],
)
def test_what_is_no_text_says_why(raw: bytes, expected: str) -> None:
    assert reason(raw) == expected


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["a.py", "a.ipynb"]))
def test_any_bytes_are_text_or_unreadable(raw: bytes, name: str) -> None:
    try:
        file = script_from_bytes(raw, name)
    except UnreadableError as error:
        assert error.reason
        assert error.reason[0].islower()
    else:
        assert file.raw == raw
        file.source.text.encode()


def test_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_bytes(b"x = 1\r\n")
    file = read_script(path, "shown.py")
    assert (file.source.path, file.source.text) == ("shown.py", "x = 1\r\n")


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "folder.py").mkdir()
    reasons = {}
    for name in ("missing.py", "folder.py", "loop.py", "\0.py"):
        with pytest.raises(UnreadableError) as caught:
            read_script(tmp_path / name, name)
        reasons[name] = caught.value.reason
    assert reasons == {
        "missing.py": "no such file",
        "folder.py": "is a folder",
        "loop.py": os.strerror(errno.ELOOP).lower(),
        "\0.py": "no file can have this name",
    }


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    # The superuser may read everything, so that no mode of a real file fails here.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UnreadableError, match="permission denied"):
        read_script(tmp_path / "train.py", "train.py")


def test_notebooks_are_told_by_their_name() -> None:
    assert script_from_bytes(NOTEBOOK.encode(), "a.IPYNB").source.text == "x = 1\n"
    assert script_from_bytes(NOTEBOOK.encode(), "a.py").source.text == NOTEBOOK
    assert script_from_bytes(codecs.BOM_UTF8 + NOTEBOOK.encode(), "a.ipynb").text == NOTEBOOK
    assert script_from_bytes(NOTEBOOK.encode("utf-16"), "a.ipynb").text == NOTEBOOK
    with pytest.raises(UnreadableError, match="is not JSON"):
        script_from_bytes(b"x = 1", "a.ipynb")


def test_a_cookie_means_nothing_in_a_notebook() -> None:
    raw = ('{"coding": "# coding: latin-1",' + NOTEBOOK[1:].replace("1", "'é'")).encode()
    assert script_from_bytes(raw, "a.ipynb").source.text == "x = 'é'\n"
