"""What copies the arrays of one list into one array."""

from __future__ import annotations

JOINS = (
    "numpy.array",
    "numpy.asarray",
    "numpy.concatenate",
    "numpy.dstack",
    "numpy.hstack",
    "numpy.stack",
    "numpy.vstack",
    "tf.concat",
    "tf.constant",
    "tf.convert_to_tensor",
    "tf.stack",
)
