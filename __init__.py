"""keras-memlint: memory anti-patterns in Keras and TensorFlow training code, found before they run."""

__version__ = "0.1.0"
