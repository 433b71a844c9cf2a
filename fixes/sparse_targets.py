"""One-hot targets kept as integer labels: every encoding, the loss and the metrics of a model change together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Api, Const, Object, Value
from keras_memlint.analysis.reach.uses import Use, target_of, targets_of_parts, uses_of
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.training.objectives import loss_of, metric_name, metric_values
from keras_memlint.analysis.training.targets import ENCODERS
from keras_memlint.fixes.edits import Edit, Fix, overlap
from keras_memlint.fixes.spelling import sibling, spell

_LOSS = "categorical_crossentropy"
_CLASSES = ("CategoricalAccuracy", "CategoricalCrossentropy", "TopKCategoricalAccuracy")
_FUNCTIONS = ("categorical_accuracy", "categorical_crossentropy", "top_k_categorical_accuracy")
_LOSS_OPTIONS = frozenset(["from_logits", "name", "reduction"])
_REMOVED = ("keras.utils.to_categorical", "numpy.eye", "numpy.identity")
_STEPS = ("train_on_batch", "test_on_batch", "fit_generator", "evaluate_generator")
_TITLE = "keep integer labels and train with the sparse loss"
_PRICE = "the targets are no longer one-hot"


def sparse_targets(script: Script, fit: Fit) -> Fix | None:
    """``to_categorical(y, n)`` becomes ``np.array(y, dtype="int32")``, for all targets of the model of ``fit``.

    The loss and the metrics change to those for integer labels. None when another model, another loss or any other
    code reads one of the targets, when a target is not known to be one-hot, or a name of a metric is written elsewhere.
    """
    trainer = _trainer(script, fit)
    if trainer is None:
        return None
    encoded = _encoded(script, trainer)
    edits: list[Edit] = []
    for call in trainer.compiles:
        changed = _compile(script, call)
        if changed is None:
            return None
        edits += changed
    if _is_named_elsewhere(script, trainer.compiles):
        return None
    for node in encoded or ():
        labels = _labels(script, node, trainer)
        if labels is None:
            return None
        edits += labels
    final = tuple(sorted(set(edits)))
    return Fix(_TITLE, False, final, _PRICE) if encoded and not overlap(final) else None


# The model


@dataclass
class _Trainer:
    """A model, or several made by the same code: the calls that compile, train and evaluate it, one for each node."""

    models: dict[int, Model] = field(default_factory=dict)
    compiles: list[Call] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)

    def call_at(self, node: tree.Node) -> Call | None:
        """The training or evaluation at ``node``."""
        return next((fit.call for fit in self.fits if fit.call.node is node), None)


def _trainer(script: Script, fit: Fit) -> _Trainer | None:
    """What trains and evaluates the model of ``fit``; None when something else may, or train it in its own way."""
    found = _Trainer()
    if fit.model is None:
        return None
    found.models[id(fit.model)] = fit.model
    compiles = list(script.calls("keras.Model.compile"))
    grown = True
    while grown:
        nodes = {id(call.node) for call in compiles if id(call.receiver) in found.models}
        same = {id(call.receiver): call.receiver for call in compiles if id(call.node) in nodes}
        grown = not same.keys() <= found.models.keys()
        found.models.update({key: model for key, model in same.items() if isinstance(model, Model)})
        if any(not isinstance(model, Model) for model in same.values()):
            return None
    found.compiles = _once(call for call in compiles if id(call.receiver) in found.models)
    if any(model.kind in ("subclass", "unknown", "loaded") for model in found.models.values()):
        return None
    for call in script.all_calls:
        short = call.name.rpartition(".")[2]
        if call.name.startswith("?.") and short in ("fit", "evaluate", "compile"):
            return None
        if call.name.startswith("keras.Model.") and short in _STEPS:
            return None
    for one in script.fits:
        if one.model is None or one.model.kind == "unknown":
            return None
        if id(one.model) in found.models and one.method in ("fit", "evaluate"):
            found.fits.append(one)
    return found


def _once(calls: Iterable[Call]) -> list[Call]:
    return list({id(call.node): call for call in calls}.values())


def _encoded(script: Script, trainer: _Trainer) -> list[tree.Expr] | None:
    """Where the targets of ``trainer`` are encoded; None when one of them is not, or not seen."""
    fits = {id(fit.call) for fit in trainer.fits}
    found: dict[int, tree.Expr] = {}
    for target in script.targets:
        if id(target.fit.call) not in fits:
            continue
        labels = script.one_hot(target)
        if labels is None or labels.fills or not target.whole or labels.call.name not in _REMOVED:
            return None
        if labels.labels != 1 and _is_early(script, labels.call):
            return None
        found[id(labels.call.node)] = labels.call.node
    return list(found.values())


def _is_early(script: Script, call: Call) -> bool:
    """Whether this may be Keras before 2.3, whose sparse loss wants one axis more where a sample has several labels."""
    if any("np_utils" in imported.dotted for imported in script.imports):
        return True
    return script.keras_major == 2 and call.flavour == "keras"


# Loss and metrics


def _compile(script: Script, call: Call) -> list[Edit] | None:
    """The edits of one ``compile``; None when its loss or a metric is not written in it."""
    loss, metrics = call.argument_node("loss"), call.argument_node("metrics")
    if loss is None or not script.own(call.node) or call.star or loss_of(call) != _LOSS:
        return None
    if call.arg("weighted_metrics") is not None:
        return None
    value = call.arg("loss")
    if isinstance(value, Object) and value.call is not None and not value.call.kwargs.keys() <= _LOSS_OPTIONS:
        return None
    edits = _sparse(script, loss.value, value)
    if edits is None:
        return None
    if metrics is None:
        return edits
    written = metrics.value.elements if isinstance(metrics.value, tree.Sequence) else (metrics.value,)
    values = metric_values(call)
    if len(written) != len(values):
        return edits if all(_stays(metric) for metric in values) else None
    for node, metric in zip(written, values, strict=True):
        changed = [] if _stays(metric) else _sparse(script, node, metric)
        if changed is None:
            return None
        edits += changed
    return edits


def _stays(metric: Value) -> bool:
    return isinstance(metric, Const) and metric.value in ("accuracy", "acc")


def _sparse(script: Script, node: tree.Expr, value: Value | None) -> list[Edit] | None:
    """``node`` with ``sparse`` in its name: a string, a call of a class, or a function; None for anything else."""
    if not script.own(node):
        return None
    place = script.place(node)
    if isinstance(value, Const) and isinstance(node, tree.Constant):
        text = script.text(node)
        if value.value in _FUNCTIONS and text[1:-1] == value.value:
            return [Edit(place.start + 1, place.start + 1, "sparse_")]
        if value.value in _CLASSES and text[1:-1] == value.value:
            return [Edit(place.start + 1, place.start + 1, "Sparse")]
        return None
    if isinstance(value, Object) and value.call is not None and value.call.node is node:
        name = value.api.rpartition(".")[2]
        if value.call.star or len(value.call.args) > 1 or name not in _CLASSES:
            return None
        return list(sibling(script, value.call, f"Sparse{name}")) or None
    if isinstance(value, Api) and isinstance(node, tree.Attribute) and node.name in _FUNCTIONS:
        start = place.end - len(node.name)
        return [Edit(start, start, "sparse_")]
    return None


def _is_named_elsewhere(script: Script, compiles: list[Call]) -> bool:
    """Whether a metric that gets another name is called by its old one: by a callback, or to plot a history."""
    spans = [script.place(call.node) for call in compiles]
    metrics = [metric for call in compiles for metric in metric_values(call) if not _stays(metric)]
    for name in {name for metric in metrics for name in [metric_name(metric)] if name is not None}:
        for match in re.finditer(name, script.source.text):
            if not any(span.start <= match.start() < span.end for span in spans):
                return True
    return False


# The labels


def _labels(script: Script, encode: tree.Expr, trainer: _Trainer) -> list[Edit] | None:
    """The edits that keep integers instead of what ``encode`` makes; None when anything but ``trainer`` reads it."""
    outer = script.names.around(encode)
    if not isinstance(encode, tree.Call) or not script.own(encode) or not outer:
        return None
    whole, given = encode, _given(encode)
    name = script.called(encode)
    if name not in ENCODERS:
        return None
    place = script.place(encode)
    start, end = place.start, script.call_end(encode)
    if name != "keras.utils.to_categorical":
        index = outer[0]
        if not isinstance(index, tree.Subscript) or index.value is not whole or len(index.items) != 1:
            return None
        given, end, whole, outer = index.items[0], script.place(index).end, index, outer[1:]  # type: ignore[assignment]
    if given is None or not _stays_inside(script, whole, outer, trainer):
        return None
    text = script.source.text
    if "#" in text[start:end] or isinstance(given, (tree.Slice, tree.Starred)):
        return None
    array, imports = spell(script, "numpy.array")
    return [Edit(start, end, f'{array}({script.text(given)}, dtype="int32")'), *imports]


def _given(encode: tree.Call) -> tree.Expr | None:
    """The labels that are encoded."""
    for at, argument in enumerate(encode.args):
        if argument.star:
            return None
        if argument.name in ("x", "y") or (argument.name is None and at == 0):
            return argument.value
    return None


def _stays_inside(
    script: Script, expression: tree.Expr, outer: tuple[tree.Node, ...], trainer: _Trainer
) -> bool:
    """Whether the value of ``expression``, under whatever names, is read by the calls of ``trainer`` alone."""
    names = _bound(script, expression, outer, trainer)
    if names is None:
        return False
    known: dict[str, tuple[tree.Node, tuple[tree.Node, ...]]] = dict.fromkeys(names, (expression, outer))
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        uses = uses_of(script, name)
        if uses is None:
            return False
        source, source_outer = known[name]
        for use in uses:
            if use.node is source or source in use.around:
                continue  # the labels before they are encoded
            if _is_before(script, use, source, source_outer):
                continue
            if _is_target_of(use, source_outer):
                continue
            more = _bound(script, use.node, use.around, trainer)
            if more is None:
                return False
            for one in more:
                if one not in known:
                    known[one] = (use.node, use.around)
                    waiting.append(one)
    return True


_LOOPS = (tree.For, tree.While, tree.Comprehension)


def _is_before(script: Script, use: Use, source: tree.Node, outer: tuple[tree.Node, ...]) -> bool:
    """Whether ``use`` is over when ``source`` is evaluated: it stands above, in the same function, in no common loop."""
    if script.place(use.node).start >= script.place(source).start or _function(use.around) is not _function(
        outer
    ):
        return False
    loops = [node for node in outer if isinstance(node, _LOOPS)]
    return not any(loop in use.around for loop in loops)


def _function(outer: tuple[tree.Node, ...]) -> tree.Node | None:
    return next((node for node in outer if isinstance(node, (tree.FunctionDef, tree.Lambda))), None)


def _is_target_of(use: Use, outer: tuple[tree.Node, ...]) -> bool:
    """Whether ``use`` is the name that the statement around a value binds to it."""
    statement = next((node for node in outer if isinstance(node, tree.Stmt)), None)
    if not isinstance(statement, tree.Assign) or statement not in use.around:
        return False
    return any(
        use.node is t or (isinstance(t, tree.Sequence) and use.node in t.elements) for t in statement.targets
    )


def _bound(
    script: Script, expression: tree.Expr, outer: tuple[tree.Node, ...], trainer: _Trainer
) -> list[str] | None:
    """The names that ``expression`` gets where it stands, none where it is only trained on or counted.

    None where it is used in any other way.
    """
    parent, rest = outer[0], outer[1:]
    if isinstance(parent, tree.Subscript) and parent.value is expression and len(parent.items) == 1:
        rows = parent.items[0]
        return _bound(script, parent, rest, trainer) if isinstance(rows, (tree.Slice, tree.Name)) else None
    if isinstance(parent, tree.Attribute):
        return [] if parent.name == "shape" and _is_first(rest) else None
    target = target_of(expression, outer)
    if target is not None:
        return _ids((target,))
    if isinstance(parent, tree.Sequence):
        return _in_tuple(parent, expression, rest, trainer)
    if isinstance(parent, tree.Argument) and rest and isinstance(rest[0], tree.Call):
        call = trainer.call_at(rest[0])
        if call is not None:
            y = call.argument_node("y")
            return [] if y is not None and y.value is expression else None
        return _split(script, rest[0], parent, rest[1:])
    return None


def _is_first(outer: tuple[tree.Node, ...]) -> bool:
    """Whether ``outer`` starts with ``…[0]``: the number of samples."""
    index = outer[0] if outer else None
    if not isinstance(index, tree.Subscript) or len(index.items) != 1:
        return False
    item = index.items[0]
    return isinstance(item, tree.Constant) and item.value == 0


def _in_tuple(
    display: tree.Sequence, expression: tree.Expr, outer: tuple[tree.Node, ...], trainer: _Trainer
) -> list[str] | None:
    """No name for the targets in ``validation_data=(x, y)``; None for elements of other displays."""
    at = next(n for n, element in enumerate(display.elements) if element is expression)
    parent = outer[0] if outer else None
    if isinstance(parent, tree.Argument) and isinstance(outer[1], tree.Call):
        call = trainer.call_at(outer[1])
        given = call.argument_node("validation_data") if call is not None else None
        return [] if given is parent and at == 1 else None
    return None


def _split(
    script: Script, node: tree.Call, argument: tree.Argument, outer: tuple[tree.Node, ...]
) -> list[str] | None:
    """The names of the parts that ``train_test_split`` makes of one of its arrays, none for ``len``."""
    if script.called(node) == "builtins.len":
        return []
    parts = targets_of_parts(script, argument, node, outer)
    return _ids(parts) if parts is not None else None


def _ids(targets: tuple[tree.Expr, ...]) -> list[str] | None:
    """The names of ``targets``; None when one of them is no name."""
    names = [target.id for target in targets if isinstance(target, tree.Name)]
    return names if len(names) == len(targets) else None
