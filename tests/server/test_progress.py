"""How far a long command is, where standard error is no terminal."""

from __future__ import annotations

import json

import pytest
from keras_memlint.estimate.progress import Stage
from keras_memlint.server.progress import shown

STAGES = (
    Stage("script"),
    Stage("training"),
    *(Stage("training", f"step {number} of 3") for number in (1, 2, 3)),
    Stage("predicting", "T4", 0.3),
    Stage("predicting", "T4", 0.3),
    Stage("what-if", "half the\nbatch", 0.7),
)


def said(kind: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    with shown(kind) as progress:
        for stage in STAGES:
            progress(stage)
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_a_line_for_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said("auto", capsys)
    assert [line.partition(" s  ")[2] for line in lines[:3]] == ["script", "training", "predicting T4"]
    assert [line.partition(" s  ")[0] for line in lines] == ["     0"] * 4
    assert "what-if" in lines[3]


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert [json.loads(line)["stage"] for line in said("json", capsys)] == [one.stage for one in STAGES]


def test_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert said("none", capsys) == []
