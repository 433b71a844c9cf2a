"""KM107 array-grown-in-loop: concatenating in each turn copies the array each time, and holds it twice."""

from __future__ import annotations

from typing import Any

import numpy as np

PARTS, ROWS = 40, 50


def bad() -> Any:
    """40 times 50 images of 48 KiB: 94 MiB in the end."""
    x = np.empty((0, 128, 128, 3), "uint8")
    for turn in range(PARTS):
        x = np.concatenate([x, _part(turn)])
    return x


def append_with_axis() -> Any:
    x = np.empty((0, 128, 128, 3), "uint8")
    for turn in range(PARTS):
        x = np.append(x, _part(turn), axis=0)
    return x


def list_then_concatenate() -> Any:
    """One copy, not 40, but all parts beside it."""
    return np.concatenate([_part(turn) for turn in range(PARTS)])


def good() -> Any:
    x = np.empty((PARTS * ROWS, 128, 128, 3), "uint8")
    for turn in range(PARTS):
        x[turn * ROWS : (turn + 1) * ROWS] = _part(turn)
    return x


def facts() -> dict[str, Any]:
    import pandas as pd

    return {
        "all_ways_give_the_same_array": np.array_equal(bad(), good())
        and np.array_equal(append_with_axis(), list_then_concatenate()),
        "DataFrame_has_append": hasattr(pd.DataFrame, "append"),
    }


def _part(turn: int) -> Any:
    return np.full((ROWS, 128, 128, 3), turn, "uint8")
