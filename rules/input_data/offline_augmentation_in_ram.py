"""KM114: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Items, Origin
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import uses

RULE = Rule(
    "KM114",
    "offline-augmentation-in-ram",
    severity="warning",
    words=("concatenate", "vstack", "append", "repeat", "tile"),
)
_JOINS = ("numpy.concatenate", "numpy.vstack", "numpy.append")
_FLIPS = ("numpy.flip", "numpy.fliplr", "numpy.flipud", "numpy.rot90", "numpy.roll", "tf.image.")


class _Copies(NamedTuple):
    """What stands beside the samples, and the help for it; ``drawn``: where a generator made it, all in one batch."""

    what: str
    cure: str
    drawn: tree.Expr | None = None


_CHANGED = _Copies(
    "flipped or rotated copies of all samples",
    "augment each batch: a layer such as `keras.layers.RandomFlip` in the model, or `tf.image.random_flip_left_right`"
    " in the `map` of a `tf.data` data set",
)
_SAME = _Copies(
    "further copies of all samples",
    "take rows more often instead of copying them: `class_weight`, `sample_weight`, or indices chosen per batch",
)
_DRAWN = _Copies("copies of samples that a generator changed", _CHANGED.cure)


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    used = uses(script)
    seen: set[int] = set()
    for call in (*script.calls(*_JOINS), *script.calls("numpy.repeat", "numpy.tile", "numpy.ndarray.repeat")):
        result = call.result
        if id(call.node) in seen or not isinstance(result, Array) or result.labels:
            continue
        if call.streamed or call.mapped or not used.trains(result):
            continue
        many = script.large(result.least)
        if not many and not (result.least is None and result.pixels and result.source in ("list", "disk")):
            continue
        found = _augmented(script, call) if call.name in _JOINS else _repeated(call)
        toy = result.source == "toy"
        if found is None or (toy and (found.drawn is None or not many)):
            continue
        seen.add(id(call.node))
        yield Finding(
            at=script.call_place(call) if found.drawn is None else script.place(found.drawn),
            site=script.place(call.site),
            message=f"{found.what} are in memory beside them",
            bytes=result.least,
            help=found.cure,
            related=(("joined here", script.call_place(call)),)
            if found.drawn is not None
            else script.trail(result.origin.before if result.origin is not None else None),
            severity="warning" if many and not toy else "info",
        )


def _augmented(script: Script, call: Call) -> _Copies | None:
    """What is joined to the samples it was made of; None when the parts are of other kinds."""
    given, flattens = call.first(), call.name == "numpy.append"  # which does so unless it is told an axis
    items = call.args[:2] if flattens else (given.items or ()) if isinstance(given, Items) else ()
    parts = [part for part in items if isinstance(part, Array)]
    axis = call.const("axis", 0 if call.arg("axis") is None and not flattens else None)
    if axis != 0 or len(parts) < 2:
        return None
    chains = [list(part.origin.steps()) if part.origin is not None else [] for part in parts]
    for chain in chains:
        for at, step in enumerate(chain):
            before = {id(one) for one in chain[at + 1 :]}
            joined = any(other and id(other[0]) in before for other in chains if other is not chain)
            if joined and _is_flip(script, step):
                return _CHANGED
    for chain in reversed(chains):
        drawn = next((step for step in chain if step.did(steps.DRAWN)), None)
        if drawn is not None and any(
            other[-1] is chain[-1] for other in chains if other and other is not chain
        ):
            return _DRAWN._replace(drawn=drawn.node)
    same = [chain for chain in chains if chain and chain[0] is chains[0][0]] if chains[0] else []
    return _SAME if len(same) == len(chains) else None


def _is_flip(script: Script, step: Origin) -> bool:
    called = script.called(step.node) if isinstance(step.node, tree.Call) else ""
    return step.did(steps.MIRRORED) or called.startswith(_FLIPS)


def _repeated(call: Call) -> _Copies | None:
    """`repeat` and `tile` along the first axis; None for the others, which make no more samples."""
    result, given = call.result, call.operand()
    if not isinstance(result, Array) or not isinstance(given, Array) or not result.shape or not given.shape:
        return None
    first, before = result.shape[0], given.shape[0]
    more = first is not None and before is not None and first > before > 1
    return _SAME if more and len(result.shape) == len(given.shape) else None
