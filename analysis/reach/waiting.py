"""Calls that wait for somebody, who types something or presses a key: a loop around them turns at their pace."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.syntax import tree

_INPUT, _KEY = "input", "waitKey"
_ASKS = frozenset([_INPUT, "raw_input", "getch"])
_ASKED = f"builtins.{_INPUT}"
WAITING = (_ASKED, f"cv2.{_KEY}")


def waits(call: Call) -> bool:
    """Whether a call of ``WAITING`` waits for as long as it takes: ``cv2.waitKey(0)`` does, ``cv2.waitKey(1)`` does not."""
    return call.name == _ASKED or not call.args or call.const("delay", const(call.first())) == 0


def is_said_to_wait(node: tree.Call) -> bool:
    """Whether ``node`` does so as it is written, where nobody knows what it calls."""
    name, given = tree.last_name(node.func), node.args[0].value if node.args else None
    if name != _KEY:
        return name in _ASKS
    return given is None or (isinstance(given, tree.Constant) and given.value == 0)
