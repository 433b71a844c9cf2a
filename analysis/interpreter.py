"""Runs a script's statements on abstract values: names, branches, loops and functions, in order.

Branches are joined, loops entered once with their membership remembered, functions evaluated with the values they are
called with. A budget bounds the work on any text; past it everything is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras_memlint.analysis import arithmetic, binding, calling, symbolic, tree, unrolling
from keras_memlint.analysis.attributes import attribute, instance_member
from keras_memlint.analysis.calls import Call, Fill, Operation
from keras_memlint.analysis.facts.table import Machine
from keras_memlint.analysis.names import canonical
from keras_memlint.analysis.project import Project
from keras_memlint.analysis.scopes import Growth, Loop, Scope
from keras_memlint.analysis.source import Source
from keras_memlint.analysis.stars import star_names
from keras_memlint.analysis.values import (
    UNKNOWN,
    Api,
    Array,
    Bound,
    Class,
    Const,
    Dict,
    Function,
    Instance,
    Items,
    Lazy,
    Model,
    Object,
    Origin,
    Scalar,
    UnknownValue,
    Value,
    const,
    join,
    resolve,
)

_STEPS = 400_000  # expressions evaluated in the functions of one script; what stands outside them runs once
_DEPTH = 12  # nested calls of the script's functions
_STREAMS = ("__getitem__", "__next__")  # methods that give one batch or sample at a time
# A function is evaluated anew at each call: the fourth block of a model is not the third. One that is called often and
# is large, with all that it calls, is given up after this many evaluations and expressions, and sooner when nothing is
# known of its arguments; one that is given a model or a tensor of one adds layers at each call and is followed longer.
_TIMES = 3
_SPENT = 1_000
_LAYERS = 256
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


class Interpreter:
    """The state of one run. ``calls`` are all calls met, in order; ``sites`` the script's own nodes that led here."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.calls: list[Call] = []
        self.loops: tuple[Loop, ...] = ()
        self.contexts: tuple[Value, ...] = ()
        self.function: Function | None = None
        self.mapped = 0
        self.streamed = 0
        self.branches = 0
        self.tries = 0
        self.site: tree.Expr | None = None
        self.left = ""  # the statement that left a block last: return, break or continue
        self.steps = 0
        self.depth = 0
        self.active: set[int] = set()
        self.times: dict[int, int] = {}
        self.spent: dict[int, int] = {}
        self.results: dict[int, Value] = {}
        self.returned: list[Value] = []
        self.yielded: list[Value] = []
        self.functions: list[Function] = []
        self.classes: list[Class] = []
        self.instances: dict[int, Instance] = {}
        self.imports: list[
            tuple[tree.Alias | None, tree.Import | tree.ImportFrom, str, str, str, int, bool, bool]
        ] = []
        self.environment: list[tuple[str, Value, tree.Node, int]] = []
        self.operations: list[Operation] = []
        self.fills: list[Fill] = []
        self.all_loops: list[Loop] = []
        self.order = 0
        self.uncalled_from: int | None = None  # the order from which functions run that nobody calls
        self.machine: Machine

    def led_to(self, node: tree.Expr) -> tree.Expr:
        """The script's own node that led to ``node``: another one only where that stands in another module."""
        if self.site is not None and node.piece.source is not self.project.source:
            return self.site
        return node

    @property
    def at_top(self) -> bool:
        """Whether the statement being evaluated always runs, at module level."""
        return self.function is None and not self.branches

    # Statements

    def run(self, statements: tuple[tree.Stmt, ...], scope: Scope) -> bool:
        """Evaluate a block; True when its end is never reached."""
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if handler is not None and handler(self, statement, scope):
                return True
        return False

    def expression_statement(self, node: tree.ExprStmt, scope: Scope) -> bool:
        value = node.value
        self.eval(value, scope)
        if isinstance(value, tree.Call):
            func = value.func
            name = getattr(func, "name", None)
            if name in ("exit", "_exit", "quit") or (
                isinstance(func, tree.Name) and func.id in ("exit", "quit")
            ):
                return not self.branches and False
        return False

    def assign(self, node: tree.Assign, scope: Scope) -> bool:
        value = self.eval(node.value, scope)
        for target in node.targets:
            self.store(target, value, scope, node)
        return False

    def ann_assign(self, node: tree.AnnAssign, scope: Scope) -> bool:
        if node.value is not None:
            self.store(node.target, self.eval(node.value, scope), scope, node)
        return False

    def aug_assign(self, node: tree.AugAssign, scope: Scope) -> bool:
        before = self.eval(node.target, scope)
        value = self.eval(node.value, scope)
        if isinstance(before, Items) and node.op == "+" and isinstance(value, Items):
            before.element = join(before.any(), value.any())
            before.items = before.length = None
            before.grown.append(Growth(self.loops, self.branches > 0))
            return False
        result = arithmetic.binary(node.op, before, value, node.target, in_place=True)
        self.store(node.target, result, scope, node)
        return False

    def return_(self, node: tree.Return, scope: Scope) -> bool:
        self.left = "return"
        if node.value is not None:
            self.returned.append(self.eval(node.value, scope))
        return True

    def raise_(self, node: tree.Raise, scope: Scope) -> bool:
        if node.value is not None:
            self.eval(node.value, scope)
        return True

    def jump(self, node: tree.Jump, _scope: Scope) -> bool:
        self.left = node.kind
        return True

    def assert_(self, node: tree.Assert, scope: Scope) -> bool:
        self.eval(node.test, scope)
        return False

    def delete(self, node: tree.Delete, scope: Scope) -> bool:
        targets = node.target.elements if isinstance(node.target, tree.Sequence) else (node.target,)
        for target in targets:
            if isinstance(target, tree.Name):
                scope.names.pop(target.id, None)
        return False

    def import_(self, node: tree.Import, scope: Scope) -> bool:
        for alias in node.names:
            self.order += 1
            top = alias.name.partition(".")[0]
            bound = alias.asname or top
            target = alias.name if alias.asname else top
            self.imports.append(
                (alias, node, alias.name, bound, target, self.order, self.at_top, self.tries > 0)
            )
            path = self.project.locate(alias.name if alias.asname else top, 0, node.piece.source)
            scope.bind(
                bound, self.own_module(path, node.piece.source) if path is not None else self.api(target)
            )
        return False

    def own_module(self, path: str, source: Source | None) -> Value:
        """A module of the user's own, read when it is used."""
        return Lazy(lambda: self.project.load(path, source))

    def import_from(self, node: tree.ImportFrom, scope: Scope) -> bool:
        source = node.piece.source
        path = self.project.locate(node.module, node.level, source)
        if not node.names:
            self.order += 1
            self.imports.append((None, node, node.module, "*", "", self.order, self.at_top, self.tries > 0))
            self.star(node, path, scope)
            return False
        for alias in node.names:
            self.order += 1
            bound = alias.asname or alias.name
            dotted = f"{node.module}.{alias.name}" if node.module else alias.name
            self.imports.append((alias, node, dotted, bound, dotted, self.order, self.at_top, self.tries > 0))
            scope.bind(bound, self.imported(node, path, alias.name, dotted))
        return False

    def star(self, node: tree.ImportFrom, path: str | None, scope: Scope) -> None:
        """``from module import *``."""
        if path is None:
            for name in star_names(node.module) if not node.level else ():
                scope.bind(name, self.api(f"{node.module}.{name}"))
            return
        module = self.project.load(path, node.piece.source)
        if isinstance(module, Instance):
            for name, value in list(module.attributes.items()):
                if not name.startswith("_"):
                    scope.bind(name, value)

    def imported(self, node: tree.ImportFrom, path: str | None, name: str, dotted: str) -> Value:
        """The value of ``from module import name``."""
        source = node.piece.source
        project = self.project
        if path is not None:
            return Lazy(lambda: project.member(path, name, source))
        below = project.locate(dotted, node.level, source)
        if below is not None:
            return self.own_module(below, source)
        return UNKNOWN if node.level else self.api(dotted)

    def global_(self, node: tree.Global, scope: Scope) -> bool:
        scope.declared.update(node.names)
        return False

    def if_(self, node: tree.If, scope: Scope) -> bool:
        test = self.eval(node.test, scope)
        decided = const(test) if isinstance(node.test, (tree.Constant, tree.Name)) else None
        if decided is False or (decided == 0 and isinstance(node.test, tree.Constant)):
            return self.run(node.orelse, scope)
        if self.function is not None and self.is_other_word(node.test, scope):
            return self.run(node.orelse, scope)
        known = self.decided(node.test, test, scope)
        if known is not None:
            return self.run(node.body if known else node.orelse, scope)
        main = _is_main_guard(node.test)
        self.branches += not main
        before = scope.names
        scope.names = dict(before)
        ended = self.run(node.body, scope)
        taken = scope.names
        scope.names = dict(before)
        other = self.run(node.orelse, scope)
        self.branches -= not main
        if ended and not other:
            return False
        if other and not ended:
            scope.names = taken
            return False
        if main:
            scope.names = {**scope.names, **taken}
        else:
            _merge(scope, taken)
        return ended and other

    def decided(self, test: tree.Expr, value: Value, scope: Scope) -> bool | None:
        """The outcome of a test on known numbers and flags in code that builds a network; elsewhere None.

        There a branch decides the shapes of all layers that follow, and each call is evaluated with its own arguments.
        """
        inside = self.function is not None or (self.loops and self.loops[-1].unrolled)
        return self.outcome(test, value, scope) if inside and unrolling.is_builder(scope) else None

    def outcome(self, test: tree.Expr, value: Value, scope: Scope) -> bool | None:
        """Whether a test on literals holds; None when that is not known."""
        if isinstance(test, tree.Boolean):
            sides = [self.outcome(side, self.eval(side, scope), scope) for side in (test.left, test.right)]
            decisive = test.op == "or"
            return decisive if decisive in sides else None if None in sides else not decisive
        if isinstance(test, tree.Unary) and test.op == "not":
            found = self.outcome(test.operand, self.eval(test.operand, scope), scope)
            return None if found is None else not found
        if isinstance(test, tree.Compare) and len(test.ops) == 1:
            left, right = self.eval(test.left, scope), self.eval(test.rights[0], scope)
            if isinstance(left, Const) and isinstance(right, Const):
                return arithmetic.compared(test.ops[0], left.value, right.value)
            return None
        known = const(value)
        return known if isinstance(known, bool) else None

    def is_other_word(self, test: tree.Expr, scope: Scope) -> bool:
        """Whether ``test`` is ``mode == "train"`` and the local name ``mode`` is known to be another word."""
        if not isinstance(test, tree.Compare) or test.ops != ("==",) or not isinstance(test.left, tree.Name):
            return False
        local, right = scope.names.get(test.left.id), self.eval(test.rights[0], scope)
        if not isinstance(local, Const) or not isinstance(right, Const):
            return False
        return isinstance(local.value, str) and isinstance(right.value, str) and local.value != right.value

    def while_(self, node: tree.While, scope: Scope) -> bool:
        self.eval(node.test, scope)
        self.looped(node, "while", UNKNOWN, None, node.body, scope)
        return self.run(node.orelse, scope)

    def for_(self, node: tree.For, scope: Scope) -> bool:
        iterated = self.eval(node.iter, scope)
        element, trips = binding.iterate(iterated)
        loop = Loop(node, "for", iterated, trips)
        turns = unrolling.turns(iterated, node, scope)
        if turns is not None:
            self.unrolled(node, turns, loop, scope)
            return self.run(node.orelse, scope)
        self.looped(
            node,
            "for",
            iterated,
            trips,
            node.body,
            scope,
            lambda: self.store(node.target, element, scope, node),
            loop,
        )
        return self.run(node.orelse, scope)

    def looped(
        self,
        node: tree.Node,
        kind: str,
        iterated: Value,
        trips: int | None,
        body: tuple[tree.Stmt, ...],
        scope: Scope,
        start: Callable[[], None] | None = None,
        loop: Loop | None = None,
    ) -> None:
        """Evaluate a loop's body once, inside it; what it binds is joined with what was bound before."""
        loop = loop or Loop(node, kind, iterated, trips)
        self.all_loops.append(loop)
        outer = self.loops
        self.loops = (*outer, loop)
        before = dict(scope.names)
        if start is not None:
            start()
        self.run(body, scope)
        self.loops = outer
        _merge(scope, before)

    def unrolled(self, node: tree.For, turns: tuple[Value, ...], loop: Loop, scope: Scope) -> None:
        """Evaluate a loop that builds a network turn by turn."""
        loop.unrolled = True
        self.all_loops.append(loop)
        outer = self.loops
        self.loops = (*outer, loop)
        for value in turns:
            self.store(node.target, value, scope, node)
            if self.run(node.body, scope) and self.left != "continue":
                break
        self.loops = outer

    def try_(self, node: tree.Try, scope: Scope) -> bool:
        self.tries += bool(node.handlers)
        ended = self.run(node.body, scope)
        self.tries -= bool(node.handlers)
        if not ended:
            ended = self.run(node.orelse, scope)
        after = scope.names
        for name, body in node.handlers:
            scope.names = dict(after)
            if name is not None:
                scope.names[name] = UNKNOWN
            self.branches += 1
            left = self.run(body, scope)
            self.branches -= 1
            if not left:
                if ended:
                    after, ended = scope.names, False
                else:
                    _merge(scope, after)
                    after = scope.names
        scope.names = after
        return self.run(node.final, scope) or ended

    def with_(self, node: tree.With, scope: Scope) -> bool:
        outer = self.contexts
        for context, target in node.items:
            value = self.eval(context, scope)
            self.contexts = (*self.contexts, value)
            if target is not None:
                self.store(target, value, scope, node)
        ended = self.run(node.body, scope)
        self.contexts = outer
        return ended

    def function_def(self, node: tree.FunctionDef, scope: Scope) -> bool:
        decorators = tuple([self.eval(d, scope) for d in node.decorators])
        function = self.make_function(node, scope, decorators)
        for decorator in decorators:
            if isinstance(decorator, Api) and decorator.name in (
                "builtins.staticmethod",
                "builtins.classmethod",
            ):
                function.static = decorator.name.endswith("staticmethod")
        scope.bind(node.name, function)
        return False

    def make_function(
        self, node: tree.FunctionDef | tree.Lambda, scope: Scope, decorators: tuple[Value, ...] = ()
    ) -> Function:
        defaults = {p.name: self.eval(p.default, scope) for p in node.params if p.default is not None}
        function = Function(node, scope, decorators=decorators, defaults=defaults)
        self.functions.append(function)
        return function

    def class_def(self, node: tree.ClassDef, scope: Scope) -> bool:
        bases = tuple([self.eval(base.value, scope) for base in node.bases if base.name is None])
        for decorator in node.decorators:
            self.eval(decorator, scope)
        inner = Scope("class", scope)
        cls = Class(node, bases, inner)
        self.run(node.body, inner)
        for value in inner.names.values():
            if isinstance(value, Function) and value.owner is None:
                value.owner = cls
        self.classes.append(cls)
        scope.bind(node.name, cls)
        return False

    def match(self, node: tree.Match, scope: Scope) -> bool:
        self.eval(node.subject, scope)
        for name in node.names:
            scope.bind(name, UNKNOWN)
        self.branches += 1
        for body in node.cases:
            before = dict(scope.names)
            self.run(body, scope)
            _merge(scope, before)
        self.branches -= 1
        return False

    def store(self, target: tree.Expr, value: Value, scope: Scope, statement: tree.Node) -> None:
        """Bind ``target`` to ``value``: a name, a tuple of targets, an attribute or an item."""
        if isinstance(target, tree.Name):
            scope.bind(target.id, value)
        elif isinstance(target, tree.Sequence):
            parts = binding.unpack(value, len(target.elements))
            for element, part in zip(target.elements, parts, strict=True):
                self.store(
                    element.value if isinstance(element, tree.Starred) else element, part, scope, statement
                )
        elif isinstance(target, tree.Attribute):
            owner = self.eval(target.value, scope)
            self.store_attribute(owner, target.name, value)
        elif isinstance(target, tree.Subscript):
            owner = self.eval(target.value, scope)
            keys = tuple([self.eval(item, scope) for item in target.items])
            self.store_item(owner, keys, value, target)

    def store_attribute(self, owner: Value, name: str, value: Value) -> None:
        if isinstance(owner, Instance):
            before = owner.attributes.get(name)
            owner.attributes[name] = value if before is None or not self.branches else join(before, value)
        elif isinstance(owner, Class):
            owner.scope.names[name] = value
        elif isinstance(owner, Object):
            owner.state[name] = value
        else:
            binding.set_attribute(owner, name, value)

    def store_item(self, owner: Value, keys: tuple[Value, ...], value: Value, target: tree.Subscript) -> None:
        key = const(keys[0]) if len(keys) == 1 else None
        if isinstance(owner, Api) and owner.name == "os.environ":
            self.order += 1
            self.environment.append((str(key), value, target, self.order))
        elif isinstance(owner, Dict):
            if isinstance(key, (str, int, float, bool, bytes)):
                owner.entries[key] = value
            else:
                owner.element = join(owner.element, value)
        elif isinstance(owner, Items):
            owner.element = join(owner.any(), value)
            owner.items = None
        elif isinstance(owner, Array):
            binding.fill(owner, value, bool(self.loops))
            self.fills.append(Fill(target, owner, value, self.loops, self.streamed > 0, self.led_to(target)))

    # Expressions

    def eval(self, node: tree.Expr, scope: Scope) -> Value:
        """The value of an expression; unknown once the budget is spent."""
        if self.depth:
            self.steps += 1
            if self.steps > _STEPS:
                return UNKNOWN
        handler = _EXPRESSIONS.get(type(node))
        return handler(self, node, scope) if handler is not None else UNKNOWN

    def api(self, dotted: str) -> Api:
        """The library object with an absolute dotted name."""
        found = _APIS.get(dotted)
        if found is None:
            name, flavour = canonical(dotted)
            found = _APIS[dotted] = Api(dotted, name, flavour)
        return found

    def name(self, node: tree.Name, scope: Scope) -> Value:
        name = node.id
        found = scope.names.get(name) or scope.find(name)
        if found is not None:
            return found if type(found) is not Lazy else resolve(found)
        if name in ("True", "False", "None"):
            return _LITERALS[name]
        if name in _BUILTINS:
            return self.api("builtins." + name)
        usual = _USUAL.get(name)
        return self.api(usual) if usual is not None else UNKNOWN

    def constant(self, node: tree.Constant, _scope: Scope) -> Value:
        value = node.value
        return UNKNOWN if value is ... else Const(value)

    def attribute(self, node: tree.Attribute, scope: Scope) -> Value:
        return self.member(self.eval(node.value, scope), node.name, node)

    def member(self, owner: Value, name: str, node: tree.Expr) -> Value:
        """``owner.name``."""
        if isinstance(owner, Api):
            return self.api(f"{owner.dotted}.{name}")
        if isinstance(owner, UnknownValue):
            return Bound(owner, name)
        if isinstance(owner, Instance):
            return instance_member(self, owner, name)
        if isinstance(owner, Class):
            found = owner.scope.names.get(name)
            return found if found is not None else Bound(owner, name)
        if isinstance(owner, Object) and name in owner.state:
            return owner.state[name]
        found = attribute(owner, name, node)
        return found if found is not None else Bound(owner, name)

    def call(self, node: tree.Call, scope: Scope) -> Value:
        return calling.call(self, node, scope)

    def subscript(self, node: tree.Subscript, scope: Scope) -> Value:
        owner = self.eval(node.value, scope)
        keys = tuple([self.eval(item, scope) for item in node.items])
        return arithmetic.subscript(owner, keys, node)

    def slice(self, node: tree.Slice, scope: Scope) -> Value:
        parts = [
            self.eval(part, scope) if part is not None else Const(None)
            for part in (node.lower, node.upper, node.step)
        ]
        return Items("slice", tuple(parts), length=3)

    def binary(self, node: tree.Binary, scope: Scope) -> Value:
        left, right = self.eval(node.left, scope), self.eval(node.right, scope)
        result = arithmetic.binary(node.op, left, right, node)
        if isinstance(result, Array):
            mapped, streamed = self.mapped > 0, self.streamed > 0
            self.operations.append(
                Operation(
                    node,
                    left,
                    right,
                    result,
                    self.loops,
                    self.function,
                    mapped,
                    streamed,
                    self.led_to(node),
                )
            )
        return result

    def unary(self, node: tree.Unary, scope: Scope) -> Value:
        value = self.eval(node.operand, scope)
        return arithmetic.unary(node.op, value)

    def boolean(self, node: tree.Boolean, scope: Scope) -> Value:
        left, right = self.eval(node.left, scope), self.eval(node.right, scope)
        return join(left, right) if node.op == "or" else UNKNOWN

    def compare(self, node: tree.Compare, scope: Scope) -> Value:
        left = self.eval(node.left, scope)
        for right in node.rights:
            self.eval(right, scope)
        if isinstance(left, Array):
            return Array(left.kind, "bool", left.shape, left.source, part=left.part)
        return Scalar("bool")

    def conditional(self, node: tree.Conditional, scope: Scope) -> Value:
        known = self.decided(node.test, self.eval(node.test, scope), scope)
        if known is not None:
            return self.eval(node.body if known else node.orelse, scope)
        self.branches += 1
        found = join(self.eval(node.body, scope), self.eval(node.orelse, scope))
        self.branches -= 1
        return found

    def sequence(self, node: tree.Sequence, scope: Scope) -> Value:
        found: list[Value] = []
        known = True
        for element in node.elements:
            if isinstance(element, tree.Starred):
                inner = self.eval(element.value, scope)
                if isinstance(inner, Items) and inner.items is not None:
                    found += inner.items
                else:
                    found.append(inner.any() if isinstance(inner, Items) else UNKNOWN)
                    known = False
            else:
                found.append(self.eval(element, scope))
        if known and node.kind != "set":
            return Items(node.kind, tuple(found), length=len(found), origin=Origin(node, "made here"))
        element_value: Value = UNKNOWN
        for value in found:
            element_value = join(element_value, value)
        return Items(node.kind, None, element_value)

    def mapping(self, node: tree.Mapping, scope: Scope) -> Value:
        made = Dict()
        for key_node, value_node in node.items:
            value = self.eval(value_node, scope)
            key = const(self.eval(key_node, scope)) if key_node is not None else None
            if key is None:
                if isinstance(value, Dict):
                    made.entries.update(value.entries)
                else:
                    made.element = join(made.element, value)
            elif isinstance(key, (str, int, float, bool, bytes)):
                made.entries[key] = value
        return made

    def comprehension(self, node: tree.Comprehension, scope: Scope) -> Value:
        inner = Scope("function", scope)
        outer = self.loops
        length: int | None = 1
        filtered = False
        for generator in node.generators:
            iterated = self.eval(generator.iter, inner)
            element, trips = binding.iterate(iterated)
            loop = Loop(node, "comprehension", iterated, trips)
            self.all_loops.append(loop)
            self.loops = (*self.loops, loop)
            self.store(generator.target, element, inner, generator)
            for test in generator.ifs:
                self.eval(test, inner)
                filtered = True
            length = (
                length * trips if length is not None and trips is not None and not generator.ifs else None
            )
        key = self.eval(node.key, inner) if node.key is not None else None
        value = self.eval(node.element, inner)
        grown = Growth(self.loops, filtered)
        self.loops = outer
        if key is not None:
            return Dict(element=value)
        kind = "generator" if node.kind == "generator" else node.kind
        return Items(kind, None, value, length, [grown], origin=Origin(node, "collected here"))

    def formatted(self, node: tree.Formatted, scope: Scope) -> Value:
        values = [self.eval(part, scope) for part in node.parts]
        if all(isinstance(v, Const) for v in values):
            return Const("".join(str(v.value) for v in values if isinstance(v, Const)))
        return Scalar("path" if any(isinstance(v, Scalar) and v.kind == "path" for v in values) else "str")

    def await_(self, node: tree.Await, scope: Scope) -> Value:
        return self.eval(node.value, scope)

    def yield_(self, node: tree.Yield, scope: Scope) -> Value:
        if node.value is not None:
            value = self.eval(node.value, scope)
            self.yielded.append(binding.iterate(value)[0] if node.is_from else value)
        return UNKNOWN

    def assignment(self, node: tree.Assignment, scope: Scope) -> Value:
        value = self.eval(node.value, scope)
        self.store(node.target, value, scope, node)
        return value

    def lambda_(self, node: tree.Lambda, scope: Scope) -> Value:
        return self.make_function(node, scope)

    def starred(self, node: tree.Starred, scope: Scope) -> Value:
        return self.eval(node.value, scope)

    # Functions

    def evaluate(self, function: Function, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
        """The result of calling one of the script's functions; unknown parameters stay unknown."""
        node = function.node
        key = id(node)
        times, spent = self.times.get(key, 0), self.spent.get(key, 0)
        given = (*args, *kwargs.values())
        built = [value for value in given if isinstance(value, Model) or symbolic.tensors(value)]
        informed = self.mapped or any(not isinstance(value, UnknownValue) for value in given)
        tired = times >= (_LAYERS if built else _TIMES) and (built or spent >= _SPENT or not informed)
        if tired or key in self.active or self.depth >= _DEPTH or self.steps > _STEPS:
            for model in built:
                if isinstance(model, Model):
                    model.complete = False
            # What it gave for other arguments says nothing about these.
            return UNKNOWN if given else self.results.get(key, UNKNOWN)
        self.times[key] = times + 1
        before = self.steps
        scope = Scope("function", function.scope)
        binding.bind_parameters(function, args, kwargs, scope)
        outer = (self.returned, self.yielded, self.function, self.branches, self.contexts)
        self.returned, self.yielded, self.function, self.branches = [], [], function, 0
        streams = function.name in _STREAMS or (isinstance(node, tree.FunctionDef) and node.is_generator)
        self.streamed += streams
        self.active.add(key)
        self.depth += 1
        if isinstance(node, tree.Lambda):
            self.returned.append(self.eval(node.body, scope))
        else:
            self.run(node.body, scope)
        self.depth -= 1
        self.active.discard(key)
        self.streamed -= streams
        result: Value = UNKNOWN
        if isinstance(node, tree.FunctionDef) and node.is_generator:
            element: Value = UNKNOWN
            for value in self.yielded:
                element = join(element, value)
            result = Items(
                "generator",
                None,
                element,
                origin=Origin(tree.Expr(node.a, node.a, node.piece), "generated here"),
            )
        else:
            for value in self.returned:
                result = join(result, value)
        self.returned, self.yielded, self.function, self.branches, self.contexts = outer
        self.results[key] = result
        self.spent[key] = spent + self.steps - before
        return result


def _merge(scope: Scope, other: dict[str, Value]) -> None:
    """Join the names of another branch into the scope's."""
    names = scope.names
    for name, value in other.items():
        mine = names.get(name)
        if mine is None:
            names[name] = value
        elif mine is not value:
            names[name] = join(mine, value)


def _is_main_guard(test: tree.Expr) -> bool:
    return isinstance(test, tree.Compare) and isinstance(test.left, tree.Name) and test.left.id == "__name__"


_APIS: dict[str, Api] = {}
_LITERALS: dict[str, Value] = {"True": Const(True), "False": Const(False), "None": Const(None)}
_STATEMENTS: dict[type, Callable[[Interpreter, Any, Scope], bool]] = {
    tree.ExprStmt: Interpreter.expression_statement,
    tree.Assign: Interpreter.assign,
    tree.AnnAssign: Interpreter.ann_assign,
    tree.AugAssign: Interpreter.aug_assign,
    tree.Return: Interpreter.return_,
    tree.Raise: Interpreter.raise_,
    tree.Jump: Interpreter.jump,
    tree.Assert: Interpreter.assert_,
    tree.Delete: Interpreter.delete,
    tree.Import: Interpreter.import_,
    tree.ImportFrom: Interpreter.import_from,
    tree.Global: Interpreter.global_,
    tree.If: Interpreter.if_,
    tree.While: Interpreter.while_,
    tree.For: Interpreter.for_,
    tree.Try: Interpreter.try_,
    tree.With: Interpreter.with_,
    tree.FunctionDef: Interpreter.function_def,
    tree.ClassDef: Interpreter.class_def,
    tree.Match: Interpreter.match,
}
_EXPRESSIONS: dict[type, Callable[[Interpreter, Any, Scope], Value]] = {
    tree.Name: Interpreter.name,
    tree.Constant: Interpreter.constant,
    tree.Attribute: Interpreter.attribute,
    tree.Call: Interpreter.call,
    tree.Subscript: Interpreter.subscript,
    tree.Slice: Interpreter.slice,
    tree.Binary: Interpreter.binary,
    tree.Unary: Interpreter.unary,
    tree.Boolean: Interpreter.boolean,
    tree.Compare: Interpreter.compare,
    tree.Conditional: Interpreter.conditional,
    tree.Sequence: Interpreter.sequence,
    tree.Mapping: Interpreter.mapping,
    tree.Comprehension: Interpreter.comprehension,
    tree.Formatted: Interpreter.formatted,
    tree.Await: Interpreter.await_,
    tree.Yield: Interpreter.yield_,
    tree.Assignment: Interpreter.assignment,
    tree.Lambda: Interpreter.lambda_,
    tree.Starred: Interpreter.starred,
}
