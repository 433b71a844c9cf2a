"""A U-Net-like model in mixed precision at a batch that few GPUs hold. Try it with --target-gpu t4."""

import keras
from keras import layers

keras.mixed_precision.set_global_policy("mixed_float16")

inputs = keras.Input((512, 512, 3))
a = layers.Conv2D(64, 3, padding="same", activation="relu")(inputs)
a = layers.Conv2D(64, 3, padding="same", activation="relu")(a)
b = layers.MaxPooling2D()(a)
b = layers.Conv2D(128, 3, padding="same", activation="relu")(b)
b = layers.Conv2D(128, 3, padding="same", activation="relu")(b)
c = layers.UpSampling2D()(b)
c = layers.Concatenate()([a, c])
c = layers.Conv2D(64, 3, padding="same", activation="relu")(c)
outputs = layers.Conv2D(2, 1, activation="softmax")(c)

model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(1e-4), loss="sparse_categorical_crossentropy")
model.fit(train_images, train_masks, batch_size=64, epochs=50)
