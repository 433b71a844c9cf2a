"""KM108 to-categorical-large: one-hot labels are float64, 8 bytes a class a label."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from fresh import error_of

COUNT, CLASSES = 20_000, 2_500
VOCABULARY, SENTENCES, TOKENS = 20_000, 16, 64


def bad() -> Any:
    """20,000 labels of 2,500 classes."""
    return keras.utils.to_categorical(_labels(), CLASSES)


def good() -> Any:
    return _labels()


def token_step_one_hot() -> None:
    """One training step on 16 x 64 tokens of a 20,000 word vocabulary."""
    tokens = _tokens()
    targets = keras.utils.to_categorical(tokens, VOCABULARY)
    _tagger("categorical_crossentropy").train_on_batch(tokens, targets)


def token_step_sparse() -> None:
    tokens = _tokens()
    _tagger("sparse_categorical_crossentropy").train_on_batch(tokens, tokens)


def facts() -> dict[str, Any]:
    labels = np.random.default_rng(0).integers(0, 10, 256)
    one_hot, column = keras.utils.to_categorical(labels, 10), labels[:, None]
    hot, sparse = "categorical_crossentropy", "sparse_categorical_crossentropy"
    expected = _trained(hot, one_hot, "accuracy")
    close = _trained(sparse, labels, "accuracy")
    return {
        "dtype_of_to_categorical": str(one_hot.dtype),
        "largest_weight_difference_sparse_against_one_hot": _distance(expected[0], close[0]),
        "weights_identical": _distance(expected[0], close[0]) == 0.0,
        "same_history_with_the_metric_accuracy": bool(np.allclose(expected[1], close[1], rtol=1e-5)),
        "largest_weight_difference_labels_(n,1)_against_(n,)": _distance(
            close[0], _trained(sparse, column, "accuracy")[0]
        ),
        "same_history_labels_(n,1)": bool(
            np.allclose(close[1], _trained(sparse, column, "accuracy")[1], rtol=1e-5)
        ),
        "categorical_accuracy_with_integer_labels": _metric_outcome("categorical_accuracy", labels, expected),
        "sparse_categorical_accuracy_with_integer_labels": _metric_outcome(
            "sparse_categorical_accuracy", labels, expected
        ),
        "acc_with_integer_labels": _metric_outcome("acc", labels, expected),
        "CategoricalAccuracy_object_with_integer_labels": _metric_outcome(
            keras.metrics.CategoricalAccuracy(), labels, expected
        ),
        "top_k_categorical_accuracy_with_integer_labels": error_of(
            lambda: _trained(sparse, labels, keras.metrics.TopKCategoricalAccuracy(2))
        ),
        "sparse_top_k_categorical_accuracy_with_integer_labels": error_of(
            lambda: _trained(sparse, labels, keras.metrics.SparseTopKCategoricalAccuracy(2))
        ),
        "AUC_with_integer_labels": error_of(lambda: _trained(sparse, labels, keras.metrics.AUC())),
        "F1Score_with_integer_labels": error_of(lambda: _trained(sparse, labels, keras.metrics.F1Score())),
        "Precision_with_integer_labels": error_of(
            lambda: _trained(sparse, labels, keras.metrics.Precision())
        ),
        "sparse_loss_with_one_hot_labels": error_of(lambda: _trained(sparse, one_hot, "accuracy")),
        "sparse_loss_with_float64_labels": error_of(lambda: _trained(sparse, labels * 1.0, "accuracy")),
        "sparse_loss_takes_label_smoothing": error_of(
            lambda: keras.losses.SparseCategoricalCrossentropy(label_smoothing=0.1)
        )
        == "no error",
    }


def _labels() -> Any:
    return np.random.default_rng(0).integers(0, CLASSES, COUNT, dtype="int32")


def _tokens() -> Any:
    return np.random.default_rng(0).integers(0, VOCABULARY, (SENTENCES, TOKENS), dtype="int32")


def _tagger(loss: str) -> Any:
    layers = [keras.layers.Embedding(VOCABULARY, 16), keras.layers.Dense(VOCABULARY, activation="softmax")]
    model = keras.Sequential([keras.Input((TOKENS,), dtype="int32"), *layers])
    model.compile("sgd", loss)
    return model


def _trained(loss: str, y: Any, metric: Any) -> tuple[list[Any], list[float]]:
    """Weights, and the loss and metric of each epoch."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(1).random((len(y), 8), dtype="float32")
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", loss, metrics=[metric])
    history = model.fit(x, y, batch_size=32, epochs=3, shuffle=False, verbose=0).history
    return model.get_weights(), [value for values in history.values() for value in values]


def _distance(a: list[Any], b: list[Any]) -> float:
    return float(max(np.abs(left - right).max() for left, right in zip(a, b, strict=True)))


def _metric_outcome(metric: Any, labels: Any, expected: tuple[list[Any], list[float]]) -> str:
    """Whether a metric on integer labels gives what `accuracy` gave on one-hot labels."""
    found: list[float] = []

    def train() -> None:
        found.extend(_trained("sparse_categorical_crossentropy", labels, metric)[1])

    failure = error_of(train)
    if failure != "no error":
        return failure
    # `acc` and `accuracy` come before `loss` in the history, later names after it: compare them as sets.
    same = np.allclose(sorted(found), sorted(expected[1]), rtol=1e-5)
    return "same as accuracy on one-hot labels" if same else "no error, but wrong values"
