"""Spectrograms of a few gigabytes in one .npy file."""

import keras
import numpy as np

features = np.load("features.npy")
targets = np.load("targets.npy")

model = keras.Sequential([keras.layers.Dense(128, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
model.fit(features, targets, batch_size=128, epochs=20)
