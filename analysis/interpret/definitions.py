"""The script's own functions, lambdas and classes, made where they are defined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import Api, Bound, Class, Function, Value
from keras_memlint.analysis.facts.ending import NO_MODULES
from keras_memlint.analysis.interpret import graph_functions
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def function_def(run: Interpreter, node: tree.FunctionDef, scope: Scope) -> bool:
    decorators = tuple([run.eval(d, scope) for d in node.decorators])
    function = make_function(run, node, scope, decorators)
    for decorator in decorators:
        if isinstance(decorator, Api) and decorator.name in (
            "builtins.staticmethod",
            "builtins.classmethod",
        ):
            function.static = decorator.name.endswith("staticmethod")
    function.tracer = graph_functions.tracer(decorators)
    scope.bind(node.name, _property_set_by(decorators) or function)
    return False


def _property_set_by(decorators: tuple[Value, ...]) -> Function | None:
    """The property that ``@name.setter`` or ``@name.deleter`` gives back, with one more function in it."""
    for decorator in decorators:
        if isinstance(decorator, Bound) and decorator.name in ("setter", "deleter"):
            if isinstance(decorator.receiver, Function):
                return decorator.receiver
    return None


def make_function(
    run: Interpreter, node: tree.FunctionDef | tree.Lambda, scope: Scope, decorators: tuple[Value, ...] = ()
) -> Function:
    defaults = {p.name: run.eval(p.default, scope) for p in node.params if p.default is not None}
    only = isinstance(node, tree.FunctionDef) and not (run.branches or run.tries)
    function = Function(node, scope, decorators=decorators, defaults=defaults, loops=run.loops, only=only)
    run.functions.append(function)
    return function


def class_def(run: Interpreter, node: tree.ClassDef, scope: Scope) -> bool:
    bases = tuple([run.eval(base.value, scope) for base in node.bases if base.name is None])
    for decorator in node.decorators:
        run.eval(decorator, scope)
    inner = Scope("class", scope)
    cls = Class(node, bases, inner)
    run.run(node.body, inner)
    run.classes.append(cls)
    scope.bind(node.name, cls)
    return any(isinstance(base, Api) and f"{base.name}.".startswith(NO_MODULES) for base in bases)
