"""``oom``: what a log says, the lines of the script it is about, what would save most; and logs that are none."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
GIB = 1 << 30

SCRIPT = """\
import keras
import numpy as np

images = np.zeros((4000, 512, 512, 3), dtype="uint8")
x = images / 255.0
y = np.zeros(4000, dtype="int32")

inputs = keras.Input((512, 512, 3))
h = keras.layers.Conv2D(64, 3, padding="same", activation="relu")(inputs)
h = keras.layers.MaxPooling2D()(h)
h = keras.layers.Conv2D(128, 3, padding="same", activation="relu", name="second")(h)
h = keras.layers.GlobalAveragePooling2D()(h)
model = keras.Model(inputs, keras.layers.Dense(10)(h))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=3, batch_size=32)
"""
GPU = """\
2024-05-01 12:00:03.123456: W tsl/framework/bfc_allocator.cc:487] Allocator (GPU_0_bfc) ran out of memory trying to allocate \
2.00GiB (rounded to 2147483648)requested by op model/conv2d/Relu
2024-05-01 12:00:03.123500: I tsl/framework/bfc_allocator.cc:1112] Sum Total of in-use chunks: 12.90GiB
Limit:                     14611120128
InUse:                     13851281408
MaxInUse:                  13851281408
Traceback (most recent call last):
  File "/workspace/train.py", line 15, in <module>
    model.fit(x, y, epochs=3, batch_size=32)
  File "/usr/local/lib/python3.10/dist-packages/keras/src/utils/traceback_utils.py", line 70, in error_handler
    raise e.with_traceback(filtered_tb) from None
tensorflow.python.framework.errors_impl.ResourceExhaustedError: Graph execution error:

Detected at node 'model/conv2d/Relu' defined at (most recent call last):
    File "/workspace/train.py", line 15, in <module>
      model.fit(x, y, epochs=3, batch_size=32)
Node: 'model/conv2d/Relu'
OOM when allocating tensor with shape[32,512,512,64] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by \
allocator GPU_0_bfc
\t [[{{node model/conv2d/Relu}}]]
Hint: If you want to see a list of allocated tensors when OOM happens, add report_tensor_allocations_upon_oom to RunOptions.
 [Op:__inference_train_function_1234]
"""


@pytest.fixture
def script(cli: Cli) -> Path:
    """A script in the folder in which the command line runs."""
    del cli
    path = Path("train.py")
    path.write_text(SCRIPT)
    return path


def report(cli: Cli, log: str | bytes, *arguments: str) -> Any:
    """The JSON of a log."""
    Path("train.log").write_bytes(log if isinstance(log, bytes) else log.encode())
    result = cli("oom", "train.log", "--output-format", "json", *arguments)
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


def ties(found: Any, kind: str) -> list[int]:
    """The rows of one kind of tie."""
    return [tie["location"]["row"] for tie in found["ties"] if tie["kind"] == kind]


class TestGpu:
    def test_what_failed(self, cli: Cli, script: Path) -> None:
        found = report(cli, GPU)
        assert found["schema_version"] == 1
        assert (found["memory"], found["reporter"], found["certain"]) == ("gpu", "TensorFlow", True)
        assert (found["shape"], found["dtype"]) == ([32, 512, 512, 64], "float32")
        assert found["bytes"] == 32 * 512 * 512 * 64 * 4 == found["message_bytes"]
        assert (found["in_use_bytes"], found["limit_bytes"]) == (13851281408, 14611120128)
        assert (found["allocator"], found["node"]) == ("GPU_0_bfc", "model/conv2d/Relu")
        assert found["others"] == []

    def test_where(self, cli: Cli, script: Path) -> None:
        found = report(cli, GPU)
        assert found["scripts"] == ["train.py"]  # the log names it in a folder of the container
        assert found["failed_at"]["location"]["row"] == 15
        assert ties(found, "layer") == [9]
        assert ties(found, "batch") == [15]

    def test_remedies_are_of_the_gpu_and_ordered(self, cli: Cli, script: Path) -> None:
        remedies = report(cli, GPU)["remedies"]
        sizes = [remedy["bytes"] for remedy in remedies]
        known = [size for size in sizes if size is not None]
        assert known == sorted(known, reverse=True)
        assert sizes == known + [None] * (len(sizes) - len(known))
        batch = next(one for one in remedies if one["code"] is None and "batch of 16" in one["what"])
        assert batch["bytes"] >= 32 * 512 * 512 * 64 * 4 // 2
        assert not {"KM102", "KM103"} & {one["code"] for one in remedies}  # what the host needs

    def test_channels_first(self, cli: Cli, script: Path) -> None:
        found = report(cli, GPU.replace("[32,512,512,64]", "[32,64,512,512]"))
        assert ties(found, "layer") == [9]

    def test_layer_by_its_name(self, cli: Cli, script: Path) -> None:
        log = GPU.replace("model/conv2d/Relu", "gradient_tape/model/second/Conv2D/Conv2DBackpropInput")
        found = report(cli, log.replace("[32,512,512,64]", "[32,256,256,64]"))
        assert ties(found, "layer") == [11]

    def test_weights_of_a_layer(self, cli: Cli, script: Path) -> None:
        log = GPU.replace("model/conv2d/Relu", "Adam/Adam/update/mul")
        found = report(cli, log.replace("[32,512,512,64]", "[3,3,64,128]"))
        assert (ties(found, "weights"), ties(found, "layer"), ties(found, "batch")) == ([11], [], [])

    def test_weights_with_channels_in_front(self, cli: Cli, script: Path) -> None:
        log = GPU.replace("model/conv2d/Relu", "model/second/Conv2D")
        assert ties(report(cli, log.replace("[32,512,512,64]", "[128,64,3,3]")), "weights") == [11]

    @pytest.mark.parametrize(
        ("node", "rows"),
        [
            ("model/conv2d/Relu", [9]),
            ("model/conv2d_1/Relu", [10]),
            ("gradient_tape/model/conv2d_1/Conv2D/Conv2DBackpropInput", [10]),
            ("StatefulPartitionedCall/functional_1/conv2d_1_2/Relu", [10]),
            ("functional_1/conv2d_1/Relu", [9, 10]),  # one of them, or the first one entered again
            ("conv2d_1/convolution", [9, 10]),  # the first Keras counts from 1
            ("model_1/conv2d_1/convolution", [9, 10]),
            ("training/Adam/gradients/conv2d_1/Conv2D_grad/Conv2DBackpropInput", [9, 10]),
            ("model/conv2d_7/Relu", [9, 10]),
            ("Relu", [9, 10]),
        ],
    )
    def test_layer_by_its_number(self, cli: Cli, script: Path, node: str, rows: list[int]) -> None:
        script.write_text(SCRIPT.replace("MaxPooling2D()", 'Conv2D(64, 3, padding="same")'))
        assert ties(report(cli, GPU.replace("model/conv2d/Relu", node)), "layer") == rows

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("import numpy as np\n", "import numpy as np, segmentation_models\n"),
            ("images =", "keras.applications.Xception()\nimages ="),
            ("\nimages =", "for size in sizes:\n    keras.layers.Conv2D(size, 3)\nimages ="),
            ("\nimages =", "if size:\n    keras.layers.Conv2D(size, 3)\nimages ="),
            ("\nimages =", "keras.layers.Conv2D(8, 3, name=some)\nimages ="),
            ("\nimages =", "keras.layers.Conv2D(**some)\nimages ="),
            ("\nimages =", "keras.backend.clear_session()\nimages ="),
            ("\nimages =", "def more():\n    return keras.layers.Conv2D(8, 3)\nimages ="),
        ],
    )
    def test_two_layers_that_match_are_both_named(self, cli: Cli, script: Path, old: str, new: str) -> None:
        """What may have a number, too."""
        text = SCRIPT.replace("MaxPooling2D()", 'Conv2D(64, 3, padding="same")')
        script.write_text(text.replace(old, new, 1))
        assert len(ties(report(cli, GPU, "--script", "train.py"), "layer")) == 2

    def test_numbers_of_layers_made_by_functions(self, cli: Cli, script: Path) -> None:
        script.write_text(
            "import keras\n\n\ndef block(h):\n    return keras.layers.Conv2D(64, 3, padding='same')(h)\n\n\n"
            "def build():\n    inputs = keras.Input((512, 512, 3))\n"
            "    h = keras.layers.Conv2D(64, 3, padding='same', name='own')(inputs)\n    h = block(block(h))\n"
            "    h = keras.layers.Conv2D(64, 3, padding='same')(h)\n    return keras.Model(inputs, h)\n\n\n"
            "model = build()\n"
        )
        for number, row in enumerate((5, 5, 12)):
            log = GPU.replace("model/conv2d/Relu", f"model/conv2d_{number}/Relu".replace("_0", ""))
            assert ties(report(cli, log, "--script", "train.py"), "layer") == [row]

    def test_number_of_a_layer_of_which_no_tensor_is_named(self, cli: Cli, script: Path) -> None:
        script.write_text(SCRIPT.replace("MaxPooling2D()", 'Conv2D(64, 3, padding="same")'))
        log = "Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.00GiB requested by op model/conv2d_1/Conv2D\n"
        found = report(cli, log, "--script", "train.py")
        assert [tie["what"] for tie in found["ties"]] == ["`Conv2D` has the name that the message names"]
        assert ties(found, "layer") == [10]

    def test_nothing_matches(self, cli: Cli, script: Path) -> None:
        log = GPU.replace("[32,512,512,64]", "[7,13,17]").replace("conv2d", "other")
        assert report(cli, log)["ties"] == []
        text = cli("oom", "train.log")
        assert "nothing in train.py is known to have the shape of this tensor" in text.out

    def test_whole_data_set(self, cli: Cli, script: Path) -> None:
        log = (
            "Traceback (most recent call last):\n"
            '  File "train.py", line 15, in <module>\n    model.fit(x, y, epochs=3, batch_size=32)\n'
            "ResourceExhaustedError: OOM when allocating tensor with shape[4000,512,512,3] and type double on"
            " /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc [Op:_EagerConst]\n"
        )
        found = report(cli, log)
        assert ties(found, "array") == [5, 15]
        assert ties(found, "batch") == []
        assert "KM103" in {one["code"] for one in found["remedies"]}

    def test_a_smaller_batch_does_not_help_a_whole_data_set(self, cli: Cli, script: Path) -> None:
        found = report(cli, GPU.replace("[32,512,512,64]", "[4000,512,512,3]").replace("conv2d", "x"))
        assert ties(found, "layer") == []
        assert [one["what"] for one in found["remedies"] if one["code"] is None] == []

    def test_loop_of_the_users_own(self, cli: Cli) -> None:
        Path("train.py").write_text(
            "import keras\nimport tensorflow as tf\n\n"
            "model = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(32, 3)])\n"
            "data = tf.data.Dataset.from_tensor_slices(tf.zeros((1000, 64, 64, 3))).batch(100)\n"
            "for x in data:\n    with tf.GradientTape() as tape:\n        y = model(x)\n"
        )
        log = "ResourceExhaustedError: OOM when allocating tensor with shape[100,62,62,32] and type float on /device:GPU:0\n"
        found = report(cli, log, "--script", "train.py")
        assert (ties(found, "layer"), ties(found, "batch")) == ([4], [5])
        half = next(
            one for one in found["remedies"] if one["what"].startswith("a batch of 50 instead of 100")
        )
        assert (half["bytes"], half["at_least"]) == (100 * 62 * 62 * 32 * 4 // 2, True)

    def test_batch_of_a_data_set(self, cli: Cli, script: Path) -> None:
        text = SCRIPT.replace("model.fit(x, y, epochs=3, batch_size=32)", "model.fit(data, epochs=3)")
        data = "data = tf.data.Dataset.from_tensor_slices((images, y)).batch(32)\n"
        script.write_text("import tensorflow as tf\n" + text.replace("\ninputs", data + "\ninputs"))
        found = report(cli, GPU, "--script", "train.py")
        assert (ties(found, "layer"), ties(found, "batch")) == ([11], [8])
        found = report(cli, GPU.replace("[32,512,512,64]", "[32,512,512,3]"), "--script", "train.py")
        assert ties(found, "dataset") == [8]

    def test_scores_of_attention(self, cli: Cli, script: Path) -> None:
        script.write_text(
            "import keras\n\ninputs = keras.Input((1024, 64))\n"
            "h = keras.layers.MultiHeadAttention(8, 8)(inputs, inputs)\n"
            "model = keras.Model(inputs, keras.layers.Dense(2)(h))\n"
        )
        found = report(
            cli,
            GPU.replace("[32,512,512,64]", "[32,8,1024,1024]").replace("conv2d", "x"),
            "--script",
            "train.py",
        )
        assert ties(found, "layer") == [4]

    def test_room_that_is_in_pieces(self, cli: Cli) -> None:
        Path("train.log").write_text(GPU.replace("13851281408", "8851281408"))
        assert "5.4 GiB were free: in pieces too small" in cli("oom", "train.log").out
        Path("train.log").write_text(GPU.replace("[32,512,512,64]", "[3200,512,512,64]"))
        assert "this alone is more than there is" in cli("oom", "train.log").out

    def test_prediction(self, cli: Cli, script: Path) -> None:
        script.write_text(SCRIPT + "model.predict(x, batch_size=64)\n")
        log = GPU.replace("line 15", "line 16").replace(
            "model.fit(x, y, epochs=3, batch_size=32)", "model.predict(x, batch_size=64)"
        )
        found = report(cli, log.replace("[32,", "[64,"))
        (half,) = [one for one in found["remedies"] if "instead of" in one["what"]]
        assert (half["what"][:25], half["at_least"]) == ("a batch of 32 instead of ", True)

    def test_text(self, cli: Cli, script: Path) -> None:
        Path("train.log").write_text(GPU)
        lines = cli("oom", "train.log").out.splitlines()
        assert lines[:5] == [
            "train.log:17 error: the GPU ran out of memory, says TensorFlow",
            "     2.0 GiB  asked for: float32 32 × 512 × 512 × 64",
            "    12.9 GiB  in use",
            "    13.6 GiB  the limit",
            "  note: allocator `GPU_0_bfc`, node `model/conv2d/Relu`",
        ]
        assert "15 | model.fit(x, y, epochs=3, batch_size=32)" in lines
        assert "  note: `Conv2D` gives this tensor, train.py:9:18" in lines

    def test_other_words_of_compilers(self, cli: Cli, script: Path) -> None:
        log = """\
jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 4770354232 bytes.
BufferAssignment OOM Debugging.
BufferAssignment stats:
             parameter allocation:  372.76MiB
              constant allocation:    48.5KiB
                 total allocation:   14.44GiB
Peak buffers:
        Buffer 1:
                Size: 2.00GiB
                Operator: op_name="jit(train_step)/jit(main)/conv2d/conv_general_dilated" source_file="/x.py" source_line=9
                XLA Label: custom-call
                Shape: f32[32,512,512,64]
                ==========================

        Buffer 2:
                Size: 384.0KiB
                Entry Parameter Subshape: f32[256,128,3]
"""
        found = report(cli, log, "--script", "train.py")
        assert (found["memory"], found["bytes"]) == (None, 4770354232)
        assert found["largest_buffer"] == {
            "bytes": 2 * GIB,
            "shape": [32, 512, 512, 64],
            "dtype": "float32",
            "operation": "jit(train_step)/jit(main)/conv2d/conv_general_dilated",
        }
        assert ties(found, "layer") == [9]


class TestHost:
    def test_array(self, cli: Cli, script: Path) -> None:
        log = (
            "Traceback (most recent call last):\n"
            '  File "train.py", line 5, in <module>\n    x = images / 255.0\n        ~~~~~~~^~~~~~~~\n'
            "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 23.4 GiB for an array with shape"
            " (4000, 512, 512, 3) and data type float64\n"
        )
        found = report(cli, log)
        assert (found["memory"], found["bytes"]) == ("host", 4000 * 512 * 512 * 3 * 8)
        assert found["failed_at"]["location"]["row"] == 5
        assert 5 in ties(found, "array")
        codes = [one["code"] for one in found["remedies"]]
        assert "KM102" in codes
        assert "KM301" not in codes
        assert None not in codes  # a smaller batch does not help

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_array_is_of_no_layer(self, cli: Cli, dtype: str) -> None:
        Path("train.py").write_text(
            "import glob\n\nimport cv2\nimport keras\nimport numpy as np\n\n"
            'images = [cv2.resize(cv2.imread(path), (64, 64)) for path in glob.glob("*.png")]\n'
            "x = np.array(images)\nx = x / 255.0\n"
            'y = np.array(images, dtype="float32")\n'
            "r = np.random.rand(9000, 32, 32, 3)\n"
            "model = keras.Sequential([keras.Input((64, 64, 3)), keras.layers.Conv2D(3, 3, padding='same')])\n"
            'model.compile("adam", "mse")\nmodel.fit(x, y, batch_size=32)\n'
        )
        log = "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 1 GiB for an array with shape {} and data type {}\n"
        found = report(cli, log.format("(9000, 64, 64, 3)", dtype), "--script", "train.py")
        (row,) = {tie["location"]["row"] for tie in found["ties"]}
        assert (row, {tie["kind"] for tie in found["ties"]}) == (9 if dtype == "float64" else 10, {"array"})
        found = report(cli, log.format("(9000, 32, 32, 3)", "float64"), "--script", "train.py")
        assert ties(found, "array") == [11]  # it is known to be this one
        found = report(cli, log.format("(32, 64, 64, 3)", "int16"), "--script", "train.py")
        assert [tie["kind"] for tie in found["ties"]] == ["batch"]
        assert report(cli, log.format("(7, 62, 62, 3)", "float64"), "--script", "train.py")["ties"] == []

    def test_array_of_no_dtype(self, cli: Cli) -> None:
        Path("train.py").write_text(
            "import glob\n\nimport cv2\nimport numpy as np\n\n"
            'images = [cv2.resize(cv2.imread(path), (64, 64)) for path in glob.glob("*.png")]\n'
            'x = np.array(images, dtype="float32")\n'
            "r = np.random.rand(9000, 32, 32, 3)\n"
        )
        log = "MemoryError: Unable to allocate array with shape {}\n"
        (tie,) = report(cli, log.format("(9000, 64, 64, 3)"), "--script", "train.py")["ties"]
        assert (tie["location"]["row"], tie["what"]) == (
            7,
            "an array of samples of this shape is made here",
        )
        (tie,) = report(cli, log.format("(9000, 32, 32, 3)"), "--script", "train.py")["ties"]
        assert (tie["location"]["row"], tie["what"]) == (8, "an array of this shape is made here")

    def test_kernel(self, cli: Cli, script: Path) -> None:
        log = (
            "[ 7093.5] python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=986\n"
            "[ 7093.5] memory: usage 16777216kB, limit 16777216kB, failcnt 1184\n"
            "[ 7093.6] Memory cgroup out of memory: Killed process 63214 (python3) total-vm:31494680kB,"
            " anon-rss:16649920kB, file-rss:52176kB\n"
        )
        found = report(cli, log, "--script", "train.py")
        assert (found["kind"], found["process"]) == ("cgroup", "python3")
        assert (found["in_use_bytes"], found["limit_bytes"]) == (16649920 << 10, 16 * GIB)
        assert "KM102" in {one["code"] for one in found["remedies"]}

    def test_parts_where_no_tensor_is_named(self, cli: Cli, script: Path) -> None:
        found = report(cli, "Killed\n", "--script", "train.py")
        assert found["parts"][0]["bytes"] == max(part["bytes"] for part in found["parts"])
        assert 5 in {part["location"]["row"] for part in found["parts"]}
        log = (
            'Traceback (most recent call last):\n  File "train.py", line 4, in <module>\n    x\nMemoryError\n'
        )
        found = report(cli, log.replace("    x", "    " + SCRIPT.splitlines()[3]))
        assert [(part["bytes"], part["location"]["row"]) for part in found["parts"]] == [
            (4000 * 512 * 512 * 3, 4)
        ]

    def test_step_of_which_no_tensor_is_named(self, cli: Cli, script: Path) -> None:
        found = report(cli, "RuntimeError: CUDA error: out of memory\n", "--script", "train.py")
        assert found["parts"][0]["what"] == "activations of 32 samples"

    def test_python_among_the_killed(self, cli: Cli) -> None:
        kill = "Out of memory: Killed process 1 ({}) total-vm:4kB, anon-rss:{}kB\n"
        found = report(cli, kill.format("chrome", 9) + kill.format("python3", 8) + kill.format("sh", 7))
        assert (found["process"], found["in_use_bytes"]) == ("python3", 8 << 10)
        assert [other["process"] for other in found["others"]] == ["chrome", "sh"]
        Path("train.log").write_text(kill.format("chrome", 9))
        assert "no Python was killed" in cli("oom", "train.log").out

    def test_killed_may_have_been_somebody(self, cli: Cli, script: Path) -> None:
        found = report(cli, "Epoch 1/3\nKilled\n", "--script", "train.py")
        assert (found["certain"], found["line"]) == (False, 2)
        assert "perhaps" in cli("oom", "train.log").out

    def test_the_surer_message_is_the_main_one(self, cli: Cli) -> None:
        log = "Killed\nslurmstepd: error: Detected 1 oom-kill event(s) in StepId=1.batch cgroup.\nexited with code 137\n"
        found = report(cli, log)
        assert found["kind"] == "slurm"

    def test_a_later_failure_of_another_memory(self, cli: Cli) -> None:
        found = report(cli, GPU + "Trial 3 failed\n" * 50 + "MemoryError\n")
        assert found["kind"] == "python"
        assert "tensor" in [other["kind"] for other in found["others"]]


class TestScripts:
    def test_without_one(self, cli: Cli) -> None:
        found = report(cli, GPU)
        assert (found["scripts"], found["failed_at"], found["ties"], found["remedies"]) == ([], None, [], [])
        assert (
            "/workspace/train.py:15 is not here; name the script with --script" in cli("oom", "train.log").out
        )

    def test_another_file_of_the_same_name_is_not_taken(self, cli: Cli) -> None:
        Path("train.py").write_text("import keras\n" * 30)
        assert report(cli, GPU)["scripts"] == []

    def test_row_that_moved(self, cli: Cli, script: Path) -> None:
        script.write_text("# a comment\n" + SCRIPT)
        found = report(cli, GPU, "--script", "train.py")
        assert found["failed_at"]["location"]["row"] == 16

    def test_row_that_is_gone(self, cli: Cli, script: Path) -> None:
        script.write_text(SCRIPT.replace("epochs=3", "epochs=4"))
        assert report(cli, GPU, "--script", "train.py")["failed_at"] is None
        assert "row 15 of train.py is not what it was" in cli("oom", "train.log", "--script", "train.py").out

    def test_row_in_a_module(self, cli: Cli) -> None:
        Path("data.py").write_text("import numpy as np\n\n\ndef load():\n    return np.zeros((9, 9))\n")
        Path("train.py").write_text("import keras\nimport data\n\nx = data.load()\n")
        log = (
            'Traceback (most recent call last):\n  File "train.py", line 4, in <module>\n    x = data.load()\n'
            '  File "data.py", line 5, in load\n    return np.zeros((9, 9))\n'
            "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 648. B for an array with shape (9, 9) and data type"
            " float64\n"
        )
        found = report(cli, log)
        assert found["scripts"] == ["train.py", "data.py"]
        assert (found["failed_at"]["filename"], found["failed_at"]["location"]["row"]) == ("data.py", 5)

    def test_notebook(self, cli: Cli) -> None:
        cells = [
            {
                "cell_type": "code",
                "metadata": {},
                "outputs": [],
                "execution_count": 1,
                "source": part.splitlines(keepends=True),
            }
            for part in SCRIPT.split("\n\n")
        ]
        Path("nb.ipynb").write_text(
            json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
        )
        log = (
            "ResourceExhaustedError                    Traceback (most recent call last)\n"
            "Cell In[7], line 8\n      7 model.compile()\n----> 8 model.fit(x, y, epochs=3, batch_size=32)\n\n"
            + GPU[GPU.index("OOM when") :]
        )
        found = report(cli, log, "--script", "nb.ipynb")
        assert found["failed_at"]["cell"] == 2
        assert ties(found, "layer") == [2]

    @pytest.mark.parametrize("name", ["nope.py", ".", "train.log"])
    def test_no_script(self, cli: Cli, name: str) -> None:
        Path("train.log").write_bytes(GPU.encode() + b"\xff")
        result = cli("oom", "train.log", "--script", name)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith(f"error: {name}: ")


class TestReal:
    """Messages of libraries that are provoked here."""

    def run(self, code: str) -> bytes:
        Path("train.py").write_text(code)
        done = subprocess.run([sys.executable, "train.py"], capture_output=True, timeout=120, check=False)
        return done.stdout + done.stderr

    def test_numpy(self, cli: Cli) -> None:
        pytest.importorskip("numpy")
        found = report(cli, self.run('import numpy as np\n\nx = np.empty((700000, 4096, 4096), "float32")\n'))
        assert (found["kind"], found["bytes"]) == ("array", 700000 * 4096 * 4096 * 4)
        assert found["message_bytes"] == pytest.approx(found["bytes"], rel=0.01)
        assert (found["failed_at"]["location"]["row"], ties(found, "array")) == (3, [3])

    def test_tensorflow(self, cli: Cli) -> None:
        pytest.importorskip("tensorflow")
        found = report(cli, self.run("import tensorflow as tf\n\nx = tf.zeros([200000, 512, 512, 64])\n"))
        assert (found["kind"], found["memory"], found["dtype"]) == ("tensor", "host", "float32")
        assert (found["bytes"], ties(found, "array")) == (200000 * 512 * 512 * 64 * 4, [3])

    def test_graph(self, cli: Cli) -> None:
        pytest.importorskip("tensorflow")
        code = (
            "import keras\nimport numpy as np\n\ninputs = keras.Input((64, 64, 1))\n"
            'h = keras.layers.Conv2D(8, 3, padding="same", name="stem")(inputs)\n'
            "h = keras.layers.UpSampling2D(8_000_000)(h)\n"
            "model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(h))\n"
            'model.compile("sgd", "mse", jit_compile=False)\n'
            'model.fit(np.zeros((4, 64, 64, 1), "float32"), np.zeros((4, 8), "float32"), batch_size=2)\n'
        )
        found = report(cli, self.run(code))
        assert (found["kind"], found["memory"]) == ("tensor", "host")
        assert "up_sampling2d" in found["node"]
        assert found["failed_at"]["location"]["row"] == 9
        assert (ties(found, "layer"), ties(found, "batch")) == ([6], [9])

    def test_jax(self, cli: Cli) -> None:
        pytest.importorskip("jax")
        found = report(cli, self.run("import jax.numpy as jnp\n\nx = jnp.zeros((200000, 512, 512, 64))\n"))
        assert (found["kind"], found["bytes"]) == ("xla", 200000 * 512 * 512 * 64 * 4)
        assert found["failed_at"]["location"]["row"] == 3

    @pytest.mark.skipif(sys.platform != "linux", reason="a limit of the address space")
    def test_python(self, cli: Cli) -> None:
        code = "import resource\n\nresource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))\nx = [0] * (1 << 33)\n"
        found = report(cli, self.run(code))
        assert (found["kind"], found["failed_at"]["location"]["row"]) == ("python", 4)

    @pytest.mark.skipif(sys.platform != "linux", reason="signals")
    def test_shell(self, cli: Cli) -> None:
        done = subprocess.run(
            ["bash", "-c", 'bash -c "kill -9 \\$\\$"; echo status $?'],
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
        found = report(cli, done.stdout + done.stderr)
        assert (found["kind"], found["certain"]) == ("shell", False)


def test_every_key_is_documented(cli: Cli, script: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "oom.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", page.split("## For programs")[1]))

    def keys(value: Any) -> set[str]:
        if isinstance(value, list):
            return {key for one in value for key in keys(one)}
        return (
            set(value) | {key for one in value.values() for key in keys(one)}
            if isinstance(value, dict)
            else set()
        )

    found = report(cli, "Killed\n" + GPU)
    assert (len(found["others"]), bool(found["ties"]), bool(found["remedies"])) == (1, True, True)
    assert keys(found) - words == set()


def test_example_of_the_documentation(cli: Cli) -> None:
    page = (Path(__file__).parents[2] / "docs" / "oom.md").read_text(encoding="utf-8")
    script, log, output = re.findall(r"^```(?:py|log|text)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[:3]
    Path("train.py").write_text(script)
    Path("train.log").write_text(log)
    assert cli("oom", "train.log").out == output


class TestBadInput:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\n",
            b"Epoch 1/10\nloss: 0.3\n",
            b"\x00" * 1000,
            bytes(range(256)) * 100,
            b"\xff\xfe",
            b"\x7fELF" + bytes(200),
        ],
    )
    def test_nothing_in_it(self, cli: Cli, raw: bytes) -> None:
        Path("x.log").write_bytes(raw)
        result = cli("oom", "x.log")
        assert (result.status, result.out) == (2, "")
        assert result.err == "error: x.log: no message in it says that memory ran out\n"

    def test_no_file(self, cli: Cli) -> None:
        Path("folder").mkdir()
        assert cli("oom", "nope.log").err == "error: nope.log: no such file\n"
        assert cli("oom", "folder").err.startswith("error: folder: ")
        assert cli("oom", "a\0b").status == 2
        assert cli("oom", "").status == 2

    def test_arguments(self, cli: Cli) -> None:
        assert cli("oom", "a.log", "b.log").status == 2
        assert cli("oom", "--output-format", "sarif", "a.log").status == 2
        assert "exit status: 0" in cli("oom", "--help").out

    def test_standard_input(self, process: Cli, tmp_path: Path) -> None:
        for arguments in (("oom",), ("oom", "-")):
            result = process(*arguments, stdin=b"Killed\n")
            assert result.status == 0
            assert result.out.startswith("standard input:1 error: a process was killed")
        assert process("oom", stdin=b"").status == 2

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "latin-1"])
    def test_encodings(self, cli: Cli, script: Path, encoding: str) -> None:
        mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
        found = report(cli, mark + ("Läuft\n" + GPU).encode(encoding))
        assert (found["line"], ties(found, "layer")) == (18, [9])

    def test_windows_and_colours_and_progress(self, cli: Cli, script: Path) -> None:
        log = (
            "1/125 [>.....] - ETA: 3s\r2/125 [>.....]\b\b\b\b" + "\x1b[31m" + GPU.replace("\n", "\x1b[0m\r\n")
        )
        assert ties(report(cli, log), "layer") == [9]

    def test_cut_anywhere(self, cli: Cli, script: Path) -> None:
        from keras_memlint.server.oom.lines import Line
        from keras_memlint.server.oom.reading import read_lines

        exact = 32 * 512 * 512 * 64 * 4
        for end in range(len(GPU)):
            rows = [Line(number, text) for number, text in enumerate(GPU[:end].split("\n"), 1)]
            log = read_lines(rows)
            assert log is None or log.main.asked in (None, exact), GPU[:end][-80:]
        for end in range(0, len(GPU), 97):
            Path("cut.log").write_text(GPU[:end])
            assert cli("oom", "cut.log").status in (0, 2)

    def test_junk_around(self, cli: Cli, script: Path) -> None:
        junk = bytes(range(256)) * 300
        found = report(cli, junk + b"\n" + GPU.encode() + junk)
        assert ties(found, "layer") == [9]

    @pytest.mark.skipif(sys.platform != "linux", reason="/proc")
    def test_large_logs_take_little_memory(self, cli: Cli, tmp_path: Path) -> None:
        with (tmp_path / "large.log").open("wb") as file:
            for part in range(50):
                file.write(b"step 12 loss 0.1372 accuracy 0.9931 and more text of a training\n" * 8_000)
                file.write(b"\r%d/125 [===>...]" % part * 30_000)
            file.write(b"\nKilled\n")
        assert (tmp_path / "large.log").stat().st_size > 50_000_000
        code = (
            "import re\nfrom keras_memlint.server.cli import main\nstatus = main(['oom', 'large.log'])\n"
            "print(status, re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, cwd=tmp_path, check=True, text=True
        )
        status, peak = done.stdout.splitlines()[-1].split()
        assert (status, "large.log:400002 error" in done.stdout) == ("0", True)
        assert int(peak) < 100 << 10
