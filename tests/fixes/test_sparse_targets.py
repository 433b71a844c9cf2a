"""The rewrite to integer labels: what changes together, and where it is not offered because something else reads them."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.edits import apply
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source
from keras_memlint.rules.positions import to_edit

IMPORTS = "import keras\nimport numpy as np\nfrom keras.utils import to_categorical\n"
ENCODE = "y = to_categorical(labels, 500)\n"
MODEL = "model = keras.Sequential([keras.layers.Dense(500, activation='softmax')])\n"
COMPILE = "model.compile('sgd', 'categorical_crossentropy', metrics=['accuracy'])\n"
FIT = "model.fit(x, y)\n"
SPARSE = COMPILE.replace("'cat", "'sparse_cat")
KEPT = 'y = np.array(labels, dtype="int32")\n'


def findings(source: Source) -> list[Diagnostic]:
    report = check_source(source, codes={"KM108"}, settings=Settings())
    assert not report.problems
    return report.diagnostics


def fixed(source: Source) -> str | None:
    """The text after the fix of its only finding; None when that has none."""
    found = findings(source)
    assert len(found) == 1, found
    if not found[0].fixes:
        return None
    after = apply(source.text, [to_edit(source, edit) for edit in found[0].fixes[0].edits])
    if not source.cells:
        assert not findings(Source("train.py", after)), "the finding is gone"
        compile(after, "train.py", "exec")
    return after


def rewritten(text: str) -> str | None:
    return fixed(Source("train.py", text))


def test_plain() -> None:
    after = rewritten(IMPORTS + ENCODE + MODEL + COMPILE + FIT)
    assert after == IMPORTS + KEPT + MODEL + SPARSE + FIT


@pytest.mark.parametrize(
    ("encode", "kept"),
    [
        ("y = to_categorical(y=labels, num_classes=500)\n", KEPT),
        ("y = to_categorical(labels - 1, 500)\n", 'y = np.array(labels - 1, dtype="int32")\n'),
        ("y = np.eye(500)[labels]\n", KEPT),
        ("y = np.eye(500, dtype='float32')[labels[:, 0]]\n", 'y = np.array(labels[:, 0], dtype="int32")\n'),
        ("y = labels\ny = to_categorical(y, 500)\n", 'y = labels\ny = np.array(y, dtype="int32")\n'),
    ],
)
def test_encodings(encode: str, kept: str) -> None:
    assert rewritten(IMPORTS + encode + MODEL + COMPILE + FIT) == IMPORTS + kept + MODEL + SPARSE + FIT


def test_encoded_in_fit() -> None:
    fit = "model.fit(x, to_categorical(labels, 500), validation_data=(v, to_categorical(w, 500)))\n"
    assert rewritten(IMPORTS + MODEL + COMPILE + fit) == IMPORTS + MODEL + SPARSE + (
        'model.fit(x, np.array(labels, dtype="int32"), validation_data=(v, np.array(w, dtype="int32")))\n'
    )


@pytest.mark.parametrize(
    "rest",
    [
        "model.fit(x, y[:100])\nprint(len(y), y.shape[0])\n",
        "a, b = x, y\nmodel.fit(a, b)\n",
        "for train, test in folds:\n    model.fit(x[train], y[train], validation_data=(x[test], y[test]))\n",
        "model.fit(x, y)\nprint(model.evaluate(x, y), model.predict(x).argmax(axis=1))\n",
    ],
)
def test_training_splitting_and_counting_are_harmless(rest: str) -> None:
    assert rewritten(IMPORTS + ENCODE + MODEL + COMPILE + rest) == IMPORTS + KEPT + MODEL + SPARSE + rest


@pytest.mark.parametrize(
    "rest",
    [
        "print(np.argmax(y, axis=1))\n",
        "print(y.shape)\n",
        "classes = y.shape[1]\n",
        "print(y)\n",
        "print(y[0])\n",
        "z = y * 0.9\n",
        "np.save('y.npy', y)\n",
        "def report():\n    return y.argmax(1)\n",
        "a, b = train_test_split(x, stratify=y)\n",
        "other = keras.models.load_model('m.keras')\nother.evaluate(x, y)\n",
        "model.evaluate(v, w)\n",
        "model.train_on_batch(x, y)\n",
        "anything.fit(x, y)\n",
        "self.y = y\n",
        "pairs = [x, y]\n",
        "for a, b in zip(x, y):\n    show(a, b)\n",
        "y = load()\nmodel.fit(x, y)\n",
        "globals_ = (\n    y\n",
    ],
)
def test_not_offered_where_something_else_reads_the_targets(rest: str) -> None:
    assert rewritten(IMPORTS + ENCODE + MODEL + COMPILE + FIT + rest) is None


@pytest.mark.parametrize(
    "text",
    [
        ENCODE + MODEL + "loss = 'categorical_crossentropy'\nmodel.compile('sgd', loss)\n" + FIT,
        ENCODE + MODEL + COMPILE + "model.compile('sgd', 'mse')\nmodel.fit(x, z)\n" + COMPILE + FIT,
        "def data():\n    return to_categorical(labels, 500)\n" + "y = data()\n" + MODEL + COMPILE + FIT,
        "class Data:\n    def __init__(self):\n        self.y = to_categorical(labels, 500)\n\n\n"
        + MODEL
        + COMPILE
        + "model.fit(x, Data().y)\n",
        "y = to_categorical(\n    labels,  # from the table\n    500,\n)\n" + MODEL + COMPILE + FIT,
    ],
)
def test_not_offered_where_a_piece_is_not_seen(text: str) -> None:
    assert rewritten(IMPORTS + text) is None


def test_not_offered_where_a_renamed_metric_is_watched() -> None:
    compiled = COMPILE.replace("'accuracy'", "'categorical_accuracy'")
    watch = "model.fit(x, y, callbacks=[keras.callbacks.EarlyStopping('val_categorical_accuracy')])\n"
    assert rewritten(IMPORTS + ENCODE + MODEL + compiled + watch) is None
    after = rewritten(IMPORTS + ENCODE + MODEL + compiled + FIT)
    assert after is not None and "metrics=['sparse_categorical_accuracy']" in after


def test_every_compile_of_the_model_changes() -> None:
    after = rewritten(IMPORTS + ENCODE + MODEL + COMPILE + FIT + COMPILE + FIT)
    assert after == IMPORTS + KEPT + MODEL + SPARSE + FIT + SPARSE + FIT


def test_a_model_made_by_a_function() -> None:
    build = "def build():\n    " + MODEL + "    " + COMPILE + "    return model\n"
    rest = "build().fit(x, y)\nbuild().fit(x, y, epochs=2)\n"
    sparse = build.replace("'cat", "'sparse_cat")
    assert rewritten(IMPORTS + build + ENCODE + rest) == IMPORTS + sparse + KEPT + rest


def test_several_labels_a_sample_of_early_keras() -> None:
    labels = "labels = keras.utils.pad_sequences(tags, 20)\n"
    text = IMPORTS + labels + ENCODE + MODEL + COMPILE + FIT
    assert rewritten(text) == IMPORTS + labels + KEPT + MODEL + SPARSE + FIT
    assert rewritten("from keras.utils import np_utils\n" + text) is None


def test_notebook() -> None:
    source = join_cells("train.ipynb", list(enumerate([IMPORTS, ENCODE, MODEL + COMPILE, FIT])))
    after = fixed(source)
    assert after is not None and KEPT in after and SPARSE in after
