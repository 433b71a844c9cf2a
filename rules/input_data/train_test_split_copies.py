"""KM112: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Function, Value
from keras_memlint.analysis.facts.sklearn_data import PARTS
from keras_memlint.analysis.reach.uses import reads_by_text, targets_of_parts, uses_of
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import after
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._whole import is_toy

RULE = Rule(
    "KM112",
    "train-test-split-copies",
    severity="warning",
    words=("train_test_split", "shuffle", "fit"),
    fix="both",
)
# So many images of files are not much for a data set.
_MANY = 2000
_HELP = "split the row numbers and slice the array batch by batch in a `{}`"


class _Kept(NamedTuple):
    """A name that keeps the array that was copied, and all its uses; ``last``: none of them is after the copy."""

    name: str
    array: Array
    last: bool


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for call in script.calls(*PARTS):
        training = _trained_after(script, call.order, call.function)
        if training is None or call.star or call.loops or call.mapped or id(call.node) in reported:
            continue
        unread = list(_unread(script, call))
        if unread:
            reported.add(id(call.node))
            yield _for_nothing(script, call, unread, training)
            continue
        given = [argument.value for argument in call.node.args if argument.name is None]
        pairs = zip(given, call.args, strict=False)
        kept = [one for node, value in pairs if (one := _kept(script, node, value, training))]
        if not kept:
            continue
        reported.add(id(call.node))
        names = " and ".join(f"`{one.name}`" for one in kept)
        stays = "stays" if len(kept) == 1 else "stay"
        fix = _forget(script, call.node, kept, call.function)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{script.text(call.node.func)}` copies all rows of {names}, which {stays} in memory",
            bytes=sum(one.array.least or 0 for one in kept) or None,
            cost=_at_least(kept),
            help=_help(script, kept),
            related=(
                *script.trail(kept[0].array.origin),
                ("still in memory here", script.call_place(training)),
            ),
            fixes=(fix,) if fix is not None else (),
            severity=_severity(kept),
        )
    yield from _picked(script)


def _unread(script: Script, call: Call) -> Iterator[tuple[str, Array]]:
    """The arrays, by their names, of whose parts nothing is read: not small ones, nor those that others may import."""
    if call.name != "sklearn.model_selection.train_test_split" or script.source.cells:
        return
    if call.conditional or call.tried or not script.own(call.node):
        return
    arguments = [argument for argument in call.node.args if argument.name is None]
    for argument, value in zip(arguments, call.args, strict=False):
        if (
            not isinstance(value, Array)
            or not isinstance(argument.value, tree.Name)
            or not _may_be_large(script, value)
        ):
            continue
        parts = targets_of_parts(script, argument, call.node, script.names.around(call.node))
        if parts and all(isinstance(part, tree.Name) and _is_unread(script, part.id) for part in parts):
            yield argument.value.id, value


def _may_be_large(script: Script, array: Array) -> bool:
    """Whether an array is large, or of unknown size and more than one number or label a row."""
    if array.kind != "ndarray" or array.labels or (is_toy(array) and not array.bulky):
        return False
    if array.least is not None:
        return script.large(array.least)
    return array.source == "disk" and len(array.shape or ()) > 1


def _is_unread(script: Script, name: str) -> bool:
    uses = uses_of(script, name)
    return uses is not None and len(uses) == 1 and uses[0].is_bound and not reads_by_text(script)


def _for_nothing(script: Script, call: Call, unread: list[tuple[str, Array]], training: Call) -> Finding:
    names = " and ".join(f"`{name}`" for name, _ in unread)
    size = sum(array.least or 0 for _, array in unread)
    return Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message=f"`{script.text(call.node.func)}` copies all rows of {names}, and nothing reads the copies",
        bytes=size or None,
        help="leave the call out, or train on its parts",
        related=(("in memory here", script.call_place(training)),),
        severity="warning" if size else "hint",
    )


def _picked(script: Script) -> Iterator[Finding]:
    """Rows of a large array picked for each fold: copies, one fold after the other, beside the array."""
    reported: set[str] = set()
    for feed in script.feeds:
        if feed.fit is None or feed.method != "fit" or feed.array.origin is None:
            continue
        step = next((step for step in feed.array.origin.steps() if step.did(steps.PICKED_BY_INDEX)), None)
        if step is None or step.before is None or not isinstance(step.node, tree.Subscript):
            continue
        node, before = step.node.value, script.made_at(step.before)
        kept = _kept(script, node, before, feed.call) if before is not None else None
        if kept is None or kept.name in reported:
            continue
        reported.add(kept.name)
        yield Finding(
            at=script.place(step.node),
            site=script.place(feed.call.site) if not script.own(step.node) else None,
            message=f"`{script.text(step.node)}` copies rows of `{kept.name}`, which stays in memory",
            bytes=kept.array.least,
            cost=_at_least([kept]),
            help=_HELP.format(script.batch_class),
            related=(
                *script.trail(kept.array.origin),
                ("still in memory here", script.call_place(feed.call)),
            ),
            severity=_severity([kept]),
        )


def _severity(kept: list[_Kept]) -> Severity | None:
    """An info where all are built-in data sets, large as float64 though, or images of files whose number is not known."""
    return "info" if all(is_toy(one.array) or one.array.least is None for one in kept) else None


def _trained_after(script: Script, order: int, function: Function | None) -> Call | None:
    """The first training after this, or the call that leads to it, while what ``function`` holds is still there."""
    node = function.node if function is not None else None
    for fit in script.trainings:
        for one in fit.call.led_by():
            own = one.function.node if one.function is not None else None
            if one.order > order and own is node and script.own(one.node):
                return one
        if function is None and fit.call.order > order:
            return fit.call
    return None


def _kept(script: Script, node: tree.Expr, value: Value | None, training: Call) -> _Kept | None:
    """The name that keeps ``value``, which is large and copied, until ``training``; None when there is none."""
    if not isinstance(value, Array) or not isinstance(node, tree.Name):
        return None
    if value.kind not in ("ndarray", "frame") or not (
        script.large(value.least) or _are_images(script, value)
    ):
        return None  # memory-mapped arrays are KM105's
    if is_toy(value) and not value.bulky:
        return None
    uses = uses_of(script, node.id) if script.own(node) else None
    use = next((use for use in uses or () if use.node is node), None)
    if uses is None or use is None or not script.own(training.node):
        return None
    statement = next((outer for outer in use.around if isinstance(outer, tree.Stmt)), None)
    start = script.place(statement or node).start
    later = [one for one in uses if script.place(one.node).start >= start and one.node is not node]
    if any(one.is_bound and one.scope is use.scope for one in later):
        return None  # bound to something else, or deleted
    last = not (later or value.part) and all(one.scope is use.scope for one in uses)
    if value.source == "list" and not last:
        return None  # how the files are read is KM101's: this only says what can be let go
    return _Kept(node.id, value, last)


def _are_images(script: Script, array: Array) -> bool:
    """Whether it holds images of files, of which a data set has so many that they are large."""
    item = array.least_item if array.source == "list" and array.pixels and array.length is None else None
    return item is not None and script.large(item * _MANY)


def _at_least(kept: list[_Kept]) -> str:
    """The bytes in words where the width of a number is not known; empty where it is."""
    if all(one.array.bytes is not None for one in kept) or not any(one.array.least for one in kept):
        return ""
    return f"at least {format_bytes(sum(one.array.least or 0 for one in kept))}"


def _help(script: Script, kept: list[_Kept]) -> str:
    split = _HELP.format(script.batch_class)
    if not all(one.last for one in kept):
        return split
    return f"{split}; or `del {', '.join(one.name for one in kept)}` after the split"


def _forget(script: Script, call: tree.Call, kept: list[_Kept], function: Function | None) -> Fix | None:
    """``del`` after the split, when the script has no more use for the arrays; None in notebooks, where cells run again."""
    if not all(one.last for one in kept) or script.source.cells:
        return None
    names = ", ".join(one.name for one in kept)
    edit = after(script, call, f"del {names}")
    if edit is None:
        return None
    price = "no other module can import it then"
    return Fix(f"delete `{names}` after the split", function is not None, (edit,), price)
