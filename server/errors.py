"""What the command line could not do, said so that a person can act on it."""

from __future__ import annotations

from keras_memlint.analysis.text.nearest import did_you_mean

__all__ = ["UserError", "did_you_mean"]


class UserError(Exception):
    """A wrong argument, setting or file: its text says what failed, where, and what to do. Ends the run with 2."""
