"""KM111 pandas-whole-read: a table read whole holds columns that nobody needs, numbers in 8 bytes and strings in more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS = 200_000
USED = [f"f{i}" for i in range(8)]


def prepare(folder: Path) -> Path:
    """A text of 50 MiB: 24 columns of numbers, two of short strings."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.random((ROWS, 24)).round(6), columns=[f"f{i}" for i in range(24)])
    table["name"] = [f"sample number {i}" for i in range(ROWS)]
    table["note"] = [f"written on day {i % 997}" for i in range(ROWS)]
    path = folder / "table.csv"
    table.to_csv(path, index=False)
    return path


def bad(path: Path) -> Any:
    table = pd.read_csv(path)
    return table, table[USED].values


def as_float32(path: Path) -> Any:
    """The used columns, converted after the whole read."""
    return pd.read_csv(path)[USED].to_numpy("float32")


def in_chunks(path: Path) -> Any:
    parts = [part[USED].to_numpy("float32") for part in pd.read_csv(path, chunksize=10_000)]
    return np.concatenate(parts)


def good(path: Path) -> Any:
    return pd.read_csv(path, usecols=USED, dtype="float32").values


def facts(path: Path) -> dict[str, Any]:
    table = pd.read_csv(path)
    narrow = pd.read_csv(path, usecols=USED, dtype="float32").values
    return {
        "bytes_of_the_text": path.stat().st_size,
        "bytes_of_the_table": int(table.memory_usage(deep=True).sum()),
        "dtypes": " ".join(sorted({str(dtype) for dtype in table.dtypes})),
        "float32_values_differ_from_converted_float64": int(
            (narrow != table[USED].to_numpy("float32")).sum()
        ),
    }
