"""One module an output format of ``check``; only the one that is asked for is imported."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from keras_memlint.server.report import RunReport

NAMES = ("full", "concise", "json", "sarif", "github", "gitlab")


class Render(Protocol):
    """The lines of a report, without their line endings."""

    def __call__(self, report: RunReport, *, colour: bool) -> Iterator[str]: ...


def renderer(name: str) -> Render:
    """The function behind a format's name. Raises KeyError for a name that is not in ``NAMES``."""
    if name not in NAMES:
        raise KeyError(name)
    return cast(Render, import_module(f"{__name__}.{name}").render)
