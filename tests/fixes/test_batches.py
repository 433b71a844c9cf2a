"""The rewrite to batches: where its class stands, what becomes of the arguments, and where it is not offered."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.edits import apply
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source
from keras_memlint.rules.positions import to_edit

IMPORTS = "import keras\nimport numpy as np\n"
LOAD = 'x = np.load("x.npy")\ny = np.load("y.npy")\n'
MODEL = "model = keras.models.load_model('start.keras')\n"
FIT = "model.fit(x, y, epochs=2)\n"
CLASS = """class Batches(keras.utils.PyDataset):
    def __init__(self, x, y, batch_size):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return self.x[rows], self.y[rows]
"""


def findings(source: Source) -> list[Diagnostic]:
    from keras_memlint.analysis.sizes.settings import Settings

    report = check_source(source, codes={"KM103", "KM104", "KM105"}, settings=Settings())
    assert not report.problems
    return report.diagnostics


def fixed(text: str, folder: Path, cells: tuple[str, ...] = ()) -> str | None:
    """The text after the fix of its only finding; None when that has none."""
    path = str(folder / "train.py")
    source = join_cells(path, list(enumerate(cells))) if cells else Source(path, text)
    found = findings(source)
    assert len(found) == 1, found
    if not found[0].fixes:
        return None
    after = apply(source.text, [to_edit(source, edit) for edit in found[0].fixes[0].edits])
    if not cells:
        assert not findings(Source(path, after)), "the finding is gone"
        compile(after, path, "exec")
    return after


def trained(text: str) -> str:
    """A script that loads a file and fits it by ``text``."""
    return IMPORTS + LOAD + MODEL + text


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("model.fit(x, y)", "model.fit(Batches(x, y, 32))"),
        ("model.fit(x, y, batch_size=8)", "model.fit(Batches(x, y, 8))"),
        ("model.fit(x, y, batch_size=None)", "model.fit(Batches(x, y, 32))"),
        ("model.fit(x, y, batch_size=args.size, epochs=2)", "model.fit(Batches(x, y, args.size), epochs=2)"),
        ("model.fit(x=x, epochs=2, y=y)", "model.fit(x=Batches(x, y, 32), epochs=2)"),
        ("model.fit(y=y, x=x)", "model.fit(x=Batches(x, y, 32))"),
        (
            "model.fit(x, y, epochs=2, batch_size=8, verbose=0)",
            "model.fit(Batches(x, y, 8), epochs=2, verbose=0)",
        ),
        ("model.fit(x, y, shuffle=False)", "model.fit(Batches(x, y, 32), shuffle=False)"),
        ("model.fit(x[:800], y[:800])", "model.fit(Batches(x[:800], y[:800], 32))"),
        ("model.fit((x), (y), epochs=2)", "model.fit(Batches((x), (y), 32), epochs=2)"),
        ("model.fit(x, x)", "model.fit(Batches(x, x, 32))"),
        ("model.fit(x, y)  # slow", "model.fit(Batches(x, y, 32))  # slow"),
        (
            "model.fit(x, y, batch_size=8, validation_data=(a, b))",
            "model.fit(Batches(x, y, 32), batch_size=8, validation_data=(a, b))".replace("32", "8").replace(
                "batch_size", "validation_batch_size"
            ),
        ),
        (
            "model.fit(\n    x,\n    y,\n    batch_size=8,\n    epochs=2,\n)",
            "model.fit(\n    Batches(x, y, 8),\n    epochs=2,\n)",
        ),
        ("model.fit(\n    x,\n    y,\n    batch_size=8,\n)", "model.fit(\n    Batches(x, y, 8),\n)"),
        (
            "history = model.fit(x, y)\nprint(x.shape, len(x), f'{x.dtype}', x[0])",
            "history = model.fit(Batches(x, y, 32))\nprint(x.shape, len(x), f'{x.dtype}', x[0])",
        ),
    ],
)
def test_arguments(fit: str, expected: str, tmp_path: Path) -> None:
    mapped = LOAD.replace('"x.npy"', '"x.npy", mmap_mode="r"')
    assert fixed(trained(fit + "\n"), tmp_path) == f"{IMPORTS}{mapped}{MODEL}\n\n{CLASS}\n\n{expected}\n"


@pytest.mark.parametrize(
    "fit",
    [
        "model.fit(x, y, 32)",
        "model.fit(x, y, validation_split=0.1)",
        "model.fit(x, y, sample_weight=w)",
        "model.fit(x, y, steps_per_epoch=10)",
        "model.fit(x, y, shuffle='batch')",
        "model.fit(x, y, shuffle=args.shuffle)",
        "model.fit(x, y, batch_size=len(x) // 10)",
        "model.fit(x, y, workers=4)",
        "model.fit(x, y,  # labels\n    batch_size=8, epochs=2)",
        "model.fit(x, list(y))",
        "model.fit(x, unknown)",
        "model.fit(x[::, None], y)",
        "model.fit([x, x], y)",
        "model.fit(x)",
        "model.fit(x, y); model.predict(x)",
    ],
)
def test_arguments_that_forbid_it(fit: str, tmp_path: Path) -> None:
    assert fixed(trained(fit + "\n"), tmp_path) is None


@pytest.mark.parametrize(
    "use",
    [
        "x /= 255",
        "x[0] = 1",
        "x[0] += 1",
        "x -= x.mean()",
        "np.random.shuffle(x)",
        "normalise(x)",
        "x.sort()",
        "kept = x",
        "print(x)",
        "for row in x: print(row)",
        "x_val = x[:]",
        "x_val = x[order]",
        "total = x + 1",
        "del x",
        "x_val = x[:10]\nx_val *= 2",
        "def f():\n    x = 1",
        "def f():\n    global x\n    x = 1",
        "if maybe:\n    x = np.zeros(3)",
        "x = x",
        "broken(x",
    ],
)
def test_uses_that_forbid_it(use: str, tmp_path: Path) -> None:
    assert fixed(trained(FIT + use + "\n"), tmp_path) is None


@pytest.mark.parametrize(
    "load",
    [
        'for part in (1, 2):\n    y = np.zeros(5)\nx = (np.load("x.npy"))[0]\n',
        'x = np.load("x.npy") / 255\ny = np.load("y.npy")\n',
        'x = np.load("x.npy").astype("float32", copy=False)\ny = np.load("y.npy")\n',
        'x = np.load("x.npy").astype(dtype)\ny = np.load("y.npy")\n',
        'x = z = np.load("x.npy")\ny = np.load("y.npy")\n',
        'self.x = np.load("x.npy")\ny = np.load("y.npy")\nx = self.x\n',
        'with open("x.npy", "rb") as file:\n    x = np.load(file)\ny = np.load("y.npy")\n',
        'x = np.load(open("x.npy", "rb"))\ny = np.load("y.npy")\n',
        'x = np.squeeze(np.load("x.npy"))\ny = np.load("y.npy")\n',
    ],
)
def test_loads_that_forbid_it(load: str, tmp_path: Path) -> None:
    source = Source(str(tmp_path / "train.py"), IMPORTS + load + MODEL + FIT)
    assert not [fix for found in findings(source) for fix in found.fixes]


@pytest.mark.parametrize(
    ("load", "mapped", "row"),
    [
        ('np.load("x.npy")[:800]', 'np.load("x.npy", mmap_mode="r")[:800]', "self.x[rows]"),
        (
            'np.load("x.npy").astype(np.float32)',
            'np.load("x.npy", mmap_mode="r")',
            "self.x[rows].astype(np.float32)",
        ),
        (
            "np.load('x.npy', mmap_mode=None)[10:].astype('f4')",
            "np.load('x.npy', mmap_mode=\"r\")[10:]",
            "self.x[rows].astype('f4')",
        ),
        (
            '(np.load("x.npy")).astype("float32")',
            '(np.load("x.npy", mmap_mode="r"))',
            'self.x[rows].astype("float32")',
        ),
        ("np.load(file=path)", 'np.load(file=path, mmap_mode="r")', "self.x[rows]"),
    ],
)
def test_loads(load: str, mapped: str, row: str, tmp_path: Path) -> None:
    text = f'{IMPORTS}x = {load}\ny = np.load("y.npy")\n{MODEL}{FIT}'
    cls = CLASS.replace("self.x[rows]", row)
    expected = f'{IMPORTS}x = {mapped}\ny = np.load("y.npy")\n{MODEL}\n\n{cls}\n\nmodel.fit(Batches(x, y, 32), epochs=2)\n'
    assert fixed(text, tmp_path) == expected


def test_parts_of_the_array(tmp_path: Path) -> None:
    text = trained(
        "x_train, x_val = x[:800], x[800:]\nmodel.fit(x_train, y[:800])\nmodel.evaluate(x_val, y[800:])\n"
    )
    after = fixed(text, tmp_path)
    assert after is not None
    assert after.count(CLASS) == 1
    assert "model.fit(Batches(x_train, y[:800], 32))\nmodel.evaluate(Batches(x_val, y[800:], 32))\n" in after


@pytest.mark.parametrize(
    ("before", "indent", "after"),
    [
        ("# Train\n# the model.\n", "", ""),
        ("if __name__ == '__main__':\n", "    ", ""),
        ("@decorated\ndef main():\n", "    ", ""),
        ("try:\n", "    ", "except OSError:\n    pass\n"),
        ("with strategy.scope():\n", "    ", ""),
        ("class Trainer:\n    def run(self):\n", "        ", ""),
        ("def main():\n" + "    print('a long function')\n" * 200, "    ", ""),
    ],
)
def test_the_class_stands_above_the_statement(before: str, indent: str, after: str, tmp_path: Path) -> None:
    text = trained(f"{before}{indent}{FIT}{after}")
    found = fixed(text, tmp_path)
    fed = f"{before}{indent}model.fit(Batches(x, y, 32), epochs=2)\n{after}"
    assert found is not None
    assert found.endswith(f"{MODEL}\n\n{CLASS}\n\n{fed}")


@pytest.mark.parametrize("above", ["# %% train\n", "#%%\n", "# In[7]:\n", "# In [7]\n", "#!/bin/x\n"])
def test_marks_of_cells_stay_above_the_class(above: str, tmp_path: Path) -> None:
    after = fixed(trained("\n\n" + above + FIT), tmp_path)
    assert after is not None
    assert f"{above}\n\n{CLASS}\n\nmodel.fit(" in after


def test_notebook_cells(tmp_path: Path) -> None:
    cells = (IMPORTS, LOAD, MODEL, "# Train\n" + FIT)
    after = fixed("", tmp_path, cells)
    mapped = LOAD.replace('"x.npy"', '"x.npy", mmap_mode="r"')
    expected = (IMPORTS, mapped, MODEL, f"{CLASS}\n\n# Train\nmodel.fit(Batches(x, y, 32), epochs=2)\n")
    assert after == join_cells("t.ipynb", list(enumerate(expected))).text


def test_parameters_are_other_names(tmp_path: Path) -> None:
    text = trained("def f(x):\n    x += 1\n    return x\n\n\ng = lambda x: x + 1\n" + FIT)
    after = fixed(text, tmp_path)
    assert after is not None
    assert after.endswith("model.fit(Batches(x, y, 32), epochs=2)\n")


def test_a_class_that_is_there_is_used(tmp_path: Path) -> None:
    text = IMPORTS + LOAD + MODEL + "\n\n" + CLASS + "\n\nmodel.fit(Batches(a, b, 32))\n" + FIT
    after = fixed(text, tmp_path)
    assert after is not None
    assert after.count("class ") == 1
    assert after.endswith("model.fit(Batches(x, y, 32), epochs=2)\n")


@pytest.mark.parametrize(
    "taken", ["Batches = 7\n", "class Batches:\n    pass\n", "from data import Batches\n"]
)
def test_a_name_that_is_taken_is_left_alone(taken: str, tmp_path: Path) -> None:
    after = fixed(trained(taken + FIT), tmp_path)
    assert after is not None
    assert CLASS.replace("Batches", "ArrayBatches") in after
    assert "model.fit(ArrayBatches(x, y, 32), epochs=2)" in after


@pytest.mark.parametrize(
    ("imports", "base", "added"),
    [
        ("import keras\n", "keras.utils.PyDataset", ""),
        ("import tensorflow as tf\nfrom tensorflow import keras\n", "keras.utils.Sequence", ""),
        ("import tensorflow as tf\n", "tf.keras.utils.Sequence", ""),
        ("import tf_keras as keras\n", "keras.utils.Sequence", ""),
        ("from keras.models import load_model\n", "keras.utils.PyDataset", "import keras\n"),
        ("from keras.utils import PyDataset, to_categorical\nimport keras\n", "PyDataset", ""),
    ],
)
def test_the_base_class_as_the_script_spells_it(imports: str, base: str, added: str, tmp_path: Path) -> None:
    text = f"{imports}import numpy as np\n{LOAD}model.fit(x, y, epochs=2)\n"
    after = fixed(text, tmp_path)
    assert after is not None
    assert f"class Batches({base}):\n" in after
    assert added in after


def test_keras_2_by_its_pin(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("keras==2.15\n", encoding="utf-8")
    after = fixed(trained(FIT), tmp_path)
    assert after is not None
    assert "class Batches(keras.utils.Sequence):\n" in after


def test_without_any_keras_there_is_no_base(tmp_path: Path) -> None:
    fit = "".join("    " + line for line in (LOAD + FIT).splitlines(keepends=True))
    assert fixed(f"# keras\nimport numpy as np\n\n\ndef train(model):\n{fit}", tmp_path) is None


def test_mapped_arrays_and_labels(tmp_path: Path) -> None:
    text = trained(FIT).replace('.npy")', '.npy", mmap_mode="r")')
    assert (
        fixed(text, tmp_path) == f"{text[: -len(FIT)]}\n\n{CLASS}\n\nmodel.fit(Batches(x, y, 32), epochs=2)\n"
    )


def test_hdf5_data_sets(tmp_path: Path) -> None:
    text = f"import h5py\n{IMPORTS}file = h5py.File('d.h5')\nx, y = file['x'], file['y']\n{MODEL}{FIT}"
    after = fixed(text, tmp_path)
    assert after is not None
    assert after.endswith("model.fit(Batches(x, y, 32), epochs=2)\n")
