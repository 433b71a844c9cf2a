"""Arrays that stay in memory during a training although the script has no more use for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.scopes import Binding
from keras_memlint.analysis.abstract.values import UNKNOWN, Array, Dataset, Function, Object, Origin
from keras_memlint.analysis.arrays.feeds import arrays
from keras_memlint.analysis.reach.uses import Use, reads_by_text, uses_of
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.training.fits import Fit

# Steps after which the numbers stand in memory of their own, and those that KM112 reports.
_COPIES = (
    steps.COMPUTED,
    steps.CONVERTED,
    steps.COPIED,
    steps.PROJECTED,
    steps.REPEATED,
    steps.RESIZED,
    steps.SCALED,
    steps.WIDENED,
)
_SPLITS = (steps.PICKED, steps.REORDERED, steps.SPLIT)
_VIEWS = ("numpy.asarray", "numpy.ascontiguousarray", "numpy.reshape", "tf.convert_to_tensor")
_OWN = ("ndarray", "tensor")
# Calls that give back numbers of their own, or keep nothing of what they are given.
_HARMLESS = ("numpy.", "sklearn.", "builtins.", "tf.", "def ", "matplotlib.", "scipy.", "skimage.", "cv2.")
_KEEP = ("tf.data.",)
# Memory that is none until numbers are stored in it.
_UNTOUCHED = ("numpy.empty", "numpy.empty_like", "numpy.zeros", "numpy.zeros_like")
_OPERANDS = 2  # a ufunc takes no more; what comes behind is what it writes into
_LOOKS = ("shape", "dtype", "ndim", "size", "nbytes")


class Idle(NamedTuple):
    """An array that ``binding`` keeps during a training; ``copied`` is the step that made what is trained on.

    It is None where nothing reads the array.
    """

    binding: Binding
    copied: Origin | None


def idle(script: Script, fit: Fit, call: Call) -> list[Idle]:
    """Large arrays whose only use is a copy that is trained on, and those that nothing ever reads.

    They are names of the function (or module) of ``call``: ``fit``, or a call of the script's own that leads there.
    """
    function = call.function
    given = list(fed(fit))
    came = {id(step) for one in given if one.origin is not None for step in one.origin.steps()}
    block = list(_visible(script, function, call.order))
    start = script.place(whole(call.node, script.names.around(call.node))).start
    found: dict[str, Idle] = {}
    for binding in block:
        array = binding.array
        if not is_much(script, array) or array.part or array.kind not in _OWN:
            continue
        if binding.loops or binding.node.id in found or (array.source == "toy" and not array.bulky):
            continue
        if id(array.origin) in came:
            copied = next((one for one in (_copied(script, a, array) for a in given) if one), None)
            if copied is not None and not _is_held(script, binding, block):
                if _is_over(script, binding, function, start):
                    found[binding.node.id] = Idle(binding, copied)
        elif _is_unread(script, binding, function, start) and not _is_held(script, binding, block):
            found[binding.node.id] = Idle(binding, None)
    return list(found.values())


def is_much(script: Script, array: Array) -> bool:
    """Whether an array is known to be large, or holds the images of a list of unknown length."""
    images = array.pixels and array.source == "list" and array.least is None and array.length is None
    return images or script.large(array.least)


def whole(node: tree.Node, around: tuple[tree.Node, ...]) -> tree.Node:
    """The outermost statement, within its function, that ``node`` stands in."""
    at = node
    for outer in around:
        if isinstance(outer, tree.FunctionDef):
            return at
        at = outer
    return at


def fed(fit: Fit) -> Iterator[Array]:
    """The arrays a training is given, those it validates on, and those that its data sets or iterators were made of."""
    for given in (fit.x, fit.y, fit.call.arg("validation_data") or UNKNOWN):
        yield from arrays(given)
        if isinstance(given, Object) and given.call and given.call.name.endswith("ImageDataGenerator.flow"):
            for name in ("x", "y"):
                yield from arrays(given.call.arg(name) or given)
        for step in given.chain() if isinstance(given, Dataset) else ():
            tensors = step.call.arg("tensors") if step.call is not None else None
            yield from arrays(tensors) if tensors is not None else ()


def _visible(script: Script, function: Function | None, order: int) -> Iterator[Binding]:
    node = function.node if function is not None else None
    for binding in script.bindings:
        own = binding.function.node if binding.function is not None else None
        if own is node and binding.order < order and script.own(binding.node):
            yield binding


def _copied(script: Script, given: Array, array: Array) -> Origin | None:
    """The first step from ``array`` to ``given`` that copies it; None when there is none, or KM112 reports it."""
    made: list[Origin] = []
    for step in given.origin.steps() if given.origin is not None else ():
        if step is array.origin:
            break
        made.append(step)
    else:
        return None
    if any(step.did(*_SPLITS) for step in made):
        return None
    return next((step for step in reversed(made) if _is_copy(script, step)), None)


def _is_copy(script: Script, step: Origin) -> bool:
    if not step.did(*_COPIES):
        return False
    if isinstance(step.node, tree.Call):
        return script.called(step.node) not in ("", *_VIEWS) and not _may_be_in_place(script, step.node)
    return isinstance(step.node, tree.Binary)  # not `x /= 255`, which changes the array itself


def _may_be_in_place(script: Script, node: tree.Call) -> bool:
    """Whether a call may change the array that it is given: ``out``, also by its place, or ``copy=False`` of its object."""
    plain = sum(argument.name is None for argument in node.args)
    if any(argument.name in ("out", "copy") for argument in node.args) or plain > _OPERANDS:
        return True
    called = next((call for call in script.all_calls if call.node is node), None)
    made = called.receiver.call if called is not None and isinstance(called.receiver, Object) else None
    return made is not None and made.given("copy")


def _is_held(script: Script, binding: Binding, block: Iterable[Binding]) -> bool:
    """Whether another name may hold the same memory: an alias, a slice, another shape of it."""
    origin = binding.array.origin
    for other in block:
        if other.node.id == binding.node.id or other.array.origin is None:
            continue
        for step in other.array.origin.steps():
            if step is origin:
                return True
            if _is_copy(script, step) or step.did(*_SPLITS):
                break
    return False


def _is_over(script: Script, binding: Binding, function: Function | None, start: int) -> bool:
    """Whether what makes the array binds the name last, and it is last mentioned before the offset ``start``.

    What was done with the name before was done with something else.
    """
    later = _later(script, binding, function)
    return later is not None and all(
        script.place(use.node).start < start and keeps_nothing(script, use) for use in later
    )


def _is_unread(script: Script, binding: Binding, function: Function | None, start: int) -> bool:
    """Whether nothing but its shape is read of the array that the name is bound to last, and that before ``start``."""
    later = _later(script, binding, function)
    bound = Use(binding.node, script.names.around(binding.node))
    made = next((outer for outer in bound.around if isinstance(outer, tree.Assign)), None)
    if made is None or (isinstance(made.value, tree.Call) and script.called(made.value) in _UNTOUCHED):
        return False
    for use in later or ():
        if any(outer is made for outer in use.around):
            continue  # what the name stood for before
        if script.place(use.node).start >= start or not _is_looked_at(script, use):
            return False
    return later is not None and (not bound.is_importable or script.project.importers(binding.node.id) == [])


def _later(script: Script, binding: Binding, function: Function | None) -> list[Use] | None:
    """The uses of a name that the assignment which makes its array binds last; None where it does not, or a function reads it."""
    uses = uses_of(script, binding.node.id)
    if uses is None or reads_by_text(script):
        return None
    own: list[Use] = []
    for nested, group in by_scope(uses).items():
        if nested is (function.node if function is not None else None):
            own += group
        elif not any(use.is_bound for use in group):
            return None  # a function reads it, whenever it is called
    made = script.place(binding.node).start
    own = [use for use in own if script.place(use.node).start >= made]
    bound = [use for use in own if use.is_bound]
    if not bound or bound[-1].node is not binding.node or not _is_made_by(script, bound[-1], binding):
        return None
    return [use for use in own if not use.is_bound]


def _is_looked_at(script: Script, use: Use) -> bool:
    """Whether only the array's shape, or the like, is read: ``x.shape[1:]``, ``len(x)``, ``print(x)``."""
    outer = use.around[0] if use.around else None
    if isinstance(outer, tree.Attribute):
        return outer.name in _LOOKS
    call = use.around[1] if isinstance(outer, tree.Argument) and len(use.around) > 1 else None
    return isinstance(call, tree.Call) and script.called(call) in ("builtins.len", "builtins.print")


def by_scope(uses: Iterable[Use]) -> dict[tree.Node | None, list[Use]]:
    """Uses by the function they stand in; None is the module."""
    found: dict[tree.Node | None, list[Use]] = {}
    for use in uses:
        found.setdefault(use.scope, []).append(use)
    return found


def _is_made_by(script: Script, use: Use, binding: Binding) -> bool:
    """Whether the assignment itself makes the array, rather than naming one that stands elsewhere."""
    statement = next((node for node in use.around if isinstance(node, tree.Assign)), None)
    if statement is None or len(statement.targets) != 1 or binding.array.origin is None:
        return False
    value = statement.value
    if value is binding.array.origin.node:
        return isinstance(value, tree.Binary) or (
            isinstance(value, tree.Call) and script.called(value) not in _VIEWS
        )
    return isinstance(value, tree.Call) and script.called(value).startswith("def ") and _is_plain(value)


def _is_plain(call: tree.Call) -> bool:
    return isinstance(call.func, tree.Name)


def keeps_nothing(script: Script, use: Use) -> bool:
    """Whether nothing can hold the array because of ``use``: a number is read, or a call makes one of its own."""
    at: tree.Node = use.node
    for outer in use.around:
        if isinstance(outer, (tree.Binary, tree.Compare, tree.Formatted, tree.ExprStmt)):
            return True
        if isinstance(outer, tree.Assign):
            return at in outer.targets  # `x[i] = image`
        if isinstance(outer, tree.Call):
            name = script.called(outer)
            return name.startswith(_HARMLESS) and not name.startswith(_KEEP)
        if isinstance(outer, tree.Attribute) and outer.name in _LOOKS:
            return True
        if isinstance(outer, tree.Subscript) and outer.value is not at:
            return False
        if not isinstance(outer, (tree.Attribute, tree.Subscript, tree.Argument)):
            return False
        at = outer
    return False
