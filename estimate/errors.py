"""Why an estimate could not be made."""

from __future__ import annotations


class EstimateError(Exception):
    """Its text is one message for the user: what failed, where, and what to do."""
