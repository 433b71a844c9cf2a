"""A notebook's cells joined to one program."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_SHELL = re.compile(r"^\s*(?:[A-Za-z_][\w.]*\s*=\s*)?[!%]")
_HELP = re.compile(r"^\s*\??[\w.]+\?{1,2}\s*$|^\s*\?[\w.]+\s*$")
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
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(source)


def _cell(text: str) -> str:
    """One cell as Python. Dropped lines leave ``pass`` in their place, so that a block that held nothing else still is one."""
    lines = text.split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    if first.startswith("%%"):
        if not first.startswith(_WHOLE_CELL_THAT_IS_PYTHON):
            return "\n".join("" for _ in lines)
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


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True
