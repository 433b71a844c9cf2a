import keras
import numpy as np

images = np.zeros((256, 512, 512, 3), dtype="uint8")
labels = np.random.randint(0, 10, 256)

model = keras.Sequential(
    [
        keras.Input((512, 512, 3)),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(images, labels, batch_size=256, epochs=2)
