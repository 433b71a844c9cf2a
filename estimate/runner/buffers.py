"""What a ``tf.data`` pipeline keeps in the host's memory, read from its graph of datasets."""

from __future__ import annotations

import sys
from typing import Any

from . import shapes

_OPERATIONS = {
    "ShuffleDataset": "shuffle",
    "PrefetchDataset": "prefetch",
    "CacheDataset": "cache",
    "ParallelMapDataset": "map",
    "ParallelInterleaveDataset": "interleave",
    "ParallelBatchDataset": "batch",
}


def of(x: Any, batch: int | None) -> list[dict[str, Any]]:
    """The operations that hold elements, from the model backwards; none when ``x`` is no dataset."""
    tensorflow: Any = sys.modules.get("tensorflow")
    if tensorflow is None or not isinstance(x, getattr(getattr(tensorflow, "data", None), "Dataset", ())):
        return []
    found: list[dict[str, Any]] = []
    waiting: list[Any] = [x]
    seen: set[int] = set()
    while waiting:
        dataset = waiting.pop(0)
        if id(dataset) in seen:
            continue
        seen.add(id(dataset))
        entry = _entry(dataset, batch)
        if entry:
            found.append(entry)
        try:
            waiting.extend(dataset._inputs())
        except Exception:
            pass
    return found


def _entry(dataset: Any, batch: int | None) -> dict[str, Any] | None:
    kind = type(dataset).__name__.lstrip("_")
    operation = _OPERATIONS.get(kind)
    if operation is None:
        return None
    elements, note = _elements(dataset, operation)
    size = _element_bytes(dataset, batch)
    if size is None and not note:
        note = "the size of an element is not known"
    total = size * elements if size is not None and elements is not None else None
    return {"op": operation, "elements": elements, "bytes": total, "note": note}


def _elements(dataset: Any, operation: str) -> tuple[int | None, str]:
    """How many elements are kept at most."""
    if operation == "cache":
        if _constant(getattr(dataset, "_filename", None)) not in (None, "", b""):
            return 0, "cached in a file"
        count = _cardinality(dataset)
        return (count, "") if count is not None else (None, "the number of elements is not known")
    if operation in ("shuffle", "prefetch"):
        wanted = _constant(getattr(dataset, "_buffer_size", None))
        if not isinstance(wanted, int) or wanted < 0:
            return None, "tuned while it runs"
        count = _cardinality(dataset)
        return (min(wanted, count) if count is not None else wanted), ""
    wanted = _constant(getattr(dataset, "_num_parallel_calls", None))
    if not isinstance(wanted, int) or wanted < 0:
        return None, "tuned while it runs"
    return wanted, ""


def _cardinality(dataset: Any) -> int | None:
    try:
        count = int(dataset.cardinality().numpy())
    except Exception:
        return None
    return count if count >= 0 else None


def _constant(value: Any) -> Any:
    value = value.numpy() if hasattr(value, "numpy") else value
    return value.item() if hasattr(value, "item") else value


def _element_bytes(dataset: Any, batch: int | None) -> int | None:
    """Of one element; a leading dimension that is open is the batch."""
    total = 0
    for leaf in shapes.leaves(dataset.element_spec):
        shape = shapes.of(leaf)
        if shape is not None and shape.shape and shape.shape[0] is None and batch is not None:
            shape = shapes.Shape((batch, *shape.shape[1:]), shape.dtype)
        if shape is None or shape.bytes is None or shape.dtype == "string":
            return None
        total += shape.bytes
    return total
