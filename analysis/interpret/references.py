"""What a name or ``owner.name`` stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.names import canonical
from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Bound,
    Class,
    Const,
    Instance,
    Lazy,
    Object,
    Scalar,
    UnknownValue,
    Value,
    resolve,
)
from keras_memlint.analysis.interpret import attributes
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter

_BUILTINS = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "dict",
        "enumerate",
        "filter",
        "float",
        "getattr",
        "globals",
        "hasattr",
        "input",
        "int",
        "isinstance",
        "iter",
        "len",
        "list",
        "map",
        "max",
        "min",
        "next",
        "object",
        "open",
        "print",
        "property",
        "range",
        "xrange",
        "reversed",
        "round",
        "set",
        "setattr",
        "slice",
        "sorted",
        "staticmethod",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
        "classmethod",
        "callable",
        "format",
        "repr",
        "id",
        "vars",
        "exit",
        "quit",
    ]
)

# Snippets and notebook cells leave imports out; nobody calls anything else by these names.
_USUAL = {
    "tf": "tensorflow",
    "np": "numpy",
    "pd": "pandas",
    "keras": "keras",
    "tfmot": "tensorflow_model_optimization",
}
_APIS: dict[str, Api] = {}
_LITERALS: dict[str, Value] = {"True": Const(True), "False": Const(False), "None": Const(None)}


def name(run: Interpreter, node: tree.Name, scope: Scope) -> Value:
    name = node.id
    found = scope.names.get(name) or scope.find(name)
    if found is not None:
        return found if type(found) is not Lazy else resolve(found)
    if name in ("True", "False", "None"):
        return _LITERALS[name]
    if name in _BUILTINS:
        return api("builtins." + name)
    usual = _USUAL.get(name)
    if usual is not None:
        return api(usual)
    run.unbound[id(node)] = node
    return UNKNOWN


def attribute(run: Interpreter, node: tree.Attribute, scope: Scope) -> Value:
    return _member(run, run.eval(node.value, scope), node.name, node)


def _member(run: Interpreter, owner: Value, name: str, node: tree.Expr) -> Value:
    """``owner.name``."""
    if name == "num_replicas_in_sync":
        return Scalar("int", replicas=1)  # only a strategy has it, whatever else is known of the owner
    if isinstance(owner, Api):
        return api(f"{owner.dotted}.{name}")
    if isinstance(owner, UnknownValue):
        return Bound(owner, name)
    if isinstance(owner, Instance):
        member = attributes.instance_member(run, owner, name)
        if isinstance(member, (Bound, UnknownValue)) and isinstance(node, tree.Attribute):
            run.missing[id(node)] = node, owner
        return member
    if isinstance(owner, Class):
        found = owner.scope.names.get(name)
        return found if found is not None else Bound(owner, name)
    if isinstance(owner, Object) and name in owner.state:
        return owner.state[name]
    found = attributes.attribute(owner, name, node)
    return found if found is not None else Bound(owner, name)


def api(dotted: str) -> Api:
    """The library object with an absolute dotted name."""
    found = _APIS.get(dotted)
    if found is None:
        name, flavour = canonical(dotted)
        found = _APIS[dotted] = Api(dotted, name, flavour)
    return found
