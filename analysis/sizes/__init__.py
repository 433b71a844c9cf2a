"""Bytes of a training against those of the target."""
