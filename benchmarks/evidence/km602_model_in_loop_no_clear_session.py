"""KM602 model-in-loop-no-clear-session: trained models stay, whether or not the session is cleared."""

from __future__ import annotations

import gc
import multiprocessing
import weakref
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

FOLDS = 4
INPUTS, UNITS = 1024, 16384  # 64 MiB of weights, as much again for each of Adam's two slots


def bad() -> None:
    """Four folds: build, compile and fit a model of 64 MiB with Adam."""
    for _ in range(FOLDS):
        _fit(_compiled(keras))


def clear_session() -> None:
    """clear_session, del and gc.collect in every turn."""
    for _ in range(FOLDS):
        keras.backend.clear_session()
        model = _compiled(keras)
        _fit(model)
        del model
        gc.collect()


def good() -> list[float]:
    """One fresh child process for each fold; only this process, which lives on, is measured."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return pool.map(_fold_in_a_child, range(FOLDS), chunksize=1)


def reset_in_place() -> None:
    """One model, compiled once; weights and optimizer variables are set back for each fold."""
    model = _compiled(keras)
    weights = model.get_weights()
    for _ in range(FOLDS):
        _reset(model, weights)
        _fit(model)


def compile_again() -> None:
    """One model, compiled again for each fold."""
    model = _built(keras)
    for _ in range(FOLDS):
        model.compile("adam", "mse")
        _fit(model)


def run_eagerly() -> None:
    for _ in range(FOLDS):
        _fit_eagerly()
        gc.collect()


def bad_tf_keras() -> None:
    import tf_keras

    for _ in range(FOLDS):
        tf_keras.backend.clear_session()
        _fit(_compiled(tf_keras))


def gradient_registry_emptied() -> None:
    """As `bad`, but TensorFlow's private list of gradient functions is emptied: it shows the cause, it is no cure."""
    for _ in range(FOLDS):
        _fit(_compiled(keras))
        _forget_gradients()
        gc.collect()


def facts() -> dict[str, Any]:
    small, entries = 8192, len(_gradients())
    model = _compiled(keras, small)
    references = [weakref.ref(model), weakref.ref(model.optimizer), weakref.ref(model.weights[0].value)]
    _fit(model)
    added = len(_gradients()) - entries
    del model
    gc.collect()
    return {
        "model_optimizer_and_variable_objects_are_collected": all(ref() is None for ref in references),
        "gradient_functions_that_one_fit_leaves_in_the_registry": added,
        "weights_bytes": 4 * INPUTS * UNITS,
        **{f"growth_in_bytes_per_turn_{name}": _growth(turn) for name, turn in _turns().items()},
        **_reset_facts(),
    }


def _fold_in_a_child(fold: int) -> float:
    return _fit(_compiled(keras))


def _turns() -> dict[str, Callable[[], object]]:
    def predict() -> None:
        _built(keras).predict(np.zeros((8, INPUTS), "float32"), verbose=0)

    def cleared() -> None:
        keras.backend.clear_session()
        _fit(_compiled(keras))

    def sgd() -> None:
        model = _built(keras)
        model.compile("sgd", "mse")
        _fit(model)

    def emptied() -> None:
        _fit(_compiled(keras))
        _forget_gradients()

    return {
        "build_only": lambda: _built(keras),
        "build_and_predict": predict,
        "fit_with_Adam": lambda: _fit(_compiled(keras)),
        "fit_with_Adam_and_clear_session": cleared,
        "fit_with_SGD": sgd,
        "fit_with_Adam_run_eagerly": _fit_eagerly,
        "fit_with_Adam_registry_emptied": emptied,
    }


def _growth(turn: Callable[[], object]) -> int:
    """Memory the process gains in each of two turns, after two turns to warm up."""
    from harness import anonymous_bytes, release_free_memory

    for _ in range(2):
        turn()
        gc.collect()
    release_free_memory()
    before = anonymous_bytes()
    for _ in range(2):
        turn()
        gc.collect()
    release_free_memory()
    return (anonymous_bytes() - before) // 2


def _reset_facts() -> dict[str, Any]:
    """Whether a model that was set back trains exactly as a new one."""
    keras.utils.set_random_seed(0)
    model = _compiled(keras, 64)
    weights = model.get_weights()
    first = _fit(model), _bytes(model)
    _reset(model, weights)
    second = _fit(model), _bytes(model)
    model.set_weights(weights)
    kept_slots = _fit(model), _bytes(model)
    return {
        "reset_in_place_repeats_the_first_fold_exactly": first == second,
        "weights_alone_set_back_repeats_the_first_fold_exactly": first == kept_slots,
        "optimizer_variables_of_Adam": ", ".join(
            v.path.split("/")[-1] for v in model.optimizer.variables[:4]
        ),
    }


def _reset(model: Any, weights: list[Any]) -> None:
    """Sets weights back, and every optimizer variable but the learning rate to zero."""
    model.set_weights(weights)
    for variable in model.optimizer.variables:
        if not variable.path.endswith("learning_rate"):
            variable.assign(np.zeros(variable.shape, variable.dtype))


def _built(library: Any, units: int = UNITS) -> Any:
    dense = [library.layers.Dense(units, activation="relu"), library.layers.Dense(1)]
    return library.Sequential([library.Input((INPUTS,)), *dense])


def _compiled(library: Any, units: int = UNITS) -> Any:
    model = _built(library, units)
    model.compile("adam", "mse")
    return model


def _fit_eagerly() -> None:
    model = _built(keras)
    model.compile("adam", "mse", run_eagerly=True)
    _fit(model)


def _fit(model: Any) -> float:
    x = np.random.default_rng(0).random((64, INPUTS), dtype="float32")
    return float(model.fit(x, x[:, :1], batch_size=32, shuffle=False, verbose=0).history["loss"][-1])


def _bytes(model: Any) -> list[bytes]:
    return [weight.tobytes() for weight in model.get_weights()]


def _registry() -> dict[str, Any]:
    from tensorflow.python.framework import ops

    registry: dict[str, Any] = ops.gradient_registry._registry
    return registry


def _gradients() -> list[str]:
    """Names that tf.custom_gradient registered inside tf.function; TensorFlow never removes them."""
    return [name for name in _registry() if name.startswith("CustomGradient-")]


def _forget_gradients() -> None:
    for name in _gradients():
        del _registry()[name]
