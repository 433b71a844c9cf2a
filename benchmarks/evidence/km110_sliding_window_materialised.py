"""KM110 sliding-window-materialised: each row is copied as often as a window has rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

ROWS, WIDTH, BATCH = 100_000, 60, 64


def prepare(folder: Path) -> Any:
    """A series of 1.5 MiB of float32."""
    return np.random.default_rng(0).random((ROWS, 4), dtype="float32")


def bad(series: Any) -> None:
    x, y = _windows(series)
    _model().fit(x, y, batch_size=BATCH, verbose=0)


def windows_without_training(series: Any) -> Any:
    return _windows(series)


def good(series: Any) -> None:
    dataset = keras.utils.timeseries_dataset_from_array(
        series[:-1], series[WIDTH:, 0], sequence_length=WIDTH, batch_size=BATCH
    )
    _model().fit(dataset, verbose=0)


def facts(series: Any) -> dict[str, Any]:
    series = series[:200]
    x, y = _windows(series)
    dataset = keras.utils.timeseries_dataset_from_array(
        series[:-1], series[WIDTH:, 0], sequence_length=WIDTH, batch_size=BATCH
    )
    parts = list(dataset)
    view = np.lib.stride_tricks.sliding_window_view(series, WIDTH, axis=0)
    return {
        "windows_of_timeseries_dataset_from_array_are_the_same": np.array_equal(
            np.concatenate([part[0] for part in parts]), x
        ),
        "labels_are_the_same": np.array_equal(np.concatenate([part[1] for part in parts]), y),
        "list_of_windows_shares_memory": np.shares_memory(series[5 : 5 + WIDTH], series),
        "sliding_window_view_shares_memory": np.shares_memory(view, series),
    }


def _windows(series: Any) -> tuple[Any, Any]:
    x, y = [], []
    for i in range(len(series) - WIDTH):
        x.append(series[i : i + WIDTH])
        y.append(series[i + WIDTH, 0])
    return np.array(x), np.array(y)


def _model() -> Any:
    layers = [keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((WIDTH, 4)), *layers])
    model.compile("sgd", "mse")
    return model
