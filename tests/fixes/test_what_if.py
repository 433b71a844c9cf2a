"""The changes of an estimate, made in the script: what changes, and where nothing is offered because it is not sure."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.sizes.measurement import Measurement, OnGpu
from keras_memlint.analysis.sizes.settings import Settings, Target
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source, text_hash
from keras_memlint.fixes.edits import apply
from keras_memlint.fixes.what_if import make

HEAD = "import keras\nimport numpy as np\n\n"
DATA = "x, y = np.zeros((640, 8), 'float32'), np.zeros(640)\n"
MODEL = "model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])\n"
COMPILE = 'model.compile("adam", "mse")\n'
FIT = "model.fit(x, y, batch_size=64)\n"
SCRIPT = HEAD + DATA + MODEL + COMPILE + FIT
PIPELINE = HEAD + "import tensorflow as tf\n" + DATA + MODEL + COMPILE
FLOAT16, SMALL, STEPS = "mixed_float16", "batch_size=16", "gradient_accumulation_steps=4"
CHANGES = (FLOAT16, "mixed_bfloat16", SMALL, STEPS)


def made(text: str, change: str, settings: Settings | None = None) -> str | None:
    """The text with the change; None when none is offered. The laws of all fixes hold."""
    source = Source("train.py", text)
    fix = make(analyse(source, settings), change)
    if fix is None:
        return None
    assert not fix.safe and fix.price
    after = apply(source.text, fix.edits)
    compile(after, "train.py", "exec")
    assert after != text
    assert make(analyse(Source("train.py", after)), change) is None, "made twice, it changes nothing more"
    return after


def test_policy_is_set_and_the_output_stays_float32() -> None:
    assert made(SCRIPT, FLOAT16) == SCRIPT.replace(
        "import numpy as np\n",
        'import numpy as np\n\nkeras.mixed_precision.set_global_policy("mixed_float16")\n',
    ).replace("Dense(1)", 'Dense(1, dtype="float32")')
    assert "mixed_bfloat16" in (made(SCRIPT, "mixed_bfloat16") or "")


def test_bfloat16_is_not_offered_for_a_gpu_that_only_imitates_it() -> None:
    for capability, offered in (((7, 5), False), ((8, 0), True)):
        settings = Settings(target=Target("some GPU", 16 << 30, capability))
        assert (made(SCRIPT, "mixed_bfloat16", settings) is not None) is offered
        assert made(SCRIPT, FLOAT16, settings) is not None


@pytest.mark.parametrize(
    "before",
    [
        'keras.mixed_precision.set_global_policy("float32")\n',
        "keras.backend.set_floatx('float16')\n",
        "import setup_mixed_precision\nkeras.config.set_dtype_policy(setup_mixed_precision.POLICY)\n",
    ],
)
def test_no_policy_over_another(before: str) -> None:
    assert made(HEAD + before + SCRIPT.removeprefix(HEAD), FLOAT16) is None


@pytest.mark.parametrize(
    ("fit", "after"),
    [
        (FIT, "model.fit(x, y, batch_size=16)\n"),
        ("model.fit(x, y, 64, 3)  # three\n", "model.fit(x, y, 16, 3)  # three\n"),
        ("model.fit(x, y)\n", "model.fit(x, y, batch_size=16)\n"),
        (
            "model.fit(\n    x,\n    y,  # labels\n)\n",
            "model.fit(\n    x,\n    y,  # labels\n    batch_size=16,\n)\n",
        ),
        (
            "B = 64  # samples\nmodel.fit(x, y, batch_size=B)\n",
            "B = 16  # samples\nmodel.fit(x, y, batch_size=B)\n",
        ),
        ("B: int = 64\nmodel.fit(x, y, batch_size=B)\n", "B: int = 16\nmodel.fit(x, y, batch_size=B)\n"),
        ("model.fit(*x, batch_size=64)\n", None),
        ("model.fit(x, y, **more)\n", None),
        ("model.fit(load())\n", None),
        ("model.fit(x, y, batch_size=16)\n", None),
        ("model.fit(x, y, batch_size=2 * 32)\n", None),
        ("model.fit(x, y, batch_size=None)\n", None),
        ("model.fit(x, y, batch_size=args.batch)\n", None),
        ("B = 64\nB = 64\nmodel.fit(x, y, batch_size=B)\n", None),
        ("B = 64\nB += 0\nmodel.fit(x, y, batch_size=B)\n", None),
        ("B = C = 64\nmodel.fit(x, y, batch_size=B)\n", None),
        ("B, C = 64, 1\nmodel.fit(x, y, batch_size=B)\n", None),
        ("for B in (64, 128):\n    model.fit(x, y, batch_size=B)\n", None),
        ("def train(B=64):\n    model.fit(x, y, batch_size=B)\nB = 64\ntrain()\n", None),
        ("from settings import B\nmodel.fit(x, y, batch_size=B)\n", None),
        ("model.fit(x, y)\nmodel.fit(x, y)\n", None),
        ("model.evaluate(x, y, batch_size=64)\n", None),
        ("model.fit(load(), batch_size=64)\n", "model.fit(load(), batch_size=16)\n"),
        (
            "for fold in range(3):\n    model.fit(x[fold], y[fold], batch_size=64)\n",
            "for fold in range(3):\n    model.fit(x[fold], y[fold], batch_size=16)\n",
        ),
    ],
)
def test_batch_of_fit(fit: str, after: str | None) -> None:
    head = SCRIPT.removesuffix(FIT)
    assert made(head + fit, SMALL) == (None if after is None else head + after)


@pytest.mark.parametrize(
    ("data", "after"),
    [
        ("ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(64).prefetch(2)\n", ".batch(16).prefetch(2)"),
        (
            "ds = tf.data.Dataset.from_tensor_slices((x, y))\nds = ds.batch(batch_size=64)\n",
            "ds.batch(batch_size=16)",
        ),
        ("B = 64\nds = tf.data.Dataset.from_tensor_slices((x, y)).batch(B)\n", "B = 16\n"),
        ('ds = keras.utils.image_dataset_from_directory("p")\n', '("p", batch_size=16)'),
        ('ds = keras.utils.image_dataset_from_directory("p", batch_size=64)\n', '("p", batch_size=16)'),
        ('ds = keras.utils.image_dataset_from_directory("p", batch_size=None)\n', None),
        ("ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(len(x) // 10)\n", None),
        ("ds = tf.data.Dataset.from_tensor_slices((x, y))\n", None),
    ],
)
def test_batch_of_a_pipeline(data: str, after: str | None) -> None:
    found = made(PIPELINE + data + "model.fit(ds)\n", SMALL)
    assert (found is None) == (after is None)
    if found is not None:
        assert after in found
        assert found.endswith("model.fit(ds)\n")


@pytest.mark.parametrize("given", [", batch_size=32", ""])
def test_batch_of_a_generator(given: str) -> None:
    head = HEAD + "from keras.preprocessing.image import ImageDataGenerator\n" + DATA + MODEL + COMPILE
    text = f"{head}model.fit(ImageDataGenerator().flow(x, y{given}))\n"
    assert made(text, SMALL) == f"{head}model.fit(ImageDataGenerator().flow(x, y, batch_size=16))\n"


@pytest.mark.parametrize(
    ("optimizer", "after"),
    [
        ('"adam"', "keras.optimizers.Adam(gradient_accumulation_steps=4)"),
        ('optimizer="RMSprop"', "optimizer=keras.optimizers.RMSprop(gradient_accumulation_steps=4)"),
        ("keras.optimizers.SGD(0.1)", "keras.optimizers.SGD(0.1, gradient_accumulation_steps=4)"),
        ("keras.optimizers.Adam()", "keras.optimizers.Adam(gradient_accumulation_steps=4)"),
        ('"no such"', None),
        ("keras.optimizers.Adam(**more)", None),
        ("keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)", None),
        ("keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())", None),
        ("keras.optimizers.legacy.SGD(0.1)", None),
        ("make_optimizer()", None),
        ("NAME", None),
    ],
)
def test_optimizer_accumulates_small_batches(optimizer: str, after: str | None) -> None:
    head = HEAD + "NAME = 'adam'\n" + DATA + MODEL
    found = made(f"{head}model.compile({optimizer}, loss='mse')\n{FIT}", STEPS)
    assert found == (
        None
        if after is None
        else f"{head}model.compile({after}, loss='mse')\nmodel.fit(x, y, batch_size=16)\n"
    )


def test_an_optimizer_of_its_own_line_and_a_default_batch() -> None:
    text = (
        HEAD
        + DATA
        + MODEL
        + "best = keras.optimizers.Adam(1e-3)  # tuned\nmodel.compile(best, 'mse')\nmodel.fit(x, y)\n"
    )
    assert made(text, STEPS) == text.replace(
        "Adam(1e-3)", "Adam(1e-3, gradient_accumulation_steps=4)"
    ).replace("fit(x, y)", "fit(x, y, batch_size=8)")


def test_an_import_is_added_for_the_class() -> None:
    text = (
        "import numpy as np\nfrom tensorflow.keras.layers import Dense\nfrom tensorflow.keras.models import Sequential\n"
        + DATA
        + "model = Sequential([Dense(1, input_shape=(8,))])\n"
        + COMPILE
        + FIT
    )
    after = made(text, STEPS)
    assert after is not None
    assert "import tensorflow as tf\n" in after
    assert "model.compile(tf.keras.optimizers.Adam(gradient_accumulation_steps=4)" in after


@pytest.mark.parametrize(
    "older",
    ["import tf_keras as keras\n", 'import os\nos.environ["TF_USE_LEGACY_KERAS"] = "1"\nimport keras\n'],
)
def test_keras_2_accumulates_nothing(older: str) -> None:
    text = older + SCRIPT.removeprefix("import keras\n")
    assert made(text, STEPS) is None
    assert made(text, SMALL) is not None


def test_a_batch_that_is_too_small_is_not_cut() -> None:
    assert made(SCRIPT.replace("64)", "3)", 1).replace("batch_size=64", "batch_size=3"), STEPS) is None


@pytest.mark.parametrize(
    "change",
    [
        "",
        "sgd",
        "remat",
        "batch_size=0",
        "batch_size=-1",
        "batch_size=٣",
        "batch_size=1e3",
        "mixed_float8",
        f"{STEPS}1000",
        "gradient_accumulation_steps=1",
    ],
)
def test_other_changes_have_no_edit(change: str) -> None:
    assert made(SCRIPT, change) is None


def test_the_training_that_was_measured() -> None:
    text = SCRIPT.replace(
        FIT,
        "model.fit(x, y, batch_size=32)\nother = keras.Sequential([keras.layers.Dense(1)])\nother.compile('sgd', 'mse')\nother.fit(x, y, batch_size=128)\n",
    )
    assert made(text, SMALL) is None  # which of them?
    one = OnGpu("T4", 1 << 34, "compiler", "", 1, 1, 1)
    line = text[: text.index("other.fit")].count("\n") + 1
    settings = Settings(measurement=Measurement(text_hash(text), line, 128, "float32", (one,)))
    source = Source("train.py", text)
    fix = make(analyse(source, settings), SMALL)
    assert fix is not None
    assert apply(text, fix.edits) == text.replace("batch_size=128", "batch_size=16")


@pytest.mark.parametrize("change", CHANGES)
def test_other_line_ends_and_letters_stay(change: str) -> None:
    text = SCRIPT.replace("model", "modèle_𝒙").replace("\n", "  # größer\n", 1)
    plain = made(text, change)
    assert plain is not None
    assert made(text.replace("\n", "\r\n"), change) == plain.replace("\n", "\r\n")


@pytest.mark.parametrize("change", CHANGES)
def test_in_the_cells_of_a_notebook(change: str) -> None:
    cells = [HEAD, "%matplotlib inline\nB = 64\n" + DATA, MODEL + COMPILE, "model.fit(x, y, batch_size=B)\n"]
    source = join_cells("book.ipynb", enumerate(cells))
    fix = make(analyse(source), change)
    assert fix is not None
    for edit in fix.edits:
        cell = source.cell_at(edit.start)
        assert cell is not None and edit.end <= cell.end


def test_broken_code_elsewhere_is_no_reason_to_guess() -> None:
    text = SCRIPT.replace("batch_size=64", "batch_size=B").replace(DATA, "B = 64\n" + DATA)
    assert make(analyse(Source("train.py", text + "B = (\n")), SMALL) is None
    assert make(analyse(Source("train.py", text + "x = (\n")), SMALL) is not None
