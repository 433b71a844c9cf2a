"""Nothing to say: file names are shuffled, decoding is parallel, batches are prefetched, the output is float32."""

import keras
import tensorflow as tf

keras.mixed_precision.set_global_policy("mixed_float16")


def decode(path, label):
    image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
    return tf.image.resize(image, (224, 224)), label


def pipeline(paths, labels, training):
    ds = tf.data.Dataset.from_tensor_slices((paths, labels))
    if training:
        ds = ds.shuffle(len(paths))
    ds = ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    return ds.batch(64).prefetch(tf.data.AUTOTUNE)


base = keras.applications.EfficientNetV2B0(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
outputs = keras.layers.Dense(5, activation="softmax", dtype="float32")(base.output)
model = keras.Model(base.input, outputs)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(pipeline(train_paths, train_labels, True), validation_data=pipeline(val_paths, val_labels, False), epochs=5)
