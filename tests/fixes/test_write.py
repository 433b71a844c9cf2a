"""Files are replaced whole, and keep all that is not their text."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.files import FileText, read_script, script_from_bytes
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.apply import edit_source
from keras_memlint.fixes.edits import Edit
from keras_memlint.fixes.write import UnwritableError, new_bytes, write_script


def replaced(file: FileText, old: str, new: str) -> Source:
    at = file.source.text.index(old)
    return edit_source(file.source, [Edit(at, at + len(old), new)])


def write(path: Path, old: str, new: str) -> bool:
    file = read_script(path, path.name)
    return write_script(path, file, replaced(file, old, new))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_bytes(b"x = 1\r\ny = 2")
    return path


@pytest.mark.parametrize(
    "raw",
    [
        "x = 1\r\ny = 'é'\r\n".encode(),
        b"x = 1\r",
        b"x = 1",
        codecs.BOM_UTF8 + b"x = 1\n",
        b"# coding: latin-1\nx = 1  # \xe9\r\n",
        "x = 1\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "x = 1\r\n".encode("utf-16-be"),
    ],
)
def test_only_the_edit_changes(raw: bytes) -> None:
    file = script_from_bytes(raw, "train.py")
    expected = raw.replace("x = 1".encode(file.encoding), "x = 2".encode(file.encoding))
    assert new_bytes(file, replaced(file, "x = 1", "x = 2")) == expected != raw


def test_written(script: Path) -> None:
    assert write(script, "1", "3")
    assert script.read_bytes() == b"x = 3\r\ny = 2"
    assert names(script.parent) == ["train.py"]


def test_notebook_written(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    raw = '{"cells": [{"source": ["x = 1\\n", "y"], "cell_type": "code"}], "nbformat" : 4, "é": 1}\n'.encode()
    path.write_bytes(raw)
    assert write(path, "1", "2")
    assert path.read_bytes() == raw.replace(b"x = 1", b"x = 2")


def test_unchanged_files_are_not_touched(script: Path) -> None:
    os.utime(script, (1, 1))
    before = script.stat()
    assert not write(script, "1", "1")
    assert (script.stat().st_ino, script.stat().st_mtime) == (before.st_ino, 1)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o664])
def test_mode_stays(script: Path, mode: int) -> None:
    script.chmod(mode)
    assert write(script, "1", "3")
    assert stat.S_IMODE(script.stat().st_mode) == mode


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only the superuser may give files away"
)
def test_owner_stays(script: Path) -> None:
    os.chown(script, 1234, 2345)
    assert write(script, "1", "3")
    assert (script.stat().st_uid, script.stat().st_gid) == (1234, 2345)


def test_an_owner_that_cannot_stay_is_a_reason_to_refuse(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    real = Path.stat

    def foreign(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = real(self, follow_symlinks=follow_symlinks)
        fields = list(found)
        fields[stat.ST_UID] += self.name == "train.py"
        return os.stat_result(fields)

    monkeypatch.setattr(os, "chown", refuse)
    monkeypatch.setattr(Path, "stat", foreign)
    with pytest.raises(UnwritableError, match="belongs to someone else"):
        write(script, "1", "3")
    monkeypatch.undo()
    assert script.read_bytes() == b"x = 1\r\ny = 2"
    assert names(script.parent) == ["train.py"]


def test_read_only_files_are_refused(script: Path) -> None:
    script.chmod(0o444)
    with pytest.raises(UnwritableError) as caught:
        write(script, "1", "3")
    assert str(caught.value) == "train.py: is read-only"
    assert script.read_bytes() == b"x = 1\r\ny = 2"


def test_the_target_of_a_link_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "train.py").write_text("x = 1")
    (folder / "middle.py").symlink_to("train.py")
    link = tmp_path / "link.py"
    link.symlink_to("real/middle.py")
    assert write(link, "1", "2")
    assert link.is_symlink()
    assert (folder / "middle.py").is_symlink()
    assert not (folder / "train.py").is_symlink()
    assert (folder / "train.py").read_text() == "x = 2"
    assert names(tmp_path) == ["link.py", "real"]


@pytest.mark.parametrize(("owner", "call"), [(Path, "replace"), (os, "fsync")])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_crash_leaves_the_old_file_and_nothing_else(
    script: Path, monkeypatch: pytest.MonkeyPatch, owner: object, call: str, error: BaseException
) -> None:
    def crash(*_: object) -> None:
        raise error

    monkeypatch.setattr(owner, call, crash)
    with pytest.raises((UnwritableError, KeyboardInterrupt)) as caught:
        write(script, "1", "3")
    assert script.read_bytes() == b"x = 1\r\ny = 2"
    assert names(script.parent) == ["train.py"]
    if isinstance(error, OSError):
        assert str(caught.value) == "train.py: cannot be written: no space left on device"


def test_a_file_changed_meanwhile_is_left_alone(script: Path) -> None:
    file = read_script(script, "train.py")
    script.write_bytes(b"x = 1  # edited")
    with pytest.raises(UnwritableError, match="changed by someone else"):
        write_script(script, file, replaced(file, "1", "3"))
    assert script.read_bytes() == b"x = 1  # edited"


def test_a_file_that_vanished_is_named(script: Path) -> None:
    file = read_script(script, "train.py")
    script.unlink()
    with pytest.raises(UnwritableError, match="no such file"):
        write_script(script, file, replaced(file, "1", "3"))
    assert names(script.parent) == []


def test_characters_the_encoding_lacks() -> None:
    file = script_from_bytes(b"# coding: latin-1\nx = 1\n", "train.py")
    with pytest.raises(UnwritableError) as caught:
        new_bytes(file, replaced(file, "1", "'→'"))
    assert str(caught.value) == "train.py: cannot be written as iso-8859-1, which has no '→'"


def test_an_encoding_that_does_not_come_back_the_same() -> None:
    file = script_from_bytes(b"# coding: utf-7\nx = '+AOk-'\n+AGE- = 1\n", "train.py")
    with pytest.raises(UnwritableError, match="without changing other places"):
        new_bytes(file, replaced(file, "1", "2"))


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="aé1 \n\r\t#", max_size=20),
    st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-32"]),
    st.text(alphabet="aé\n", max_size=5),
    st.data(),
)
def test_what_is_written_is_read_again(text: str, encoding: str, content: str, data: st.DataObject) -> None:
    head = "# coding: latin-1\n" if encoding == "latin-1" else ""
    text = head + text
    file = script_from_bytes(text.encode(encoding), "train.py")
    assert file.source.text == text
    start = data.draw(st.integers(len(head), len(text)))
    new = edit_source(file.source, [Edit(start, start, content)])
    again = script_from_bytes(new_bytes(file, new), "train.py")
    assert (again.source.text, again.encoding, again.bom) == (new.text, file.encoding, file.bom)
