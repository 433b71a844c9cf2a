"""The façade rules see: what one script does with data, pipelines, models, fits, loops, policies and devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from keras_memlint.analysis.abstract.calls import Call, Holding, Setting
from keras_memlint.analysis.abstract.networks import Model, Use
from keras_memlint.analysis.abstract.scopes import Loop, Scope
from keras_memlint.analysis.abstract.values import (
    Array,
    Class,
    Dataset,
    Function,
    Instance,
    Items,
    Origin,
    Value,
)
from keras_memlint.analysis.arrays.captures import Captured, captured
from keras_memlint.analysis.arrays.enlarging import RESIZES, Enlarged, enlarged
from keras_memlint.analysis.arrays.feeds import Copying, Feed, copied_by_fit, feeds_of
from keras_memlint.analysis.arrays.growing import Regrown, regrown
from keras_memlint.analysis.arrays.wide_integers import Objects, WideIntegers, objects_fed, wide_integers
from keras_memlint.analysis.arrays.widening import Widening, widenings
from keras_memlint.analysis.arrays.windows import Windows, windows_of
from keras_memlint.analysis.arrays.word_vectors import WordVectors, word_vectors
from keras_memlint.analysis.interpret.interpreter import Interpreter
from keras_memlint.analysis.interpret.running import run_script
from keras_memlint.analysis.pipelines import drawing, iterating, reordering
from keras_memlint.analysis.pipelines import readers as pipelines
from keras_memlint.analysis.pipelines.drawing import Worked
from keras_memlint.analysis.projects.project import Project
from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.reach import elsewhere, repeating, runtime, versions
from keras_memlint.analysis.reach.elsewhere import Elsewhere
from keras_memlint.analysis.reach.failing import Failure, failures, never_made
from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.reach.reaching import Reach, behind
from keras_memlint.analysis.reach.runtime import defaults_set
from keras_memlint.analysis.reach.uses import Names, names_of
from keras_memlint.analysis.sizes import training_step as training
from keras_memlint.analysis.sizes.measurement import Measurement, estimated_training, measured_fit
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.sizes.static_estimate import StaticEstimate, static_estimate
from keras_memlint.analysis.syntax import places, tree
from keras_memlint.analysis.syntax.parse import Parsed
from keras_memlint.analysis.text.among_tests import is_test
from keras_memlint.analysis.text.source import Place, Source, text_hash
from keras_memlint.analysis.training import accumulating, made_models, precision, untrained
from keras_memlint.analysis.training.accumulating import Accumulated
from keras_memlint.analysis.training.fits import Fit, fits_of
from keras_memlint.analysis.training.forward import Forward, forwards_of
from keras_memlint.analysis.training.predictions import Repeated, repeated
from keras_memlint.analysis.training.retracing import Retracing, retracings
from keras_memlint.analysis.training.searches import Search, searches
from keras_memlint.analysis.training.tapes import Tape, changes_one_variable, tapes_of
from keras_memlint.analysis.training.targets import OneHot, Target, one_hot_of, targets_of


class Script:
    """One analysed script. Questions that rules ask stand here: a rule that would walk syntax lacks one."""

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
        self.collected = run.collected
        self._widths = run.windows
        self.nests = run.nests  # the loops that are entered, each behind those around it
        self.yields = run.yields
        self.bare = run.bare  # statements that name an API and do nothing with it
        self._stores = run.holdings
        self.functions: list[Function] = run.functions
        self.classes: list[Class] = run.classes
        self.environment: list[Setting] = run.environment + defaults_set(self.all_calls)
        self.bindings = run.bindings
        self.instances: list[Instance] = list(run.instances.values())  # one of each class
        self.imports = [Imported(*row) for row in run.imports]
        self.uncalled_from = run.uncalled_from
        self.bound: dict[tree.Stmt, frozenset[str]] = {}  # the names that loops bind, see reordering.py
        self._last = run.last
        self._names_elsewhere: dict[str, Names] = {}  # of modules that were asked about, by their paths
        self.unbound = list(run.unbound.values())  # names that nothing binds as far as the script was run
        # Layers that are given too few axes, and why.
        self.too_few_axes = [one for one in run.too_few_axes.values() if one is not None]
        self.freezes_some = run.freezes_some  # of the layers of some model, nobody knows which
        self.missing = list(run.missing.values())  # attributes of modules and objects that nothing gives
        # By their `id`: calls of statements that fail before, and the statements behind these.
        self.never_made: frozenset[int] = frozenset()
        self._behind: frozenset[int] = frozenset()

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

    @cached_property
    def _names(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for call in self.all_calls:
            if found.setdefault(id(call.node), call.name) != call.name:
                found[id(call.node)] = ""
        return found

    def called(self, node: tree.Call) -> str:
        """The canonical name of what ``node`` calls; empty when it is never evaluated or not the same each time."""
        return self._names.get(id(node), "")

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
        return fits_of(self.all_calls)

    def is_read(self, call: Call) -> bool:
        """Whether something may read the pipeline that ``call`` gives, or one made of it; see readers.py."""
        return self.is_run(call) and pipelines.is_read(self, call.node)

    @cached_property
    def _reach(self) -> Reach:
        return Reach(self)

    def is_run(self, call: Call) -> bool:
        """Whether anything may make ``call``, here or in what imports the script: somebody calls its function, and no
        branch around it waits for an attribute that is False wherever it is set.
        """
        reach = self._reach
        return all(
            reach.runs(one.site) and (one.node is one.site or not reach.is_switched_off(one.node))
            for one in call.led_by()
        )

    def is_switched_off(self, call: Call) -> bool:
        """Whether a branch around ``call``, or around what leads to it, waits for a flag that nothing in the program gives."""
        return any(self._reach.is_switched_off(one.node) for one in call.led_by())

    def gives_dataset(self, node: tree.Call) -> bool:
        """Whether ``node`` is known to give a pipeline."""
        return id(node) in self._dataset_nodes

    @cached_property
    def _dataset_nodes(self) -> set[int]:
        return {id(call.node) for call in self.all_calls if isinstance(call.result, Dataset)}

    def is_behind_the_end(self, node: tree.Node) -> bool:
        """Whether ``node`` stands behind a statement that ends the script: an exit, or what raises at all times."""
        if self._last is not None and self.place(node).start > self.place(self._last).end:
            return True
        return bool(self._behind) and any(id(one) in self._behind for one in self.names.around(node))

    @property
    def fails_on_import(self) -> bool:
        """Whether whoever imports the script gets none of its names, as a statement at its top level ends it."""
        last = self._last
        return last is not None and (isinstance(last, tree.ClassDef) or not tree.blocks(last))

    @cached_property
    def failures(self) -> list[Failure]:
        """What raises whenever it is reached, by a mistake of the script's own, in order; see failing.py."""
        return failures(self)

    @cached_property
    def repeated_predictions(self) -> list[Repeated]:
        """Predictions of one sample or one small batch that a loop makes again and again, in order."""
        return list(repeated(self))

    def width(self, node: tree.Slice) -> int | None:
        """How wide a slice is whose ends move together, ``i : i + 60``; None when that is not known."""
        return self._widths.get(id(node))

    @property
    def trainings(self) -> Iterator[Fit]:
        """The fits that train."""
        return (fit for fit in self.fits if fit.method in ("fit", "fit_generator", "search"))

    @cached_property
    def steps(self) -> list[Call]:
        """Training steps that a loop of the script's own makes: of one batch, or with gradients, in order."""
        return [call for call in self.all_calls if call.name.endswith(("train_on_batch", ".apply_gradients"))]

    @property
    def trains(self) -> bool:
        """Whether it trains a model, by a fit or step by step; an image that is drawn with gradients is none."""
        return next(self.trainings, None) is not None or not all(map(changes_one_variable, self.steps))

    @cached_property
    def forwards(self) -> list[Forward]:
        """Calls that send an array through a model as one batch, in order."""
        return forwards_of(self.all_calls)

    @cached_property
    def _trainings_of(self) -> dict[int, Fit]:
        found: dict[int, Fit] = {}
        for fit in self.trainings:
            if fit.model is not None:
                known = found.get(id(fit.model))
                if known is None or (fit.batch_size or 0) > (known.batch_size or 0):
                    found[id(fit.model)] = fit
        return found

    def training_of(self, model: Model) -> Fit | None:
        """The training of ``model`` that has the largest batch; None when it is not trained here."""
        return self._trainings_of.get(id(model))

    @cached_property
    def feeds(self) -> list[Feed]:
        """Arrays given whole to ``fit``, ``evaluate``, ``predict`` or a dataset, in order."""
        return feeds_of(self.fits, self.all_calls)

    def copied_bytes(self, feed: Feed, *others: Feed, validated: Iterable[Array] = ()) -> int | None:
        """Bytes of the copies that one call makes of what it is given whole; None when the size of none is known."""
        arrays = [one.array for one in (feed, *others)]
        if feed.fit is None:  # a dataset casts nothing
            return 2 * sum(array.bytes or 0 for array in arrays) or None
        return copied_by_fit(arrays, self.copying, feed.held_out, validated)

    @cached_property
    def holdings(self) -> list[Holding]:
        """What lists and dicts of the script get more of with each turn: appended, or stored under keys that vary."""
        return accumulating.appended(self) + self._stores

    @cached_property
    def word_vectors(self) -> list[WordVectors]:
        """Vectors of all words of a published file that a name gets."""
        return list(word_vectors(self))

    @cached_property
    def widenings(self) -> list[Widening]:
        """Expressions that make float64 numbers of a data set."""
        return widenings(self.operations, self.all_calls, self.fills, self.feeds)

    @cached_property
    def wide_integers(self) -> list[WideIntegers]:
        """Arrays of ``int64`` given to Keras whole that hold nothing that ``int32`` does not, in order."""
        return list(wide_integers(self))

    @cached_property
    def objects_fed(self) -> list[Objects]:
        """Arrays of Python objects that Keras is given as they are and raises at, in order."""
        return list(objects_fed(self))

    @cached_property
    def windows(self) -> list[Windows]:
        """Arrays made of overlapping windows of other arrays, in order."""
        return windows_of(self.all_calls, self.fills, self._widths)

    @cached_property
    def enlarged(self) -> list[Enlarged]:
        """Data sets whose images are all resized at once and then have more numbers, or fewer, than before."""
        return list(enlarged(self.calls(*RESIZES), self.all_calls, self.fills))

    @cached_property
    def regrown(self) -> list[Regrown]:
        """Arrays that each turn of a loop copies into a longer one, in order."""
        return regrown(self)

    @cached_property
    def targets(self) -> list[Target]:
        """What each training and evaluation compares predictions with, in order."""
        return list(targets_of(self.fits))

    def one_hot(self, target: Target) -> OneHot | None:
        """How ``target`` was one-hot encoded; None when it was not, or when its labels may be soft."""
        return one_hot_of(target, self.maker, self.fills)

    @cached_property
    def names(self) -> Names:
        """Where the script's expressions use names, and what each node stands in; see uses.py."""
        return names_of(self.parsed.statements, remember=not self.parsed.fresh)

    def names_in(self, node: tree.Node) -> Names:
        """The names of the file that ``node`` stands in: the script, or a module of the project."""
        source = node.piece.source
        if source is None or source is self.source:
            return self.names
        known = self._names_elsewhere.get(source.path)
        if known is None:
            parsed = self.project.workspace.parse(source)[1]
            known = self._names_elsewhere[source.path] = names_of(parsed.statements)
        return known

    def around(self, call: Call) -> tuple[tree.Node, ...]:
        """The nodes that ``call`` stands in, innermost first; those of its function alone where that is another module's."""
        around = self.names_in(call.node).around(call.node)
        function = call.function.node if call.function is not None else None
        if self.is_here(call.node) or function not in around:
            return around
        return around[: around.index(function)]

    def evaluations(self, node: tree.Call) -> list[Call]:
        """What ``node`` calls, each time that it was evaluated, in order."""
        return self._by_node.get(id(node), [])

    @cached_property
    def _by_node(self) -> dict[int, list[Call]]:
        found: dict[int, list[Call]] = {}
        for call in self.all_calls:
            found.setdefault(id(call.node), []).append(call)
        return found

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

    @cached_property
    def _givers(self) -> dict[int, Call]:
        return {id(call.result): call for call in self.all_calls if isinstance(call.result, Items)}

    def dataset_behind(self, value: Value) -> Dataset | None:
        """The pipeline whose elements ``value`` gives: itself, or what it iterates; None when it is not one."""
        return next(iter(self.datasets_behind(value)), None)

    def datasets_behind(self, value: Value) -> tuple[Dataset, ...]:
        """The pipelines whose elements ``value`` gives, several where `zip` goes through these at once; empty without one."""
        return iterating.datasets_behind(value, self._givers)

    def counted(self, value: Value) -> Value | None:
        """What ``value`` counts the elements of: ``loader`` of ``enumerate(loader)``; None where it counts none."""
        return iterating.counted(value, self._givers)

    def is_generated(self, value: Value) -> bool:
        """Whether ``value`` gives what a generator function of the user's own yields."""
        return iterating.is_generated(value, self._givers)

    @cached_property
    def taken(self) -> dict[int, tuple[Dataset, ...]]:
        """By the ``id`` of a loop: the pipelines of which each of its turns takes an element with `next`."""
        return drawing.taken(self)

    @cached_property
    def worked_on(self) -> list[Worked]:
        """The pipelines whose batches a loop gives to a model in each turn, without a gradient tape, in order."""
        return list(drawing.worked_on(self))

    @cached_property
    def started_over(self) -> list[Worked]:
        """The calls that start a shuffled pipeline in each turn of a loop, for one element, in order."""
        return list(drawing.started_over(self))

    def reached(self, call: Call) -> bool:
        """Whether the script runs ``call`` by itself; not where it stands in a function that only others may call."""
        return self.uncalled_from is None or call.order <= self.uncalled_from

    def asks_of_item(self, call: Call) -> bool:
        """Whether the branches within the loop of ``call`` that decide about it ask of the turn's own item alone."""
        return repeating.asks_of_item(self, call)

    def asks_first(self, call: Call) -> bool:
        """Whether a branch around ``call`` may ask if it was made already; also where nobody can tell."""
        return repeating.asks_first(self, call)

    def is_kept(self, call: Call) -> bool:
        """Whether ``call`` may be made the first time only: its function's result is cached, or a branch asks for it."""
        return repeating.is_kept(self, call)

    @cached_property
    def is_streamlit_page(self) -> bool:
        """Whether Streamlit shows this script, and so runs it again at each interaction."""
        return repeating.is_streamlit_page(self)

    @cached_property
    def timed(self) -> frozenset[str]:
        """The names of the functions that a timer calls again and again."""
        return repeating.timed(self)

    @staticmethod
    def request_handler(call: Call) -> Function | None:
        """The function that answers web requests and that ``call`` is made by; None when there is none."""
        return repeating.request_handler(call)

    def turned_elsewhere(self, call: Call) -> Elsewhere | None:
        """The loop of another file that makes ``call``, which no loop here makes, in many turns; see elsewhere.py."""
        return elsewhere.turned(self, call)

    def answering_elsewhere(self, call: Call) -> Elsewhere | None:
        """The function of another file that answers web requests and makes ``call``; None without one."""
        return elsewhere.answering(self, call)

    def is_fixed(self, node: tree.Expr) -> bool:
        """Whether ``node`` is the same text at each time, as a literal or a setting in capitals is."""
        return repeating.is_fixed(self, node)

    def is_set_once(self, attribute: str) -> bool:
        """Whether ``self.attribute`` gets its value when an object is made, and in no other place of the script."""
        return repeating.is_set_once(self, attribute)

    @cached_property
    def attribute_setters(self) -> dict[str, list[str]]:
        """By attributes of ``self``: the names of the functions that set it, one for each place."""
        return repeating.attribute_setters(self.parsed.statements)

    def made_at(self, step: Origin) -> Value | None:
        """What a value was after one step of its provenance; None where neither a call nor an operator took it."""
        call = self._makers.get(id(step))
        return call.result if call is not None else self._computed.get(id(step))

    @cached_property
    def _computed(self) -> dict[int, Array]:
        return {id(one.result.origin): one.result for one in self.operations}

    def rebinds(self, loop: Loop, node: tree.Expr) -> bool:
        """Whether ``loop`` may give the name that ``node`` is, or an attribute of it, another value; true of all else."""
        return reordering.rebinds(self, loop, node)

    def is_reordered(self, loop: Loop, node: tree.Expr) -> bool:
        """Whether all that ``loop`` makes of the name ``node`` is the same data in another order."""
        return reordering.is_reordered(self, loop, node)

    def is_remade(self, loop: Loop, node: tree.Expr) -> bool:
        """Whether ``node`` is an endless generator that each turn of ``loop`` makes anew, of what stays as it is."""
        return reordering.is_remade(self, loop, node)

    @staticmethod
    def breaks(loop: Loop) -> bool:
        """Whether a ``break`` may end ``loop`` early."""
        return isinstance(loop.node, (tree.For, tree.While)) and tree.has_break(loop.node.body)

    # Estimates

    @cached_property
    def measurement(self) -> Measurement | None:
        """What an estimate found of this very text; None without one, and when the text has changed since."""
        given = self.settings.measurement
        return given if given is not None and given.text == text_hash(self.source.text) else None

    @cached_property
    def _measured_fit(self) -> Fit | None:
        return measured_fit(self)

    @cached_property
    def estimated_training(self) -> Fit | None:
        """The training that an estimate is about, or would be: the measured one, else the only one; None when in doubt."""
        return estimated_training(self)

    def measurement_of(self, fit: Fit) -> Measurement | None:
        """What the estimate says of this training; None when it is about another one, or there is none."""
        return self.measurement if fit is self._measured_fit else None

    def static_estimate(self, fit: Fit) -> StaticEstimate | None:
        """What the shapes say of this training; None when its model, its batch or a size is not known."""
        return static_estimate(self, fit)

    # Models

    @cached_property
    def models(self) -> list[Model]:
        """Models made in the script, in order."""
        return made_models.models_of(self.all_calls)

    @cached_property
    def layers(self) -> dict[int, tuple[Model, list[Use]]]:
        """By the ``id`` of the node that makes a layer: its uses in one model, that which is trained if there is one.

        A function that builds a block makes several layers at one node.
        """
        return made_models.layers_of(self)

    def uses_of(self, *names: str) -> Iterator[tuple[Call, Model, list[Use]]]:
        """Each place that makes layers of these classes and has them in a model, see ``layers``."""
        return made_models.uses_of(self, names)

    @cached_property
    def backbones(self) -> list[tuple[Model, Use]]:
        """Models of ``keras.applications``, each with the model that is trained on it, which may be itself."""
        return made_models.backbones_of(self)

    @cached_property
    def policies(self) -> list[tuple[str | None, Call]]:
        """Global dtype policies set, by name (None when it is not known), with the calls that set them."""
        return precision.policies(self)

    @cached_property
    def precision_is_chosen(self) -> bool:
        """Whether the script, or a module it uses, decides about precision: a policy, floatx, or dtypes of layers."""
        return precision.is_chosen(self)

    def default_dtype(self, dtype: str) -> Call | None:
        """The call that makes ``dtype`` that of all layers, their weights too; None when nothing does, or not in time."""
        return precision.default_dtype(self, dtype)

    def policy_at(self, model: Model) -> str | None:
        """The policy in force when ``model`` was made; None when none was set before it or its name is not known."""
        return precision.policy_at(self, model)

    @cached_property
    def accumulated(self) -> list[Accumulated]:
        """Tensors and tapes put into a list in each turn of a loop, or while a graph is traced, in order."""
        return list(accumulating.accumulated(self))

    def is_emptied(self, append: Call) -> bool:
        """Whether the list of ``append`` loses elements again where it is repeated, and so does not keep all."""
        return accumulating.is_emptied(self, append)

    @cached_property
    def runs_eagerly(self) -> bool:
        """Whether the script has TensorFlow run graph functions, or a model, operation by operation."""
        return runtime.runs_eagerly(self)

    @cached_property
    def searches(self) -> list[Search]:
        """scikit-learn's searches and cross-validations that train Keras models, in order of the kinds."""
        return list(searches(self))

    @cached_property
    def tapes(self) -> list[Tape]:
        """The gradient tapes of the script's own ``with`` statements, in order."""
        return tapes_of(self)

    @cached_property
    def retracings(self) -> list[Retracing]:
        """The calls that trace a graph function again and again, in order."""
        return list(retracings(self))

    @cached_property
    def captured(self) -> list[Captured]:
        """Arrays of an enclosing scope that become constants of graphs, once for a function, in order."""
        return list(captured(self))

    # Versions and surroundings

    def environment_value(self, name: str) -> object:
        """The value the script gives an environment variable; None when it gives none or it is not known."""
        return runtime.environment_value(self, name)

    def surely_before(self, one: Call | Setting, other: Call | Setting) -> bool:
        """Whether ``one`` runs before ``other`` whenever both do: not in two branches, nor in functions nobody calls."""
        return runtime.surely_before(self, one, other)

    @cached_property
    def starts(self) -> list[Call]:
        """Calls that start TensorFlow's devices, in order: what is to be said about GPUs must be said before the first."""
        return runtime.starts(self.all_calls)

    def sets_environment(self, *names: str) -> bool:
        """Whether the script sets one of these environment variables, to whatever value."""
        return any(one.name in names for one in self.environment)

    @cached_property
    def uses_directml(self) -> bool:
        """Whether GPUs are driven by DirectML, as the requirements or any words of the script say.

        Its plugin lets memory grow, whatever it is told: tensorflow-directml-plugin issue 381.
        """
        return self.project.has_directml or "directml" in self.source.text.lower()

    @property
    def cpu_only(self) -> bool:
        """Whether the script hides all GPUs from itself."""
        return runtime.cpu_only(self)

    @property
    def hides_gpus(self) -> bool:
        """Whether the script hides all GPUs from itself on every path."""
        return runtime.hides_gpus(self)

    def tensorflow_before(self, major: int, minor: int) -> bool:
        """Whether the project pins a TensorFlow older than ``major.minor``."""
        pinned = self.project.pins.get("tensorflow")
        return pinned is not None and pinned < (major, minor)

    @cached_property
    def needs_tensorflow_1(self) -> bool:
        """Whether the project pins TensorFlow 1, or the script uses by its plain name what TensorFlow 2 took away."""
        return versions.needs_tensorflow_1(self)

    @cached_property
    def runs_sessions(self) -> bool:
        """Whether the script turns eager execution off, so that Keras runs its graphs in sessions."""
        return versions.runs_sessions(self)

    def asks_version(self, function: Function | None) -> bool:
        """Whether a branch in ``function`` depends on the version of a package: ``if tf.__version__ < "2":``."""
        return function is not None and versions.asks_version(self, function)

    @property
    def backend(self) -> str:
        """``tensorflow``, ``jax`` or ``torch``: what ``KERAS_BACKEND`` says, else tensorflow."""
        found = self.environment_value("KERAS_BACKEND")
        return found if isinstance(found, str) else "tensorflow"

    @cached_property
    def slices_arrays(self) -> bool:
        """Whether the script or its pins need a Keras whose loop slices arrays itself: before 2.4, or TensorFlow 1."""
        return versions.slices_arrays(self)

    @cached_property
    def keras_major(self) -> int | None:
        """2 or 3 where the project's pins, the script's environment, imports or calls say so, else None."""
        return versions.keras_major(self)

    @cached_property
    def copying(self) -> Copying:
        """How ``fit`` copies arrays, as far as it is known which Keras and TensorFlow run the script."""
        return versions.copying(self)

    @cached_property
    def batch_class(self) -> str:
        """What Keras calls the class that gives one batch at a time: ``PyDataset``, and ``Sequence`` before Keras 3."""
        return "Sequence" if self.keras_major == 2 or self.slices_arrays else "PyDataset"

    @cached_property
    def uses_keras_3(self) -> bool:
        """Whether the script uses what only standalone Keras 3 has, such as ``keras.ops`` or the JAX backend."""
        return versions.uses_keras_3(self)

    # Sizes

    def training_bytes(self, model: Model) -> tuple[int, int] | None:
        """Bytes of one training step: a fixed part (weights, gradients, slots) and a part for each sample.

        Activations count two bytes under a mixed policy, else four. None when a size is not known.
        """
        return training.step_bytes(self, model)

    def activation_size(self, model: Model) -> int | None:
        """Bytes of one number of an activation of ``model``; None when its policy is not known."""
        return training.activation_size(self, model)

    def optimizer_slots(self, model: Model) -> int | None:
        """Values the optimizer keeps for each weight of ``model``; None when it is not compiled, not trained, or not known."""
        return None if self._is_left_untrained(model) else training.optimizer_slots(model)

    def _is_left_untrained(self, model: Model) -> bool:
        """Whether the script compiles ``model``, and nothing trains it, here or in what imports the script."""
        if self._may_train or model.compiled is None or self.training_of(model) is not None:
            return False
        return self.is_run(model.compiled) and not untrained.is_handed_on(self, model)

    @cached_property
    def _may_train(self) -> bool:
        return any(True for _ in self.trainings) or untrained.may_be_trained(self)

    def slots_made(self, optimizer: Call) -> int | None:
        """Values the optimizer that ``optimizer`` makes keeps for each weight; None when it is not known."""
        return training.slots_of(optimizer.result, optimizer.flavour)

    def large(self, size: int | None) -> bool:
        """Whether ``size`` bytes are known and reach the threshold."""
        return size is not None and size >= self.settings.size_threshold

    @cached_property
    def is_test(self) -> bool:
        """``among_tests.is_test`` of this script: sizes in tests are of no concern."""
        return is_test(self.source.path, self.source.text)

    # Places

    def place(self, node: tree.Node) -> Place:
        """Where ``node`` stands, in whichever file that is."""
        return places.place(node, self.source)

    def call_place(self, call: Call) -> Place:
        """From the name of the called function or method to the closing bracket."""
        return places.call_place(call.node, self.source)

    def name_place(self, call: Call) -> Place:
        """The name of the called function or method alone, for what is no fault of the call's arguments."""
        return places.name_place(call.node, self.source)

    def call_end(self, node: tree.Call) -> int:
        """The offset after a call's own closing bracket, whatever brackets stand around the call."""
        return places.call_end(node)

    def trail(self, origin: Origin | None) -> tuple[tuple[str, Place], ...]:
        """A value's provenance as notes, oldest first, at most four; what is done again and again is one of them."""
        if origin is None:
            return ()
        found: dict[tuple[str, int], Origin] = {}
        for step in origin.steps():
            found.setdefault((step.note, id(step.node)), step)
            if len(found) == 4:
                break
        steps = [(step.note, self._step_place(step.node)) for step in found.values()]
        return tuple(reversed(steps))

    def _step_place(self, node: tree.Node) -> Place:
        """Where a step is shown: a method of a chain at its name, not at the start of the chain."""
        if isinstance(node, tree.Call):
            return places.call_place(node, self.source)
        return self.place(node)

    def text(self, node: tree.Node) -> str:
        """The text of ``node``."""
        place = self.place(node)
        return place.source.text[place.start : place.end]

    def words_among(self, words: frozenset[str]) -> set[str]:
        """Those of ``words`` that stand in the script, not in comments only but also in IPython's own lines, or in its modules."""
        if self.source.code != self.source.text:
            found = {word for word in words if word in self.source.text}
        else:
            found = self.parsed.among(words)
        return found | self.project.words_among(words)

    def statement_at(self, offset: int) -> tree.Stmt | None:
        """The innermost statement of this script around ``offset``; None between statements and in broken text."""
        return places.statement_at(self.parsed, offset)

    def function_at(self, offset: int) -> tree.FunctionDef | None:
        """The innermost function of this script around ``offset``; None at the top level and in broken text."""
        return places.function_at(self.parsed, offset)

    def is_here(self, node: tree.Node) -> bool:
        """Whether ``node`` stands in this script, and not in a module of the project."""
        return node.piece.source is self.source

    def own(self, node: tree.Node) -> bool:
        """Whether ``node`` stands in this script and its position is exact, so that it can be edited."""
        if isinstance(node, tree.Call) and node.b == node.func.b:
            return False  # in an f-string
        return node.piece.source is self.source and node.piece.tokens is not None


def analyse(source: Source, settings: Settings | None = None, workspace: Workspace | None = None) -> Script:
    """What ``source`` does with memory. Never raises on any text."""
    workspace = workspace or Workspace()
    source, parsed = workspace.parse(source)
    run, scope = run_script(source, parsed, workspace)
    return Script(source, parsed, run, scope, settings or Settings())


def analyse_until(script: Script, failures: list[Failure], workspace: Workspace | None = None) -> Script:
    """What ``script`` does before it fails."""
    ends = frozenset(id(failure.statement) for failure in failures)
    run, scope = run_script(script.source, script.parsed, workspace or Workspace(), ends)
    ended = Script(script.source, script.parsed, run, scope, script.settings)
    ended.names, ended._names, ended._dataset_nodes = script.names, script._names, script._dataset_nodes
    ended.never_made = never_made(script, failures)
    ended._behind = frozenset(id(one) for end in failures for one in behind(ended, end.statement))
    if "_reach" in vars(script):
        ended._reach = Reach(ended, [failure.statement for failure in failures])
    return ended


__all__ = ["Fit", "Repeated", "Script", "analyse", "analyse_until"]
