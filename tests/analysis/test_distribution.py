"""How often a number was multiplied by the number of replicas."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.abstract.values import Scalar
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.source import Source

MADE = "import tensorflow as tf\nstrategy = tf.distribute.MirroredStrategy()\nn = strategy.num_replicas_in_sync\n"


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("n", 1),
        ("16 * n", 1),
        ("16 * n * n", 2),
        ("int(16 * n)", 1),
        ("16 * n // n", 0),
        ("16 // n", -1),
        ("n + n", 0),
        ("other.num_replicas_in_sync * 2", 1),
        ("16 * len(names)", 0),
    ],
)
def test_products(expression: str, times: int) -> None:
    value = analyse(Source("a.py", f"{MADE}x = {expression}\n")).scope.find("x")
    assert isinstance(value, Scalar)
    assert value.replicas == times
