"""Why an estimate could not be made."""

from __future__ import annotations


class EstimateError(Exception):
    """Its text is one sentence for the user: what failed, where, and what to do.

    ``output`` holds the last lines that the script printed, each with a line end; often empty.
    """

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output
