"""The files of a project that import a script, and the words in them: what may call its functions from outside."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.facts.callers import CALLED
from keras_memlint.analysis.text.words import words_of

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.workspace import Workspace

_FILES = 1_000  # files of a project that are asked
_ENTRIES = 20_000  # names in its folders that are looked at
_CODE = (".ipynb", ".py", ".pyw")
# Texts that may have code or names of functions and modules in them.
TEXTS = (
    *(".bat", ".cfg", ".gin", ".ini", ".json", ".md", ".ps1", ".pyx", ".rst", ".sh", ".toml", ".txt"),
    *(".yaml", ".yml", "Dockerfile", "Makefile", "Snakefile"),
)
_SMALL = 100_000  # bytes of one of the others: a longer one is data
_FOREIGN = frozenset(["__pycache__", "node_modules", "site-packages"])
_VENV = frozenset(["conda-meta", "pyvenv.cfg"])  # what only an environment has in it
_ROOT = re.compile(
    r"\.git|\.gitignore|LICENSE(?:\.\w+)?|README(?:\.(?!py\Z)\w+)?|pyproject\.toml|requirements.*\.txt|setup\.(?:cfg|py)",
    re.IGNORECASE,
)
_IMPORT = re.compile(
    r"(?:import|import_module|__import__|run_path|run_module|spec_from_file_location|load_source|SourceFileLoader|exec"
    r"|execfile|%run)\b"
)
# A module whose name is not written out: `import_module("models." + name)`.
_ANY_MODULE = re.compile(
    r"(?:import_module|__import__|run_path|run_module|spec_from_file_location|load_source|SourceFileLoader)\("
    r"(?!\s*(?:[\w.]+\s*,\s*)?(?:\"[^\"{]*\"|'[^'{]*')\s*[,)])"
)
# What stands for any word: `getattr(module, name)` finds what it finds.
ANY = "getattr(…)"
_FINDS_ANY = re.compile(r"\bgetattr\((?!\s*(?:tf|keras|tensorflow|np)\b)[^,\n]+,(?!\s*[\"']\w*[\"']\s*[,)])")
_CALLS_FINDER = re.compile(rf"(?<![.\w])(?:{'|'.join(sorted(CALLED))})\s*\(")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Files that may name a function of a script, and the folders they were looked for in."""

    files: tuple[str, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Importers:
    """The files that import a script, each with the words in it that may be names of the script, and all these words."""

    files: dict[str, frozenset[str]]
    words: frozenset[str]


def surroundings(workspace: Workspace, folders: list[str]) -> Surroundings | None:
    """What surrounds a script, given its folder and those above; None when that is too much.

    All below the last of ``folders`` that looks like a project's own. Without one: all below the script's folder, or
    its outermost package, and the files one folder above.
    """
    marked = (one for one in reversed(folders) if any(_ROOT.fullmatch(name) for name in workspace.names(one)))
    root = next(marked, None)
    if root is not None:
        return workspace.remembered("surroundings", root, lambda: _below([root]))
    top = folders[0]
    while "__init__.py" in workspace.names(os.path.dirname(top)):
        top = os.path.dirname(top)
    above = os.path.dirname(top)
    return workspace.remembered("surroundings", f"{top}\0{above}", lambda: _below([top], above))


def importers(workspace: Workspace, path: str, around: Surroundings) -> Importers | None:
    """The files that import the script ``path``, through whatever packages; None where one cannot be read."""
    return workspace.remembered("importers", path, lambda: _importers(workspace, path, around.files))


def _importers(workspace: Workspace, path: str, files: Iterable[str]) -> Importers | None:
    imports = {one: workspace.lasting("imports", one, _imports) for one in files if one != path}
    words: dict[str, frozenset[str]] = {}
    waiting, known = [_module(path)], set()
    while waiting:
        stem = waiting.pop()
        known.add(stem)
        word = re.compile(rf"\b{re.escape(stem)}\b")
        dotted = re.compile(rf"\b{re.escape(stem)}[.:]([A-Za-z_]\w*)")
        for one, text in imports.items():
            if text is None:
                return None
            any_module = _ANY_MODULE.search(text) is not None
            if stem not in text and not any_module:
                continue
            named = frozenset(dotted.findall(text))
            lines = [line for line in text.splitlines() if word.search(line)]
            if any_module or any(_IMPORT.search(line) for line in lines):
                named = workspace.lasting("words", one, _words) or named
                hands_on = one.endswith("/__init__.py") or any(
                    line.rstrip('\\n", ').endswith("*") for line in lines
                )
                if hands_on and _module(one) not in known:
                    waiting.append(_module(one))
            if named:
                words[one] = words[one] | named if one in words else named
    return Importers(words, frozenset().union(*words.values()))


def _below(folders: list[str], beside: str | None = None) -> Surroundings | None:
    """The files below ``folders``, and those that stand in ``beside`` itself."""
    files: list[str] = []
    seen: list[str] = []
    waiting = [*folders, *([beside] if beside is not None else ())]
    entries = 0
    while waiting:
        folder = waiting.pop()
        seen.append(folder)
        known, left = len(files), len(waiting)
        try:
            with os.scandir(folder) as found:
                for entry in found:
                    entries += 1
                    if entries > _ENTRIES or len(files) > _FILES:
                        return None
                    name = entry.name
                    if name in _VENV:
                        del files[known:], waiting[left:]
                        break
                    if name.endswith(_CODE) or (name.endswith(TEXTS) and entry.stat().st_size < _SMALL):
                        files.append(entry.path)
                    elif folder != beside and name[0] != "." and name not in _FOREIGN and entry.is_dir():
                        waiting.append(entry.path)
        except OSError:
            continue
    return Surroundings(tuple(files), tuple(seen))


def _module(path: str) -> str:
    folder, stem = os.path.split(os.path.splitext(path)[0])
    return os.path.basename(folder) if stem == "__init__" else stem


def _imports(path: str, text: str) -> str:
    """The imports of ``text``, each in one line; all of what is no code."""
    if not path.endswith(_CODE) or path.endswith("/setup.py"):
        return text  # with the functions that commands run
    lines = []
    for found in _IMPORT.finditer(text):
        start, end = text.rfind("\n", 0, found.start()) + 1, _line_end(text, found.end())
        if "(" in text[found.end() : end] and ")" not in text[found.end() : end]:
            end = _line_end(text, max(text.find(")", end), end))
        while text.endswith("\\", start, end) and end < len(text):
            end = _line_end(text, end + 1)
        lines.append(" ".join(text[start:end].splitlines()))
    return "\n".join(lines)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)


def _words(_path: str, text: str) -> frozenset[str]:
    words = words_of(text)
    finds = "getattr" in words and _FINDS_ANY.search(text)
    return words | {ANY} if finds or (words & CALLED and _CALLS_FINDER.search(text)) else words
