"""Models that are compiled and never trained have no slots."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.files import read_script

MODEL = "import keras\nmodel = keras.Sequential([keras.Input((9,)), keras.layers.Dense(9)])\n"
COMPILED = f'{MODEL}model.compile("adam", "mse")\n'
BUILDER = (
    "import keras\n\ndef build():\n    model = keras.Sequential([keras.Input((9,)), keras.layers.Dense(9)])\n"
    '    model.compile("adam", "mse")\n    return model\n'
)


def slots(folder: Path, text: str, **others: str) -> int | None:
    (folder / "README.md").write_text("# Training\n")
    for name, other in others.items():
        (folder / f"{name}.py").write_text(other)
    path = folder / "start.py"
    path.write_text(text)
    script = analyse(read_script(path, str(path)).source)
    return script.optimizer_slots(script.models[0])


@pytest.mark.parametrize(
    "text",
    [
        f"{COMPILED}model.summary()\n",
        f"{COMPILED}x_train, y_train = keras.datasets.mnist.load_data()[0]\nprint(x_train.shape)\n",
        f"{COMPILED}model.predict(x)\n",
        f'{BUILDER}build().save("start.keras")\n',
        MODEL,
    ],
)
def test_nothing_trains_it(tmp_path: Path, text: str) -> None:
    assert slots(tmp_path, text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"{COMPILED}model.fit(x, y)\n",
        f"{COMPILED}for batch in batches:\n    model.train_on_batch(*batch)\n",
        f"{COMPILED}from flows import run\nrun(model)\n",  # a module that is not here
        f"{COMPILED}from flows import train_model\ntrain_model()\n",
        f"{COMPILED}getattr(model, name)(x, y)\n",
        f"{COMPILED}def later(one):\n    one.fit(x, y)\n",
        BUILDER,  # for others
    ],
)
def test_something_may_train_it(tmp_path: Path, text: str) -> None:
    assert slots(tmp_path, text) == 2


def test_a_file_that_imports_it_trains_it(tmp_path: Path) -> None:
    assert slots(tmp_path, COMPILED, other="from start import model\nmodel.summary()\n") is None
    assert slots(tmp_path, COMPILED, other="from start import model\nmodel.fit(x, y)\n") == 2


def test_a_module_trains_it(tmp_path: Path) -> None:
    text = f"from tools import go\n{COMPILED}go(model)\n"
    assert slots(tmp_path, text, tools="def go(model):\n    model.summary()\n") is None
    assert slots(tmp_path, text, tools="def go(model):\n    model.fit(x, y)\n") == 2
