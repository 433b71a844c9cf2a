"""Samples of the kind that articles publish: incomplete, half wrong, and what must be said of each."""

from __future__ import annotations

from collections import Counter

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules import catalogue
from keras_memlint.rules.engine import check_source

CODES = [row.code for row in catalogue.rows()]

PIPELINE = """\
import tensorflow as tf

def pipeline(folder, size):
    names = tf.data.Dataset.list_files(folder + "/*.jpg")
    def read(name):
        pixels = tf.io.decode_jpeg(tf.io.read_file(name), channels=3)
        return tf.cast(tf.image.resize(pixels, (224, 224)), tf.float32) / 255.0
    return names.map(read).batch(size).prefetch(tf.data.AUTOTUNE)

model.fit(pipeline("train", size=32), epochs=10)
"""
PRUNING = """\
import kerastuner as kt

def build_model(hp):
    model = tf.keras.Sequential([
        # layers
    ])
    for layer in model.layers:
        if isinstance(layer, tf.keras.layers.Dense):
            schedule = tf.keras.callbacks.experimental.PolynomialDecay(hp.Choice("rate", [0.1, 0.2]), decay_steps=10000)
            layer.set_pruning(schedule)
    model.compile(...)
    return model

tuner = kt.Hyperband(build_model, objective="val_accuracy", max_epochs=10)
tuner.search(x_train, y_train, epochs=10, validation_data=(x_val, y_val))
"""
PRECISION = """\
import tensorflow as tf

tf.keras.mixed_precision.set_global_policy(tf.keras.mixed_precision.Policy("mixed_float16"))
model = tf.keras.Sequential([
    # layers
])
model.compile(optimizer=tf.keras.optimizers.Adam(1e-3), loss="categorical_crossentropy")
model.fit(x_train, y_train, epochs=10)
"""


def codes(text: str) -> Counter[str]:
    """How often each rule speaks, the hint on GPU memory aside, which every script gets."""
    report = check_source(Source("sample.py", text), codes=CODES, settings=Settings())
    assert not report.problems
    return Counter(found.code for found in report.diagnostics if found.code != "KM701")


def test_a_pipeline_that_maps_sequentially_and_prefetches() -> None:
    assert codes(PIPELINE) == {"KM209": 1}


def test_two_pruning_apis_that_do_not_exist_and_an_old_name() -> None:
    assert codes(PRUNING) == {"KM802": 2, "KM901": 1, "KM902": 1, "KM903": 1}


def test_a_policy_in_force_with_layers_left_out() -> None:
    assert codes(PRECISION) == {}
