"""Spectrograms of a few gigabytes, mapped into memory and then read whole all the same."""

import keras
import numpy as np

spectrograms = np.memmap("spectrograms.bin", dtype="float32", mode="r", shape=(20_000, 128, 256, 1))
targets = np.load("targets.npy")

model = keras.Sequential(
    [
        keras.Input(shape=(128, 256, 1)),
        keras.layers.Conv2D(16, 3, strides=4, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer="adam", loss="mse")
model.fit(spectrograms, targets, batch_size=128, epochs=20)
