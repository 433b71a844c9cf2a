"""Notebooks: cells are run again, and what that leaves behind or appends once more."""

from __future__ import annotations

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source

READ = "import cv2, glob, keras\nimport numpy as np\nimages = []"
APPEND = "for path in glob.glob('data/*.jpg'):\n    images.append(cv2.resize(cv2.imread(path), (512, 512)))"
ARRAY = "x = np.array(images)"
MODEL = (
    "import keras\nmodel = keras.Sequential([keras.Input((2048,)), keras.layers.Dense({units}), keras.layers.Dense(1)])\n"
    "model.compile('adam', 'mse')"
)
FIT = "model.fit(x, y)"


def found(*cells: str, code: str) -> list[Diagnostic]:
    source = join_cells("train.ipynb", enumerate(cells))
    return check_source(source, codes={code}, settings=Settings()).diagnostics


def test_a_list_that_another_cell_makes_gets_everything_again() -> None:
    (finding,) = found(READ, APPEND, ARRAY, FIT, code="KM101")
    assert [note.cell for note in finding.related if "once more" in note.message] == [1]


def test_a_list_made_where_it_is_filled_is_new_each_time() -> None:
    (finding,) = found(f"{READ}\n{APPEND}", ARRAY, FIT, code="KM101")
    assert not [note for note in finding.related if "once more" in note.message]


def test_a_cell_that_builds_a_large_model_leaves_one_behind_each_time() -> None:
    (finding,) = found(MODEL.format(units=16384), FIT, code="KM602")
    assert (finding.severity, finding.cell) == ("hint", 0)
    # 2,048 x 16,384 weights and 16,384 more twice over, and one; Adam keeps two values for each.
    assert finding.bytes == (2048 * 16384 + 2 * 16384 + 1) * 4 * 3


def test_small_models_are_of_no_concern() -> None:
    assert not found(MODEL.format(units=64), FIT, code="KM602")


def test_a_script_runs_once() -> None:
    source = f"{MODEL.format(units=16384)}\n{FIT}"

    assert not check_source(Source("train.py", source), codes={"KM602"}, settings=Settings()).diagnostics
