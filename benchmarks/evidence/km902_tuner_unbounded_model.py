"""KM902 tuner-unbounded-model: a search trains the largest model of its space, unless `max_model_size` forbids it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

INPUTS, LARGEST, SMALL = 4096, 4096, 64  # a kernel of 64 MiB


def prepare(folder: Path) -> Path:
    return folder


def bad(folder: Path) -> Any:
    """All models of the space are trained."""
    return _search(folder)


def good(folder: Path) -> Any:
    """Models of more than a million parameters are left out."""
    return _search(folder, max_model_size=1_000_000)


def facts(folder: Path) -> dict[str, Any]:
    return {
        "widths_trained": _trained(folder / "a"),
        "widths_trained_with_max_model_size": _trained(folder / "b", max_model_size=1_000_000),
        "widths_trained_with_max_model_size_but_no_input_shape": _trained(
            folder / "c", built=False, max_model_size=1_000_000
        ),
    }


def _trained(folder: Path, *, built: bool = True, **options: Any) -> str:
    tuner = _search(folder, built=built, **options)
    trials = tuner.oracle.trials.values()
    done = sorted(one.hyperparameters.get("units") for one in trials if one.status == "COMPLETED")
    return ", ".join(map(str, done))


def _search(folder: Path, *, built: bool = True, **options: Any) -> Any:
    import keras_tuner

    def build(hp: Any) -> Any:
        layers = [keras.layers.Dense(hp.Choice("units", [SMALL, LARGEST])), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((INPUTS,)), *layers] if built else layers)
        model.compile("adam", "mse")
        return model

    tuner = keras_tuner.GridSearch(build, objective="loss", directory=str(folder), overwrite=True, **options)
    x = np.zeros((8, INPUTS), "float32")
    tuner.search(x, x[:, :1], epochs=1, verbose=0)
    return tuner
