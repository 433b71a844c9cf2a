"""Rewrites of import statements: another module under the same name."""

from __future__ import annotations

from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Edit


def rename_import(script: Script, imported: Imported, module: str) -> Edit | None:
    """The import of ``imported`` from ``module`` instead; the name it binds stays the same.

    None when the statement is not part of this script or its module's name is written in an unusual way.
    """
    statement = imported.statement
    if not script.own(statement):
        return None
    text = script.source.text
    if isinstance(statement, tree.Import):
        alias = imported.alias
        if alias is None:
            return None
        place = script.place(alias)
        if alias.asname is None and "." in alias.name:
            return None
        if not text.startswith(alias.name, place.start):
            return None
        replacement = module if alias.asname is not None else f"{module} as {imported.bound}"
        return Edit(place.start, place.start + len(alias.name), replacement)
    start = script.place(statement).start
    if not text.startswith(statement.module, start):
        return None
    return Edit(start, start + len(statement.module), module)
