"""The whole way on a machine without a GPU: scripts with real frameworks, compiled for GPUs that are not here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
needs = pytest.mark.skipif(
    find_spec("tensorflow") is None or find_spec("jax_cuda12_plugin") is None,
    reason="needs TensorFlow and the extra gpu-predict",
)

KERAS = """
import keras
import numpy as np

model = keras.Sequential(
    [keras.Input((64, 64, 3)), keras.layers.Conv2D(32, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(10)]
)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
x, y = np.zeros((64, 64, 64, 3), "float32"), np.zeros(64, "int32")
model.fit(x, y, batch_size=16, validation_split=0.5, callbacks=[keras.callbacks.CSVLogger("log.csv")])
model.save("model.keras")
"""
TF_KERAS = """
import numpy as np
import tf_keras

model = tf_keras.Sequential([tf_keras.layers.LSTM(32, input_shape=(20, 8)), tf_keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((64, 20, 8), "float32"), np.zeros((64, 1), "float32"), batch_size=16)
"""


class Run:
    """One run of the command in a folder of its own."""

    def __init__(self, folder: Path, code: str, *arguments: str, **variables: str) -> None:
        (folder / "train.py").write_text(code, encoding="utf-8")
        self.ran = subprocess.run(
            [sys.executable, "-m", "keras_memlint", "estimate", "train.py", *arguments],
            cwd=folder,
            env=os.environ | {"KERAS_MEMLINT_CACHE_DIR": str(folder / "cache")} | variables,
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.status = self.ran.returncode
        self.written = {path.name for path in folder.iterdir()} - {"train.py", "cache"}

    @property
    def found(self) -> dict[str, Any]:
        assert self.ran.stdout, self.ran.stderr
        loaded = json.loads(self.ran.stdout)
        assert isinstance(loaded, dict)
        jsonschema.validate(
            loaded, json.loads((ROOT / "estimate" / "schema.json").read_text(encoding="utf-8"))
        )
        return loaded


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(
        tmp_path_factory.mktemp("predicted"),
        KERAS,
        *("--target", "t4,a100-40", "--what-if", "sgd,mixed_bfloat16,batch"),
        *("--batch-size", "8", "--output-format", "json"),
    )


@needs
class TestPredicted:
    def test_every_target_by_the_compiler(self, predicted: Run) -> None:
        assert predicted.status == 0, predicted.ran.stderr
        found = predicted.found
        assert [(row["name"], row["tier"], row["fits"]) for row in found["targets"]] == [
            ("T4", "compiler", "yes"),
            ("A100 40GB", "compiler", "yes"),
        ]
        assert (found["backend"], found["batch_size"], found["policy"], found["optimizer"]) == (
            "tensorflow",
            16,
            "float32",
            "Adam",
        )
        assert (found["hook"], found["line"]) == ("fit", 10)

    def test_sizes_that_can_be_computed_by_hand(self, predicted: Run) -> None:
        parts = predicted.found["breakdown"]
        weights = 4 * (3 * 3 * 3 * 32 + 32 + 62 * 62 * 32 * 10 + 10)
        # The loss's running mean is state too, and counted here.
        assert weights <= parts["parameters"] <= weights + 64
        # Adam keeps two numbers for each, beside its counter and learning rate.
        assert 2 * weights <= parts["optimizer"] <= 2 * weights + 64
        assert parts["inputs"] == 16 * 64 * 64 * 3 * 4 + 16 * 4
        whole = predicted.found["program_peak_bytes"]
        assert whole["low"] <= whole["mid"] <= whole["high"]
        # The convolution's output is needed again in the backward pass.
        assert whole["mid"] >= 3 * weights + 16 * 62 * 62 * 32 * 4

    def test_changes_are_recomputed_and_ranked(self, predicted: Run) -> None:
        found = predicted.found
        saved = {row["change"]: row["saved_bytes"] for row in found["what_if"]}
        assert set(saved) == {"sgd", "mixed_bfloat16", "batch_size=8", "batch_size=4"}
        assert list(saved.values()) == sorted(saved.values(), reverse=True)
        assert saved["batch_size=4"] > saved["batch_size=8"] > 0
        weights = found["breakdown"]["parameters"]
        # Adam's two numbers for each weight are gone, by the compiler's account, which knows no regions of an allocator.
        (sgd,) = (row for row in found["what_if"] if row["change"] == "sgd")
        less = found["program_peak_bytes"]["low"] - sgd["program_peak_bytes"]["low"]
        assert less == pytest.approx(2 * weights, rel=0.05)
        assert saved["sgd"] > 0

    def test_largest_batch_is_confirmed(self, predicted: Run) -> None:
        t4, a100 = (row["largest_batch"] for row in predicted.found["targets"])
        assert t4["confirmed"]
        assert 16 < t4["size"] < a100["size"]

    def test_nothing_is_written_and_it_is_said(self, predicted: Run) -> None:
        assert predicted.written == set()
        left_out = {entry["what"] for entry in predicted.found["not_covered"]}
        assert {"validation", "callbacks"} <= left_out

    def test_host_memory(self, predicted: Run) -> None:
        host = predicted.found["host"]
        assert 0 < host["imports_bytes"] <= host["peak_before_training_bytes"] <= host["peak_bytes"]
        # A model of megabytes: what questions about the step take afterwards is not the script's.
        assert host["peak_bytes"] < host["peak_before_training_bytes"] + (400 << 20)
        assert predicted.found["cpu_allocator_peak_bytes"] > 0


@needs
def test_without_xla_the_graph_is_read(tmp_path: Path) -> None:
    if find_spec("tf_keras") is None:
        pytest.skip("needs tf_keras")
    run = Run(tmp_path, TF_KERAS, "--target", "t4", "--output-format", "json", "--no-batch-search")
    assert run.status == 0, run.ran.stderr
    assert run.found["tier"] == "liveness"
    assert run.found["targets"][0]["tier"] == "liveness"
    assert run.found["program_peak_bytes"]["low"] > 0


@needs
def test_jax_backend_as_text(tmp_path: Path) -> None:
    run = Run(tmp_path, KERAS, "--target", "l4", "--no-batch-search", KERAS_BACKEND="jax")
    assert run.status == 0, run.ran.stderr
    assert "train.py at batch 16 needs about" in run.ran.stdout
    assert "fits L4" in run.ran.stdout
    assert "JAX's own training step" in run.ran.stdout


@needs
def test_check_says_what_was_estimated(tmp_path: Path) -> None:
    run = Run(tmp_path, KERAS, "--target", "t4", "--no-batch-search", "--output-format", "html")
    assert run.status == 0, run.ran.stderr
    assert run.ran.stdout.startswith("<!doctype html>")
    checked = subprocess.run(
        [sys.executable, "-m", "keras_memlint", "check", "train.py", "--hints"],
        cwd=tmp_path,
        env=os.environ | {"KERAS_MEMLINT_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "estimate" in checked.stdout
    assert "T4" in checked.stdout
