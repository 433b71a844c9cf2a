"""Training steps of tf_keras, JAX and PyTorch are caught as those of TensorFlow are."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips where one is not installed, with its name."""
    absent = [name for name in names if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")


@needs("tensorflow", "tf_keras")
def test_tf_keras_with_a_generator_and_a_step_of_its_own(run: Run, tmp_path: Any) -> None:
    conversation = run(
        """
        import numpy as np, tensorflow as tf, tf_keras as keras
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = keras.layers.Dense(1)
            def call(self, x):
                return self.dense(x)
            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((self(x) - y) ** 2)
                self.optimizer.minimize(loss, self.trainable_variables, tape)
                return {"loss": loss}
            def fit(self, *arguments, **options):
                return super().fit(*arguments, **options)
        def batches():
            while True:
                yield np.ones((6, 3), "float32"), np.ones((6, 1), "float32")
        model = Net()
        model.compile("adam")
        model.save("model.keras")
        model.fit(batches(), steps_per_epoch=50, epochs=3, callbacks=[keras.callbacks.TensorBoard("logs")])
        """
    )
    step = conversation.caught()
    assert (step["hook"], step["flavour"], step["line"], step["batch_size"]) == ("fit", "tf_keras", 16, 6)
    assert step["jit"] == {"here": False, "on_gpu": False}
    assert step["blocked"] == {"Model.save": 1}
    assert [kind for kind, _shape in conversation.kinds()].count("optimizer") == 2 * 2 + 2
    assert [kind for kind, _shape in conversation.kinds(optimizer="sgd", batch=12)].count("optimizer") == 4
    assert "accumulate" in conversation.ask("program", accumulation=2)["error"]
    assert {path.name for path in tmp_path.iterdir()} == {"train.py", "out"}


@needs("keras", "jax")
def test_fit_on_jax(run: Run) -> None:
    conversation = run(
        """
        import keras, numpy as np
        class Data(keras.utils.PyDataset):
            def __len__(self):
                return 9
            def __getitem__(self, index):
                return np.ones((6, 3), "float32"), np.ones((6, 2), "float32")
        inputs = keras.Input((3,))
        model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Dropout(0.5)(inputs)))
        model.compile(keras.optimizers.Adam(), "mse", metrics=["mae"])
        model.fit(Data(), epochs=2)
        """,
        environment={"KERAS_BACKEND": "jax"},
    )
    step = conversation.caught()
    assert (step["hook"], step["backend"], step["line"], step["batch_size"]) == ("fit", "jax", 11, 6)
    assert step["jit"] == {"here": True, "on_gpu": True}
    assert step["can"] == ["program"]
    kinds = conversation.kinds()
    assert kinds[:2] == [("parameter", [3, 2]), ("parameter", [2])]
    assert kinds[-2:] == [("input", [6, 3]), ("input", [6, 2])]
    assert [kind for kind, _shape in kinds].count("optimizer") == 6
    assert conversation.ask("program")["route"] == "jax"
    assert conversation.kinds(batch=12)[-1] == ("input", [12, 2])
    assert [kind for kind, _shape in conversation.kinds(optimizer="sgd")].count("optimizer") == 2
    assert conversation.kinds(accumulation=3)[-1] == ("input", [2, 2])
    assert conversation.kinds() == kinds, "the changes are taken back"


@needs("keras", "jax")
def test_loop_around_a_jitted_function(run: Run) -> None:
    conversation = run(
        """
        import functools
        import keras, jax, numpy as np
        from jax import jit
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        optimizer = keras.optimizers.Adam()
        optimizer.build(model.trainable_variables)
        def compute_loss(trained, others, x, y):
            result, others = model.stateless_call(trained, others, x)
            return ((result - y) ** 2).mean(), others
        gradients = jax.value_and_grad(compute_loss, has_aux=True)
        @functools.partial(jit, donate_argnums=0, static_argnames="flag")
        def train_step(state, x, y, flag):
            trained, others, slots = state
            (loss, others), grads = gradients(trained, others, x, y)
            trained, slots = optimizer.stateless_apply(slots, grads, trained)
            return loss, (trained, others, slots)
        groups = model.trainable_variables, model.non_trainable_variables, optimizer.variables
        state = tuple([variable.value for variable in group] for group in groups)
        for number in range(99):
            loss, state = train_step(state, np.ones((5, 3), "float32"), np.ones((5, 1), "float32"), flag=True)
        """,
        environment={"KERAS_BACKEND": "jax"},
    )
    step = conversation.caught()
    assert (step["hook"], step["batch_size"], step["optimizer"], step["line"]) == ("jax loop", 5, "Adam", 16)
    assert step["bytes"]["parameters"] == 16
    assert step["bytes"]["inputs"] == 5 * 4 * 4
    kinds = conversation.kinds()
    assert [kind for kind, _shape in kinds] == ["parameter"] * 2 + ["optimizer"] * 6 + ["input"] * 2
    assert conversation.kinds(batch=9)[-2:] == [("input", [9, 3]), ("input", [9, 1])]
    assert "optimizer" in conversation.ask("program", optimizer="sgd")["error"]


@needs("keras", "torch")
def test_fit_on_torch(run: Run) -> None:
    conversation = run(
        """
        import torch, keras
        data = torch.utils.data.TensorDataset(torch.ones(40, 3), torch.ones(40, 1))
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(torch.utils.data.DataLoader(data, batch_size=4), epochs=2)
        """,
        environment={"KERAS_BACKEND": "torch"},
    )
    step = conversation.caught()
    assert (step["hook"], step["backend"], step["batch_size"], step["steps"]) == ("fit", "torch", 4, 3)
    assert step["jit"] == {"here": False, "on_gpu": False}
    assert step["bytes"]["inputs"] == 4 * (3 + 1) * 4
    assert "operation by operation" in conversation.ask("program")["error"]


@needs("torch")
def test_loop_of_pytorch_alone(run: Run) -> None:
    conversation = run(
        """
        import torch
        model = torch.nn.Linear(3, 1)
        optimizer = torch.optim.AdamW(model.parameters())
        while True:
            inputs, labels = torch.ones(8, 3), torch.ones(8, 1)
            loss = ((model(inputs) - labels) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            torch.save(model.state_dict(), "model.pt")
        """
    )
    step = conversation.caught()
    assert (step["hook"], step["flavour"], step["batch_size"], step["optimizer"]) == (
        "torch loop",
        "torch",
        8,
        "AdamW",
    )
    assert step["bytes"]["trainable"] == 16
    assert step["blocked"] == {"torch.save": 2}
