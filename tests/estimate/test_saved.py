"""Saved estimates: found by the script, believed for the same text only, and never in anybody's way."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from keras_memlint.analysis.text.files import read_script
from keras_memlint.estimate import saved
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.result import Estimate

TEXT = "model.fit(x, y)\n"
Make = Callable[..., Estimate]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_MEMLINT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "project" / "train.py"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def test_an_estimate_comes_back_as_it_was(script: Path, cache: Path, estimate_of: Make) -> None:
    estimate = estimate_of(script)
    file = saved.save(estimate)
    assert saved.load(script, TEXT) == estimate == saved.read(script)
    assert file.is_relative_to(cache)
    assert os.listdir(script.parent) == ["train.py"]
    assert os.listdir(file.parent) == [file.name]


def test_the_file_holds_the_estimate_and_nothing_else(script: Path, estimate_of: Make) -> None:
    estimate = estimate_of(script)
    assert Estimate.from_json(json.loads(saved.save(estimate).read_bytes())) == estimate


def test_another_text_has_none(script: Path, estimate_of: Make) -> None:
    saved.save(estimate_of(script))
    assert saved.load(script, TEXT + "\n") is None
    assert saved.read(script) is not None


def test_line_endings_alone_make_no_other_text(script: Path, estimate_of: Make) -> None:
    saved.save(estimate_of(script))
    assert saved.load(script, TEXT.replace("\n", "\r\n")) is not None


def test_another_script_has_none(script: Path, estimate_of: Make) -> None:
    saved.save(estimate_of(script))
    other = script.with_name("other.py")
    other.write_text(TEXT)
    assert saved.load(other, TEXT) is None


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_links_lead_to_the_estimate(script: Path, tmp_path: Path, estimate_of: Make) -> None:
    saved.save(estimate_of(script))
    link = tmp_path / "link"
    link.symlink_to(script.parent, target_is_directory=True)
    assert saved.load(link / "train.py", TEXT) is not None
    file = tmp_path / "other.py"
    file.symlink_to(link / "train.py")
    assert saved.load(file, TEXT) is not None


def test_the_path_may_be_relative(script: Path, monkeypatch: pytest.MonkeyPatch, estimate_of: Make) -> None:
    saved.save(estimate_of(script))
    monkeypatch.chdir(script.parent)
    assert saved.load(Path("train.py"), TEXT) is not None


def test_the_next_estimate_takes_its_place(script: Path, estimate_of: Make) -> None:
    first = saved.save(estimate_of(script))
    assert saved.save(estimate_of(script, gib=5)) == first
    found = saved.load(script, TEXT)
    assert found is not None
    assert found.program_peak_bytes.mid == 5 << 30


def changed(data: dict[str, object], **changes: object) -> bytes:
    return json.dumps({**data, **changes}).encode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"\xff\xfe\x00",
        lambda data: b"[" * 100_000,
        lambda data: json.dumps(data).encode()[:-20],
        lambda data: b"[]",
        lambda data: changed(data, schema_version=99),
        lambda data: changed(data, targets=[{"name": "T4"}]),
        lambda data: changed(data, batch_size="many"),
    ],
)
def test_a_damaged_file_counts_as_none_and_is_replaced(
    script: Path, estimate_of: Make, damage: Callable[[dict[str, object]], bytes]
) -> None:
    estimate = estimate_of(script)
    file = saved.save(estimate)
    file.write_bytes(damage(estimate.to_json()))
    assert saved.load(script, TEXT) is None
    with pytest.raises(EstimateError, match="is damaged"):
        saved.read(script)
    saved.save(estimate)
    assert saved.load(script, TEXT) == estimate


def test_no_home_means_no_estimates(script: Path, monkeypatch: pytest.MonkeyPatch, estimate_of: Make) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(saved, "folder", homeless)
    assert saved.load(script, TEXT) is None
    with pytest.raises(EstimateError, match="cannot be kept"):
        saved.save(estimate_of(script))


def test_a_place_that_cannot_be_written_is_an_error_of_one_sentence(
    script: Path, cache: Path, estimate_of: Make
) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(EstimateError, match="cannot be kept") as failed:
        saved.save(estimate_of(script))
    assert "\n" not in str(failed.value)
    assert saved.load(script, TEXT) is None


def test_a_save_that_fails_leaves_the_old_one(
    script: Path, monkeypatch: pytest.MonkeyPatch, estimate_of: Make
) -> None:
    estimate = estimate_of(script)
    file = saved.save(estimate)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EstimateError, match="No space left"):
        saved.save(estimate_of(script, gib=5))
    assert saved.load(script, TEXT) == estimate
    assert os.listdir(file.parent) == [file.name]


def test_notebooks_and_marks_are_hashed_as_the_text_they_hold(tmp_path: Path, estimate_of: Make) -> None:
    book = tmp_path / "train.ipynb"
    cells = [{"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": [TEXT]}]
    book.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    saved.save(estimate_of(book))
    assert saved.load(book, read_script(book, "train.ipynb").source.text) is not None
    marked = tmp_path / "marked.py"
    marked.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    saved.save(estimate_of(marked))
    assert saved.load(marked, TEXT) is not None
    assert saved.script_hash(marked) == estimate_of(marked).script_hash
