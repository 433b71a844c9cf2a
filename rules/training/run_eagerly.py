"""KM507: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Api, Const, Function, Value
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.training.bound_to_python import needs_values, values_read
from keras_memlint.analysis.training.tapes import Tape
from keras_memlint.fixes.calls import remove_argument
from keras_memlint.fixes.decorating import decorate
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM507",
    "run-eagerly",
    severity="info",
    words=(
        "run_eagerly",
        "run_functions_eagerly",
        "experimental_run_functions_eagerly",
        "enable_debug_mode",
        "GradientTape",
    ),
    fix="unsafe",
)

_SWITCHES = (
    "tf.config.run_functions_eagerly",
    "tf.config.experimental_run_functions_eagerly",
)
_DEBUG = "tf.data.experimental.enable_debug_mode"
# Methods of a generator of numbers, which nobody else has.
_DRAWS = ("?.integers", "?.normal", "?.permutation", "?.standard_normal", "?.uniform")
_EAGER = "the model runs operation by operation: slower, and outputs are freed later than in a graph"
# Methods that make texts, or put into lists and the like.
# What gives a tuple or a list, which a graph takes apart as well.
_OF_PARTS = ("def ", "tf.", "builtins.")
_KEEPS = frozenset(["add", "append", "extend", "format", "insert", "put", "setdefault", "update"])


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for call in script.calls("keras.Model.compile"):
        if _is(call.kwargs.get("run_eagerly"), True) and not call.conditional:
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message=f"`run_eagerly=True`: {_EAGER}",
                help="leave it out once the code is debugged",
                fixes=_fixes(script, call),
            )
    switches = list(script.calls(*_SWITCHES))
    if not any(_is(call.first(), False) for call in switches):
        for call in switches:
            if _is(call.first(), True) and not call.conditional:
                yield Finding(
                    at=script.call_place(call),
                    site=script.place(call.site),
                    message="every `tf.function` and Keras model runs operation by operation from here on",
                    help="take it out once the code is debugged",
                )
    yield from _own_steps(script)
    for call in (one for one in script.calls(_DEBUG) if not one.conditional):
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="`tf.data` runs in debug mode: one element at a time, nothing in parallel and nothing ahead",
            help="take it out once the pipeline is debugged",
        )


def _own_steps(script: Script) -> Iterator[Finding]:
    """Training steps in a loop over a pipeline that no graph function is around, in a script that has none."""
    if (
        _has_graphs(script)
        or script.runs_eagerly
        or script.needs_tensorflow_1
        or script.runs_sessions
        or script.uses("tf.distribute.")
    ):
        return
    for tape in script.tapes:
        call = tape.call
        if call.traced is not None or any(map(_may_trace, call.led_by())) or not tape.learns(script):
            continue
        if _meets_graph(script, tape) or needs_values(script, tape.step) or _draws(script, tape.step):
            continue
        shows = bool(values_read(tape.step))
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="the training step runs operation by operation: slower, and outputs are freed later than in a graph",
            help="make the step a function of its own with `@tf.function`; it gets one batch"
            + (", and returns what is shown" if shows else ""),
            fixes=_decorated(script, tape) if not shows else (),
        )


def _has_graphs(script: Script) -> bool:
    """Whether the script makes graph functions: its author knows these, and may show the eager loop first."""
    made = [one.node for one in script.functions if one.tracer is not None]
    return any(map(script.is_here, [*made, *(call.node for call in script.calls("tf.function"))]))


def _meets_graph(script: Script, tape: Tape) -> bool:
    """Whether a turn of the loop calls a graph function, of another module, which may be most of the step."""
    loop = tape.call.loops[-1]
    return any(loop in call.loops and not call.mapped and _is_graph(call) for call in script.all_calls)


def _is_graph(call: Call) -> bool:
    """Whether ``call`` runs a graph, or a model whose own ``call`` is a graph function."""
    called = [call.callee]
    model = call.receiver
    if isinstance(model, Model) and model.instance is not None:
        called.append(model.instance.cls.method("call"))
    return call.traced is not None or any(one is not None and one.tracer is not None for one in called)


def _may_trace(call: Call) -> bool:
    """Whether a decorator of the function that makes ``call`` is from elsewhere, and may make a graph of it."""
    decorators = call.function.decorators if call.function is not None else ()
    return any(not isinstance(one, Function) and not _is_plain(one) for one in decorators)


def _is_plain(decorator: Value) -> bool:
    return isinstance(decorator, Api) and decorator.name.startswith(("builtins.", "functools.", "typing."))


def _draws(script: Script, step: tree.Node) -> bool:
    """Whether Python draws numbers in ``step``, which a graph would draw once."""
    calls = (*script.calls("random.", "numpy.random."), *script.calls(*_DRAWS))
    drawn = (one for call in calls for one in call.led_by())
    return any(one.function is not None and one.function.node is step for one in drawn)


def _decorated(script: Script, tape: Tape) -> tuple[Fix, ...]:
    """``@tf.function`` on the function that the loop calls with each batch; none where the loop is inside of it."""
    call = tape.call
    function, caller = call.function, call.caller
    if function is None or caller is None or call.loops != caller.loops:
        return ()
    if (
        not isinstance(function.node, tree.FunctionDef)
        or function.node.decorators
        or not script.own(call.node)
    ):
        return ()
    inside = [
        one for one in script.all_calls if one.function is not None and one.function.node is function.node
    ]
    if function.node.is_generator or any(map(_makes, inside)) or any(map(_is_foreign, inside)):
        return ()  # a graph may make its variables once, yields nothing, and has no arrays for NumPy
    if _serves_several(script, function) or any(_takes_apart(script, one) for one in function.node.body):
        return ()  # a graph has the variables of one model, and no length of a tensor
    if any(map(_leaks, tree.below(function.node.body))):
        return ()  # nor texts for its tensors, nor lists of them; and what it keeps elsewhere is no value
    name, imports = spell(script, "tensorflow.function")
    edit = decorate(script, function.node, name)
    title = f"run `{function.name}` as a graph"
    price = "what Python does in it happens once"
    return (Fix(title, False, (edit, *imports), price),) if edit is not None else ()


def _serves_several(script: Script, function: Function) -> bool:
    """Whether several places call ``function``, and give it what may be several models."""
    calls = {
        id(call.node): call
        for call in script.all_calls
        if call.callee is not None and call.callee.node is function.node
    }
    models = any(
        isinstance(value, Model) for call in calls.values() for value in (*call.args, *call.kwargs.values())
    )
    return models and len(calls) > 1


def _takes_apart(script: Script, root: tree.Node) -> bool:
    """Whether what a call gives, of a model or of nobody knows what, is bound to several names in ``root``."""
    for node in tree.below([root]):
        if isinstance(node, tree.Assign) and isinstance(node.value, tree.Call):
            if any(isinstance(target, tree.Sequence) for target in node.targets):
                if not script.called(node.value).startswith(_OF_PARTS):
                    return True
    return False


def _leaks(node: tree.Node) -> bool:
    """Whether ``node`` makes a text or a list, which may be of a tensor, or keeps something outside of the function."""
    if isinstance(node, tree.Call):
        if isinstance(node.func, tree.Name):
            return node.func.id in ("list", "tuple")
        return isinstance(node.func, tree.Attribute) and node.func.name in _KEEPS
    if isinstance(node, tree.For):
        return isinstance(node.iter, tree.Call) and tree.last_name(node.iter.func) == "zip"
    if isinstance(node, (tree.Comprehension, tree.Global, tree.Starred)):
        return True
    if isinstance(node, tree.Binary):
        return node.op == "%" and isinstance(node.left, tree.Constant) and isinstance(node.left.value, str)
    if isinstance(node, tree.Stmt):
        return any(isinstance(one, (tree.Attribute, tree.Subscript)) for one in tree.targets(node))
    return isinstance(node, tree.Formatted)


def _makes(call: Call) -> bool:
    """Whether ``call`` makes an object, which may have variables."""
    own = call.name.startswith(("keras.", "tf.Variable")) and call.name.rpartition(".")[2][:1].isupper()
    return own or call.name.startswith("class ")


def _is_foreign(call: Call) -> bool:
    """Whether ``call`` is one of another library, which knows nothing of tensors without values."""
    return call.name.partition(".")[0] not in ("?", "builtins", "keras", "tf") and " " not in call.name


def _is(value: object, wanted: bool) -> bool:
    return isinstance(value, Const) and value.value is wanted


def _fixes(script: Script, call: Call) -> tuple[Fix, ...]:
    argument = call.argument_node("run_eagerly")
    edit = remove_argument(script, call.node, argument) if argument is not None else None
    title = "leave `run_eagerly` out"
    price = "code that reads values while it trains fails in a graph"
    return (Fix(title, False, (edit,), price),) if edit is not None else ()
