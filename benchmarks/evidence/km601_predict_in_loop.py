"""KM601 predict-in-loop: predict builds a data pipeline for every call; predict_on_batch does not."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

RATIO_OF = "seconds"
LOOPS = 150
BATCH = 128  # four batches for predict


def bad() -> None:
    """150 calls with one row each."""
    model, x = _model(keras), _rows()
    for row in x:
        model.predict(row[None], verbose=0)


def good() -> None:
    model, x = _model(keras), _rows()
    for row in x:
        model.predict_on_batch(row[None])


def call_the_model() -> None:
    model, x = _model(keras), _rows()
    for row in x:
        model(row[None], training=False)


def predict_once() -> None:
    """All 150 rows in one call."""
    _model(keras).predict(_rows(), verbose=0)


def batches() -> None:
    """150 calls with 128 rows each."""
    model, x = _model(keras), _rows()[:BATCH]
    for _ in range(LOOPS):
        model.predict(x, verbose=0)


def batches_on_batch() -> None:
    """The same with predict_on_batch."""
    model, x = _model(keras), _rows()[:BATCH]
    for _ in range(LOOPS):
        model.predict_on_batch(x)


def bad_tf_keras() -> None:
    import tf_keras

    model, x = _model(tf_keras), _rows()
    for row in x:
        model.predict(row[None], verbose=0)


def good_tf_keras() -> None:
    import tf_keras

    model, x = _model(tf_keras), _rows()
    for row in x:
        model.predict_on_batch(row[None])


def facts() -> dict[str, Any]:
    from harness import anonymous_bytes, release_free_memory

    model, x = _model(keras), _rows()
    whole = model.predict(x, verbose=0)
    one_by_one = np.concatenate([model.predict(row[None], verbose=0) for row in x[:20]])
    on_batch = np.concatenate([model.predict_on_batch(row[None]) for row in x[:20]])
    called = np.concatenate([model(row[None], training=False).numpy() for row in x[:20]])
    found = {
        "predict_on_batch_equals_predict_of_one_row": bool((on_batch == one_by_one).all()),
        "predict_on_batch_equals_predict_of_32_rows": bool(
            (model.predict_on_batch(x[:32]) == model.predict(x[:32], verbose=0)).all()
        ),
        "calling_the_model_largest_difference": float(np.abs(called - one_by_one).max()),
        "predict_of_all_rows_at_once_largest_difference": float(np.abs(whole[:20] - one_by_one).max()),
        "predict_returns": type(one_by_one).__name__,
        "predict_on_batch_returns": type(model.predict_on_batch(x[:1])).__name__,
        "calling_the_model_returns": type(model(x[:1])).__name__,
    }
    for name, call, times in (
        ("predict", lambda row: model.predict(row, verbose=0), 100),
        ("predict_on_batch", model.predict_on_batch, 1000),
        ("calling_the_model", lambda row: model(row, training=False), 1000),
    ):
        call(x[:1])
        release_free_memory()
        before = anonymous_bytes()
        for _ in range(times):
            call(x[:1])
        release_free_memory()
        found[f"{name}_growth_in_bytes_per_call_over_{times}"] = (anonymous_bytes() - before) // times
    return found


def _rows() -> Any:
    return np.random.default_rng(0).random((LOOPS, 64), dtype="float32")


def _model(library: Any) -> Any:
    layers = [library.layers.Dense(64, activation="relu"), library.layers.Dense(10)]
    return library.Sequential([library.Input((64,)), *layers])
