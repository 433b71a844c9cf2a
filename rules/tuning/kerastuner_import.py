"""KM901: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.modules import rename_import
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM901", "kerastuner-import", severity="info", words=("kerastuner",), fix="safe")
# The first version that has the new name.
_RENAMED = (1, 0, 3)


def check(script: Script) -> Iterator[Finding]:
    if script.project.pins.get("keras-tuner", _RENAMED) < _RENAMED:
        return  # there is no other name
    for imported in script.imports:
        if (
            imported.dotted.partition(".")[0] != "kerastuner"
            or imported.statement.piece.source is not script.source
        ):
            continue
        yield Finding(
            at=script.place(imported.alias or imported.statement),
            message="`kerastuner` is the package's old name, kept alive by a deprecation shim",
            help="import `keras_tuner`",
            fixes=_fixes(script, imported),
        )


def _fixes(script: Script, imported: Imported) -> tuple[Fix, ...]:
    wanted = imported.module.replace("kerastuner", "keras_tuner", 1)
    edit = rename_import(script, imported, wanted)
    return (Fix(f"import `{wanted}`", True, (edit,)),) if edit is not None else ()
