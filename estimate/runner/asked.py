"""The request that the client wrote, as one object."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Asked:
    """What to run and how far. ``script`` and ``module`` exclude each other; times are in seconds."""

    cwd: str
    out: str
    script: str | None = None
    module: str | None = None
    notebook: bool = False
    arguments: tuple[str, ...] = ()
    fit_index: int = 0
    steps: int = 3
    step_seconds: float = 20.0
    policy: str | None = None


def read(path: str) -> Asked:
    """The request in a JSON file; what is not known here is ignored."""
    with open(path, encoding="utf-8") as file:
        values = json.load(file)
    known = {field.name for field in fields(Asked)}
    values["arguments"] = tuple(values.get("arguments") or ())
    return Asked(**{name: value for name, value in values.items() if name in known})
