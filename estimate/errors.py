"""Why an estimate could not be made."""

from __future__ import annotations


class EstimateError(Exception):
    """Its text is one sentence for the user: what failed, where, and what to do. It holds in an editor too.

    ``output`` holds the last lines that the script printed, each with a line end; often empty. ``option``: how the
    command line says what to do, where there is a way.
    """

    def __init__(self, message: str, output: str = "", option: str = "") -> None:
        super().__init__(message)
        self.output = output
        self.option = option
