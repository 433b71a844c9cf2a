"""KM510: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Object
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import remove_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM510", "optimizer-state-heavy", severity="hint", words=("compile",), fix="unsafe")

_MANY = 100_000_000  # weights from which on the usual two slots of Adam are worth a word


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for model in script.models:
        compiled, parameters = model.compiled, model.parameters
        slots = script.optimizer_slots(model)
        if compiled is None or parameters is None or slots is None or model.frozen:
            continue
        trained = model.trained_bytes(1) // 4 - parameters  # weights that are not frozen
        size = trained * 4 * slots
        if slots < 2 or not script.large(size) or (slots == 2 and trained < _MANY):
            continue
        optimizer = compiled.arg("optimizer")
        made = optimizer.call if isinstance(optimizer, Object) else None
        if not script.own(compiled.node) and script.training_of(model) is None:
            continue  # what another module compiles may be used here without training
        yield Finding(
            at=script.call_place(made or compiled),
            site=script.place((made or compiled).site),
            message=f"the optimizer keeps {slots} values for each weight",
            bytes=size,
            help=_help(script, slots),
            related=(("compiled here", script.call_place(compiled)),) if made is not None else (),
            fixes=_fixes(script, made) if made is not None else (),
            severity="info" if trained >= _MANY else "hint",
        )


def _help(script: Script, slots: int) -> str:
    lion = "" if script.tensorflow_before(2, 12) else "`Lion` and "
    keeps = "keep" if lion else "keeps"
    plain = "plain `Adam` keeps two, " if slots > 2 else ""
    return f"{plain}{lion}`SGD` with momentum {keeps} one, `SGD` none; they train differently"


def _fixes(script: Script, made: Call) -> tuple[Fix, ...]:
    found = []
    for name in ("use_ema", "amsgrad"):
        argument = made.argument_node(name)
        if argument is None or argument.name != name or made.const(name) is not True:
            continue
        edit = remove_argument(script, made.node, argument)
        if edit is not None:
            found.append(Fix(f"leave `{name}` out", False, (edit,), "other updates"))
    return tuple(found)
