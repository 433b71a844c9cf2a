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
_ONCE = (
    "close",
    "connect",
    "disconnect",
    "ready",
    "shutdown",
    "startup",
)  # events of a connection, not of what comes over it
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
_COUNTS = ("builtins.range", "builtins.enumerate")
# A test that asks whether something is there already, or may.
_ASKS = re.compile(r"\bNone\b|\bnot\b|\bhasattr\b|\bglobals\b|\blocals\b|loaded|init")


def is_kept(script: Script, call: Call) -> bool:
    """Whether ``call`` may be made the first time only: its function's result is cached, or a branch asks for it."""
    for one in call.led_by():
        node = one.function.node if one.function is not None else None
        if isinstance(node, tree.FunctionDef) and any(_KEPT.search(script.text(d)) for d in node.decorators):
            return True
        if not one.conditional:
            continue
        # Nobody looked into another module's branches.
        if not script.own(one.node) or (not asks_of_item(script, one) and asks_first(script, one)):
            return True
    return False


def asks_of_item(script: Script, call: Call) -> bool:
    """Whether the branches within the loop of ``call`` that decide about it ask of the turn's own item alone.

    ``if name.endswith(".png")``: what holds for one item of a list holds for others, whatever was done before.
    """
    loop = call.loops[-1].node if call.loops else None
    if not isinstance(loop, tree.For) or not script.own(call.node):
        return False
    if isinstance(loop.iter, tree.Call) and script.called(loop.iter) in _COUNTS:
        return False
    around = list(places.around(script.parsed, script.place(call.node).start))
    inside = around[around.index(loop) + 1 : -1] if loop in around else []
    if not inside or not all(isinstance(one, tree.If) for one in inside):
        return False
    items = _of_item(loop)
    return all(_asks_only(script, one.test, items) for one in inside if isinstance(one, tree.If))


def _of_item(loop: tree.For) -> set[str]:
    """The names that each turn of ``loop`` binds to its item, or to what it makes of it."""
    found = _names(loop.target)
    for statement in loop.body:
        if isinstance(statement, tree.Assign) and len(statement.targets) == 1:
            target, read = statement.targets[0], _names(statement.value)
            if isinstance(target, tree.Name) and target.id not in read and not read.isdisjoint(found):
                found.add(target.id)
    return found


def _asks_only(script: Script, test: tree.Expr, items: set[str]) -> bool:
    """Whether ``test`` asks of ``items`` and of what never changes, and not for one item among all."""
    asked = _names(test)
    known = {
        name
        for node, _ in tree.walk(test)
        if isinstance(node, tree.Call) and script.called(node).startswith(("builtins.", "os."))
        for name in _names(node.func) - items
    }
    return not asked.isdisjoint(items) and asked <= items | known and "==" not in script.text(test)


def _names(node: tree.Node) -> set[str]:
    return {one.id for one, _ in tree.walk(node) if isinstance(one, tree.Name)} - {"None", "True", "False"}


def asks_first(script: Script, call: Call) -> bool:
    """Whether a branch around ``call`` may ask if it was made already; also where nobody can tell."""
    if script.own(call.node):
        around = list(places.around(script.parsed, script.place(call.node).start))
        inner = max((at for at, one in enumerate(around) if isinstance(one, tree.FunctionDef)), default=-1)
        around = around[inner + 1 :]
    else:
        around = [one for one in script.around(call) if isinstance(one, tree.Stmt)]
    tests = [one.test for one in around if isinstance(one, tree.If)]
    return not tests or any(_negates(test) or _ASKS.search(script.text(test)) for test in tests)


def _negates(test: tree.Expr) -> bool:
    """Whether it is ``not …``, whose place starts behind that word."""
    return isinstance(test, tree.Unary) and test.op == "not"


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
