"""KM307: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.names import canonical
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.calls import remove_argument, rename_method
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.modules import rename_import
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM307",
    "removed-precision-api",
    severity="error",
    words=(
        "mixed_precision",
        "enable_mixed_precision_graph_rewrite",
        "get_scaled_loss",
        "get_unscaled_gradients",
    ),
    fix="safe",
)

_OLD = "keras.mixed_precision.experimental"
_SET_POLICY = (f"{_OLD}.set_policy", "keras.mixed_precision.set_policy")
_SCALED = ("get_scaled_loss", "get_unscaled_gradients")
_OPTIMIZERS = ("keras.mixed_precision.LossScaleOptimizer", "keras.optimizers.LossScaleOptimizer")
_LOSS_SCALE = (
    "keras.mixed_precision.DTypePolicy",
    f"{_OLD}.Policy",
    f"{_OLD}.LossScaleOptimizer",
    *_OPTIMIZERS,
)


def check(script: Script) -> Iterator[Finding]:
    if script.tensorflow_before(2, 9) or script.needs_tensorflow_1:
        return  # where the old names still are
    broken = list(_broken_imports(script))
    for imported in broken:
        yield Finding(
            at=script.place(imported.alias or imported.statement),
            message="`mixed_precision.experimental` is gone since TensorFlow 2.9",
            help="its functions stand in `mixed_precision`; `set_policy` is called `set_global_policy` there",
            fixes=_fix_import(script, imported),
        )
    for call in script.calls(f"{_OLD}.", *_SET_POLICY[1:]):
        if call.tried or script.asks_version(call.function) or _begins_with(call.node.func, broken):
            continue  # the script is ready for both, or the import's finding says it
        yield _found(
            script,
            call,
            f"`{'tf.' if call.flavour == 'tf.keras' else ''}{call.name}` does not exist in TensorFlow 2.9 and later",
            help="use `set_global_policy`"
            if call.name in _SET_POLICY
            else "use the same name in `mixed_precision`",
            fixes=_fix_call(script, call),
        )
    for call in script.calls("tf.train.experimental.enable_mixed_precision_graph_rewrite"):
        if (
            "compat.v1" not in script.source.text
            and not call.tried
            and not script.asks_version(call.function)
        ):
            yield _found(
                script,
                call,
                "`tf.train.experimental.enable_mixed_precision_graph_rewrite` does not exist in current TensorFlow 2",
                help='set the policy `"mixed_float16"` before the model is built; `compile` adds loss scaling by itself',
            )
    yield from _loss_scales(script)
    if script.keras_major == 3:
        yield from _scaled(script)


def _broken_imports(script: Script) -> Iterator[Imported]:
    """Imports of the module that is gone, one a statement; not those a ``try`` or a branch is ready for."""
    seen = set()
    for imported in script.imports:
        name = canonical(imported.dotted)[0]
        if imported.tried or not imported.top or not (name == _OLD or name.startswith(_OLD + ".")):
            continue
        if id(imported.statement) not in seen and imported.statement.piece.source is script.source:
            seen.add(id(imported.statement))
            yield imported


def _begins_with(func: tree.Expr, broken: list[Imported]) -> bool:
    func = tree.root(func)
    return isinstance(func, tree.Name) and any(
        func.id in {alias.asname or alias.name for alias in imported.statement.names} for imported in broken
    )


def _found(script: Script, call: Call, message: str, *, help: str, fixes: tuple[Fix, ...] = ()) -> Finding:
    return Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message=message,
        help=help,
        fixes=fixes,
        severity=None if script.is_run(call) else "info",
    )


def _loss_scales(script: Script) -> Iterator[Finding]:
    """``loss_scale`` of policies and optimizers, which Keras has not taken since the names left ``experimental``."""
    for call in script.calls(*_LOSS_SCALE):
        if "loss_scale" not in call.kwargs or call.tried or script.asks_version(call.function):
            continue
        what = "policies take" if call.name.endswith("Policy") else "`LossScaleOptimizer` takes"
        argument = call.argument_node("loss_scale")
        edit = remove_argument(script, call.node, argument) if argument is not None else None
        dynamic = const(call.kwargs["loss_scale"]) == "dynamic"  # what it is without the argument
        yield _found(
            script,
            call,
            f"{what} no `loss_scale`",
            help="the loss scale is dynamic unless `LossScaleOptimizer` is told otherwise",
            fixes=(Fix("remove `loss_scale`", True, (edit,)),) if edit is not None and dynamic else (),
        )


def _scaled(script: Script) -> Iterator[Finding]:
    """Methods of the loss-scaling optimizer that Keras 3 does not have."""
    for call in script.all_calls:
        owner, _, method = call.name.rpartition(".")
        known = owner in ("?", *_OPTIMIZERS) and not call.tried and not script.asks_version(call.function)
        if method in _SCALED and known:
            yield _found(
                script,
                call,
                f"`LossScaleOptimizer` has no `{method}` in Keras 3",
                help="scale with `loss = optimizer.scale_loss(loss)`; `apply` and `apply_gradients` divide the gradients again",
            )


def _fix_import(script: Script, imported: Imported) -> tuple[Fix, ...]:
    """``from ….mixed_precision import experimental as x`` becomes ``from … import mixed_precision as x``."""
    statement = imported.statement
    title = "import `mixed_precision`"
    if not isinstance(statement, tree.ImportFrom) or len(statement.names) != 1 or imported.alias is None:
        return ()
    if imported.alias.name != "experimental":
        module = rename_import(script, imported, statement.module.removesuffix(".experimental"))
        edits = [module]
        if imported.alias.name == "set_policy":
            place = script.place(imported.alias)
            edits.append(Edit(place.start, place.end, f"set_global_policy as {imported.bound}"))
    else:
        package = statement.module.removesuffix(".mixed_precision")
        start, end = script.place(statement).start, script.place(imported.alias).end
        text = script.source.text[start:end]
        if package == statement.module or "(" in text or "\\" in text or not script.own(statement):
            return ()
        name = "mixed_precision" + (f" as {imported.bound}" if imported.bound != "mixed_precision" else "")
        edits = [Edit(start, end, f"{package} import {name}")]
        for call in script.calls(_SET_POLICY[0]):
            if _begins_with(call.node.func, [imported]):
                edits.append(rename_method(script, call.node, "set_global_policy"))
    found = tuple(edit for edit in edits if edit is not None)
    return (Fix(title, True, found),) if len(found) == len(edits) else ()


def _fix_call(script: Script, call: Call) -> tuple[Fix, ...]:
    """The same call without ``experimental``; none where the name came by another way."""
    func = call.node.func
    if not isinstance(func, tree.Attribute) or not script.own(call.node):
        return ()
    place = script.place(func)
    text = script.source.text[place.start : place.end]
    fixed = text.replace(".experimental.", ".")
    if fixed.endswith(".set_policy"):
        fixed = fixed.removesuffix("set_policy") + "set_global_policy"
    if fixed == text or "\n" in text:
        return ()
    return (Fix(f"call `{fixed}`", True, (Edit(place.start, place.end, fixed),)),)
