"""KM604: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Function, Instance, Items, Value, const
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import hoist
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM604",
    "load-model-repeatedly",
    severity="warning",
    words=("load_model", "load", "Interpreter", "TFSMLayer", "KerasLayer", "applications"),
    fix="unsafe",
)

_LOADS = (
    "keras.models.load_model",
    "keras.saving.load_model",
    "keras.layers.TFSMLayer",
    "tf.saved_model.load",
    "tf.lite.Interpreter",
    "hub.load",
    "hub.KerasLayer",
)
# What may leave another model in the same file: a loop that trains, saves or checkpoints loads what it made.
_MAKES = (
    "fit",
    "train",
    "apply_gradients",
    "set_weights",
    ".assign",
    "Model.add",
    "Model.pop",
    "Sequential.add",
    "Sequential.pop",
    "save",
    "Checkpoint",
    "search",
    "copy",
    "move",
    "download",
    "retrieve",
    "subprocess.",
    "os.system",
)
# Names of handlers that are asked to load the model, again perhaps.
_RELOADS = re.compile(r"(^|_)(re)?(load|init|fresh)")
# Names that hold what was set when the script began.
_SETTINGS = frozenset(["args", "opt", "FLAGS", "flags", "config", "cfg", "settings"])


def check(script: Script) -> Iterator[Finding]:
    loads = [call for call in (*script.calls(*_LOADS), *_published(script)) if not script.is_kept(call)]
    for call in loads:
        if not _is_same_file(script, call):
            continue
        loop = _loop(script, call)
        place = script.place(loop.node) if loop is not None else _loop_elsewhere(script, call)
        if place is not None:
            where, how = "reads the same model again in each turn of a loop", "load it once, before the loop"
        elif _is_named_by_object(call):
            continue  # which objects there are is not known
        elif handler := _handler(script, call):
            where = f"runs in `{handler}`, which answers web requests: each request loads the model again"
            how = "load it once, when the service starts"
        elif script.is_streamlit_page and script.reached(call):
            where = "runs again when somebody uses this Streamlit page: each run of the script loads the model anew"
            how = "load it in a function with `@st.cache_resource`"
        else:
            continue
        few = place is not None and (loop is None or (loop.trips or 10) < 10)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{call.name.rpartition('.')[2]}` {where}",
            help=how + _compile(call),
            related=(("the loop is here", place),) if place is not None else (),
            fixes=_fixes(script, call, loop) if loop is not None else (),
            severity="info" if few else "warning",
        )


def _published(script: Script) -> Iterator[Call]:
    """Models of ``keras.applications`` with their published weights, called by their names, in scripts that train none."""
    if script.trains:
        return
    for call in script.calls("keras.applications."):
        weights = call.arg("weights")
        if not isinstance(call.result, Model) or tree.last_name(call.node.func) not in call.name.split("."):
            continue
        if not call.star and (weights is None or const(weights) == "imagenet"):
            yield call


def _is_same_file(script: Script, call: Call) -> bool:
    """Whether the model's file is named by a literal or a setting, and so is the same each time."""
    if call.name not in _LOADS:
        return all(_is_settled(script, argument.value) for argument in call.node.args)
    node = call.node.args[0].value if call.node.args else None
    if isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name):
        if node.value.id in _SETTINGS or (_is_named_by_object(call) and script.is_set_once(node.name)):
            return True
    return node is not None and script.is_fixed(node)


def _is_settled(script: Script, node: tree.Expr) -> bool:
    """Whether an argument is the same each time, also one of several numbers."""
    parts = node.elements if isinstance(node, tree.Sequence) else (node,)
    return all(script.is_fixed(part) for part in parts)


def _is_named_by_object(call: Call) -> bool:
    """Whether the model's file is what an attribute of ``self`` says."""
    node = call.node.args[0].value if call.node.args else None
    return isinstance(node, tree.Attribute) and tree.last_name(node.value) == "self"


def _loop(script: Script, call: Call) -> Loop | None:
    """The loop whose every turn loads the model and asks it; None when it may be another model each time."""
    if not call.loops or (call.conditional and not script.asks_of_item(call)):
        return None
    loop = call.loops[-1]
    if (loop.trips is not None and loop.trips <= 2) or loop.unrolled:
        return None
    inside = [one for one in script.all_calls if loop in one.loops]
    if any(map(_may_write, inside)):
        return None
    if _is_named_by_object(call):
        owner = call.function.bound if call.function is not None else None
        if owner is None or any(one.result is owner for one in inside):
            return None  # each turn makes an object, for another file perhaps
    if not any(one.receiver is call.result for one in inside) or _keeps(script, call, loop, inside):
        return None
    return loop


def _keeps(script: Script, call: Call, loop: Loop, inside: list[Call]) -> bool:
    """Whether each turn of ``loop`` keeps the model that ``call`` loads, or an object that has it: copies are meant."""
    kept = [one.value for one in script.holdings if loop in one.loops]
    if isinstance(loop.node, tree.Comprehension):
        kept += [one.result for one in inside if one.node is loop.node.element]
    return any(_has(value, call.result) for value in kept)


def _has(value: Value, model: Value) -> bool:
    if isinstance(value, Items):
        return any(_has(one, model) for one in value.items or ())
    return value is model or (
        isinstance(value, Instance) and any(one is model for one in value.attributes.values())
    )


def _may_write(call: Call) -> bool:
    """Whether it may leave another model in the file, or change the one in memory, which is loaded anew for that."""
    return not call.name.startswith("numpy.") and any(word in call.name for word in _MAKES)


def _loop_elsewhere(script: Script, call: Call) -> Place | None:
    """The loop of another file that has a function load the model and ask it in each turn."""
    if call.loops or call.conditional or call.function is None:
        return None
    beside = [one for one in script.all_calls if one.caller is call.caller]
    if any(map(_may_write, beside)) or not any(one.receiver is call.result for one in beside):
        return None
    found = script.turned_elsewhere(call)
    return found.place if found is not None and not found.asks else None


def _handler(script: Script, call: Call) -> str | None:
    """The function that answers web requests, here or in another file, and loads the model for each."""
    handler = script.request_handler(call)
    if handler is not None:
        return None if _RELOADS.search(handler.name) or _trains(script, handler) else handler.name
    if call.loops or call.conditional or call.function is None:
        return None
    found = script.answering_elsewhere(call)
    return found.name if found is not None and not found.asks and not _RELOADS.search(found.name) else None


def _trains(script: Script, handler: Function) -> bool:
    """Whether ``handler`` trains a model, or has another program do so, before it loads what that left."""
    trained = [fit.call for fit in script.trainings]
    started = [call for call in script.all_calls if call.name.startswith(("subprocess.", "os.system"))]
    return any(one.function is handler for call in (*trained, *started) for one in call.led_by())


def _compile(call: Call) -> str:
    if not call.name.endswith(".load_model") or call.given("compile"):
        return ""
    return "; `compile=False` leaves the optimizer's slots in the file where the model only predicts"


def _fixes(script: Script, call: Call, loop: Loop) -> tuple[Fix, ...]:
    if any(not isinstance(argument.value, tree.Constant) for argument in call.node.args):
        return ()
    edits = hoist(script, call.node, loop.node)
    title = "load the model once, before the loop"
    price = "what a turn changes in it stays"
    return (Fix(title, False, edits, price),) if edits else ()
