"""KM803 pruning-workflow-incomplete: pruning needs its callback to train and strip_pruning to save anything."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
from fresh import error_of

REASON = "no effect on memory while training; what is saved is bytes of the model, in the facts"


def prepare(folder: Path) -> Path:
    return folder


def facts(folder: Path) -> dict[str, Any]:
    import tensorflow_model_optimization as tfmot
    import tf_keras

    pruning = tfmot.sparsity.keras
    update = pruning.UpdatePruningStep
    schedule = pruning.ConstantSparsity(0.8, begin_step=0, frequency=1)

    def wrapped() -> Any:
        model = pruning.prune_low_magnitude(_model(tf_keras), pruning_schedule=schedule)
        model.compile("adam", "mse")
        return model

    pruned = wrapped()
    _fit(pruned, callbacks=[update()])
    stripped = pruning.strip_pruning(pruned)
    plain_bytes, wrapped_bytes, stripped_bytes = map(_weight_bytes, (_model(tf_keras), pruned, stripped))
    uncompiled = pruning.prune_low_magnitude(_model(tf_keras), pruning_schedule=schedule)
    return {
        "fit_without_UpdatePruningStep": _complaint(wrapped()),
        "fit_with_UpdatePruningStep": error_of(lambda: _fit(wrapped(), callbacks=[update()])),
        "fit_with_UpdatePruningStep_beside_others": error_of(
            lambda: _fit(wrapped(), callbacks=[tf_keras.callbacks.TerminateOnNaN(), update()])
        ),
        "fit_without_compile_after_wrapping": error_of(lambda: _fit(uncompiled, callbacks=[update()])),
        "wrapping_a_tensor": error_of(
            lambda: pruning.prune_low_magnitude(tf_keras.layers.Dense(8)(tf_keras.Input((4,))))
        ),
        "weight_bytes_plain": plain_bytes,
        "weight_bytes_wrapped": wrapped_bytes,
        "weight_bytes_stripped": stripped_bytes,
        "wrapped_to_plain": round(wrapped_bytes / plain_bytes, 2),
        "h5_bytes_wrapped": _saved(pruned, folder / "wrapped.h5"),
        "h5_bytes_stripped": _saved(stripped, folder / "stripped.h5"),
        "h5_bytes_stripped_gzip": _zipped(folder / "stripped.h5"),
        "zeros_in_the_stripped_kernel": round(float((stripped.get_weights()[0] == 0).mean()), 3),
    }


def _model(library: Any) -> Any:
    dense = [
        library.layers.Dense(1024, activation="relu"),
        library.layers.Dense(1024),
        library.layers.Dense(1),
    ]
    return library.Sequential([library.Input((512,)), *dense])


def _fit(model: Any, **options: Any) -> None:
    x = np.random.default_rng(0).random((64, 512), dtype="float32")
    model.fit(x, x[:, :1], batch_size=32, epochs=2, verbose=0, **options)


def _complaint(model: Any) -> str:
    """The assertion inside the long text of the error."""
    try:
        _fit(model)
    except Exception as error:
        told = re.search(r"assertion failed: \[([^]]*)\]", str(error))
        return f"{type(error).__name__}: {told.group(1) if told else ''}"
    return "no error"


def _weight_bytes(model: Any) -> int:
    return sum(int(np.prod(weight.shape)) * weight.dtype.size for weight in model.weights)


def _saved(model: Any, path: Path) -> int:
    model.save(path, include_optimizer=False)
    return path.stat().st_size


def _zipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes()))
