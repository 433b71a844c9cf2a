"""Decorators put above a function."""

from __future__ import annotations

import re

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Edit
from keras_memlint.fixes.statements import before


def decorate(script: Script, function: tree.FunctionDef, decorator: str) -> Edit | None:
    """``@decorator`` above ``function``, which has none; None when it shares its line.

    Where the line above is that very decorator as a comment, the comment becomes it again.
    """
    edit = before(script, function, f"@{decorator}")
    if edit is None:
        return None
    source = script.source
    row = source.row(edit.start)
    if row == 0 or source.cell_at(edit.start) != source.cell_at(edit.start - 1):
        return edit
    start, end = source.line_span(row - 1)
    # With arguments it may be of another time than the function's own.
    switched_off = re.match(rf"\s*#+[ \t]*@{re.escape(decorator)}(\(\))?\s*(#.*)?$", source.text[start:end])
    if switched_off is None:
        return edit
    return Edit(start, source.text.index("@", start), edit.content[: edit.content.index("@")])
