"""KM604 load-model-repeatedly: each load reads and builds the whole model again, and requests at once hold one each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import keras
import numpy as np

INPUTS, UNITS = 1024, 8192  # 32 MiB of weights, as much again for each of Adam's two slots
TURNS = 4


def prepare(folder: Path) -> str:
    model = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(UNITS), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(_rows(), _rows()[:, :1], verbose=0)
    path = str(folder / "model.keras")
    model.save(path)
    return path


def bad(path: str) -> None:
    """Four requests at once, each of which loads the model."""
    together = Barrier(TURNS)

    def request(_: int) -> Any:
        model = keras.models.load_model(path)
        together.wait()
        return model.predict_on_batch(_rows())

    with ThreadPoolExecutor(TURNS) as pool:
        list(pool.map(request, range(TURNS)))


def good(path: str) -> None:
    """Four requests at once on one model."""
    model = keras.models.load_model(path)
    with ThreadPoolExecutor(TURNS) as pool:
        list(pool.map(lambda _: model.predict_on_batch(_rows()), range(TURNS)))


def one_after_another(path: str) -> None:
    """Four turns of a loop, each of which loads the model and predicts."""
    for _ in range(TURNS):
        keras.models.load_model(path).predict(_rows(), verbose=0)


def loaded_once(path: str) -> None:
    """Four turns of a loop that predict with one model."""
    model = keras.models.load_model(path)
    for _ in range(TURNS):
        model.predict(_rows(), verbose=0)


def without_compile(path: str) -> None:
    """As `bad`, with `compile=False`: no optimizer slots."""
    together = Barrier(TURNS)

    def request(_: int) -> Any:
        model = keras.models.load_model(path, compile=False)
        together.wait()
        return model.predict_on_batch(_rows())

    with ThreadPoolExecutor(TURNS) as pool:
        list(pool.map(request, range(TURNS)))


def facts(path: str) -> dict[str, Any]:
    from harness import anonymous_bytes, release_free_memory

    def turn() -> None:
        keras.models.load_model(path).predict(_rows(), verbose=0)

    for _ in range(3):
        turn()
    release_free_memory()
    before = anonymous_bytes()
    for _ in range(5):
        turn()
    release_free_memory()
    return {"growth_in_bytes_per_turn_load_and_predict": (anonymous_bytes() - before) // 5}


def _rows() -> Any:
    return np.zeros((8, INPUTS), "float32")
