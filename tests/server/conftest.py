"""Runs the command line as a user does: in a folder of its own, with a cache of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """How a run ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The array that ``--output-format json`` prints."""
        found = json.loads(self.out)
        assert isinstance(found, list)
        return found

    @property
    def codes(self) -> list[str]:
        return [finding["code"] for finding in self.findings]


Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the cache of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("KERAS_MEMLINT_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs the command line in this process, in an empty folder, on a machine without a GPU."""
    from keras_memlint.server.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", None)

    def run(*arguments: str) -> Result:
        capfd.readouterr()
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 2
        captured = capfd.readouterr()
        return Result(status, captured.out, captured.err)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Cli:
    """Runs the command line as a process of its own; ``stdin`` is what it reads."""

    def run(*arguments: str, stdin: bytes = b"", python: tuple[str, ...] = (), **env: str) -> Result:
        done = subprocess.run(
            [sys.executable, *python, "-m", "keras_memlint", *arguments],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, **env},
            timeout=60,
            check=False,
        )
        return Result(
            done.returncode,
            done.stdout.decode("utf-8", "surrogateescape"),
            done.stderr.decode("utf-8", "replace"),
        )

    return run


SEQUENTIAL = """\
import tensorflow as tf


def decode(path):
    return tf.image.decode_jpeg(tf.io.read_file(path))


ds = tf.data.Dataset.list_files("train/*.jpg", shuffle=False)
ds = ds.map(decode)
"""
"""A script with one KM209, in row 9 at ``map``, whose safe fix is ``num_parallel_calls=tf.data.AUTOTUNE``."""


@pytest.fixture
def sequential() -> str:
    return SEQUENTIAL


@pytest.fixture
def clean() -> str:
    return SEQUENTIAL.replace("(decode)", "(decode, num_parallel_calls=tf.data.AUTOTUNE)")
