"""KM702: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Items, Object, const
from keras_memlint.analysis.facts.starting import LISTS
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM702",
    "memory-growth-misuse",
    severity="error",
    words=("memory_growth", "memory_fraction", "device_configuration", "set_visible_devices"),
    fix="safe",
)

_GROWTH = "tf.config.experimental.set_memory_growth"
_LIMIT = "tf.config.set_logical_device_configuration"
_VISIBLE = "tf.config.set_visible_devices"
_GONE = {
    "tf.config.set_memory_growth": _GROWTH,
    "tf.config.gpu.set_per_process_memory_growth": _GROWTH,
    "tf.config.gpu.set_per_process_memory_fraction": _LIMIT,
}
_HELP_LATE = "say it right after the imports, before anything makes a tensor, a dataset or a model"


def check(script: Script) -> Iterator[Finding]:
    if script.needs_tensorflow_1 or script.is_test:
        return
    for call in script.calls(*_GONE):
        yield _found(
            script,
            call,
            f"`{call.name}` does not exist in TensorFlow 2",
            help=f"use `{_GONE[call.name]}`",
            fixes=_renamed(script, call),
        )
    said: dict[tuple[str, str], int] = {}
    for call in sorted(script.calls(_GROWTH, _LIMIT, _VISIBLE), key=lambda one: one.order):
        start = next((one for one in script.starts if script.surely_before(one, call)), None)
        # What was said before in the same words is not changed, so there is no error.
        first = said.setdefault((call.name, _value(script, call)), call.order)
        if start is not None and start.name in LISTS and script.uses_directml:
            continue
        if start is not None and first > start.order and script.own(call.node):
            yield _late(script, call, start)
        elif call.name == _GROWTH:
            yield from _growth(script, call)


def _found(script: Script, call: Call, message: str, *, help: str, fixes: tuple[Fix, ...] = ()) -> Finding:
    return Finding(
        at=script.call_place(call), site=script.place(call.site), message=message, help=help, fixes=fixes
    )


def _late(script: Script, call: Call, start: Call) -> Finding:
    """Devices exist: TensorFlow refuses; where a listing made them behind its back, it silently does nothing."""
    name, first = call.name.rpartition(".")[2], start.name.rpartition(".")[2]
    listed = start.name in LISTS
    # One GPU that is made visible once more is no change, and passes.
    several = name == "set_visible_devices" and const(call.first()) != []
    gpus = "several GPUs" if several else "a GPU"
    effect = (
        f"`{name}` comes too late: `{first}` made devices of its own, which hold nearly all GPU memory"
        if listed
        else f"`{name}` comes too late: with {gpus} it raises RuntimeError, for `{first}` has started the devices"
    )
    return Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message=effect,
        help="list devices with `tf.config.list_physical_devices`, which starts nothing"
        if listed
        else _HELP_LATE,
        related=(("devices are started here", script.call_place(start)),),
        severity="warning" if listed else "error",
    )


def _growth(script: Script, call: Call) -> Iterator[Finding]:
    """Growth for a list, after a limit, or for the first of several GPUs."""
    given = call.arg("device") or call.first()
    if isinstance(given, Items) and given.kind == "list":
        yield _found(
            script,
            call,
            "`set_memory_growth` gets a list of devices and takes one: it raises an error",
            help="call it for each device of the list",
            fixes=_loop(script, call, whole=True),
        )
        return
    device = _device(script, call)
    for limit in script.calls(_LIMIT):
        if device and _device(script, limit) == device and script.surely_before(limit, call):
            yield _found(
                script,
                call,
                "memory growth is set for a device that has a memory limit: it raises ValueError",
                help="use one of the two: a limit is taken at once, growth has no limit",
            )
            return
    if isinstance(given, Object) and _is_first(call) and not _chosen(script, call):
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="memory growth is set for the first GPU alone: with several GPUs TensorFlow raises ValueError"
            + ("" if call.conditional else ", with none `[0]` raises IndexError"),
            help="set it for each GPU in a loop",
            fixes=_loop(script, call, whole=False),
            severity="hint",
        )


def _value(script: Script, call: Call) -> str:
    """What the call says, but for the device when it says that memory may grow."""
    arguments = [script.text(one) for one in call.node.args]
    return " ".join(arguments[1:] if call.name == _GROWTH else arguments)


def _device(script: Script, call: Call) -> str:
    """How the call spells its device; empty when that is not known."""
    return script.text(call.node.args[0].value) if call.node.args and not call.star else ""


def _is_first(call: Call) -> bool:
    """Whether the device is ``devices[0]``."""
    node = call.node.args[0].value if call.node.args else None
    if not isinstance(node, tree.Subscript) or not isinstance(node.value, tree.Name) or len(node.items) != 1:
        return False
    return isinstance(node.items[0], tree.Constant) and node.items[0].value == 0


def _chosen(script: Script, call: Call) -> bool:
    """Whether the script says which GPU it wants, or handles the others elsewhere."""
    others = [one for one in script.calls(_GROWTH) if one.node is not call.node]
    return (
        bool(others)
        or script.uses(_VISIBLE)
        or script.sets_environment("CUDA_VISIBLE_DEVICES")
        or const(call.arg("enable")) is False
    )


def _renamed(script: Script, call: Call) -> tuple[Fix, ...]:
    if call.name != "tf.config.set_memory_growth" or not script.own(call.node):
        return ()
    text, imports = spell(script, "tensorflow.config.experimental.set_memory_growth")
    place = script.place(call.node.func)
    return () if imports else (Fix(f"call `{text}`", True, (Edit(place.start, place.end, text),)),)


def _loop(script: Script, call: Call, *, whole: bool) -> tuple[Fix, ...]:
    """``grow(devices[0], True)`` as a loop over ``devices``; only for a statement with a line to itself."""
    if not script.own(call.node) or len(call.node.args) != 2 or call.star:
        return ()
    source = script.source
    start, end = script.place(call.node).start, script.call_end(call.node)
    line = source.line_span(source.row(start))
    argument = call.node.args[0].value
    devices = argument if whole else argument.value if isinstance(argument, tree.Subscript) else None
    lead = source.text[line[0] : start]
    if not isinstance(devices, tree.Name) or lead.strip() or end > line[1] or call.node.args[0].name:
        return ()
    if source.text[end : line[1]].partition("#")[0].strip():
        return ()
    name = "gpu" if not re.search(r"\bgpu\b", source.text) else "device"
    place = script.place(argument)
    inner = source.text[start : place.start] + name + source.text[place.end : end]
    text = f"for {name} in {devices.id}:{source.newline}{lead}    {inner}"
    return (Fix("set memory growth for each GPU", True, (Edit(start, end, text),)),)
