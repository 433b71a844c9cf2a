"""KM602: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import Loop, trips_of
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.fixes.statements import before
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule("KM602", "model-in-loop-no-clear-session", severity="warning", words=("fit",), fix="unsafe")

# Bytes a loop leaves behind that matter beside what TensorFlow itself takes.
_LEFT = 256 << 20
# What the training of three small layers leaves behind: 3.7 MiB with Keras 2, twice that with Keras 3.
_TRACED = 7 << 19
_API = {"keras": "keras.backend.clear_session", "tf_keras": "tf_keras.backend.clear_session"}


def check(script: Script) -> Iterator[Finding]:
    if script.backend == "tensorflow":
        yield from _in_loops(script)
        yield from _in_searches(script)
        yield from _in_cells(script)


def _in_loops(script: Script) -> Iterator[Finding]:
    cleared = {loop for call in script.calls("keras.backend.clear_session") for loop in call.loops}
    graphs = {loop for call in script.calls("tf.Graph", "tf.compat.v1.Graph") for loop in call.loops}
    kept = {id(call.first()) for call in script.calls("builtins.list.append")}
    seen: set[Loop] = set()
    for fit in script.trainings:
        model = fit.model
        made = model.call if model is not None else None
        if model is None or made is None or (made.conditional and model.kind == "loaded"):
            continue  # loaded once, when it is first needed
        if any(_is_asked(script, one) for one in made.led_by()) and script.is_kept(made):
            continue
        if id(model) in kept:
            continue  # the script itself keeps them, for an ensemble
        # A loop of one turn leaves nothing behind, one around it does.
        both = [one for one in fit.call.loops if one in made.loops and one.trips != 1]
        loop = both[-1] if both else None
        if loop is None or loop in seen or loop in graphs or loop.kind == "comprehension":
            continue
        counted, left = _counted(script, fit), _left(script, fit, model)
        known = counted is not None or not model.is_perhaps_frozen
        exact = counted is not None or (model.parameters is not None and known)
        clears = loop in cleared
        turns = trips_of(both)
        short = turns is not None and turns <= 2
        if short and (clears or not exact or (left or 0) < _LEFT):
            continue
        seen.add(loop)
        severity: Severity
        if clears or short:
            severity = "hint" if clears else "info"
        else:
            severity = _severity(script, left and left * _turns(loop, made, fit), exact=exact)
        yield Finding(
            at=script.call_place(made),
            site=script.place(made.site),
            message="a model is built and trained in each turn of a loop; TensorFlow keeps its weights and optimizer slots"
            + (" although the session is cleared" if clears else ""),
            bytes=left if known and (exact or script.large(left)) else None,
            cost=f"{format_bytes(counted)}, counted by the estimate" if counted is not None else "",
            help="train each turn in a process of its own, or build once and load the first weights again;"
            " `clear_session()` frees only Keras's own state",
            related=(
                ("the loop is here", script.place(loop.node)),
                ("trained here", script.call_place(fit.call)),
            ),
            fixes=() if clears else _fixes(script, fit, loop),
            severity=severity,
        )


def _is_asked(script: Script, call: Call) -> bool:
    """Whether a statement decides about ``call``: a branch in an expression makes one model or another."""
    return call.conditional and any(
        isinstance(outer, (tree.If, tree.Try)) for outer in script.names.around(call.node)
    )


def _in_searches(script: Script) -> Iterator[Finding]:
    """Searches of scikit-learn, whose turns are trials and folds."""
    for search in script.searches:
        left = (search.models or 0) * _TRACED
        if search.trained is None or search.parallel or not script.large(left):
            continue
        yield Finding(
            at=script.call_place(search.call),
            site=script.place(search.call.site),
            message=f"`{search.name}` builds and trains {search.models:,} models in this process; TensorFlow keeps what it"
            " traced of each",
            cost=f"{format_bytes(left)} even of the smallest",
            help="try fewer points at a time, in runs of their own; `clear_session()` frees only Keras's own state",
            related=(("trained here", script.call_place(search.trained)),)
            if search.trained is not search.call
            else (),
            severity="info" if left >= _LEFT else "hint",
        )


def _in_cells(script: Script) -> Iterator[Finding]:
    """The first cell of a notebook that builds a large model and trains it outside any loop: cells are run again."""
    for fit in script.trainings:
        model = fit.model
        made = model.call if model is not None else None
        if (
            not script.source.cells
            or model is None
            or made is None
            or fit.call.loops
            or model.kind == "loaded"
        ):
            continue
        left = _left(script, fit, model)
        if left is not None and left >= max(_LEFT, script.settings.size_threshold) and script.own(made.node):
            yield Finding(
                at=script.call_place(made),
                site=script.place(made.site),
                message="each run of this cell and of the one that trains leaves the weights and optimizer slots"
                " of another model behind",
                bytes=left,
                help="restart the kernel before you train again, or compile the model that is there anew",
                related=(("trained here", script.call_place(fit.call)),),
                severity="hint",
            )
            return


def _counted(script: Script, fit: Fit) -> int | None:
    """The weights and optimizer slots of this training, as its estimate found them; None without one."""
    measurement = script.measurement_of(fit)
    if measurement is None or measurement.parameters is None or measurement.optimizer is None:
        return None
    return measurement.parameters + measurement.optimizer


def _left(script: Script, fit: Fit, model: Model) -> int | None:
    """What this training of ``model`` leaves behind: weights and optimizer slots; None where these are not known.

    None also where a branch decides which model it is, and the least where it decides whether the model is trained.
    """
    slots = script.optimizer_slots(model) if not model.is_chosen else None
    return _counted(script, fit) or (model.trained_bytes(slots) if slots is not None else None)


def _severity(script: Script, left: int | None, *, exact: bool) -> Severity:
    """A warning where the loop leaves much behind (``left`` is the least), a hint where all of it is little."""
    if left is not None and left >= max(_LEFT, script.settings.size_threshold):
        return "warning"
    small = left is not None and exact and not script.large(left)
    return "hint" if small else "info"


def _turns(loop: Loop, made: Call, fit: Fit) -> int:
    """How many models the loops leave behind: ten at most, and ten where the number of turns is not known."""
    around = [one.trips or 1 for one in fit.call.loops if one in made.loops and one is not loop]
    return min(prod(around) * (loop.trips or 10), 10)


def _fixes(script: Script, fit: Fit, loop: Loop) -> tuple[Fix, ...]:
    node = loop.node
    if not isinstance(node, (tree.For, tree.While)) or not node.body or fit.model is None:
        return ()
    name = _API.get(fit.model.flavour, "tensorflow.keras.backend.clear_session")
    text, imports = spell(script, name, node)
    edit = before(script, node.body[0], f"{text}()")
    if edit is None or imports:
        return ()
    return (
        Fix(
            f"call `{text}()` first in each turn, which frees little",
            False,
            (edit,),
            "models kept from earlier turns break",
        ),
    )
