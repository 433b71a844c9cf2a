"""KM607: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis import tree
from keras_memlint.analysis.idle import Idle, idle, whole
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.uses import around
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import before
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM607", "global-big-arrays-alive", severity="warning", words=("fit", "search"), fix="both")


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or not any(script.large(binding.array.least) for binding in script.bindings):
        return
    reported: set[str] = set()
    for fit in script.trainings:
        if not script.own(fit.call.node):
            continue
        outer = around(script, fit.call.node)
        found = [one for one in idle(script, fit, outer) if one.binding.node.id not in reported]
        if not found:
            continue
        reported |= {one.binding.node.id for one in found}
        fix = _forget(script, found, whole(fit.call.node, outer), function=fit.call.function is not None)
        first = found[0].binding
        names = [f"`{one.binding.node.id}`" for one in found]
        yield Finding(
            at=script.place(first.node),
            message=f"{' and '.join(names)} stay{'s' if len(names) == 1 else ''} in memory during training,"
            " which uses only a copy",
            bytes=sum(one.binding.array.least or 0 for one in found),
            help="give the copy the same name, or `del` the array before training",
            related=(
                *(("copied here", script.place(one.copied.node)) for one in found),
                *((f"`{one.binding.node.id}` is here", script.place(one.binding.node)) for one in found[1:]),
                ("still in memory here", script.call_place(fit.call)),
            ),
            fixes=(fix,) if fix is not None else (),
        )


def _forget(script: Script, found: list[Idle], training: tree.Node, *, function: bool) -> Fix | None:
    """``del`` before the statement that trains; None where that may not run exactly once after the arrays are made."""
    if not isinstance(training, tree.Stmt):
        return None
    for one in found:
        outer = around(script, one.binding.node)
        if not outer or not isinstance(whole(one.binding.node, outer), tree.Assign):
            return None
    names = ", ".join(one.binding.node.id for one in found)
    edit = before(script, training, f"del {names}")
    if edit is None:
        return None
    price = "" if function else " (unsafe: code that runs later, as in another cell, cannot use it)"
    return Fix(f"delete `{names}` before training{price}", function, (edit,))
