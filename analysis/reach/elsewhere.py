"""Loops and web requests in other files of the project that make a function of a script run again and again.

Told from names, as they are written: who imports the function or its class, makes an object of it, and calls that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.reach.call_sites import (
    CallSites,
    Classes,
    Site,
    Unit,
    call_sites,
    classes_in,
    unit_of,
)
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.among_tests import may_be_test
from keras_memlint.analysis.text.source import Place

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.projects.project import Project
    from keras_memlint.analysis.script import Script

_STEPS = 3  # functions between a loop and what it makes run
_MOST = 40  # functions that are followed


class Elsewhere(NamedTuple):
    """The loop of another file that makes a call in each turn, or the function that makes it for each web request.

    ``name`` is the function's, empty at module level. ``asks``: on the way a branch asks for what may be there already.
    """

    place: Place
    name: str
    asks: bool


def turned(script: Script, call: Call, made: Call | None = None) -> Elsewhere | None:
    """The loop of another file that makes ``call``, which no loop here makes, in many turns; None without one.

    Not one whose turns make ``made`` as well.
    """
    return next((one for one, site in _callers(script, call, made) if site.loop is not None), None)


def answering(script: Script, call: Call) -> Elsewhere | None:
    """The function of another file that answers web requests and makes ``call``; None without one."""
    return next((one for one, site in _callers(script, call) if site.loop is None), None)


def _callers(script: Script, call: Call, made: Call | None = None) -> Iterator[tuple[Elsewhere, Site]]:
    """The loops, and functions that answer requests, of other files that lead to ``call``, nearest first."""
    project = script.project
    waiting = [(project.home, unit, False, 0) for unit in _units(script, call, made)]
    known = {(path, unit) for path, unit, _asks, _steps in waiting}
    while waiting:
        path, unit, asked, steps = waiting.pop(0)
        for file, site in _calls_of(script, path, unit):
            asks = asked or site.asks
            at = site.loop or site.answers
            if at is not None:
                text = project.text_of(file)
                if text is not None:
                    name = site.unit.name if site.unit is not None else ""
                    yield Elsewhere(Place(text, *at), name, asks), site
            if site.loop is not None or site.unit is None or steps == _STEPS:
                continue
            further = file, site.unit
            if further not in known and len(known) < _MOST:
                known.add(further)
                waiting.append((*further, asks, steps + 1))


def _units(script: Script, call: Call, made: Call | None) -> list[Unit]:
    """The functions of the script that ``call`` is made by, innermost first, to the first that leads to ``made`` as well."""
    making = {id(one.function.node) for one in made.led_by() if one.function is not None} if made else set()
    found: list[Unit] = []
    for one in call.led_by():
        node = one.function.node if one.function is not None else None
        if id(node) in making:
            break
        if isinstance(node, tree.FunctionDef) and node.piece.source is script.source:
            unit = unit_of(node, script.names.around(node))
            if unit is not None and unit not in found:
                found.append(unit)
    return found


def _calls_of(script: Script, path: str, unit: Unit) -> Iterator[tuple[str, Site]]:
    """The calls of the function ``unit``, which the file ``path`` defines, there and in the files that import it.

    Not those in the script itself: who calls its functions there led to the call that is asked about.
    """
    project = script.project
    own = _sites(project, path) if path != project.home else None
    classes = own.classes if own is not None else classes_in(script.parsed.statements)
    names = _heirs(classes, frozenset([unit.cls]), unit.name) if unit.cls else frozenset([unit.name])
    importing = project.importers(unit.cls if unit.name == "__init__" else unit.name, path) or ()
    for file in dict.fromkeys((path, *importing)):
        sites = _sites(project, file) if file != project.home else None
        if sites is None:
            continue
        local = names if file == path else _local_names(project, path, names, file, sites)
        if not unit.cls or unit.name == "__init__":
            for owner, _dot, name in (one.rpartition(".") for one in local):
                yield from ((file, site) for site in sites.calls.get(name, ()) if site.owner == owner)
        elif local:
            local = _heirs(sites.classes, local, unit.name)
            for site in sites.calls.get(unit.name, ()):
                if site.owner in local or (site.made and site.made <= local):
                    yield file, site


def _sites(project: Project, path: str) -> CallSites | None:
    """The calls of a file; None for notebooks, and for tests, whose loops are of no concern."""
    if may_be_test(path) or Path(path).suffix != ".py":
        return None

    def look(path: str, _text: str) -> CallSites | None:
        source = project.text_of(path)
        return None if source is None else call_sites(project.workspace.parse(source)[1].statements)

    return project.workspace.lasting("calls", path, look)


def _heirs(classes: Classes, names: frozenset[str], method: str) -> frozenset[str]:
    """``names``, and those of ``classes`` that derive from them and do not write ``method`` anew."""
    found = set(names)
    for _ in range(_STEPS):
        more = {
            name
            for name, (bases, methods) in classes.items()
            if not bases.isdisjoint(found) and method not in methods
        }
        if more <= found:
            break
        found |= more
    return frozenset(found)


def _local_names(
    project: Project, path: str, names: frozenset[str], file: str, sites: CallSites
) -> frozenset[str]:
    """What ``file`` calls these ``names`` of the module ``path``, as it imports them: ``Net``, ``nets.Net``."""
    folder = Path(path).parent
    modules = {Path(path).stem}
    if Path(file).parent == folder:
        modules.add("")
    while "__init__.py" in project.workspace.names(str(folder)):
        modules.add(folder.name)
        folder = folder.parent
    found: set[str] = set()
    for one in sites.imports:
        if one.module.rpartition(".")[2] not in modules:
            continue
        if one.name is None:
            found.update(f"{one.local}.{name}" for name in names)
        elif one.name == "*":
            found |= names
        elif one.name in names:
            found.add(one.local)
    return frozenset(found)
