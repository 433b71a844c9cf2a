"""One name that a script imports."""

from __future__ import annotations

from dataclasses import dataclass

from keras_memlint.analysis.syntax import tree


@dataclass(frozen=True, slots=True)
class Imported:
    """One imported name; ``alias`` is None for a star.

    ``dotted`` is what was imported, as written; ``bound`` the name it has here and ``target`` what that name stands for
    (``import a.b`` binds ``a``). ``order`` grows with time; ``top``: a module-level statement that always runs.
    ``tried``: in a ``try`` with handlers, so that it may fail.
    """

    alias: tree.Alias | None
    statement: tree.Import | tree.ImportFrom
    dotted: str
    bound: str
    target: str
    order: int
    top: bool
    tried: bool = False

    @property
    def module(self) -> str:
        """The module the statement names: ``a.b`` in ``from a.b import c``."""
        return self.statement.module if isinstance(self.statement, tree.ImportFrom) else self.dotted
