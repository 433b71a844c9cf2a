"""KM117 generator-workers-duplicate-data: what a PyDataset holds goes to every worker process."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
from fresh import error_of, outcome

REASON = "the memory of worker processes is among the facts: only this process's own is sampled"
_ROWS = """
import os, keras, numpy as np
class Rows(keras.utils.PyDataset):
    def __init__(self, mib, folder):
        super().__init__(workers=1, use_multiprocessing=True)
        self.x = np.ones((64, 4 + (mib << 14) // 4), "float32")
        self.folder = folder
    def __len__(self):
        return 4
    def __getitem__(self, index):
        with open("/proc/self/smaps_rollup") as lines:
            own = next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))
        with open(os.path.join(self.folder, "own"), "w") as file:
            file.write(str(own >> 10))
        return self.x[index * 16 : index * 16 + 16, :4].copy(), np.zeros(16)
"""
_TRAIN = """
import sys, multiprocessing, os, tempfile
folder = tempfile.mkdtemp()
with open(os.path.join(folder, "rows_of_evidence.py"), "w") as file:
    file.write('''{rows}''')
sys.path.insert(0, folder)
multiprocessing.set_start_method("{method}")
import keras
from rows_of_evidence import Rows
found = []
for mib in (0, 64):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(Rows(mib, folder), verbose=0)
    found.append(int(open(os.path.join(folder, "own")).read()))
print(found[1] - found[0])
"""


def facts() -> dict[str, Any]:
    """MiB of its own that one worker process has more when the object holds 64 MiB, and what `fit` takes."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 4), "float32"), np.ones(8, "float32")
    found: dict[str, Any] = {
        f"MiB_more_in_a_worker_started_by_{method}": outcome(_TRAIN.format(rows=_ROWS, method=method))
        for method in ("fork", "forkserver")
    }
    for workers, queue in ((1, 30), (4, 5), (4, 30)):
        found[f"batches_ahead_with_{workers}_threads_and_a_queue_of_{queue}"] = _ahead(model, workers, queue)
    for name, value in (("workers", 2), ("use_multiprocessing", False), ("max_queue_size", 4)):
        given: dict[str, Any] = {name: value}
        found[f"fit_with_{name}"] = error_of(lambda given=given: model.fit(x, y, verbose=0, **given))  # type: ignore[misc]
    return found


def _ahead(model: Any, workers: int, queue: int) -> int:
    """By how many batches the threads are ahead of a slow training, at most."""
    counts = {"made": 0, "trained": 0, "ahead": 0}

    class Rows(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 80

        def __getitem__(self, index: int) -> Any:
            counts["made"] += 1
            counts["ahead"] = max(counts["ahead"], counts["made"] - counts["trained"])
            return np.ones((2, 4), "float32"), np.zeros(2)

    class Slow(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            counts["trained"] += 1
            time.sleep(0.02)

    model.fit(Rows(workers=workers, max_queue_size=queue), verbose=0, callbacks=[Slow()])
    return counts["ahead"]
