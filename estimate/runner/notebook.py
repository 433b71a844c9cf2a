"""A notebook's cells joined to one program."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_SHELL = re.compile(r"^\s*(?:[A-Za-z_][\w.]*\s*=\s*)?[!%]")
_HELP = re.compile(r"^\s*\??[\w.]+\?{1,2}\s*$|^\s*\?[\w.]+\s*$")
_OTHER_LANGUAGES = (
    "bash",
    "sh",
    "script",
    "html",
    "javascript",
    "js",
    "latex",
    "markdown",
    "svg",
    "writefile",
    "file",
)
_WHOLE_CELL_THAT_IS_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun", "%%memit")


def program(path: str) -> str:
    """The code cells of the notebook in one text, without what only IPython understands."""
    with open(path, encoding="utf-8-sig") as file:
        notebook = json.load(file)
    cells = notebook.get("cells")
    if cells is None:  # Format 3 keeps them in worksheets.
        cells = [cell for sheet in notebook.get("worksheets", []) for cell in sheet.get("cells", [])]
    return "\n".join(_cell(_text(cell)) for cell in cells if cell.get("cell_type") == "code") + "\n"


def _text(cell: dict[str, Any]) -> str:
    """The cell's text, whose last line break is that between the cells: lines are counted as the linter counts them."""
    source = cell.get("source", cell.get("input", ""))
    text: str = source if isinstance(source, str) else "".join(source)
    return text[:-1] if text.endswith("\n") else text


def _cell(text: str) -> str:
    """One cell as Python. Dropped lines leave ``pass`` in their place, so that a block that held nothing else still is one."""
    lines = text.split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%"):
        if not first.startswith(_WHOLE_CELL_THAT_IS_PYTHON):
            return _own_magic(lines, first)
        lines[next(number for number, line in enumerate(lines) if line.strip())] = ""
    if _parses("\n".join(lines)):
        return "\n".join(lines)
    kept = []
    continued = False
    for line in lines:
        if not continued and not _SHELL.match(line) and not _HELP.match(line):
            kept.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        kept.append("" if continued else f"{indent}pass")
        continued = line.rstrip().endswith("\\")
    return "\n".join(kept)


def _own_magic(lines: list[str], first: str) -> str:
    """A cell under a magic that a cell before may have defined: left to the shell, in as many lines as before."""
    name, _, rest = first[2:].partition(" ")
    if not name.isidentifier() or name in _OTHER_LANGUAGES:
        return "\n".join("" for _ in lines)
    start = next(number for number, line in enumerate(lines) if line.strip())
    call = f"get_ipython().run_cell_magic({name!r}, {rest.strip()!r}, {chr(10).join(lines[start + 1 :])!r})"
    return call + "\n" * (len(lines) - 1)


class Shell:
    """As much of IPython's shell as notebooks use that define magics; everything else does nothing."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.user_ns = names
        self._magics: dict[str, Any] = {}

    def register_magic_function(
        self, function: Any, magic_kind: str = "line", magic_name: str | None = None
    ) -> None:
        """Remembers what ``run_cell_magic`` will call."""
        if magic_kind in ("cell", "line_cell"):
            self._magics[magic_name or function.__name__] = function

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        """A magic of the notebook's own; others are not there."""
        return self._magics[name](line, cell) if name in self._magics else None

    def run_cell(self, cell: str, *_arguments: Any, **_options: Any) -> None:
        """A cell's text among the names of the notebook."""
        exec(compile(_cell(cell), "<cell>", "exec", dont_inherit=True), self.user_ns)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_arguments, **_options: None


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
