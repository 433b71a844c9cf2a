"""Training steps of Keras 3 and TensorFlow are caught, measured and exported, each in one start of a process."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="tensorflow is not installed"
)

DENSE_ADAM = [
    ("parameter", [6, 4]),
    ("parameter", [4]),
    ("state", []),  # Sum of the loss.
    ("state", []),  # Its count.
]


def test_fit_with_all_that_goes_with_it(run: Run, tmp_path: Path) -> None:
    conversation = run(
        """
        import keras, numpy as np
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4), keras.layers.BatchNormalization()])
        model.compile("adam", "mse")
        model.save_weights("first.weights.h5")
        if __name__ == "__main__":
            try:
                model.fit(
                    np.ones((64, 6), "float32"), np.ones((64, 4), "float32"), 8, epochs=5, validation_split=0.25,
                    callbacks=[keras.callbacks.ModelCheckpoint("best.keras"), keras.callbacks.CSVLogger("log.csv")],
                )
            except BaseException as error:
                print("resurrected", error)
            finally:
                print("resurrected")
        """,
        environment={"TF_CPU_ALLOCATOR_USE_BFC": "1", "KERAS_BACKEND": "tensorflow"},
    )
    step = conversation.caught()
    assert (step["hook"], step["flavour"], step["backend"]) == ("fit", "keras", "tensorflow")
    assert (step["file"], step["line"]) == (str(tmp_path / "train.py"), 8)
    assert (step["batch_size"], step["steps"], step["fits"], step["optimizer"]) == (8, 3, 1, "Adam")
    assert (step["policy"], step["accumulation"]) == ("float32", 1)
    assert step["jit"] == {"here": False, "on_gpu": True}
    # Dense 6x4+4 and the scale and offset of the normalisation; two slots each, step and learning rate.
    learned, statistics = 4 * (6 * 4 + 4 + 4 + 4), 4 * (4 + 4)
    assert step["bytes"]["parameters"] == step["bytes"]["trainable"] == learned
    assert step["bytes"]["optimizer"] == 2 * learned + 8 + 4
    assert step["bytes"]["state"] == statistics + 4 + 4
    assert step["bytes"]["inputs"] == 8 * (6 + 4) * 4
    assert [(layer["class"], layer["shape"], layer["parameters"]) for layer in step["layers"]] == [
        ("Dense", [None, 4], 28),
        ("BatchNormalization", [None, 4], 16),
    ]
    assert [entry["what"] for entry in step["not_covered"]] == ["validation", "callbacks"]
    assert "ModelCheckpoint, CSVLogger" in step["not_covered"][1]["detail"]
    assert step["blocked"] == {"Model.save_weights": 1}
    assert step["cpu"]["allocator_peak"] > 2 * learned
    assert step["gpu"] is None
    assert 0 < step["host"]["imports"] <= step["host"]["peak"]
    assert [event["n"] for event in conversation.events if event["event"] == "step"] == [1, 2, 3]

    kinds = conversation.kinds()
    assert kinds[:4] == [("input", [8, 6]), ("input", [8, 4]), ("parameter", [6, 4]), ("parameter", [4])]
    assert sorted(kind for kind, _shape in kinds).count("optimizer") == 2 * 4 + 2
    assert conversation.kinds(batch=32)[:2] == [("input", [32, 6]), ("input", [32, 4])]
    sgd = conversation.kinds(optimizer="sgd")
    assert [kind for kind, _shape in sgd].count("optimizer") == 2
    accumulated = conversation.kinds(accumulation=2)
    assert accumulated[0] == ("input", [4, 6])
    assert [kind for kind, _shape in accumulated].count("optimizer") == 3 * 4 + 2
    assert conversation.kinds(remat=True) == kinds
    assert "equal parts" in conversation.ask("program", accumulation=3)["error"]
    assert conversation.kinds() == kinds, "the changes are taken back"
    answer = conversation.ask("liveness")
    assert "liveness" in answer or answer["error"] == "this version has no liveness analysis"
    assert "no command" in conversation.ask("sing")["error"]

    assert conversation.close() == 0
    assert "resurrected" not in conversation.output()
    assert {path.name for path in tmp_path.iterdir()} == {"train.py", "out"}


def test_second_fit_from_a_dataset_with_a_policy(run: Run) -> None:
    conversation = run(
        """
        import tensorflow as tf
        images = tf.random.uniform((40, 8, 8, 3))
        data = tf.data.Dataset.from_tensor_slices((images, tf.zeros(40))).cache().shuffle(16).batch(10).prefetch(2)
        tf.keras.mixed_precision.set_global_policy("float32")
        def net():
            made = tf.keras.Sequential([tf.keras.layers.Conv2D(2, 3), tf.keras.layers.Flatten(), tf.keras.layers.Dense(1)])
            made.compile(tf.keras.optimizers.SGD(0.1, momentum=0.9), "mse", jit_compile=False)
            return made
        first = net().fit(data, epochs=9, validation_data=data)
        print(len(first.history["val_loss"]))
        model = net()
        model.fit(data, epochs=9)
        """,
        fit_index=1,
        steps=2,
        policy="mixed_float16",
        environment={"KERAS_BACKEND": "tensorflow"},
    )
    step = conversation.caught()
    assert conversation.output().splitlines()[-1] == "1", "one epoch of the training before"
    assert (step["line"], step["fits"], step["steps"], step["flavour"]) == (13, 2, 2, "tf.keras")
    assert (step["policy"], step["optimizer"], step["batch_size"]) == ("mixed_float16", "SGD", 10)
    assert step["jit"] == {"here": False, "on_gpu": False}
    image = 8 * 8 * 3 * 4 + 4
    assert [(entry["op"], entry["elements"], entry["bytes"]) for entry in step["host"]["buffers"]] == [
        ("prefetch", 2, 2 * 10 * image),
        ("shuffle", 16, 16 * image),
        ("cache", 40, 40 * image),
    ]
    assert conversation.kinds(batch=4)[:2] == [("input", [4, 8, 8, 3]), ("input", [4])]
    assert conversation.kinds(optimizer="lion")


def test_loop_around_a_function(run: Run, tmp_path: Path) -> None:
    conversation = run(
        """
        import keras
        import tensorflow as tf
        model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
        optimizer = keras.optimizers.Adam()
        checkpoint = tf.train.Checkpoint(model=model)
        @tf.function
        def step(batch, weight):
            x, y = batch
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2) * weight
            variables = model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return loss, None
        with tf.summary.create_file_writer("board").as_default():
            for number in range(100):
                loss, _text = step((tf.ones((5, 3)), tf.ones((5, 1))), 2)
                checkpoint.save("checkpoints/one")
        """,
        environment={"KERAS_BACKEND": "tensorflow"},
    )
    step = conversation.caught()
    assert (step["hook"], step["batch_size"], step["optimizer"], step["steps"]) == (
        "tf.function loop",
        5,
        "Adam",
        3,
    )
    assert step["blocked"] == {"tf.summary.create_file_writer": 1, "Checkpoint.save": 2}
    weights = 4 * (3 * 4 + 4 + 4 + 1)
    assert step["bytes"]["parameters"] == weights
    assert step["bytes"]["optimizer"] == 2 * weights + 12
    kinds = conversation.kinds()
    assert kinds[:2] == [("input", [5, 3]), ("input", [5, 1])]
    assert [kind for kind, _shape in kinds].count("parameter") == 4
    assert [kind for kind, _shape in kinds].count("optimizer") == 10
    assert conversation.kinds(batch=20)[0] == ("input", [20, 3])
    assert [kind for kind, _shape in conversation.kinds(optimizer="sgd")].count("optimizer") == 2
    assert {path.name for path in tmp_path.iterdir()} == {"train.py", "out"}


def test_loop_in_a_fit_of_ones_own(run: Run) -> None:
    conversation = run(
        """
        import keras, numpy as np
        import tensorflow as tf
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = keras.layers.Dense(1)
            def call(self, x):
                return self.dense(x)
            def fit(self, x, batch):
                for start in range(0, len(x), batch):
                    with tf.GradientTape() as tape:
                        loss = tf.reduce_mean(self(x[start : start + batch]))
                    self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        model = Net()
        model.compile("sgd")
        try:
            model.fit(np.ones((90, 3), "float32"), 9)
        except BaseException:
            print("resurrected")
        """,
        steps=2,
        environment={"KERAS_BACKEND": "tensorflow"},
    )
    step = conversation.caught()
    assert (step["hook"], step["line"], step["batch_size"], step["steps"]) == ("overridden fit", 14, 9, 2)
    assert step["bytes"]["trainable"] == 16
    assert step["can"] == []
    assert "operation by operation" in conversation.ask("program")["error"]
    assert conversation.close() == 0
    assert "resurrected" not in conversation.output()


def test_batches_by_hand(run: Run) -> None:
    conversation = run(
        """
        import keras, numpy as np
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("adafactor", "mse", jit_compile=False)
        for step in range(100):
            model.train_on_batch(np.ones((7, 3), "float32"), np.ones((7, 1), "float32"))
        """,
        step_seconds=0,
        environment={"KERAS_BACKEND": "tensorflow"},
    )
    step = conversation.caught()
    assert (step["hook"], step["line"], step["batch_size"]) == ("train_on_batch", 6, 7)
    assert step["steps"] == 1, "the time for steps is over after the first"
    assert conversation.kinds(batch=14)[:2] == [("input", [14, 3]), ("input", [14, 1])]
