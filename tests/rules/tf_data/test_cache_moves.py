"""A cache is moved without being asked only over functions that are known to give the same every time."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import DiagnosticFix
from keras_memlint.rules.engine import check_source

TEXT = """\
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from elsewhere import brightness


def own(image):
    return tf.cast(image, tf.float32)


def read(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.cast(tf.image.resize(image, (224, 224)), tf.uint8)


def prepare(strength):
    ds = tf.data.Dataset.from_tensor_slices([f"{n}.jpg" for n in range(9000)]).map(read)
    return ds.map(FUNCTION).cache()
"""


def first_fix(function: str) -> DiagnosticFix | None:
    source = Source("train.py", TEXT.replace("FUNCTION", function))
    (found,) = check_source(source, codes={"KM205"}, settings=Settings()).diagnostics
    return found.fixes[0] if found.fixes else None


@pytest.mark.parametrize(
    "function",
    [
        "own",
        "lambda i: tf.cast(i, tf.float32) / 255.0",
        "lambda i: own(i) * 2.0 - 1.0",
        "lambda i: tf.image.per_image_standardization(i)",
        "lambda i: tf.image.flip_left_right(own(i))",
    ],
)
def test_safe(function: str) -> None:
    fix = first_fix(function)
    assert fix is not None and fix.applicability == "safe"


@pytest.mark.parametrize(
    "function",
    [
        "lambda i: own(i) * brightness(i)",
        "lambda i: own(i) * strength(i)",
        "lambda i: own(i) * np.random.rand()",
        "own, deterministic=False",
    ],
)
def test_unsafe(function: str) -> None:
    fix = first_fix(function)
    assert fix is not None and fix.applicability == "unsafe"


@pytest.mark.parametrize(
    "function",
    [
        "lambda i: tf.image.random_flip_left_right(own(i))",
        "lambda i: tf.image.stateless_random_flip_left_right(own(i), seed=(1, 2))",
        "lambda i: own(i) + tf.random.normal((224, 224, 3))",
    ],
)
def test_random_functions_keep_the_cache_behind_them(function: str) -> None:
    assert first_fix(function) is None


PIPELINE = """\
import glob
import tensorflow as tf


def load(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path))
    return tf.cast(tf.image.resize(image, (256, 256)), tf.float32) / 255.0


images = tf.data.Dataset.from_tensor_slices(glob.glob("train/*.jpg")).map(load).cache()
images = images.map(tf.image.random_flip_left_right)REST.batch(32)
model.fit(images, epochs=3)
"""


@pytest.mark.parametrize(("rest", "titles"), [("", 1), (".shuffle(5000)", 0)])
def test_no_file_where_a_shuffle_may_be_moved_up_to_the_cache(rest: str, titles: int) -> None:
    """KM202 moves it there because the buffer then holds references: to what a file gives there are none."""
    source = Source("train.py", PIPELINE.replace("REST", rest))
    (found,) = check_source(source, codes={"KM205"}, settings=Settings()).diagnostics
    assert [fix.message.split("`")[1] for fix in found.fixes] == ["train.images.cache"] * titles
