"""``check --bill``: bytes by place, largest first, with what is not known; and what it cannot be used with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

SCRIPT = """import keras
import numpy as np

images = np.zeros((4000, 64, 64, 3), dtype="uint8")
x = images / 255.0
y = np.load("labels_of_pixels.npy")
model = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(8, 3), keras.layers.Flatten(), keras.layers.Dense(2)])
model.compile("adam", "mse")
model.fit(x, y, batch_size=32)
"""
# 4,000 × 64 × 64 × 3 numbers; 3 × 3 × 3 × 8 + 8 and 62 × 62 × 8 × 2 + 2 weights.
NUMBERS, WEIGHTS = 49_152_000, 224 + 61_506


def bill(cli: Cli, *arguments: str) -> Any:
    result = cli("check", "--bill", "--output-format", "json", *arguments)
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


def test_host_parts_largest_first_and_unknown_last(cli: Cli) -> None:
    Path("train.py").write_text(SCRIPT)
    (script,) = bill(cli, "train.py")
    assert [(part["bytes"], part["location"]["row"]) for part in script["host"]] == [
        (NUMBERS * 12, 9),  # as much as was measured, see benchmarks/evidence
        (NUMBERS * 8, 5),  # float64
        (NUMBERS, 4),
        (None, 9),
    ]
    assert "labels_of_pixels.npy" in script["host"][-1]["what"]


def test_parts_of_a_training_and_the_target(cli: Cli) -> None:
    Path("train.py").write_text(SCRIPT)
    (script,) = bill(cli, "train.py", "--target-gpu", "t4")
    (training,) = script["trainings"]
    sizes = {part["what"]: part["bytes"] for part in training["parts"]}
    assert sizes[f"{WEIGHTS:,} weights"] == sizes["their gradients"] == WEIGHTS * 4
    assert sizes["the optimizer's values"] == WEIGHTS * 8
    assert training["batch_size"] == 32
    assert (training["target"], training["fits"]) == ("T4", "yes")
    assert sum(sizes.values()) == training["bytes"]["mid"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("keras.layers.Dense(2)", "unheard_of()", "the size of a layer is not known"),
        ("Dense(2)", "Dense(some)", "the size of the layer `keras.layers.Dense(some)` is not known"),
        ('model.compile("adam", "mse")\n', "", "how the model is compiled is not known"),
        ('"adam"', "unheard_of", "what the optimizer keeps is not known"),
        ("batch_size=32", "batch_size=size", "the batch is not known"),
    ],
)
def test_what_is_missing_has_a_name(cli: Cli, old: str, new: str, reason: str) -> None:
    Path("train.py").write_text(SCRIPT.replace(old, new))
    (script,) = bill(cli, "train.py")
    (training,) = script["trainings"]
    assert [(part["what"], part["bytes"]) for part in training["parts"]] == [(reason, None)]
    assert training["bytes"] is None


def test_an_array_that_is_input_and_target_is_copied_as_two(cli: Cli) -> None:
    """Measured: 100 MiB given as ``x`` and ``y`` take 408 MiB more, as two arrays of 100 MiB do."""
    Path("train.py").write_text(
        "import keras\nimport numpy as np\n"
        "x = np.zeros((2000, 1000), 'float32')\n"
        "model = keras.models.load_model('start.keras')\n"
        "for turn in range(3):\n"
        "    model.fit(x, x)\n"
        "    model.fit(x, labels)\n"
        "model.fit([x, x], x)\n"
    )
    (script,) = bill(cli, "train.py")
    copies = {part["location"]["row"]: part for part in script["host"] if "copies" in part["what"]}
    assert {row: part["bytes"] for row, part in copies.items()} == {
        6: 32_000_000,
        7: 16_000_000,
        8: 48_000_000,
    }
    assert copies[6]["what"].endswith(", which it is given twice")
    assert copies[8]["what"].endswith(", which it is given 3 times")


def test_buffers_and_caches(cli: Cli) -> None:
    Path("train.py").write_text(
        "import numpy as np\nimport tensorflow as tf\n"
        "data = tf.data.Dataset.from_tensor_slices(np.zeros((1000, 100, 100, 3), 'uint8'))\n"
        "data = data.map(lambda x: tf.cast(x, tf.float32)).cache()\n"
        "data = data.map(lambda x: x * 2.0).shuffle(100)\n"
    )
    (script,) = bill(cli, "train.py")
    found = {part["what"]: part["bytes"] for part in script["host"]}
    assert found["a cache of 1,000 elements"] == 1000 * 30_000 * 4
    assert found["a shuffle buffer of 100 elements"] == 100 * 30_000 * 4


def test_a_buffer_takes_at_least_what_is_known_of_its_elements(cli: Cli) -> None:
    Path("train.py").write_text(
        "import tensorflow as tf\n"
        "def load(name, label):\n"
        "    return tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(name), 3), (64, 64)), label\n"
        "ds = tf.data.Dataset.from_tensor_slices((names, labels)).map(load).shuffle(2000).batch(32)\n"
        "model.fit(ds)\n"
    )
    (script,) = bill(cli, "train.py")
    (part,) = script["host"]
    assert part["bytes"] == 2000 * 64 * 64 * 3 * 4
    assert "at least" in part["what"]


def test_a_training_loop_of_its_own_is_named_and_not_counted(cli: Cli) -> None:
    Path("train.py").write_text(
        "import tensorflow as tf\n"
        "ds = tf.data.Dataset.range(10).batch(2)\n"
        "model = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n"
        "optimizer = tf.keras.optimizers.Adam()\n"
        "for x in ds:\n"
        "    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_mean(model(x))\n"
        "    gradients = tape.gradient(loss, model.trainable_variables)\n"
        "    optimizer.apply_gradients(zip(gradients, model.trainable_variables))\n"
    )
    (script,) = bill(cli, "train.py")
    (training,) = script["trainings"]
    assert (training["method"], training["batch_size"], training["location"]["row"]) == (
        "GradientTape",
        None,
        6,
    )
    assert [part["bytes"] for part in training["parts"]] == [None]


def test_text_for_people(cli: Cli) -> None:
    Path("train.py").write_text(SCRIPT)
    result = cli("check", "--bill", "train.py", "--target-gpu", "t4")
    lines = result.out.splitlines()
    assert lines[0] == "train.py"
    assert lines[1] == "  host memory, not all of it at the same time"
    assert lines[3] == "     375 MiB  float64 4,000 × 64 × 64 × 3, made by `images / 255.0`, 5:5"
    assert any(line.lstrip().startswith("unknown  `y` of `fit`") for line in lines)
    assert any("fits T4 with 15.0 GiB" in line for line in lines)


def test_without_a_target_the_context_is_named_besides(cli: Cli) -> None:
    Path("train.py").write_text(SCRIPT)
    (line,) = [line for line in cli("check", "--bill", "train.py").out.splitlines() if "GPU" in line]
    assert "about 4.7 MiB (" in line
    assert line.endswith(") and the GPU's context, about 640 MiB")
    Path("train.py").write_text(f'import os\nos.environ["CUDA_VISIBLE_DEVICES"] = "-1"\n{SCRIPT}')
    assert "context" not in cli("check", "--bill", "train.py").out


def test_nothing_to_tell(cli: Cli, clean: str) -> None:
    Path("train.py").write_text("import keras\nprint(keras.__version__)\n")
    result = cli("check", "--bill", "train.py")
    assert (result.status, result.out) == (0, "nothing takes memory worth a line, as far as the text tells\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fix"],
        ["--diff"],
        ["--statistics"],
        ["--baseline", "b.json"],
        ["--output-format", "sarif"],
        ["--scheduler", "tcp://127.0.0.1:1"],
    ],
)
def test_not_with_what_is_about_findings(cli: Cli, arguments: list[str]) -> None:
    Path("train.py").write_text(SCRIPT)
    result = cli("check", "--bill", "train.py", *arguments)
    assert result.status == 2
    assert result.out == ""
    assert "--bill" in result.err


def test_files_that_cannot_be_read_are_named(cli: Cli) -> None:
    Path("train.py").write_text(SCRIPT)
    Path("bad.py").write_bytes(b"import keras\n\x00")
    result = cli("check", "--bill", "--output-format", "json", ".")
    assert result.status == 2
    assert "bad.py" in result.err
    assert [Path(script["filename"]).name for script in json.loads(result.out)] == ["train.py"]
