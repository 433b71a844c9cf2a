"""KM106 hdf5-read-all: `[:]` reads a whole HDF5 data set; slices of an open file stay flat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

COUNT, BATCH = 2000, 32


def prepare(folder: Path) -> Path:
    """A file of 94 MiB of uint8."""
    path = folder / "x.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.random.default_rng(0).integers(0, 256, (COUNT, 128, 128, 3), dtype="uint8")
    return path


def bad(path: Path) -> None:
    with h5py.File(path, "r") as file:
        x = file["x"][:]
    _model().fit(x, np.zeros(COUNT), batch_size=BATCH, verbose=0)


def read_whole_sliced_in_memory(path: Path) -> None:
    with h5py.File(path, "r") as file:
        x = file["x"][:]
    _model().fit(_Rows(x), verbose=0)


def good(path: Path) -> None:
    with h5py.File(path, "r") as file:
        _model().fit(_Rows(file["x"]), verbose=0)


def facts(path: Path) -> dict[str, Any]:
    with h5py.File(path, "r") as file:
        data = file["x"]
        whole = data[:]
        return {
            "types_of_[:]_[()]_[...]_and_np.array": " ".join(
                type(one).__name__ for one in (whole, data[()], data[...], np.array(data))
            ),
            "a_slice_has_the_same_rows": np.array_equal(data[32:64], whole[32:64]),
            "data_set_has_value": hasattr(data, "value"),
        }


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x

    def __len__(self) -> int:
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self.x[index * BATCH : (index + 1) * BATCH]
        return rows, np.zeros(len(rows), "float32")


def _model() -> Any:
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((128, 128, 3)), *layers])
    model.compile("sgd", "mse")
    return model
