"""The form of a fact: what a library's function takes and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Value


class Machine(Protocol):
    """What a fact may ask of the interpreter."""

    def apply(
        self, function: Value, args: tuple[Value, ...], call: Call, *, mapped: bool, over: Loop | None = None
    ) -> tuple[Value, tuple[Call, ...]]:
        """The value of calling ``function`` with ``args`` on behalf of ``call``, and the calls made meanwhile.

        ``over``: the loop that this amounts to, if it is called for each element of something.
        """
        ...

    def path_size(self, path: str) -> int | None:
        """Size in bytes of a file the script names, None when it is not there."""
        ...

    def npy_header(self, path: str) -> tuple[str, tuple[int, ...]] | None:
        """Dtype and shape in a ``.npy`` file the script names, None when it is not there."""
        ...

    def save(self, path: str, saved: Value) -> None:
        """Note that the script writes ``saved`` to a file."""
        ...

    def saved(self, path: str) -> Value | None:
        """What the script wrote to a file before; None when it did not, or different things."""
        ...

    def configuration(self, path: str, *, yaml: bool) -> Value:
        """What a JSON or YAML file says that the script names; unknown when it is not there or is none."""
        ...

    def glob_count(self, pattern: str) -> tuple[int, int] | None:
        """How many files match a pattern the script names, and their bytes; None when none do."""
        ...


Gives = Callable[[Call, Machine], Value]


@dataclass(frozen=True, slots=True)
class Fact:
    """One API. ``params``: positional parameters in order. ``gives``: the value of a call, unknown when None.

    ``probe`` is an expression a test runs against the real library; ``see`` names the documentation instead.
    """

    name: str
    params: tuple[str, ...]
    gives: Gives | None
    probe: str = ""
    see: str = ""


def fact(name: str, params: str = "", gives: Gives | None = None, *, probe: str = "", see: str = "") -> Fact:
    """A row of a table; ``params`` are separated by blanks."""
    return Fact(name, tuple(params.split()), gives, probe, see)


def table(*rows: Fact) -> dict[str, Fact]:
    """Rows by name. Raises ValueError when a name has two."""
    found: dict[str, Fact] = {}
    for row in rows:
        if row.name in found:
            raise ValueError(f"two facts about {row.name}")
        found[row.name] = row
    return found
