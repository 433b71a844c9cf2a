"""KM705 multiprocess-gpu-grab: every process that trains reserves GPU memory for itself."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

REASON = "the effect exists on a GPU only and was not measured; checked here: how many processes scikit-learn trains in"


def facts() -> dict[str, Any]:
    return {f"processes_of_cross_val_score_with_n_jobs_{jobs}": _processes(jobs) for jobs in (None, 1, 2)}


def _processes(jobs: int | None) -> str:
    from sklearn.dummy import DummyClassifier
    from sklearn.model_selection import cross_val_score

    def process(_model: Any, _x: Any, _y: Any) -> float:
        time.sleep(0.5)
        return float(os.getpid())

    x, y = np.zeros((40, 2)), np.arange(40) % 2
    found = {int(one) for one in cross_val_score(DummyClassifier(), x, y, cv=4, n_jobs=jobs, scoring=process)}
    return (
        "this one"
        if found == {os.getpid()}
        else f"{len(found)} others"
        if os.getpid() not in found
        else "mixed"
    )
