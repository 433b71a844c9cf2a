"""A pipeline as tutorials write it."""

import keras
import tensorflow as tf


def decode(path):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (224, 224)), 0


train = tf.data.Dataset.list_files("train/*.jpg")
train = train.map(decode)
train = train.shuffle(10_000)
train = train.batch(32)

model = keras.Sequential(
    [
        keras.Input((224, 224, 3)),
        keras.layers.Conv2D(32, 3, activation="relu"),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(train, epochs=3)
