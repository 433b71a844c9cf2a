"""Saved estimates in `check`: shown where the training is, part of what is remembered, gone when the text changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keras_memlint.estimate import saved

Cli = Callable[..., Any]
SCRIPT = """\
import keras

model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=32)
"""
LINE = 5


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def estimate(script: Path, estimate_of: Callable[..., Any]) -> Callable[..., Path]:
    return lambda **changes: saved.save(estimate_of(script, **{"line": LINE, "what_if": (), **changes}))


def test_the_estimate_is_shown_at_the_training(cli: Cli, estimate: Callable[..., Path]) -> None:
    assert "estimate" not in cli("check", "train.py").out
    estimate()
    result = cli("check", "train.py")
    lines = result.out.splitlines()
    assert re.fullmatch(
        r"train\.py:5:1 estimate: about 3\.5 GiB on T4 at batch 32"
        r" \(predicted by the GPU compiler, \d+ [A-Z][a-z]{2} \d{4}\)",
        lines[-3],
    ), result.out
    assert lines[-1] == "No findings in 1 file."
    assert result.status == 0


def test_machines_get_findings_alone(cli: Cli, estimate: Callable[..., Path]) -> None:
    estimate()
    assert cli("check", "train.py", "--output-format", "json").out == "[]\n"
    assert cli("check", "train.py", "--output-format", "concise").out == ""


def test_what_does_not_fit_is_said(cli: Cli, estimate: Callable[..., Path]) -> None:
    estimate(gib=20.0)
    out = cli("check", "train.py").out
    assert "about 20.5 GiB on T4, which does not fit at batch 32" in out


def test_another_text_has_no_estimate(cli: Cli, script: Path, estimate: Callable[..., Path]) -> None:
    estimate()
    script.write_text(SCRIPT + "\n")
    assert "estimate" not in cli("check", "train.py").out


def test_a_damaged_estimate_counts_as_none(cli: Cli, estimate: Callable[..., Path]) -> None:
    estimate().write_text("{")
    result = cli("check", "train.py")
    assert "estimate" not in result.out
    assert (result.status, result.err) == (0, "")


def test_a_new_estimate_changes_what_is_remembered(cli: Cli, estimate: Callable[..., Path]) -> None:
    def codes() -> list[str]:
        return [
            one["code"]
            for one in json.loads(cli("check", "train.py", "--hints", "--output-format", "json").out)
        ]

    plain = codes()
    assert "KM501" not in plain
    estimate(gib=20.0)
    assert "KM501" in codes()
    assert "KM501" in codes()  # remembered now
    estimate()
    assert "KM501" not in codes()


def test_repaired_texts_have_no_estimate(
    cli: Cli, tmp_path: Path, sequential: str, estimate_of: Callable[..., Any]
) -> None:
    path = tmp_path / "ds.py"
    path.write_text(sequential)
    saved.save(estimate_of(path, line=9))
    assert "ds.py:9:1 estimate: " in cli("check", "ds.py").out
    assert "estimate" not in cli("check", "--fix", "ds.py").out
