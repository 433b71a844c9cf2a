"""Keras Core became Keras 3: scripts written for it run with that."""

import sys

import keras

sys.modules[__name__] = keras
