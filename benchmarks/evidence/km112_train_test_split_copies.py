"""KM112 train-test-split-copies: train_test_split copies, and the original stays beside the parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.model_selection import train_test_split

COUNT, BATCH = 500, 32


def prepare(folder: Path) -> Path:
    """A file of 94 MiB of float32."""
    path = folder / "x.npy"
    np.save(path, np.random.default_rng(0).random((COUNT, 128, 128, 3), dtype="float32"))
    return path


def bad(path: Path) -> None:
    x = np.load(path)
    train, test = train_test_split(x, test_size=0.2, random_state=0)
    _fit(_Rows(train, np.arange(len(train))), _Rows(test, np.arange(len(test))))
    assert len(x) == COUNT


def deleted_after_the_split(path: Path) -> None:
    """The split still needs both for a moment."""
    x = np.load(path)
    train, test = train_test_split(x, test_size=0.2, random_state=0)
    del x
    _fit(_Rows(train, np.arange(len(train))), _Rows(test, np.arange(len(test))))


def whole_arrays_to_fit(path: Path) -> None:
    x = np.load(path)
    train, _ = train_test_split(x, test_size=0.2, random_state=0)
    _model().fit(train, np.zeros(len(train)), batch_size=BATCH, verbose=0)
    assert len(x) == COUNT


def whole_arrays_to_fit_after_deleting(path: Path) -> None:
    x = np.load(path)
    train, _ = train_test_split(x, test_size=0.2, random_state=0)
    del x
    _model().fit(train, np.zeros(len(train)), batch_size=BATCH, verbose=0)


def good(path: Path) -> None:
    x = np.load(path)
    train, test = train_test_split(np.arange(COUNT), test_size=0.2, random_state=0)
    _fit(_Rows(x, train), _Rows(x, test))


def facts(path: Path) -> dict[str, Any]:
    x = np.load(path)[:100]
    parts = train_test_split(x, shuffle=False)
    rows = train_test_split(np.arange(len(x)), random_state=0)
    return {
        "shuffle_False_shares_memory": any(np.shares_memory(x, part) for part in parts),
        "rows_of_a_split_of_row_numbers_are_the_same": all(
            np.array_equal(x[own], part)
            for own, part in zip(rows, train_test_split(x, random_state=0), strict=True)
        ),
    }


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any, rows: Any) -> None:
        super().__init__()
        self.x, self.rows = x, rows

    def __len__(self) -> int:
        return -(-len(self.rows) // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self.rows[index * BATCH : (index + 1) * BATCH]
        return self.x[rows], np.zeros(len(rows), "float32")


def _fit(train: Any, test: Any) -> None:
    _model().fit(train, validation_data=test, verbose=0)


def _model() -> Any:
    pool = keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential([keras.Input((128, 128, 3)), pool, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
