"""A whole run: the script from top to bottom, then what nobody called; and its modules, when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keras_memlint.analysis.abstract.calls import Call, Given
from keras_memlint.analysis.abstract.joining import join
from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.scopes import Loop, Scope
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Array,
    Class,
    Const,
    Dataset,
    Function,
    Instance,
    Value,
)
from keras_memlint.analysis.interpret import calling, models
from keras_memlint.analysis.interpret.interpreter import Interpreter
from keras_memlint.analysis.projects.project import Project
from keras_memlint.analysis.projects.workspace import Module, Workspace
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.parse import Parsed
from keras_memlint.analysis.text.source import Source


def run_script(
    source: Source, parsed: Parsed, workspace: Workspace, ends: frozenset[int] = frozenset()
) -> tuple[Interpreter, Scope]:
    """The interpreter after all of the script, and the names of its module. ``ends`` are statements that raise, by ``id``."""
    run = Interpreter(Project(source, workspace, _evaluate(workspace)), ends)
    run.machine = _Machine(run)
    scope = Scope("module", names={"__name__": Const("__main__")})
    for statement in parsed.statements:
        if run.run((statement,), scope) and not source.cells:  # a cell that fails leaves the others to be run
            run.last = statement
            break
    _run_the_rest(run)
    return run, scope


def _evaluate(workspace: Workspace) -> Callable[[Source, Parsed, Module], None]:
    """Evaluates a module of the workspace into its names."""

    def evaluate(source: Source, parsed: Parsed, module: Module) -> None:
        project = Project(source, workspace, evaluate)
        run = Interpreter(project)
        run.machine = _Machine(run)
        scope = Scope("module", names=module.instance.attributes)
        run.run(parsed.statements, scope)
        module.instance.attributes.update(scope.names)
        module.modules = project.modules

    return evaluate


class _Machine:
    """What facts may ask of a run."""

    def __init__(self, run: Interpreter) -> None:
        self.run = run
        self.path_size = run.project.path_size
        self.npy_header = run.project.npy_header
        self.glob_count = run.project.glob_count
        self.configuration = run.project.configuration
        self.saved = run.saved.get

    def save(self, path: str, saved: Value) -> None:
        known = self.run.saved.setdefault(path, saved)
        if known is not saved:
            self.run.saved[path] = join(known, saved)

    def apply(
        self, function: Value, args: tuple[Value, ...], call: Call, *, mapped: bool, over: Loop | None = None
    ) -> tuple[Value, tuple[Call, ...]]:
        run = self.run
        start = len(run.calls)
        if over is not None:
            outer_loops, run.loops = run.loops, (*run.loops, over)
            found = self.apply(function, args, call, mapped=mapped)
            run.loops = outer_loops
            return found
        given = Given(call.node, args)
        run.mapped += mapped
        if isinstance(function, Function):
            value = calling.evaluate_for(run, function, given)
        elif isinstance(function, (Api, Instance, Layer, Model)):
            value = calling.call_value(run, function, given)
        else:
            value = UNKNOWN
        run.mapped -= mapped
        return value, tuple(run.calls[start:])


def _run_the_rest(run: Interpreter) -> None:
    """Evaluate the functions and methods nobody called, with unknown arguments; then look into subclassed models."""
    run.uncalled_from = run.order
    for cls in list(run.classes):
        methods = [value for value in cls.scope.names.values() if isinstance(value, Function)]
        instance = run.instances.get(id(cls))
        if instance is None:
            instance = run.instances[id(cls)] = Instance(cls)
            init = cls.method("__init__")
            if init is not None:
                run.evaluate(init.bind(instance), (instance, *_annotated(run, init)[1:]), {})
        for method in (*methods, *_inherited(run, cls)):
            if id(method.node) not in run.times:
                bound = method.bind(instance)
                arguments = _annotated(run, method)
                run.evaluate(bound, arguments if method.static else (instance, *arguments[1:]), {})
    at = 0
    while at < len(run.functions):
        function = run.functions[at]
        at += 1
        if id(function.node) not in run.times and isinstance(function.node, tree.FunctionDef):
            run.evaluate(function, _annotated(run, function), {})
    for call in list(run.calls):
        if isinstance(call.receiver, Model) and call.receiver.kind == "subclass":
            models.trace(call.receiver, None, call, run.machine)


def _inherited(run: Interpreter, cls: Class) -> Iterator[Function]:
    """The methods that ``cls`` has from classes of other modules: they may call its own, again and again."""
    for base in cls.bases:
        if isinstance(base, Class):
            if base.node.piece.source is not run.project.source:
                for name, value in base.scope.names.items():
                    if isinstance(value, Function) and cls.method(name) is value:
                        yield value
            yield from _inherited(run, base)


def _annotated(run: Interpreter, function: Function) -> tuple[Value, ...]:
    """What the parameters of an uncalled function may hold: what their annotations and defaults say."""
    found: list[Value] = []
    for parameter in function.node.params:
        if parameter.star or parameter.kind == "keyword":
            break
        value = function.defaults.get(parameter.name, UNKNOWN)
        if parameter.annotation is not None:
            annotation = run.eval(parameter.annotation, function.scope)
            name = annotation.name if isinstance(annotation, Api) else ""
            if name == "tf.data.Dataset":
                value = Dataset("parameter")
            elif name in ("keras.Model", "keras.Sequential"):
                value = Model("unknown", complete=False)
            elif name == "numpy.ndarray":
                value = Array()
        found.append(UNKNOWN if isinstance(value, Const) and value.value is None else value)
    return tuple(found)
