"""KM105 memmap-fed-whole: fit reads a memory-mapped array whole; only slicing it batch by batch stays flat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from fresh import error_of

COUNT, BATCH = 3000, 32


def prepare(folder: Path) -> Any:
    """A 141 MiB file, opened with mmap_mode."""
    path = folder / "x.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (COUNT, 128, 128, 3), dtype="uint8"))
    return np.load(path, mmap_mode="r")


def bad(x: Any) -> None:
    _model(keras).fit(x, _labels(x), batch_size=BATCH, verbose=0)


def from_tensor_slices(x: Any) -> None:
    _model(keras).fit(tf.data.Dataset.from_tensor_slices((x, _labels(x))).batch(BATCH), verbose=0)


def good(x: Any) -> None:
    _model(keras).fit(_rows(keras.utils.PyDataset)(x, _labels(x)), verbose=0)


def good_sequence_tf_keras(x: Any) -> None:
    """The same class on Keras 2, where its base is called Sequence."""
    import tf_keras

    _model(tf_keras).fit(_rows(tf_keras.utils.Sequence)(x, _labels(x)), verbose=0)


def facts(x: Any) -> dict[str, Any]:
    import tf_keras

    x = x[:328, :32, :32]  # ten full batches and one of eight
    y = np.random.default_rng(1).random(len(x), dtype="float32")
    rows = _rows(keras.utils.PyDataset)(x, y)
    old_rows = _rows(tf_keras.utils.Sequence)(x, y)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH)
    ordered = _trained(keras, x, y, batch_size=BATCH, shuffle=False)
    return {
        "PyDataset_unshuffled_equals_fit_of_the_arrays_unshuffled": ordered
        == _trained(keras, rows, shuffle=False),
        "PyDataset_default_shuffle_equals_unshuffled": ordered == _trained(keras, rows),
        "fit_of_the_arrays_default_shuffle_equals_unshuffled": ordered
        == _trained(keras, x, y, batch_size=BATCH),
        "tf_keras_Sequence_unshuffled_equals_fit_of_the_arrays_unshuffled": _trained(
            tf_keras, x, y, batch_size=BATCH, shuffle=False
        )
        == _trained(tf_keras, old_rows, shuffle=False),
        "keras_utils_Sequence_is_PyDataset": keras.utils.Sequence is keras.utils.PyDataset,
        "tf_keras_utils_has_PyDataset": hasattr(tf_keras.utils, "PyDataset"),
        **{f"batch_starts_{name}": starts for name, starts in _batch_orders().items()},
        "fit_PyDataset_with_batch_size": error_of(lambda: _fit(rows, batch_size=BATCH)),
        "fit_PyDataset_with_y": error_of(lambda: _fit(rows, y)),
        "fit_PyDataset_with_validation_split": error_of(lambda: _fit(rows, validation_split=0.1)),
        "fit_PyDataset_with_sample_weight": error_of(lambda: _fit(rows, sample_weight=y)),
        "fit_PyDataset_with_class_weight": error_of(lambda: _fit(rows, class_weight={0: 1.0})),
        "fit_PyDataset_with_validation_data_PyDataset": error_of(lambda: _fit(rows, validation_data=rows)),
        "fit_Dataset_with_batch_size": error_of(lambda: _fit(dataset, batch_size=BATCH)),
        "fit_Dataset_with_batch_size_tf_keras": error_of(
            lambda: _model(tf_keras).fit(dataset, batch_size=BATCH, verbose=0)
        ),
        "fit_Sequence_with_batch_size_tf_keras": error_of(
            lambda: _model(tf_keras).fit(old_rows, batch_size=BATCH, verbose=0)
        ),
        "fit_Dataset_ignores_batch_size": _steps(dataset) == _steps(dataset, batch_size=8) == 11,
        "fit_Dataset_with_shuffle_True": error_of(lambda: _fit(dataset, shuffle=True)),
        "fit_Dataset_with_validation_split": error_of(lambda: _fit(dataset, validation_split=0.1)),
        "PyDataset_without_super_init": error_of(lambda: _fit(_without_super_init())),
    }


def _rows(base: type) -> type:
    class Rows(base):  # type: ignore[misc]
        def __init__(self, x: Any, y: Any) -> None:
            super().__init__()
            self.x, self.y = x, y

        def __len__(self) -> int:
            return -(-len(self.x) // BATCH)

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            rows = slice(index * BATCH, (index + 1) * BATCH)
            return self.x[rows], self.y[rows]

    return Rows


def _without_super_init() -> Any:
    class Silent(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return np.zeros((2, 32, 32, 3), "float32"), np.zeros(2, "float32")

    return Silent()


def _labels(x: Any) -> Any:
    return np.zeros(len(x), "float32")


def _model(library: Any) -> Any:
    layers = [library.layers.GlobalAveragePooling2D(), library.layers.Dense(1)]
    model = library.Sequential([library.Input((None, None, 3)), *layers])
    model.compile("sgd", "mse")
    return model


def _fit(*data: Any, **options: Any) -> None:
    _model(keras).fit(*data, verbose=0, **options)


def _steps(data: Any, **options: Any) -> int:
    steps: list[int] = []
    counter = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: steps.append(step))
    _fit(data, callbacks=[counter], **options)
    return len(steps)


def _trained(library: Any, *data: Any, **options: Any) -> list[bytes]:
    """The exact weights after two epochs of a small convolutional model."""
    library.utils.set_random_seed(0)
    layers = [library.layers.Conv2D(4, 3, strides=2), library.layers.Flatten(), library.layers.Dense(1)]
    scale = library.layers.Rescaling(1 / 255)
    model = library.Sequential([library.Input((32, 32, 3)), scale, *layers])
    model.compile("adam", "mse")
    model.fit(*data, epochs=2, verbose=0, **options)
    return [weight.tobytes() for weight in model.get_weights()]


def _batch_orders() -> dict[str, str]:
    """First rows of the batches of one epoch, and whether rows of one batch are neighbours."""
    x = np.arange(64, dtype="float32")[:, None]
    y = np.zeros((64, 1), "float32")

    class Eights(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 8

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return x[index * 8 : index * 8 + 8], y[index * 8 : index * 8 + 8]

    def seen(*data: Any, **options: Any) -> str:
        keras.utils.set_random_seed(0)
        batches: list[list[int]] = []

        class Recorder(keras.Model):  # type: ignore[misc]
            def train_step(self, batch: Any) -> dict[str, Any]:
                batches.append([int(value) for value in batch[0][:, 0]])
                return {"loss": 0.0}

        model = Recorder()
        model.compile("sgd", "mse", run_eagerly=True)
        model.fit(*data, verbose=0, **options)
        together = all(batch == list(range(batch[0], batch[0] + 8)) for batch in batches)
        kept = "rows of a batch stay together" if together else "rows are mixed"
        return f"{' '.join(str(batch[0]) for batch in batches)}; {kept}"

    return {
        "arrays_shuffle_False": seen(x, y, batch_size=8, shuffle=False),
        "arrays_default": seen(x, y, batch_size=8),
        "arrays_shuffle_batch": seen(x, y, batch_size=8, shuffle="batch"),
        "PyDataset_shuffle_False": seen(Eights(), shuffle=False),
        "PyDataset_default": seen(Eights()),
    }
