"""What runs a call again and again: requests of a web service, reruns of a Streamlit page; and what keeps it from that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_memlint.analysis import places, tree
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.values import Function, Instance

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_METHODS = frozenset(["get", "post", "put", "patch", "delete"])
_ROUTES = _METHODS | {"route", "api_route", "websocket"}
_ONCE = ("connect", "disconnect")  # events of a connection, not of what comes over it
# Classes whose methods are named after the requests that they answer.
_VIEWS = frozenset(
    [
        "flask.views.MethodView",
        "flask_restful.Resource",
        "flask_restx.Resource",
        "rest_framework.views.APIView",
        "tornado.web.RequestHandler",
    ]
)
_KEPT = re.compile(r"cache|memo|singleton|resource")
# A test that asks whether something is there already, or may.
_ASKS = re.compile(r"\bNone\b|\bnot\b|\bhasattr\b|\bglobals\b|\blocals\b|loaded|init")


def is_kept(script: Script, call: Call) -> bool:
    """Whether ``call`` may be made the first time only: its function's result is cached, or a branch asks for it."""
    for one in call.led_by():
        node = one.function.node if one.function is not None else None
        if isinstance(node, tree.FunctionDef) and any(_KEPT.search(script.text(d)) for d in node.decorators):
            return True
        if one.conditional and _asks_first(script, one):
            return True
    return False


def _asks_first(script: Script, call: Call) -> bool:
    if not script.own(call.node):
        return True  # nobody looked into that module's branches
    around = list(places.around(script.parsed, script.place(call.node).start))
    inner = max((at for at, one in enumerate(around) if isinstance(one, tree.FunctionDef)), default=-1)
    tests = [one.test for one in around[inner + 1 :] if isinstance(one, tree.If)]
    return not tests or any(_ASKS.search(script.text(test)) for test in tests)


def request_handler(call: Call) -> Function | None:
    """The function that answers web requests and that ``call`` is made by; None when there is none."""
    for one in call.led_by():
        function = one.function
        if function is None or not isinstance(function.node, tree.FunctionDef):
            continue
        owner = function.bound
        view = owner.cls.api_base() in _VIEWS if isinstance(owner, Instance) else False
        if (view and function.name in _METHODS) or any(_is_route(d) for d in function.node.decorators):
            return function
    return None


def event_handler(call: Call) -> Function | None:
    """The function that is called at each event, as ``@sio.on("telemetry")`` says, and that ``call`` is made by."""
    for one in call.led_by():
        function = one.function
        if function is not None and isinstance(function.node, tree.FunctionDef):
            if any(map(_is_event, function.node.decorators)):
                return function
    return None


def _is_event(decorator: tree.Expr) -> bool:
    if not isinstance(decorator, tree.Call) or not isinstance(decorator.func, tree.Attribute):
        return False
    name = decorator.args[0].value if len(decorator.args) == 1 else None
    return (
        decorator.func.name == "on"
        and isinstance(name, tree.Constant)
        and isinstance(name.value, str)
        and name.value not in _ONCE
    )


def _is_route(decorator: tree.Expr) -> bool:
    """Whether it is ``@app.route("/…")``, ``@router.post("/…")`` or the like."""
    if not isinstance(decorator, tree.Call) or not isinstance(decorator.func, tree.Attribute):
        return False
    path = decorator.args[0].value if decorator.args else None
    return (
        decorator.func.name in _ROUTES
        and isinstance(path, tree.Constant)
        and isinstance(path.value, str)
        and path.value.startswith("/")
    )


def is_streamlit_page(script: Script) -> bool:
    """Whether Streamlit shows this script: it writes to the page, or asks it for something, at module level."""
    return any(
        call.name.startswith("streamlit.") and call.function is None and call.name.count(".") == 1
        for call in script.all_calls
    )
