"""An estimate in the forms it is shown in; only the one that is asked for is imported."""

from __future__ import annotations

import json
from importlib import import_module

from keras_memlint.estimate.result import Estimate

FORMATS = ("text", "json", "html")


def render(
    estimate: Estimate, format: str, *, width: int = 80, colour: bool = False, encoding: str = "utf-8"
) -> str:
    """The report, with a line break at its end.

    ``width``, ``colour`` and ``encoding`` are of the terminal or file that text goes to. HTML is always UTF-8, JSON
    plain ASCII. Raises KeyError for a format that is not in ``FORMATS``.
    """
    if format not in FORMATS:
        raise KeyError(format)
    if format == "json":
        return json.dumps(estimate.to_json(), indent=2) + "\n"
    if format == "html":
        return str(import_module(f"{__name__}.html").render(estimate))
    return str(
        import_module(f"{__name__}.text").render(estimate, width=width, colour=colour, encoding=encoding)
    )
