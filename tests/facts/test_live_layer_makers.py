"""Who makes layers: the classes that Keras makes none of by itself, and libraries that know nothing of it."""

from __future__ import annotations

import re
from importlib import metadata

import pytest
from keras_memlint.analysis.facts.layer_makers import MADE_BY_USERS, MAKE_NO_LAYERS
from keras_memlint.server.oom.nodes import snake

# What makes other layers of its own.
_MAKERS = """
x = k.Input((4, 8))
k.layers.MultiHeadAttention(2, 4)(x, x)
k.layers.Bidirectional(k.layers.LSTM(3, name="a"))(x)
k.layers.Bidirectional(k.layers.GRU(3, name="b"))(x)
k.layers.TimeDistributed(k.layers.Dense(3, name="c"))(x)
k.layers.RNN([k.layers.LSTMCell(3), k.layers.GRUCell(3)])(x)
k.layers.SeparableConv1D(3, 2)
k.layers.Attention()([x, x])
k.layers.AdditiveAttention()([x, x])
k.layers.TextVectorization()
"""


def classes(layers: object) -> list[str]:
    """The classes of layers that users alone make; other names of the same class are left out."""
    return [
        name
        for name in dir(layers)
        if MADE_BY_USERS.fullmatch(name) and getattr(layers, name).__name__ == name
    ]


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_keras_makes_none_by_itself(package: str) -> None:
    keras = pytest.importorskip(package)
    names = classes(keras.layers)
    assert {"Conv2D", "Dense", "LSTM", "MaxPooling2D"} <= set(names)
    keras.backend.clear_session()
    exec(_MAKERS, {"k": keras})
    arguments = {"Embedding": (3, 4), "MultiHeadAttention": (2, 4)}
    for name in names:
        if name in ("MultiHeadAttention", "SeparableConv1D"):
            continue  # made above
        plain = "Norm" in name or name.startswith(("UpSampling", "ZeroPadding"))
        given = arguments.get(
            name, () if plain else (2,) if "Conv" not in name or "Depthwise" in name else (2, 3)
        )
        assert getattr(keras.layers, name)(*given).name == snake(name)


def test_libraries_need_no_keras() -> None:
    makers = {"keras", "tf_keras", "tensorflow"}
    seen = set()
    for name, distributions in metadata.packages_distributions().items():
        if name not in MAKE_NO_LAYERS or name in makers:
            continue
        seen.add(name)
        for distribution in distributions:
            needed = [one for one in metadata.requires(distribution) or () if "extra ==" not in one]
            needs = {re.match(r"[\w-]+", one)[0].replace("-", "_").lower() for one in needed}  # type: ignore[index]
            assert not needs & makers, (name, needs)
    assert "numpy" in seen
