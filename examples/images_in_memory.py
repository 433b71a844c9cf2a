"""A classifier that loads every image into one array, the way most first scripts do."""

import glob

import cv2
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

paths = sorted(glob.glob("photos/*/*.jpg"))
labels = np.array([0 if "/cat/" in path else 1 for path in paths])

images = []
for path in paths:
    image = cv2.imread(path)
    image = cv2.resize(image, (224, 224))
    images.append(image)

x = np.array(images)
x = x / 255.0

model = keras.Sequential(
    [
        layers.Conv2D(32, 3, activation="relu", input_shape=(224, 224, 3)),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(256, activation="relu"),
        layers.Dense(2, activation="softmax"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, labels, epochs=5, batch_size=64, validation_split=0.2)

for path in glob.glob("new/*.jpg"):
    image = cv2.resize(cv2.imread(path), (224, 224)).reshape(1, 224, 224, 3)
    print(path, model.predict(image))
