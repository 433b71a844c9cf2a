"""What Keras takes where it is told nothing (Keras API reference)."""

from __future__ import annotations

BATCH_SIZE = 32
"""Samples of a batch, in ``fit``, ``evaluate`` and ``predict`` as in loaders of folders."""
