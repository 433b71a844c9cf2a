"""KM104 np-load-without-mmap: np.load reads the whole file; mmap_mode leaves it on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

COUNT, BATCH = 3000, 32


def prepare(folder: Path) -> Path:
    """A 141 MiB file."""
    path = folder / "x.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (COUNT, 128, 128, 3), dtype="uint8"))
    return path


def bad(path: Path) -> None:
    """Loaded whole, then sliced a batch at a time."""
    x = np.load(path)
    _model().fit(_Rows(x), verbose=0)


def loaded_and_fitted_whole(path: Path) -> None:
    x = np.load(path)
    _model().fit(x, np.zeros(COUNT, "float32"), batch_size=BATCH, verbose=0)


def good(path: Path) -> None:
    x = np.load(path, mmap_mode="r")
    _model().fit(_Rows(x), verbose=0)


def facts(path: Path) -> dict[str, Any]:
    whole, mapped = np.load(path), np.load(path, mmap_mode="r")
    archive = path.with_suffix(".npz")
    np.savez(archive, x=whole[:10])
    return {
        "type_with_mmap_mode": type(mapped).__name__,
        "mapped_is_an_ndarray": isinstance(mapped, np.ndarray),
        "same_values": bool((whole[::100] == mapped[::100]).all()),
        "type_of_npz_member_with_mmap_mode": type(np.load(archive, mmap_mode="r")["x"]).__name__,
    }


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x

    def __len__(self) -> int:
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self.x[index * BATCH : (index + 1) * BATCH]
        return rows.astype("float32"), np.zeros(len(rows), "float32")


def _model() -> Any:
    pool = keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential([keras.Input((128, 128, 3)), pool, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
