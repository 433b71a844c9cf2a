"""Each kind of step that a question asks about is made by something, and is what a user reads of it."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.values import Items
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.source import Source

BEFORE = """import cv2
import glob
import h5py
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils import shuffle

x = np.ones((1000, 32, 32), "float32")
order = np.random.permutation(1000)
images = tf.keras.preprocessing.image.ImageDataGenerator().flow(x[..., None], np.arange(1000), batch_size=1000)
texts = open("texts.txt").read().splitlines()
"""
MADE_BY = {
    "COMPUTED": "x + 1",
    "CONVERTED": "x.astype('float16')",
    "COPIED": "x.copy()",
    "DENSE": "TfidfVectorizer().fit_transform(texts).toarray()",
    "DRAWN": "images.next()[0]",
    "ENCODED": "tf.io.encode_jpeg(x[0])",
    "EXCHANGED": "np.swapaxes(x, 0, 1)",
    "FROM_ARCHIVE": "np.load('x.npz')['x']",
    "IN_HDF5": "h5py.File('x.h5')['x']",
    "JOINED": "np.array([x, x])",
    "LISTED": "glob.glob('*.png')",
    "MIRRORED": "x[:, ::-1]",
    "PICKED": "x[x[:, 0, 0] > 0]",
    "PICKED_BY_INDEX": "x[order]",
    "PROJECTED": "PCA(8).fit_transform(x.reshape(1000, -1))",
    "READ_WHOLE": "h5py.File('x.h5')['x'][:]",
    "REORDERED": "shuffle(x)",
    "REPEATED": "np.repeat(x, 3)",
    "RESHAPED": "x.reshape(1000, -1)",
    "RESIZED": "cv2.resize(x[0], (64, 64))",
    "SCALED": "StandardScaler().fit_transform(x.reshape(1000, -1))",
    "SLICED": "x[:100]",
    "SOME": "glob.glob('*.png')[start:start + 32]",
    "SPLIT": "train_test_split(x)[0]",
    "TRANSPOSED": "np.transpose(x)",
    "WIDENED": "x / np.float64(255)",
    "WORDS": "tf.keras.preprocessing.text.Tokenizer(1000).texts_to_matrix(texts)",
}


@pytest.mark.parametrize("kind", [name for name in vars(steps) if name.isupper()])
def test_every_kind_of_step_is_made(kind: str) -> None:
    made = analyse(Source("train.py", f"{BEFORE}made = {MADE_BY[kind]}\n")).scope.names["made"]
    origin = made.element.origin if isinstance(made, Items) and made.origin is None else made.origin
    assert origin is not None
    assert any(step.did(getattr(steps, kind)) for step in origin.steps()), [s.note for s in origin.steps()]
