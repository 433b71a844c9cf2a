"""Runs a script's statements on abstract values: names, branches, loops and functions, in order.

Branches are joined, loops entered once with their membership remembered, functions evaluated with the values they are
called with. A budget bounds the work on any text; past it everything is unknown. What a node of each kind does stands
in ``statements.py`` and ``expressions.py`` and in the files that their tables name.
"""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call, Collected, Fill, Holding, Operation, Setting, Yielded
from keras_memlint.analysis.abstract.joining import choose, join
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import Binding, Loop, Scope
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Class,
    Function,
    Instance,
    Items,
    Origin,
    UnknownValue,
    Value,
)
from keras_memlint.analysis.facts.table import Machine
from keras_memlint.analysis.interpret import binding, data_format, graph_functions, symbolic
from keras_memlint.analysis.interpret.expressions import EXPRESSIONS
from keras_memlint.analysis.interpret.statements import STATEMENTS
from keras_memlint.analysis.projects.project import Project
from keras_memlint.analysis.syntax import tree

_STEPS = 400_000  # expressions evaluated in the functions of one script; what stands outside them runs once
_DEPTH = 12  # nested calls of the script's functions
_STREAMS = ("__getitem__", "__next__")  # methods that give one batch or sample at a time
# A function is evaluated anew at each call: the fourth block of a model is not the third. One that is called often and
# is large, with all that it calls, is given up after this many evaluations and expressions, and sooner when nothing is
# known of its arguments; one that is given a model or a tensor of one adds layers at each call and is followed longer.
_TIMES = 3
_SPENT = 1_000
_LAYERS = 256


class Interpreter:
    """The state of one run. ``calls`` are all calls met, in order; ``site`` the script's own node that led here."""

    def __init__(self, project: Project, ends: frozenset[int] = frozenset()) -> None:
        self.project = project
        self.ends = ends  # the statements, by their `id`, that are known to raise
        self.calls: list[Call] = []
        self.loops: tuple[Loop, ...] = ()
        self.contexts: tuple[Value, ...] = ()
        self.function: Function | None = None
        self.traced: Function | None = None  # the outermost function on the way here that becomes a graph
        self.caller: Call | None = None  # that of the function being evaluated, when the script calls it
        self.mapped = 0
        self.streamed = 0
        self.branches = 0
        self.tries = 0  # how many `try` with handlers stand around it in its function
        self.site: tree.Expr | None = None
        self.stopped: tree.Stmt | None = None  # the last statement whose end was not reached
        self.lost: Function | None = None  # the function evaluated last, if it never returns
        self.ended_in: tree.Call | None = None  # the last call of such a function
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
        self.environment: list[Setting] = []
        self.operations: list[Operation] = []
        self.fills: list[Fill] = []
        self.collected: list[Collected] = []
        self.windows: dict[int, int] = {}  # how wide a slice is whose ends move together, by its node
        self.nests: list[tuple[Loop, ...]] = []
        self.yields: list[Yielded] = []
        self.holdings: list[Holding] = []
        self.saved: dict[str, Value] = {}  # what was written to files so far, by name
        self.bare: list[tuple[Api, tree.Expr]] = []
        self.bindings: list[Binding] = []
        self.unbound: dict[int, tree.Name] = {}  # names that nothing seems to bind, by the `id` of their node
        self.missing: dict[int, tuple[tree.Attribute, Instance]] = {}  # attributes that nothing seems to give
        # Layers that only get tensors of too few axes, and why, by the `id` of the call; None: others as well.
        self.too_few_axes: dict[int, tuple[tree.Call, str] | None] = {}
        self.freezes_some = False  # layers that are not known get or lose `trainable`
        self.data_format: str | None = data_format.DEFAULT  # of all layers; None when unknown
        self.order = 0
        self.uncalled_from: int | None = None  # the order from which functions run that nobody calls
        self.last: tree.Stmt | None = None  # the statement of the module that ends it before its end
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

    def run(self, statements: tuple[tree.Stmt, ...], scope: Scope) -> bool:
        """Evaluate a block; True when its end is never reached."""
        for statement in statements:
            if self.ends and id(statement) in self.ends:
                self.stopped = statement
                return True
            handler = STATEMENTS.get(type(statement))
            if handler is not None and handler(self, statement, scope):
                self.stopped = statement
                return True
        return False

    def eval(self, node: tree.Expr, scope: Scope) -> Value:
        """The value of an expression; unknown once the budget is spent."""
        if self.depth:
            self.steps += 1
            if self.steps > _STEPS:
                return UNKNOWN
        handler = EXPRESSIONS.get(type(node))
        return handler(self, node, scope) if handler is not None else UNKNOWN

    def evaluate(self, function: Function, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
        """The result of calling one of the script's functions; unknown parameters stay unknown."""
        node = function.node
        key = id(node)
        times, spent = self.times.get(key, 0), self.spent.get(key, 0)
        given = (*args, *kwargs.values())
        built = [value for value in given if isinstance(value, Model) or symbolic.tensors(value)]
        informed = self.mapped or any(not isinstance(value, UnknownValue) for value in given)
        tired = times >= (_LAYERS if built else _TIMES) and (built or spent >= _SPENT or not informed)
        self.lost = None
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
        outer = (self.returned, self.yielded, self.function, self.branches, self.contexts, self.traced)
        self.returned, self.yielded, self.function, self.branches = [], [], function, 0
        tries, self.tries = self.tries, 0
        if self.traced is None and graph_functions.is_traced(function):
            self.traced = function
        streams = function.name in _STREAMS or (isinstance(node, tree.FunctionDef) and node.is_generator)
        self.streamed += streams
        self.active.add(key)
        self.depth += 1
        lost = False
        if isinstance(node, tree.Lambda):
            self.returned.append(self.eval(node.body, scope))
        elif self.run(node.body, scope):
            lost = self._is_lost(node)
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
            for at, value in enumerate(self.returned):
                result = choose(result, value) if at else value
        self.returned, self.yielded, self.function, self.branches, self.contexts, self.traced = outer
        self.tries = tries
        self.results[key] = result
        self.spent[key] = spent + self.steps - before
        self.lost = function if lost else None
        return result

    def _is_lost(self, node: tree.FunctionDef) -> bool:
        """Whether what ended the body of ``node`` just now, an exit or an error, ends it whatever it is given."""
        last = self.stopped
        if last is None or node.is_generator or node.is_async or tree.blocks(last):
            return False
        if isinstance(last, tree.Return) and id(last) not in self.ends:
            return False
        waiting = list(node.body[: node.body.index(last)])
        while waiting:
            statement = waiting.pop()
            if isinstance(statement, tree.Return):
                return False
            if not isinstance(statement, (tree.FunctionDef, tree.ClassDef)):
                waiting.extend(inner for block in tree.blocks(statement) for inner in block)
        return True
