"""What runs a call again and again: requests of a web service, reruns of a Streamlit page; and what keeps it from that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Function, Instance
from keras_memlint.analysis.facts.dynamic import NAMESPACES, SETTERS
from keras_memlint.analysis.reach.uses import uses_of
from keras_memlint.analysis.syntax import places, tree

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
# What makes one path of others.
_JOINS = frozenset(
    ["builtins.str", "os.getcwd", "pathlib.Path"]
    + [f"os.path.{name}" for name in ("abspath", "dirname", "expanduser", "join", "normpath", "realpath")]
)
# Names that stand for the same at each time.
_SAME = frozenset(["None", "True", "False", "__file__"])
_COUNTS = ("builtins.range", "builtins.enumerate")
# A test that asks whether something is there already, or may.
ASKS = re.compile(rf"\b(?:None|not|hasattr|{'|'.join(NAMESPACES)})\b|loaded|init")


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
    return not tests or any(negates(test) or ASKS.search(script.text(test)) for test in tests)


def negates(test: tree.Expr) -> bool:
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
        if (view and function.name in _METHODS) or any(is_route(d) for d in function.node.decorators):
            return function
    return None


def event_handler(script: Script, call: Call) -> Function | None:
    """The function that is called at each event, as ``@sio.on("telemetry")`` says, and that ``call`` is made by.

    Also one that a timer of Qt's calls: ``timer.timeout.connect(self.show)``.
    """
    for one in call.led_by():
        function = one.function
        if function is not None and isinstance(function.node, tree.FunctionDef):
            if any(map(_is_event, function.node.decorators)) or function.name in script.timed:
                return function
    return None


def timed(script: Script) -> frozenset[str]:
    """The names of the functions that timers of Qt's call."""
    if "timeout" not in script.source.text:
        return frozenset()
    return frozenset(
        tree.last_name(call.node.args[0].value)
        for call in script.all_calls
        if isinstance(call.node.func, tree.Attribute) and call.node.func.name == "connect"
        if tree.last_name(call.node.func.value) == "timeout" and len(call.node.args) == 1
    )


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


def is_route(decorator: tree.Expr) -> bool:
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
    """Whether Streamlit shows this script: it writes to the page, or asks it for something, when it is run."""
    return any(
        call.name.startswith("streamlit.") and call.name.count(".") == 1 and _is_run_at_once(call)
        for call in script.all_calls
        if not call.name.startswith("streamlit.cache")
    )


def _is_run_at_once(call: Call) -> bool:
    """Whether a statement at module level leads to ``call``."""
    *_, first = call.led_by()
    return first.function is None


def is_set_once(script: Script, attribute: str) -> bool:
    """Whether an attribute of ``self`` is set in one place, a constructor, see ``Script.is_set_once``."""
    if script.parsed.among(SETTERS) or any(attribute in one.text for one in script.parsed.broken):
        return False
    return script.attribute_setters.get(attribute) == ["__init__"]


def attribute_setters(statements: Iterable[tree.Stmt]) -> dict[str, list[str]]:
    """The functions that set the attributes of ``self``, see ``Script.attribute_setters``."""
    found: dict[str, list[str]] = {}
    waiting = [(statement, "") for statement in statements]
    while waiting:
        statement, function = waiting.pop()
        if isinstance(statement, tree.FunctionDef):
            function = statement.name
        waiting += [(inner, function) for block in tree.blocks(statement) for inner in block]
        for target in tree.targets(statement):
            if isinstance(target, tree.Attribute) and tree.last_name(target.value) == "self":
                found.setdefault(target.name, []).append(function)
    return found


def is_fixed(script: Script, node: tree.Expr, steps: int = 4) -> bool:
    """Whether ``node`` is the same text at each time: a literal, a setting in capitals, or what is put together of such."""
    if isinstance(node, tree.Constant):
        return True
    if isinstance(node, tree.Name):
        return node.id.isupper() or node.id in _SAME or (steps > 0 and _is_bound_once(script, node, steps))
    if isinstance(node, tree.Binary):
        return all(is_fixed(script, one, steps - 1) for one in (node.left, node.right))
    if isinstance(node, tree.Formatted):
        return all(is_fixed(script, one, steps - 1) for one in node.parts)
    if isinstance(node, tree.Attribute):
        return node.name == "parent" and is_fixed(script, node.value, steps - 1)
    if not isinstance(node, tree.Call) or script.called(node) not in _JOINS:
        return False
    return all(not one.star and is_fixed(script, one.value, steps - 1) for one in node.args)


def _is_bound_once(script: Script, name: tree.Name, steps: int) -> bool:
    """Whether ``name`` is bound in one place of the script only, to what is the same at each time."""
    uses = uses_of(script, name.id)
    if uses is None or not any(use.node is name for use in uses):
        return False
    bound = [use for use in uses if use.is_bound]
    given = bound[0].around[0] if len(bound) == 1 else None
    if not isinstance(given, tree.Assign) or given.targets != (bound[0].node,):
        return False
    return is_fixed(script, given.value, steps - 1)
