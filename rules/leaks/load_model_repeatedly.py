"""KM604: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keras_memlint.analysis import tree
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.scopes import Loop
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import hoist
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM604",
    "load-model-repeatedly",
    severity="warning",
    words=("load_model", "load", "Interpreter", "TFSMLayer", "KerasLayer"),
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
    loads = [call for call in script.calls(*_LOADS) if not script.is_kept(call)]
    for call in loads:
        if not _is_same_file(call):
            continue
        loop = _loop(script, call)
        if loop is not None:
            where, how = "reads the same model again in each turn of a loop", "load it once, before the loop"
        elif (handler := script.request_handler(call)) is not None and not _RELOADS.search(handler.name):
            where = (
                f"runs in `{handler.name}`, which answers web requests: each request loads the model again"
            )
            how = "load it once, when the service starts"
        elif script.is_streamlit_page and script.reached(call):
            where = "runs again when somebody uses this Streamlit page: each run of the script loads the model anew"
            how = "load it in a function with `@st.cache_resource`"
        else:
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{call.name.rpartition('.')[2]}` {where}",
            help=how + _compile(call),
            related=(("the loop is here", script.place(loop.node)),) if loop is not None else (),
            fixes=_fixes(script, call, loop) if loop is not None else (),
            severity="info" if loop is not None and (loop.trips or 10) < 10 else "warning",
        )


def _is_same_file(call: Call) -> bool:
    """Whether the model's file is named by a literal or a setting, and so is the same each time."""
    node = call.node.args[0].value if call.node.args else None
    if isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name):
        return node.value.id in _SETTINGS
    return isinstance(node, tree.Constant) or (isinstance(node, tree.Name) and node.id.isupper())


def _loop(script: Script, call: Call) -> Loop | None:
    """The loop whose every turn loads the model and asks it; None when it may be another model each time."""
    if not call.loops or (call.conditional and not script.asks_of_item(call)):
        return None
    loop = call.loops[-1]
    if (loop.trips is not None and loop.trips <= 2) or loop.unrolled:
        return None
    inside = [one for one in script.all_calls if loop in one.loops]
    if any(word in one.name for one in inside for word in _MAKES):
        return None
    return loop if any(one.receiver is call.result for one in inside) else None


def _compile(call: Call) -> str:
    if not call.name.endswith(".load_model") or call.given("compile"):
        return ""
    return "; `compile=False` leaves the optimizer's slots in the file where the model only predicts"


def _fixes(script: Script, call: Call, loop: Loop) -> tuple[Fix, ...]:
    if any(not isinstance(argument.value, tree.Constant) for argument in call.node.args):
        return ()
    edits = hoist(script, call.node, loop.node)
    title = "load the model once, before the loop (unsafe: what a turn changes in it stays)"
    return (Fix(title, False, edits),) if edits else ()
