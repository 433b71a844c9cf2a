"""The façade rules see: what one script does with data, pipelines, models, fits, loops, policies and devices."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from keras_memlint.analysis import calling, models, tree
from keras_memlint.analysis.calls import Call, Given
from keras_memlint.analysis.facts.optimizers import optimizer_slots
from keras_memlint.analysis.feeds import Feed, feeds_of
from keras_memlint.analysis.interpreter import Interpreter
from keras_memlint.analysis.parse import Parsed
from keras_memlint.analysis.project import Project
from keras_memlint.analysis.scopes import Loop, Scope
from keras_memlint.analysis.settings import Settings
from keras_memlint.analysis.source import Place, Source
from keras_memlint.analysis.targets import OneHot, Target, one_hot_of, targets_of
from keras_memlint.analysis.values import (
    UNKNOWN,
    Api,
    Array,
    Class,
    Const,
    Dataset,
    Function,
    Instance,
    Items,
    Layer,
    Model,
    Object,
    Origin,
    Value,
    const,
)
from keras_memlint.analysis.widening import Widening, widenings
from keras_memlint.analysis.workspace import Module, Workspace

# A script without any of these words has nothing to do with Keras or TensorFlow.
RELEVANT = re.compile(r"keras|tensorflow|tfmot|kerastuner|\btf\b")
# Modules that standalone Keras has since version 3.
_KERAS_3 = ("keras.ops.", "keras.random.", "keras.config.", "keras.distribution.", "keras.tree.")
# Keyword arguments that ended with Keras 2.3, the last Keras with a loop of its own.
_KERAS_2_3 = frozenset(
    [
        "nb_epoch",
        "nb_val_samples",
        "samples_per_epoch",
        "border_mode",
        "dim_ordering",
        "W_regularizer",
        "nb_filter",
    ]
)
_PYTHON_2 = re.compile(r"\b(?:raw_input|xrange|unicode)\(")
_FITS = ("fit", "fit_generator", "evaluate", "predict", "evaluate_generator", "predict_generator")


@dataclass(frozen=True, slots=True)
class Fit:
    """A call that trains, evaluates or predicts: ``method`` says which. ``x`` and ``y`` are unknown when not given."""

    call: Call
    method: str
    model: Model | None
    x: Value
    y: Value

    @property
    def batch_size(self) -> int | None:
        """The batch: of the pipeline, else given, else Keras's 32; None when it is not known."""
        if isinstance(self.x, Dataset):
            return self.x.batch_size or None
        given = self.call.arg("batch_size")
        if given is None or (isinstance(given, Const) and given.value is None):
            return 32
        found = const(given)
        return found if isinstance(found, int) else None


@dataclass(frozen=True, slots=True)
class Imported:
    """One imported name; ``alias`` is None for a star.

    ``dotted`` is what was imported, as written; ``bound`` the name it has here and ``target`` what that name stands for
    (``import a.b`` binds ``a``). ``order`` grows with time; ``top``: a module-level statement that always runs.
    ``tried``: in a ``try`` with handlers, so that it may fail.
    """

    alias: tree.Alias | None
    statement: tree.Import | tree.ImportFrom
    dotted: str
    bound: str
    target: str
    order: int
    top: bool
    tried: bool = False

    @property
    def module(self) -> str:
        """The module the statement names: ``a.b`` in ``from a.b import c``."""
        return self.statement.module if isinstance(self.statement, tree.ImportFrom) else self.dotted


class Script:
    """One analysed script. Questions that rules ask stand here; a rule never walks syntax."""

    def __init__(
        self, source: Source, parsed: Parsed, run: Interpreter, scope: Scope, settings: Settings
    ) -> None:
        self.source = source
        self.parsed = parsed
        self.settings = settings
        self.project: Project = run.project
        self.scope = scope
        self.all_calls = run.calls
        self.operations = run.operations
        self.fills = run.fills
        self.loops: list[Loop] = run.all_loops
        self.functions: list[Function] = run.functions
        self.classes: list[Class] = run.classes
        self.environment = run.environment
        self.imports = [Imported(*row) for row in run.imports]
        self._uncalled_from = run.uncalled_from

    # Calls

    @cached_property
    def _by_name(self) -> dict[str, list[Call]]:
        found: dict[str, list[Call]] = {}
        for call in self.all_calls:
            found.setdefault(call.name, []).append(call)
        return found

    def calls(self, *names: str) -> Iterator[Call]:
        """Calls of the APIs with these canonical names; one ending in ``.`` stands for all below it."""
        for name in names:
            if name.endswith("."):
                for known, calls in self._by_name.items():
                    if known.startswith(name):
                        yield from calls
            else:
                yield from self._by_name.get(name, ())

    def uses(self, *names: str) -> bool:
        """Whether one of these APIs is called anywhere in the script."""
        return next(self.calls(*names), None) is not None

    def dataset_ops(self, *ops: str) -> Iterator[tuple[Call, Dataset]]:
        """Calls of these ``Dataset`` methods with the dataset each gives."""
        for op in ops:
            for call in self._by_name.get(f"tf.data.Dataset.{op}", ()):
                if isinstance(call.result, Dataset):
                    yield call, call.result

    @cached_property
    def fits(self) -> list[Fit]:
        """Calls that train, evaluate or predict on a Keras model, tuner searches included, in order."""
        found: list[Fit] = []
        for call in self.all_calls:
            if call.name.startswith("keras.Model."):
                method = call.name[len("keras.Model.") :]
                if method not in _FITS:
                    continue
                model = call.receiver if isinstance(call.receiver, Model) else None
            elif call.name.startswith("keras_tuner.") and call.name.endswith(".search"):
                method, model = "search", None
            else:
                continue
            x = (
                call.arg("x")
                or call.arg("generator")
                or call.kwargs.get("x")
                or (call.first() if method == "search" else UNKNOWN)
            )
            y = call.arg("y") or (call.args[1] if method == "search" and len(call.args) > 1 else UNKNOWN)
            found.append(Fit(call, method, model, x, y))
        return found

    @property
    def trainings(self) -> Iterator[Fit]:
        """The fits that train."""
        return (fit for fit in self.fits if fit.method in ("fit", "fit_generator", "search"))

    @cached_property
    def feeds(self) -> list[Feed]:
        """Arrays given whole to ``fit``, ``evaluate``, ``predict`` or a dataset, in order."""
        return feeds_of(self.fits, self.all_calls)

    @cached_property
    def widenings(self) -> list[Widening]:
        """Expressions that make float64 numbers of a data set."""
        return widenings(self.operations, self.all_calls, self.fills, self.feeds)

    @cached_property
    def targets(self) -> list[Target]:
        """What each training and evaluation compares predictions with, in order."""
        return list(targets_of(self.fits))

    def one_hot(self, target: Target) -> OneHot | None:
        """How ``target`` was one-hot encoded; None when it was not, or when its labels may be soft."""
        return one_hot_of(target, self.maker, self.fills)

    @cached_property
    def _makers(self) -> dict[int, Call]:
        # The first library call that gave a value with this origin made it; later ones hand it on.
        found: dict[int, Call] = {}
        for call in self.all_calls:
            if call.result.origin is not None and not call.name.startswith("def "):
                found.setdefault(id(call.result.origin), call)
        return found

    def maker(self, value: Value) -> Call | None:
        """The call at the start of a value's provenance: what loaded, opened or allocated it; None when unknown."""
        if value.origin is None:
            return None
        *_, first = value.origin.steps()
        return self._makers.get(id(first))

    @staticmethod
    def breaks(loop: Loop) -> bool:
        """Whether a ``break`` may end ``loop`` early."""
        return isinstance(loop.node, (tree.For, tree.While)) and _has_break(loop.node.body)

    @cached_property
    def models(self) -> list[Model]:
        """Models made in the script, in order."""
        found: dict[int, Model] = {}
        for call in self.all_calls:
            for value in (call.result, call.receiver):
                if (isinstance(value, Model) and value.call is not None) or (
                    isinstance(value, Model) and value.instance is not None
                ):
                    found.setdefault(id(value), value)
        return list(found.values())

    @cached_property
    def policies(self) -> list[tuple[str | None, Call]]:
        """Global dtype policies set, by name (None when it is not known), with the calls that set them."""
        found: list[tuple[str | None, Call]] = []
        for call in self.calls(
            "keras.mixed_precision.set_dtype_policy", "keras.mixed_precision.experimental.set_policy"
        ):
            found.append(
                (self.policy_name(call.first() if call.args else call.kwargs.get("policy", UNKNOWN)), call)
            )
        for call in self.calls("tf.keras.mixed_precision.experimental.set_policy"):
            found.append((self.policy_name(call.first()), call))
        return found

    @cached_property
    def precision_is_chosen(self) -> bool:
        """Whether the script, or a module it uses, decides about precision: a policy, floatx, or dtypes of layers."""
        if self.policies or self.uses(
            "keras.backend.set_floatx", "tf.train.experimental.enable_mixed_precision_graph_rewrite"
        ):
            return True
        if any(call.name.startswith("keras.") and "dtype" in call.kwargs for call in self.all_calls):
            return True
        if self.environment_value("TF_ENABLE_AUTO_MIXED_PRECISION") is not None:
            return True
        return any(
            "mixed_precision" in imported.dotted for imported in self.imports
        ) or self.project.mentions("mixed_float16", "mixed_bfloat16")

    @property
    def cpu_only(self) -> bool:
        """Whether the script hides all GPUs from itself."""
        if self.environment_value("CUDA_VISIBLE_DEVICES") in ("", "-1"):
            return True
        return any(const(call.first()) == [] for call in self.calls("tf.config.set_visible_devices"))

    def policy_at(self, model: Model) -> str | None:
        """The policy in force when ``model`` was made; None when none was set before it or its name is not known."""
        made = model.call.order if model.call is not None else 0
        last = model.uses[-1].layer.call if model.uses else None
        made = max(made, last.order if last is not None else 0)
        found: str | None = None
        for name, call in self.policies:
            if not made or (call.order < made and not self._stands_below(call, model.call, made)):
                found = name
        return found

    def _stands_below(self, call: Call, other: Call | None, order: int) -> bool:
        """Whether ``other`` is in a function that nobody calls here, and ``call`` stands below it: who knows which is first."""
        start = self._uncalled_from
        if other is None or start is None or not call.order <= start < order:
            return False
        one, two = self.place(call.node), self.place(other.node)
        return one.source is two.source and one.start > two.start

    @staticmethod
    def policy_name(value: Value) -> str | None:
        """``mixed_float16`` for the string itself or a policy object made from it."""
        if isinstance(value, Object) and value.call is not None and value.api.endswith("Policy"):
            value = value.call.arg("name") or value.call.first()
        found = const(value)
        return found if isinstance(found, str) else None

    def environment_value(self, name: str) -> object:
        """The value the script gives an environment variable; None when it gives none or it is not known."""
        for key, value, _node, _order in self.environment:
            if key == name:
                return const(value)
        return None

    def sets_environment(self, *names: str) -> bool:
        """Whether the script sets one of these environment variables, to whatever value."""
        return any(key in names for key, _value, _node, _order in self.environment)

    def tensorflow_before(self, major: int, minor: int) -> bool:
        """Whether the project pins a TensorFlow older than ``major.minor``."""
        pinned = self.project.pins.get("tensorflow")
        return pinned is not None and pinned < (major, minor)

    @property
    def backend(self) -> str:
        """``tensorflow``, ``jax`` or ``torch``: what ``KERAS_BACKEND`` says, else tensorflow."""
        found = self.environment_value("KERAS_BACKEND")
        return found if isinstance(found, str) else "tensorflow"

    @cached_property
    def slices_arrays(self) -> bool:
        """Whether the script or its pins need a Keras whose loop slices arrays itself: before 2.4, or TensorFlow 1."""
        pins = self.project.pins
        if self.tensorflow_before(2, 0):
            return True
        own = any(one.dotted.split(".")[0] == "keras" for one in self.imports)
        if own and (pins.get("keras", (9,)) < (2, 4) or self.tensorflow_before(2, 2)):
            return True
        return (
            any(
                call.name.startswith("keras.") and not _KERAS_2_3.isdisjoint(call.kwargs)
                for call in self.all_calls
            )
            or self.uses("keras.backend.set_image_dim_ordering", "keras.backend.image_dim_ordering")
            or any({"input", "output"} <= call.kwargs.keys() for call in self.calls("keras.Model"))
            or _PYTHON_2.search(self.source.text) is not None  # TensorFlow 2.1 was the last for it
        )

    # Sizes

    @property
    def keras_major(self) -> int | None:
        """2 or 3 where the project's pins, the script's environment or its imports say so, else None."""
        if self.environment_value("TF_USE_LEGACY_KERAS") in ("1", "true", "True"):
            return 2
        newest, oldest = self.project.pins, self.project.floors
        for package, third in (("keras", (3,)), ("tensorflow", (2, 16))):
            if package in newest and newest[package] < third:
                return 2
            if package in oldest and oldest[package] >= third:
                return 3
        return 3 if self.uses_keras_3 else None

    @cached_property
    def uses_keras_3(self) -> bool:
        """Whether the script uses what only standalone Keras 3 has, such as ``keras.ops`` or the JAX backend."""
        if self.backend in ("jax", "torch"):
            return True
        if any(imported.dotted.startswith("keras_core") for imported in self.imports):
            return False
        return any(
            f"{imported.dotted}.".startswith(_KERAS_3)
            for imported in self.imports
            if imported.top and not imported.tried
        ) or any(call.flavour == "keras" and call.name.startswith(_KERAS_3) for call in self.all_calls)

    def training_bytes(self, model: Model) -> tuple[int, int] | None:
        """Bytes of one training step: a fixed part (weights, gradients, slots) and a part for each sample.

        Activations count two bytes under a mixed policy, else four. None when a size is not known.
        """
        parameters, activations = model.parameters, model.activations
        slots = self.optimizer_slots(model)
        if parameters is None or activations is None or slots is None:
            return None
        mixed = (self.policy_at(model) or "").startswith("mixed_")
        if self.policies and not mixed:
            return None
        return parameters * 4 * (2 + slots), activations * (2 if mixed else 4)

    def optimizer_slots(self, model: Model) -> int | None:
        """Values the optimizer keeps for each weight of ``model``; None when it is not compiled or not known."""
        given = model.compiled.arg("optimizer") if model.compiled is not None else None
        keras2 = model.flavour == "tf_keras"
        if isinstance(given, Object) and given.call is not None and given.api.startswith("keras.optimizers."):
            config = {key: const(value) for key, value in given.call.kwargs.items()}
            return optimizer_slots(given.api.rpartition(".")[2], config, keras2=keras2)
        name = const(given)
        return optimizer_slots(name, {}, keras2=keras2) if isinstance(name, str) else None

    def large(self, size: int | None) -> bool:
        """Whether ``size`` bytes are known and reach the threshold."""
        return size is not None and size >= self.settings.size_threshold

    @property
    def is_test(self) -> bool:
        """Whether this is a test file: sizes there are of no concern."""
        name = self.source.path.replace("\\", "/").rpartition("/")[2]
        return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"

    # Places

    def place(self, node: tree.Node) -> Place:
        """Where ``node`` stands, in whichever file that is."""
        return Place(node.piece.source or self.source, *node.piece.span(node))

    def call_place(self, call: Call) -> Place:
        """From the name of the called function or method to the closing bracket."""
        node = call.node
        func = node.func
        piece = node.piece
        tokens = piece.tokens
        if tokens is None or node.b == func.b or not isinstance(func, (tree.Attribute, tree.Name)):
            return self.place(node)  # a call in an f-string has no tokens of its own
        return Place(piece.source or self.source, piece.start + tokens.starts[func.b], self.call_end(node))

    def call_end(self, node: tree.Call) -> int:
        """The offset after a call's own closing bracket, whatever brackets stand around the call."""
        piece = node.piece
        tokens = piece.tokens
        if tokens is None or node.b == node.func.b:
            return piece.span(node)[1]
        bracket = bisect_left(tokens.starts, piece.span(node.func)[1] - piece.start)
        return piece.start + tokens.ends[bracket]

    def trail(self, origin: Origin | None) -> tuple[tuple[str, Place], ...]:
        """A value's provenance as notes, oldest first, at most four."""
        if origin is None:
            return ()
        steps = [(step.note, self.place(step.node)) for step in origin.steps()]
        return tuple(reversed(steps[:4]))

    def text(self, node: tree.Node) -> str:
        """The text of ``node``."""
        place = self.place(node)
        return place.source.text[place.start : place.end]

    def statement_at(self, offset: int) -> tree.Stmt | None:
        """The innermost statement of this script around ``offset``; None between statements and in broken text."""
        starts = self._piece_starts
        at = bisect_right(starts, offset) - 1
        if at < 0:
            return None
        piece = self.parsed.pieces[at]
        tokens = piece.tokens
        if tokens is None:
            return None
        token = bisect_right(tokens.starts, offset - piece.start) - 1
        found: tree.Stmt | None = None
        block = piece.statements
        while block:
            inside = [s for s in block if s.piece is piece and s.a <= token]
            if not inside:
                break
            found = inside[-1]
            block = tuple([s for inner in tree.blocks(found) for s in inner])
        return found

    @cached_property
    def _piece_starts(self) -> list[int]:
        return [piece.start for piece in self.parsed.pieces]

    def own(self, node: tree.Node) -> bool:
        """Whether ``node`` stands in this script and its position is exact, so that it can be edited."""
        if isinstance(node, tree.Call) and node.b == node.func.b:
            return False  # in an f-string
        return node.piece.source is self.source and node.piece.tokens is not None


def analyse(source: Source, settings: Settings | None = None, workspace: Workspace | None = None) -> Script:
    """What ``source`` does with memory. Never raises on any text."""
    workspace = workspace or Workspace()
    source, parsed = workspace.parse(source)
    project = Project(source, workspace, _evaluate(workspace))
    run, scope = _interpret(parsed, project)
    return Script(source, parsed, run, scope, settings or Settings())


def _has_break(body: tuple[tree.Stmt, ...]) -> bool:
    for statement in body:
        if isinstance(statement, tree.Jump):
            if statement.kind == "break":
                return True
        elif not isinstance(statement, (tree.For, tree.While, tree.FunctionDef, tree.ClassDef)):
            if any(_has_break(block) for block in tree.blocks(statement)):
                return True
    return False


def _interpret(parsed: Parsed, project: Project) -> tuple[Interpreter, Scope]:
    run = Interpreter(project)
    run.machine = _Machine(run)
    scope = Scope("module", names={"__name__": Const("__main__")})
    run.run(parsed.statements, scope)
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

    def apply(
        self, function: Value, args: tuple[Value, ...], call: Call, *, mapped: bool, over: Loop | None = None
    ) -> tuple[Value, tuple[Call, ...]]:
        run = self.run
        start = len(run.calls)
        if over is not None:
            run.all_loops.append(over)
            outer_loops, run.loops = run.loops, (*run.loops, over)
            found = self.apply(function, args, call, mapped=mapped)
            run.loops = outer_loops
            return found
        given = Given(call.node, args)
        run.mapped += mapped
        if isinstance(function, Function):
            value = calling.evaluate_for(run, function, given)
        elif isinstance(function, (Api, Layer, Model)):
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
        for method in methods:
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


__all__ = ["RELEVANT", "Fit", "Imported", "Items", "Script", "analyse"]
