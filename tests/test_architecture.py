"""Imports point one way, and what must not be imported is not: read from the source, nothing is run."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "keras_memlint"
LAYERS = ("analysis", "fixes", "rules", "estimate", "server")
"""Lowest first; a layer may import itself and those before it."""

FOREIGN = {
    "tensorflow",
    "keras",
    "tf_keras",
    "tensorflow_model_optimization",
    "keras_tuner",
    "numpy",
    "pandas",
}
EDITOR = {"pygls", "lsprotocol"}
FOLDERS = (
    {"text"},
    {"syntax"},
    {"abstract"},
    {"projects", "facts", "interpret"},
    {"reach"},
    {"arrays", "pipelines"},
    {"training"},
    {"sizes"},
    {"script"},
)
"""Those of ``analysis``, lowest first: the interpreter looks calls up in the facts, which make models by it."""
RUNNER = "estimate.runner"
"""Runs in the user's Python, where nothing of the linter is installed."""


@dataclass(frozen=True)
class Import:
    """One module that a module imports. ``at_start``: when it is imported itself, not later in a function."""

    name: str
    line: int
    at_start: bool


@cache
def modules() -> dict[str, Path]:
    """The linter's modules by their dotted names below the package, ``server.lsp`` for a package's ``__init__``."""
    found = {}
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> tuple[Import, ...]:
    """What ``module`` imports, without what only the type checker sees."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    return tuple(_imports(tree, module, at_start=True))


def _imports(node: ast.AST, module: str, *, at_start: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, at_start) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            home = str(child.module)
            if child.level:
                # The runner is loaded under another name in the user's Python.
                assert child.level == 1 and module.startswith(RUNNER), (
                    f"line {child.lineno}: a relative import"
                )
                home = f"{PACKAGE}.{RUNNER}" + (f".{child.module}" if child.module else "")
            for alias in child.names:
                whole = f"{home}.{alias.name}"
                is_module = own(whole) in modules()
                yield Import(whole if is_module else home, child.lineno, at_start)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, module, at_start=at_start and not inside)


def own(name: str) -> str:
    """The dotted name below the package; empty for modules of others."""
    return name.removeprefix(f"{PACKAGE}.") if name.startswith(f"{PACKAGE}.") else ""


def top(name: str) -> str:
    return name.split(".", 1)[0]


def test_there_is_something_to_look_at() -> None:
    assert {top(module) for module in modules()} == set(LAYERS)
    assert any(own(found.name) for module in modules() for found in imports(module))


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_to_lower_layers(layer: str) -> None:
    allowed = set(LAYERS[: LAYERS.index(layer) + 1])
    if layer == "server":
        allowed.add("estimate")
    wrong = [
        f"{module}:{found.line} imports {found.name}"
        for module in modules()
        if top(module) == layer
        for found in imports(module)
        if own(found.name) and top(own(found.name)) not in allowed
    ]
    assert wrong == []


def test_imports_within_the_analysis_point_to_lower_folders() -> None:
    level = {f"analysis.{name}": height for height, names in enumerate(FOLDERS) for name in names}

    def height(module: str) -> int:
        return level[".".join(module.split(".")[:2])]

    inside = {module for module in modules() if module.startswith("analysis.")}
    wrong = [
        f"{module}:{found.line} imports {found.name}"
        for module in inside
        for found in imports(module)
        if own(found.name) in inside and height(own(found.name)) > height(module)
    ]
    assert wrong == []


def test_nothing_of_the_user_is_imported() -> None:
    wrong = [
        f"{module}:{found.line} imports {found.name}"
        for module in modules()
        for found in imports(module)
        if top(found.name) in FOREIGN
    ]
    assert wrong == []


def test_the_runner_needs_nothing_but_an_old_python() -> None:
    for module, path in modules().items():
        if module.startswith(RUNNER):
            ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
            wrong = [
                found.name for found in imports(module) if top(found.name) not in sys.stdlib_module_names
            ]
            assert [name for name in wrong if not own(name).startswith(RUNNER)] == [], module


def test_only_the_language_server_knows_the_protocol() -> None:
    wrong = [
        f"{module}:{found.line} imports {found.name}"
        for module in modules()
        if not module.startswith("server.lsp")
        for found in imports(module)
        if top(found.name) in EDITOR or (found.at_start and own(found.name).startswith("server.lsp"))
    ]
    assert wrong == []


def test_no_circular_imports() -> None:
    arrows = {
        module: {own(found.name) for found in imports(module) if found.at_start} & set(modules()) - {module}
        for module in modules()
    }
    # Whatever imports nothing that is left cannot be part of a circle.
    while free := {module for module, targets in arrows.items() if not targets}:
        arrows = {module: targets - free for module, targets in arrows.items() if module not in free}
    assert arrows == {}


def test_every_module_of_the_analysis_is_in_the_code_map() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = (path.name for path in (ROOT / "analysis").rglob("[a-z]*.py") if path.parent.name != "facts")
    assert [name for name in files if not re.search(rf"[`/]{name}`", text)] == []


@pytest.mark.parametrize("module", [pytest.param(path, id=name) for name, path in modules().items()])
def test_module_says_in_one_sentence_what_it_is(module: Path) -> None:
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    assert docstring, "no docstring"
    first = docstring.split("\n\n")[0]
    assert first.endswith((".", ".``")), first
    assert not re.search(r"[.!?]\s+[A-Z]", first), f"more than one sentence: {first}"
