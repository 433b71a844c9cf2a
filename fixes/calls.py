"""Rewrites of one call: an argument set, replaced or removed, a method appended, a name replaced."""

from __future__ import annotations

import re
from itertools import pairwise

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Edit

_COMMENT = re.compile(r"[ \t]*#[^\r\n]*")


def set_argument(
    script: Script, call: tree.Call, name: str, value: str, position: int | None = None
) -> Edit | None:
    """``f(a)`` becomes ``f(a, name=value)``; an old value of ``name`` is replaced.

    ``position``: where ``name`` stands when it is given by position. None when the call hides arguments behind a
    star, is not part of this script, or a comment would be lost.
    """
    if not script.own(call) or any(argument.star for argument in call.args):
        return None
    for at, argument in enumerate(call.args):
        if argument.name == name or (argument.name is None and at == position):
            place = script.place(argument.value)
            if "#" in script.source.text[place.start : place.end]:
                return None
            return Edit(place.start, place.end, value)
    return append_argument(script, call, f"{name}={value}")


def append_argument(script: Script, call: tree.Call, text: str) -> Edit | None:
    """``text`` as the call's last argument, on a line of its own where the others have theirs."""
    if not script.own(call):
        return None
    end = script.call_end(call) - 1  # before the closing bracket
    source = script.source.text
    if not call.args:
        start = script.place(call.func).end
        inside = source[start:end].partition("(")[2]
        return None if "#" in inside else Edit(end, end, text)
    if (
        len(call.args) == 1
        and isinstance(call.args[0].value, tree.Comprehension)
        and call.args[0].name is None
    ):
        if call.args[0].value.kind == "generator":
            return None
    last = script.place(call.args[-1])
    tail = source[last.end : end]
    if tail.strip(" \t\r\n,") and not tail.lstrip(" \t\r\n,").startswith("#"):
        return None  # brackets around the last argument: too odd to touch
    comma = tail.find(",") if "#" not in tail.partition(",")[0] else -1
    if comma >= 0:
        at = last.end + comma + 1
        if "\n" in tail or "\r" in tail:
            # A comment behind the comma is about the argument before it.
            behind = _COMMENT.match(source, at, end)
            at = behind.end() if behind is not None else at
            return Edit(at, at, f"{script.source.newline}{_indent(source, last.start)}{text},")
        return Edit(at, at, f" {text}")
    first = script.place(call.args[0])
    if _own_line(source, first.start) and _row_differs(script, call, first.start):
        return Edit(last.end, last.end, f",{script.source.newline}{_indent(source, last.start)}{text}")
    return Edit(last.end, last.end, f", {text}")


def remove_argument(script: Script, call: tree.Call, argument: tree.Argument) -> Edit | None:
    """The call without ``argument``; None when a comment would be lost."""
    if not script.own(call):
        return None
    at = call.args.index(argument)
    here = script.place(argument)
    if len(call.args) == 1:
        start, end = here.start, script.call_end(call) - 1
    elif at + 1 < len(call.args):
        start, end = here.start, script.place(call.args[at + 1]).start
    else:
        start, end = script.place(call.args[at - 1]).end, here.end
    if "#" in script.source.text[start:end]:
        return None
    return Edit(start, end, "")


def remove_arguments(script: Script, call: tree.Call, arguments: list[tree.Argument]) -> list[Edit] | None:
    """The call without ``arguments``, of which none is the only one; None when a comment would be lost."""
    text = script.source.text
    edits: list[Edit] = []
    kept = [not any(argument is gone for gone in arguments) for argument in call.args]
    at = 0
    while at < len(kept):
        end = at
        while end < len(kept) and not kept[end]:
            end += 1
        if end > at:
            if end == len(kept):
                span = script.place(call.args[at - 1]).end, script.place(call.args[end - 1]).end
            else:
                span = script.place(call.args[at]).start, script.place(call.args[end]).start
            if (at == 0 and end == len(kept)) or re.search(r"[#()\[\]]", _between(script, call, at, end)):
                return None
            if "#" in text[slice(*span)]:
                return None
            edits.append(Edit(*span, ""))
        at = end + 1
    return edits


def _between(script: Script, call: tree.Call, start: int, end: int) -> str:
    """What stands between the arguments from the one before ``start`` to the one at ``end``: commas and blanks."""
    first, last = max(start - 1, 0), min(end, len(call.args) - 1)
    text = script.source.text
    spans = [script.place(argument) for argument in call.args[first : last + 1]]
    return "".join(text[a.end : b.start] for a, b in pairwise(spans))


def rename_method(script: Script, call: tree.Call, name: str) -> Edit | None:
    """The same call of the method ``name``; None when the method's name is not written as such."""
    func = call.func
    if not script.own(call) or not isinstance(func, tree.Attribute):
        return None
    end = script.place(func).end
    return Edit(end - len(func.name), end, name)


def add_element(script: Script, display: tree.Expr, text: str) -> Edit | None:
    """``[a, b]`` becomes ``[a, b, text]``; None when ``display`` is no list written in this script."""
    if not isinstance(display, tree.Sequence) or display.kind != "list" or not script.own(display):
        return None
    end = script.place(display).end - 1
    if not display.elements:
        return Edit(end, end, text)
    last = script.place(display.elements[-1]).end
    tail = script.source.text[last:end]
    return None if tail.strip(" \t\r\n,") else Edit(last, last, f", {text}")


def wrap(script: Script, expression: tree.Expr, before: str, after: str) -> tuple[Edit, Edit] | None:
    """``expression`` becomes ``before expression after``; None when it is not written in this script."""
    if not script.own(expression):
        return None
    place = script.place(expression)
    return Edit(place.start, place.start, before), Edit(place.end, place.end, after)


def append_method(script: Script, expression: tree.Expr, text: str) -> Edit | None:
    """``expression`` becomes ``expression.text``, on a new line where the chain is written that way."""
    if not script.own(expression):
        return None
    end = script.call_end(expression) if isinstance(expression, tree.Call) else script.place(expression).end
    dot = _last_dot_line(script, expression)
    if dot is not None:
        return Edit(end, end, f"{script.source.newline}{dot}.{text}")
    return Edit(end, end, f".{text}")


def _last_dot_line(script: Script, expression: tree.Expr) -> str | None:
    """The indentation of a chain whose last method starts a line; None when it does not."""
    if not isinstance(expression, tree.Call) or not isinstance(expression.func, tree.Attribute):
        return None
    source = script.source.text
    owner_end = script.place(expression.func.value).end
    between = source[owner_end : script.place(expression.func).end]
    if "\\" in between:
        return None
    line = source[: source.index(".", owner_end)]
    head = max(line.rfind("\n"), line.rfind("\r")) + 1
    blank = line[head:]
    return (
        blank
        if blank.strip() == "" and head > 0 and head > script.place(expression.func.value).start
        else None
    )


def _indent(source: str, offset: int) -> str:
    start = max(source.rfind("\n", 0, offset), source.rfind("\r", 0, offset)) + 1
    line = source[start:offset]
    return line[: len(line) - len(line.lstrip())] if line.strip() else line


def _own_line(source: str, offset: int) -> bool:
    start = max(source.rfind("\n", 0, offset), source.rfind("\r", 0, offset)) + 1
    return source[start:offset].strip() == ""


def _row_differs(script: Script, call: tree.Call, offset: int) -> bool:
    return script.source.row(script.place(call).start) != script.source.row(offset)
