"""Findings with an estimate behind them: whose training it is about, what the message says, how severe it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.sizes.measurement import Measurement, OnGpu
from keras_memlint.analysis.sizes.settings import Settings, Target
from keras_memlint.analysis.text.source import Source, text_hash
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source

GIB = 1 << 30
RESNET = """\
import keras
from data import x, y
model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(
    x,
    y,
    batch_size=64,
)
"""
UNKNOWN = Target()
T4 = Target("T4", 15 * GIB, (7, 5))


def on(name: str | None, memory: int | None, likely: float, fits: str | None, **more: object) -> OnGpu:
    size = int(likely * GIB)
    plain = OnGpu(
        name, memory, "compiler", "predicted by the GPU compiler", size - GIB // 2, size, size + GIB // 2
    )
    return replace(plain, fits=fits, **more)


def measured(text: str, *gpus: OnGpu, line: int | None = 5, batch: int | None = 64) -> Measurement:
    return Measurement(text_hash(text), line, batch, "float32", gpus)


def found(
    text: str, code: str, measurement: Measurement | None, target: Target = UNKNOWN
) -> list[Diagnostic]:
    settings = Settings(target, measurement=measurement)
    report = check_source(Source("train.py", text), codes={code}, settings=settings)
    assert not report.problems
    return report.diagnostics


@pytest.mark.parametrize(
    ("line", "holds"), [(5, True), (6, True), (9, True), (4, False), (10, False), (None, False)]
)
def test_any_line_of_the_call_means_it(line: int | None, holds: bool) -> None:
    measurement = measured(RESNET, on("T4", 15 * GIB, 3, "yes"), line=line)
    script = analyse(Source("train.py", RESNET), Settings(measurement=measurement))
    assert [script.measurement_of(fit) is measurement for fit in script.trainings] == [holds]


def test_an_estimate_of_another_text_says_nothing() -> None:
    measurement = measured(RESNET + "\n", on("T4", 15 * GIB, 3, "yes"))
    assert analyse(Source("train.py", RESNET), Settings(measurement=measurement)).measurement is None


def test_where_several_models_train_nobody_knows_which_it_was() -> None:
    text = """\
import keras

def train(model):
    model.compile("adam", "mse")
    model.fit(x, y)

train(keras.applications.ResNet50(weights=None))
train(keras.applications.VGG16(weights=None))
"""
    measurement = measured(text, on("T4", 15 * GIB, 3, "yes"))
    script = analyse(Source("train.py", text), Settings(measurement=measurement))
    assert len(list(script.trainings)) == 2
    assert all(script.measurement_of(fit) is None for fit in script.trainings)


def test_only_the_training_that_was_run_is_meant() -> None:
    text = RESNET + "other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\nother.fit(x, y)\n"
    measurement = measured(text, on("T4", 15 * GIB, 20, "no"), line=11)
    (finding,) = found(text, "KM501", measurement, T4)
    assert finding.location.row == 11


# KM301


def test_the_recomputed_saving_replaces_the_rule_of_thumb() -> None:
    gpu = on("T4", 15 * GIB, 3.4, "yes", savings=(("mixed_float16", int(1.2 * GIB)),))
    (finding,) = found(RESNET, "KM301", measured(RESNET, gpu), T4)
    assert finding.message == (
        "a model of 23.6 M weights trains in float32 on T4"
        " (`mixed_float16` saves 1.2 GiB of 3.4 GiB, recomputed by the GPU compiler)"
    )
    assert (finding.severity, finding.bytes) == ("hint", int(1.2 * GIB))


@pytest.mark.parametrize(
    ("likely", "fits", "saved", "severity"),
    [
        (17, "no", 6, "warning"),
        (15, "borderline", 5, "warning"),
        (15, "borderline", 0.2, "hint"),
        (12, "yes", 4, "warning"),
        (12, "yes", 3, "hint"),
    ],
)
def test_a_saving_that_matters_is_a_warning(likely: int, fits: str, saved: float, severity: str) -> None:
    gpu = on("T4", 15 * GIB, likely, fits, savings=(("mixed_float16", int(saved * GIB)),))
    (finding,) = found(RESNET, "KM301", measured(RESNET, gpu), T4)
    assert finding.severity == severity


@pytest.mark.parametrize(("batch", "severity"), [(8, "hint"), (16, "hint"), (256, "warning")])
def test_the_shapes_say_whether_a_saving_matters(batch: int, severity: str) -> None:
    text = RESNET.replace("batch_size=64", f"batch_size={batch}")
    assert text != RESNET
    (finding,) = found(text, "KM301", None, T4)
    assert finding.severity == severity


def test_the_policy_is_the_one_that_suits_the_gpu() -> None:
    savings = (("mixed_float16", GIB), ("mixed_bfloat16", 2 * GIB))
    a100 = on("A100 40GB", 40 * GIB, 5, "yes", savings=savings)
    (finding,) = found(RESNET, "KM301", measured(RESNET, a100))
    assert "`mixed_bfloat16` saves 2.0 GiB of 5.0 GiB" in finding.message
    t4 = on("T4", 15 * GIB, 5, "yes", savings=savings)
    (finding,) = found(RESNET, "KM301", measured(RESNET, t4))
    assert "`mixed_float16` saves 1.0 GiB of 5.0 GiB" in finding.message


def test_a_saving_on_another_gpu_names_it() -> None:
    gpus = (
        on("T4", 15 * GIB, 5, "yes"),
        on("V100 16GB", 16 * GIB, 5, "yes", savings=(("mixed_float16", GIB),)),
    )
    (finding,) = found(RESNET, "KM301", measured(RESNET, *gpus), T4)
    assert "trains in float32 on V100 16GB (`mixed_float16` saves" in finding.message


def test_little_of_a_heavy_model_is_a_hint() -> None:
    gpu = on("T4", 15 * GIB, 5, "yes", savings=(("mixed_float16", GIB // 4),))
    (finding,) = found(RESNET, "KM301", measured(RESNET, gpu), T4)
    assert finding.severity == "hint"


@pytest.mark.parametrize("more", [{"tier": "bound"}, {"savings": (("sgd", GIB),)}])
def test_without_a_recomputed_saving_the_shapes_speak(more: dict[str, object]) -> None:
    savings = {"savings": (("mixed_float16", GIB),), **more}
    (finding,) = found(RESNET, "KM301", measured(RESNET, on("T4", 15 * GIB, 5, "yes", **savings)), T4)
    assert "its activations take twice the memory they need" in finding.message


# KM501


def test_what_does_not_fit_says_how_it_is_known() -> None:
    gpu = on("T4", 15 * GIB, 17.2, "no", largest_batch=48)
    (finding,) = found(RESNET, "KM501", measured(RESNET, gpu), T4)
    assert finding.message == (
        "one training step at batch 64 needs more than the 15.0 GiB of T4"
        " (17.2 GiB, predicted by the GPU compiler)"
    )
    assert finding.help == "a batch of 48 fits in 15.0 GiB"
    assert (finding.severity, finding.bytes) == ("warning", int(17.2 * GIB))


def test_what_may_not_fit_is_an_information() -> None:
    gpu = on("T4", 15 * GIB, 15, "borderline")
    (finding,) = found(RESNET, "KM501", measured(RESNET, gpu), T4)
    assert finding.message.endswith(
        "needs about the 15.0 GiB of T4 (14.5 GiB to 15.5 GiB, predicted by the GPU compiler)"
    )
    assert finding.severity == "info"


def test_the_driver_may_name_the_gpu_otherwise() -> None:
    target = Target("Tesla T4", 15 * GIB, (7, 5))
    assert found(RESNET, "KM501", measured(RESNET, on("T4", 15 * GIB, 3, "yes")), target) == []


def test_figures_for_another_gpu_are_named_and_only_believed_when_sure() -> None:
    a100 = Target("A100 40GB", 40 * GIB, (8, 0))
    small = on("T4", 15 * GIB, 17, "no", largest_batch=48)
    assert found(RESNET, "KM501", measured(RESNET, small), a100) == []
    large = on("T4", 15 * GIB, 50, "no", largest_batch=16)
    (finding,) = found(RESNET, "KM501", measured(RESNET, large), a100)
    assert (
        "more than the 40.0 GiB of A100 40GB (50.0 GiB, predicted by the GPU compiler for T4)"
        in finding.message
    )
    assert finding.help == "train on smaller batches"


@pytest.mark.parametrize(
    ("likely", "severity"), [(39.4, None), (39.8, "info"), (40.4, "info"), (41, "warning")]
)
def test_on_another_gpu_the_whole_range_decides(likely: float, severity: str | None) -> None:
    a100 = Target("A100 40GB", 40 * GIB, (8, 0))
    figures = on("H100", 80 * GIB, likely, "yes")
    assert [one.severity for one in found(RESNET, "KM501", measured(RESNET, figures), a100)] == (
        [severity] if severity else []
    )


@pytest.mark.parametrize(
    ("verdicts", "severity"),
    [
        (("no", "no"), "warning"),
        (("no", "yes"), "hint"),
        (("borderline", "yes"), "hint"),
        (("yes", "yes"), None),
    ],
)
def test_without_a_target_the_gpus_asked_about_are_meant(
    verdicts: tuple[str, str], severity: str | None
) -> None:
    gpus = (on("T4", 15 * GIB, 17, verdicts[0]), on("V100 16GB", 16 * GIB, 17, verdicts[1]))
    assert [one.severity for one in found(RESNET, "KM501", measured(RESNET, *gpus))] == (
        [severity] if severity else []
    )


def test_a_batch_that_was_recomputed_is_offered() -> None:
    savings = (("batch_size=32", 8 * GIB), ("batch_size=16", 12 * GIB))
    gpu = on("T4", 15 * GIB, 17, "no", savings=savings)
    (finding,) = found(RESNET, "KM501", measured(RESNET, gpu), T4)
    assert finding.help == "a batch of 32 fits in 15.0 GiB"


def test_no_batch_fits() -> None:
    gpu = on("T4", 15 * GIB, 90, "no", largest_batch=0)
    (finding,) = found(RESNET, "KM501", measured(RESNET, gpu), T4)
    assert finding.help.startswith("even a batch of 1 does not fit")


def test_a_batch_that_nobody_knows_is_not_named() -> None:
    text = RESNET.replace("batch_size=64", "batch_size=size()")
    (finding,) = found(text, "KM501", measured(text, on("T4", 15 * GIB, 17, "no"), batch=None), T4)
    assert finding.message.startswith("one training step needs more than")


def test_no_fix_where_the_run_had_another_batch_than_the_text() -> None:
    text = RESNET.replace('"adam"', "keras.optimizers.Adam()")
    gpu = on("T4", 15 * GIB, 17, "no", largest_batch=40)
    (finding,) = found(text, "KM501", measured(text, gpu), T4)
    assert finding.fixes[0].message.startswith("train on batches of 32 and accumulate 2")
    (finding,) = found(text, "KM501", measured(text, gpu, batch=128), T4)
    assert finding.fixes == ()


def test_a_lower_bound_proves_nothing_of_what_fits() -> None:
    gpu = on("T4", 15 * GIB, 1, "yes", tier="bound")
    text = RESNET.replace("batch_size=64", "batch_size=4096").replace("ResNet50(", "VGG16(")
    plain = check_source(Source("train.py", text), codes={"KM501"}, settings=Settings(T4)).diagnostics
    assert plain
    assert found(text, "KM501", measured(text, gpu, batch=4096), T4) == plain


# Others


def test_a_large_dense_layer_is_set_beside_the_step() -> None:
    text = """\
from tensorflow.keras import layers, models

model = models.Sequential([layers.Conv2D(32, 3, input_shape=(224, 224, 3)), layers.Flatten(), layers.Dense(128)])
model.compile("adam", "mse")
model.fit(x, y)
"""
    (finding,) = found(text, "KM401", measured(text, on("T4", 15 * GIB, 9, "yes")))
    assert finding.message.endswith(" GiB; a step takes 9.0 GiB, predicted by the GPU compiler)")
    # Less than the layer alone: the two do not belong together.
    (finding,) = found(text, "KM401", measured(text, on("T4", 15 * GIB, 1, "yes")))
    assert "a step takes" not in finding.message


def test_memory_that_is_grabbed_is_set_beside_what_is_needed() -> None:
    (finding,) = found(RESNET, "KM701", measured(RESNET, on("T4", 15 * GIB, 3.4, "yes")))
    assert finding.message.endswith(
        "(training needs 3.4 GiB of the 15.0 GiB of T4, predicted by the GPU compiler)"
    )


def test_what_a_loop_leaves_behind_is_counted() -> None:
    text = """\
import keras
from data import size, x, y
for seed in range(10):
    model = keras.models.Sequential([keras.layers.Dense(size), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(x, y)
"""
    measurement = replace(
        measured(text, on("T4", 15 * GIB, 3, "yes"), line=6), parameters=GIB, optimizer=2 * GIB
    )
    (finding,) = found(text, "KM602", measurement)
    assert finding.message.endswith("(3.0 GiB, counted by the estimate)")
    assert finding.severity == "warning"
    (finding,) = found(text, "KM602", replace(measurement, parameters=1 << 20, optimizer=2 << 20))
    assert finding.severity == "hint"
