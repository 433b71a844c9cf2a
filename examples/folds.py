"""Cross-validation that builds and trains a model for each fold."""

import numpy as np
from sklearn.model_selection import StratifiedKFold
from tensorflow import keras


def build(width=4096):
    model = keras.Sequential(
        [
            keras.Input(shape=(2048,)),
            keras.layers.Dense(width, activation="relu"),
            keras.layers.Dense(width, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    return model


x = np.random.rand(50_000, 2048)
y = np.random.randint(0, 2, 50_000)
for train, test in StratifiedKFold(n_splits=10).split(x, y):
    model = build()
    model.fit(x[train], y[train], epochs=3)
    print(model.evaluate(x[test], y[test]))
