"""What the text tells of a training step: bytes computed by hand, weights as Keras counts them, and what a GPU holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.sizes.measurement import Measurement, OnGpu
from keras_memlint.analysis.sizes.settings import MIB, Settings, Target
from keras_memlint.analysis.sizes.size_hints import size_hints
from keras_memlint.analysis.sizes.static_estimate import StaticEstimate
from keras_memlint.analysis.sizes.trainings import Trainings, trainings_of
from keras_memlint.analysis.text.source import Source, text_hash

CNN = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    layers.Conv2D(8, 3),
    layers.BatchNormalization(),
    layers.GlobalAveragePooling2D(),
    layers.Dense(10),
])
model.compile("adam", loss="mse")
"""
FIT = "model.fit(x, y, batch_size=64)\n"
FAR = "\n" * 3
# 3 x 3 x 3 x 8 + 8 of the convolution, 4 x 8 of the normalisation, 8 x 10 + 10 of the last layer.
WEIGHTS = 224 + 32 + 90
# Two outputs of 30 x 30 x 8, 8 means, 10 numbers.
OUTPUTS = 2 * 30 * 30 * 8 + 8 + 10
NO_GPU = Target()
CONTEXT = (400 * MIB, 640 * MIB, 900 * MIB)


def static(text: str) -> StaticEstimate | None:
    script = analyse(Source("train.py", text))
    (fit,) = script.trainings
    return script.static_estimate(fit)


def shown(text: str, gpu: Target = NO_GPU, measurement: Measurement | None = None) -> Trainings:
    return trainings_of(analyse(Source("train.py", text), Settings(gpu, measurement=measurement)))


def test_a_small_network_by_hand() -> None:
    found = static(CNN + FIT)
    assert found is not None
    # Weights, gradients and two slots of Adam; four bytes each.
    assert (found.fixed, found.sample, found.batch) == (WEIGHTS * 4 * 4, OUTPUTS * 4, 64)
    assert found.program == WEIGHTS * 16 + 64 * OUTPUTS * 4
    assert found.context == CONTEXT


def test_weights_are_those_of_keras() -> None:
    keras = pytest.importorskip("keras", reason="Keras (extra tensorflow) is not installed")
    names: dict[str, object] = {}
    exec(CNN, names)
    model = names["model"]
    assert isinstance(model, keras.Model)
    assert model.count_params() == WEIGHTS
    hints = [hint for _, hint in size_hints(analyse(Source("train.py", CNN + FIT))).layers]
    assert [hint.parameters for hint in hints] == [layer.count_params() for layer in model.layers]
    assert [hint.output for hint in hints] == [layer.output.shape for layer in model.layers]


@pytest.mark.parametrize(
    "text",
    [
        CNN.replace("keras.Input((32, 32, 3)),", "") + FIT,
        CNN + FIT.replace("64", "size"),
        CNN.replace('"adam"', "optimizer") + FIT,
        CNN.replace("layers.GlobalAveragePooling2D()", "Own()") + FIT,
        "import keras\nmodel = keras.models.load_model('a.keras')\nmodel.fit(x, y)\n",
    ],
)
def test_nothing_is_said_where_a_size_is_unknown(text: str) -> None:
    assert static(text) is None
    assert shown(text).total is None


def test_mixed_precision_keeps_half_of_the_outputs() -> None:
    text = CNN.replace("\n\n", '\nkeras.mixed_precision.set_dtype_policy("mixed_float16")\n\n') + FIT
    found = static(text)
    assert found is not None and found.sample == OUTPUTS * 2


def test_no_batch_is_larger_than_the_rows_there_are() -> None:
    text = "import numpy as np\nx = np.zeros((50, 32, 32, 3))\n" + CNN + FIT
    found = static(text)
    assert found is not None and found.batch == 50
    found = static(text.replace("batch_size=64", "batch_size=64, validation_split=0.2"))
    assert found is not None and found.batch == 40


def gib(fixed: float, sample: float = 0, batch: int = 1, *, recurrent: bool = False) -> StaticEstimate:
    return StaticEstimate(int(fixed * 1024) * MIB, int(sample * 1024) * MIB, batch, CONTEXT, recurrent)


def fits(estimate: StaticEstimate, memory: int = 15) -> str | None:
    return estimate.on("T4", memory * 1024 * MIB).fits


def test_a_gpu_holds_the_program_and_the_context() -> None:
    one = gib(4).on("T4", 15 * 1024 * MIB)
    assert (one.name, one.tier, one.likely) == ("T4", "static", (4 * 1024 + 640) * MIB)
    assert gib(4).on(None, None).likely == 4 * 1024 * MIB


def test_shapes_are_believed_as_far_as_they_were_right() -> None:
    # A step has needed half of what its shapes say, and half as much again.
    assert [fits(gib(size)) for size in (8, 9, 20, 30, 31)] == [
        "yes",
        "borderline",
        "borderline",
        "borderline",
        "no",
    ]
    # Recurrent layers have needed five times that.
    assert [fits(gib(size, recurrent=True)) for size in (2, 3, 31)] == ["yes", "borderline", "no"]


def test_the_largest_batch_surely_fits() -> None:
    estimate = gib(1, 0.25, 128)
    batch = estimate.largest_batch(15 * 1024 * MIB)
    assert batch == 16
    assert [fits(gib(1, 0.25, size)) for size in (16, 32)] == ["yes", "borderline"]
    assert gib(20, 1, 4).largest_batch(15 * 1024 * MIB) == 0


def test_recurrent_layers_are_noticed() -> None:
    text = """\
import keras
from keras import layers

model = keras.Sequential([keras.Input((20, 8)), layers.Bidirectional(layers.LSTM(4)), layers.Dense(1)])
model.compile("adam", loss="mse")
model.fit(x, y)
"""
    found = static(text)
    assert found is not None and found.recurrent


def test_an_estimate_that_was_run_replaces_the_shapes() -> None:
    text = CNN + FAR + FIT
    one = OnGpu("T4", 15 << 30, "compiler", "predicted by the GPU compiler", 2 << 30, 3 << 30, 4 << 30, "yes")
    found = shown(text, Target("T4", 15 << 30), Measurement(text_hash(text), 15, 64, "float32", (one,)))
    assert [spot.training.figures for spot in found.spots] == [one, one]
    assert found.total is one


def test_compiling_belongs_to_the_training_of_its_model() -> None:
    other = "other = keras.Sequential([keras.Input((4,)), layers.Dense(1)])\nother.compile('adam', 'mse')\n"
    found = shown(CNN + other + FAR + FIT + "other.fit(x, y)\n")
    assert [(spot.at.row, spot.training.index) for spot in found.spots] == [
        (11, 0),
        (13, 1),
        (17, 0),
        (18, 1),
    ]
    again = shown(CNN + FAR + FIT + "model.compile('sgd', 'mse')\n" + FAR + FIT.replace("64", "8"))
    assert [spot.training.batch for spot in again.spots] == [64, 64, 8, 8]
    assert shown(CNN + other + FAR + FIT).spots[1].at.row == 17  # nobody trains the other one here


def test_what_differs_from_call_to_call_is_not_known() -> None:
    text = CNN + "def train(size):\n    model.fit(x, y, batch_size=size)\n\ntrain(8)\ntrain(16)\n"
    found = shown(text)
    assert [spot.training.figures is None for spot in found.spots] == [False, True]
    assert len(found.all) == 2


def test_the_most_of_several_trainings_is_the_total() -> None:
    found = shown(CNN + FIT + FIT.replace("64", "128"))
    assert found.total is not None
    assert found.total.likely == WEIGHTS * 16 + 128 * OUTPUTS * 4
    assert shown(CNN + FIT + FIT.replace("64", "size")).total is None


def indices(text: str) -> Iterator[int | None]:
    return (training.index for training in shown(text).all)


def test_trainings_are_counted_as_a_run_makes_them() -> None:
    assert list(indices(CNN + FIT + FIT)) == [0, 1]
    assert list(indices(CNN + "for fold in range(3):\n    " + FIT + FIT)) == [0, None]
    assert list(indices(CNN + "if again:\n    " + FIT + FIT)) == [0, None]
    assert list(indices(CNN + "def train():\n    " + FIT + FIT + "train()\n")) == [0, 1]
    assert list(indices(CNN + "def never():\n    " + FIT + FIT)) == [0, None]
    assert list(indices(CNN + "model.train_on_batch(x, y)\n" + FIT)) == [None]
