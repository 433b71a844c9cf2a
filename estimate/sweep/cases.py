"""The cases of a grid: which runs there are to make, and which row of the table each of them fills."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Protocol

from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.result import Estimate
from keras_memlint.estimate.sweep.grid import Grid


@dataclass(frozen=True, slots=True)
class Case:
    """One run of one script, from which its step on every one of ``targets`` is estimated.

    ``script`` and ``cwd`` are absolute, ``name`` is the script as it stands in the table. None in ``batch_size``,
    ``policy`` and ``python`` leaves the script's own, its own, and the Python that the command line would take.
    ``targets`` are names of ``analysis/sizes/gpus.py``; none means the GPU of the machine that runs it. ``what_if`` as in a
    request. The whole case may take ``time_limit`` seconds; that is watched over by whoever calls ``EstimateCase``.
    """

    script: Path
    name: str
    cwd: Path
    arguments: tuple[str, ...]
    batch_size: int | None
    policy: str | None
    targets: tuple[str, ...]
    python: str | None
    steps: int
    what_if: tuple[str, ...]
    time_limit: float

    def key(self, target: str | None) -> str:
        """Names the row of one target: the same as long as the grid asks for the same."""
        asked = [
            self.name,
            self.arguments,
            self.batch_size,
            self.policy,
            target,
            self.python,
            self.steps,
            self.what_if,
        ]
        return blake2b(json.dumps(asked).encode(), digest_size=6).hexdigest()

    @property
    def rows(self) -> dict[str, str | None]:
        """The targets by the keys of their rows."""
        return {self.key(target): target for target in self.targets or (None,)}

    def only(self, targets: Iterable[str | None]) -> Case:
        """The same run for some of its targets."""
        return replace(self, targets=tuple(target for target in targets if target is not None))


class EstimateCase(Protocol):
    """Estimates one case, in a process of its own. Raises EstimateError with a sentence for the row."""

    def __call__(self, case: Case, /) -> Estimate: ...


def cases_of(grid: Grid) -> list[Case]:
    """Every case, in the order of the grid's lists, the first axis slowest."""
    return [
        Case(
            script.path,
            script.name,
            grid.folder,
            arguments,
            batch_size,
            policy,
            grid.targets,
            grid.python,
            grid.steps,
            grid.what_if,
            grid.time_limit,
        )
        for script in grid.scripts
        for arguments, batch_size, policy in product(
            script.arguments, grid.batch_sizes or (None,), grid.policies or (None,)
        )
    ]


def hash_of(script: Path) -> str:
    """What the script's file holds now. Raises EstimateError when it cannot be read."""
    try:
        return blake2b(script.read_bytes(), digest_size=8).hexdigest()
    except OSError as error:
        raise EstimateError(f"{script}: cannot be read: {error.strerror}") from error
