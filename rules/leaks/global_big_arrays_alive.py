"""KM607: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.arrays.idle import Idle, idle, is_much, whole
from keras_memlint.analysis.arrays.word_vectors import idle_vectors
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import before
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule("KM607", "global-big-arrays-alive", severity="warning", words=("fit", "search"), fix="both")


def check(script: Script) -> Iterator[Finding]:
    if not script.is_test:
        yield from _arrays(script)
        yield from _words(script)


def _arrays(script: Script) -> Iterator[Finding]:
    if not any(is_much(script, binding.array) for binding in script.bindings):
        return
    reported: set[str] = set()
    for fit in script.trainings:
        for call in fit.call.led_by():
            if not script.own(call.node):
                continue
            found = [one for one in idle(script, fit, call) if one.binding.node.id not in reported]
            reported |= {one.binding.node.id for one in found}
            copied = [one for one in found if one.copied is not None]
            for group in (copied, [one for one in found if one.copied is None]):
                if group:
                    yield _stays(script, group, call)


def _stays(script: Script, found: list[Idle], call: Call) -> Finding:
    """Arrays that stay while ``call`` trains: all of them were copied before, or nothing reads any of them."""
    first = found[0].binding
    names = [f"`{one.binding.node.id}`" for one in found]
    size = sum(one.binding.array.least or 0 for one in found)
    copied = found[0].copied is not None
    why = "which uses only a copy" if copied else f"and nothing reads {'it' if len(names) == 1 else 'them'}"
    return Finding(
        at=script.place(first.node),
        message=f"{' and '.join(names)} stay{'s' if len(names) == 1 else ''} in memory during training, {why}",
        bytes=size or None,
        help="give the copy the same name, or `del` the array before training"
        if copied
        else "do not make it, or `del` it before training",
        related=(
            *(("copied here", script.place(one.copied.node)) for one in found if one.copied is not None),
            *((f"`{one.binding.node.id}` is here", script.place(one.binding.node)) for one in found[1:]),
            ("still in memory here", script.call_place(call)),
        ),
        fixes=_forget(script, [one.binding.node for one in found], call),
        severity=_severity(script, found, size),
    )


def _severity(script: Script, found: list[Idle], size: int) -> Severity | None:
    """An info where nobody knows that it is much, or for built-in data sets, however large they have become.

    In a notebook, where a cell may be written that reads the array, it is one, too, as long as nothing does.
    """
    toys = all(one.binding.array.source == "toy" for one in found)
    unread = found[0].copied is None and bool(script.source.cells)
    return "info" if toys or unread or not script.large(size) else None


def _words(script: Script) -> Iterator[Finding]:
    """Vectors of all words of a file, of which the model has those of its own vocabulary."""
    reported: set[str] = set()
    for fit in script.trainings if script.word_vectors else ():
        for one, bound in idle_vectors(script, fit) if script.own(fit.call.node) else ():
            if one.name in reported or not script.large(one.bytes):
                continue
            reported.add(one.name)
            yield Finding(
                at=script.place(one.node),
                message=f"`{one.name}` keeps the vectors of all {one.words:,} words of `{one.file}` in memory"
                " during training, which does not read them",
                bytes=one.bytes,
                help="`del` it once the matrix of the embedding is made, or keep only the words of the vocabulary",
                related=(("still in memory here", script.call_place(fit.call)),),
                fixes=_forget(script, [bound], fit.call),
            )


def _forget(script: Script, bound: list[tree.Name], call: Call) -> tuple[Fix, ...]:
    """``del`` before the statement that trains; none where that may not run exactly once after the names are bound."""
    training = whole(call.node, script.names.around(call.node))
    if not isinstance(training, tree.Stmt):
        return ()
    for node in bound:
        outer = script.names.around(node)
        if not outer or not isinstance(whole(node, outer), tree.Assign):
            return ()
    names = ", ".join(node.id for node in bound)
    edit = before(script, training, f"del {names}")
    if edit is None:
        return ()
    inside = call.function is not None
    price = "code that runs later, as in another cell, cannot use it"
    return (Fix(f"delete `{names}` before training", inside, (edit,), price),)
