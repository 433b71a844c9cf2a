"""KM808 checkpoint-with-optimizer: what a checkpoint holds, in which format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from fresh import error_of

REASON = "no effect on memory while training: the rule is about bytes on disk, in the facts"
UNITS = 1000


def prepare(folder: Path) -> Path:
    return folder


def facts(folder: Path) -> dict[str, Any]:
    import tf_keras

    _trained(keras).save(folder / "full.keras")
    keras.models.load_model(folder / "full.keras", compile=False).save(folder / "again.keras")
    found: dict[str, Any] = {"loaded_without_compile_and_saved_to_weights": _ratio(folder / "again.keras")}
    for library in (keras, tf_keras):
        name = library.__name__
        model = _trained(library)
        found[f"{name}_weight_bytes"] = sum(int(np.prod(weight.shape)) * 4 for weight in model.weights)
        model.save(folder / "one.keras")
        model.save(folder / "one.h5")
        model.save(folder / "small.h5", include_optimizer=False)
        model.save_weights(folder / "one.weights.h5")
        for file in ("one.keras", "one.h5", "small.h5", "one.weights.h5"):
            label = "one.h5_include_optimizer_False" if file == "small.h5" else file
            found[f"{name}_{label}_to_weights"] = _ratio(folder / file)
        found[f"{name}_one.keras_include_optimizer_False"] = error_of(
            lambda m=model: m.save(folder / "asked.keras", include_optimizer=False)
        )
        _fit(model, library.callbacks.ModelCheckpoint(str(folder / name / "{epoch}.keras")))
        found[f"{name}_files_after_4_epochs"] = len(list((folder / name).glob("*.keras")))
    found["keras_one.keras_include_optimizer_False_to_weights"] = _ratio(folder / "asked.keras")
    _trained(tf_keras).save_weights(folder / "one.h5")
    found["tf_keras_weights_as_plain_h5_to_weights"] = _ratio(folder / "one.h5")
    return found


def _trained(library: Any) -> Any:
    model = library.Sequential(
        [library.Input((UNITS,)), library.layers.Dense(UNITS), library.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    _fit(model)
    return model


def _fit(model: Any, *callbacks: Any) -> None:
    x = np.ones((4, UNITS), "float32")
    model.fit(x, x[:, :1], epochs=4 if callbacks else 1, verbose=0, callbacks=list(callbacks))


def _ratio(path: Path) -> float:
    return round(path.stat().st_size / ((UNITS * UNITS + 2 * UNITS + 1) * 4), 2)
