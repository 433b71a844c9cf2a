"""A U-Net on scans that it makes up, so that it can be run: try ``keras-memlint estimate`` on it."""

import keras
import numpy as np
from keras import layers

SIDE, BATCH = 160, 16


def block(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
    return x


class Scans(keras.utils.PyDataset):
    """Batches of noise with a bright square that is to be found."""

    def __len__(self):
        return 200

    def __getitem__(self, index):
        random = np.random.default_rng(index)
        scans = random.random((BATCH, SIDE, SIDE, 1), dtype="float32")
        masks = np.zeros_like(scans)
        for scan, mask in zip(scans, masks):
            top, left = random.integers(0, SIDE - 32, 2)
            scan[top : top + 32, left : left + 32] += 1
            mask[top : top + 32, left : left + 32] = 1
        return scans, masks


inputs = x = keras.Input((SIDE, SIDE, 1))
skips = []
for filters in (32, 64, 128):
    x = block(x, filters)
    skips.append(x)
    x = layers.MaxPooling2D()(x)
x = block(x, 256)
for filters, skip in zip((128, 64, 32), reversed(skips)):
    x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
    x = block(layers.Concatenate()([x, skip]), filters)
outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32")(x)

model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
model.fit(Scans(), epochs=10)
model.save("scans.keras")
