"""What ``check`` reports: the published shape of a finding, free of the analysis that made it.

Everything here is plain data: it is stored in the cache, printed by every output format and turned into LSP
messages, so that neither needs libcst.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info", "hint"]
SEVERITIES: tuple[Severity, ...] = ("hint", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Position:
    """1-based row and column; columns count characters; inside the cell for notebooks."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class TextEdit:
    """One replacement, its end exclusive. ``cell`` is None outside notebooks."""

    location: Position
    end_location: Position
    content: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class DiagnosticFix:
    """A fix as front ends show it."""

    applicability: Literal["safe", "unsafe"]
    message: str
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class RelatedPlace:
    """Where a finding comes from, possibly in another file."""

    message: str
    filename: str
    location: Position
    end_location: Position
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding as it is reported. ``bytes`` is an integer or None; ``fixes`` are alternatives, best first.

    ``last_row`` is the last row of the statement that holds the finding (suppressions may stand there).
    ``elsewhere``: the cause, ``related[0]``, is in another file, and this is where it is used.
    """

    code: str
    name: str
    severity: Severity
    message: str
    filename: str
    location: Position
    end_location: Position
    cell: int | None = None
    bytes: int | None = None
    help: str = ""
    related: tuple[RelatedPlace, ...] = ()
    fixes: tuple[DiagnosticFix, ...] = ()
    tags: tuple[str, ...] = field(default=())
    last_row: int = 0
    elsewhere: bool = False

    def to_json(self) -> dict[str, Any]:
        """A dictionary of plain JSON values, every field kept: the cache's form."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Diagnostic:
        """The inverse of ``to_json``. Raises KeyError or TypeError on anything else."""

        def position(value: dict[str, int]) -> Position:
            return Position(value["row"], value["column"])

        def edit(value: dict[str, Any]) -> TextEdit:
            return TextEdit(
                position(value["location"]), position(value["end_location"]), value["content"], value["cell"]
            )

        return Diagnostic(
            **{
                **data,
                "location": position(data["location"]),
                "end_location": position(data["end_location"]),
                "related": tuple(
                    RelatedPlace(
                        r["message"],
                        r["filename"],
                        position(r["location"]),
                        position(r["end_location"]),
                        r["cell"],
                    )
                    for r in data["related"]
                ),
                "fixes": tuple(
                    DiagnosticFix(f["applicability"], f["message"], tuple(edit(e) for e in f["edits"]))
                    for f in data["fixes"]
                ),
                "tags": tuple(data["tags"]),
            }
        )
