"""KM412: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.arrays.feeds import arrays
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.targets import OneHot, Target
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM412",
    "dense-one-hot-input",
    severity="warning",
    words=("to_categorical", "one_hot", "eye", "identity", "get_dummies", "OneHotEncoder", "zeros"),
)

# With fewer classes an embedding saves little.
CLASSES = 32


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for fit in script.trainings:
        for array in arrays(fit.x):
            hot = script.one_hot(Target(fit, array, held_out=False, whole=True))
            if hot is None or hot.toy:
                continue
            made = hot.call.result if isinstance(hot.call.result, Array) else array
            whole = made if made.bytes is not None else array
            classes = whole.shape[-1] if whole.shape else None
            if not _is_told(script, hot, whole, classes):
                continue
            each = f"{classes:,} numbers" if classes is not None else "as many numbers as there are classes"
            by_hand = ", filled in by hand" if hot.fills else ""
            yield Finding(
                at=script.call_place(hot.call),
                site=script.place(hot.call.site),
                message=f"the model's input is one-hot{by_hand}: {each} for each integer",
                bytes=whole.bytes,
                help="give the model the integers: `Embedding` as its first layer, or `CategoryEncoding`, which encodes a"
                " batch at a time",
                related=(("trained on here", script.call_place(fit.call)),),
                severity="info" if whole.bytes is None else None,
            )


def _is_told(script: Script, hot: OneHot, whole: Array, classes: int | None) -> bool:
    """Whether it is large and has many ``classes``; where a loop fills it, also where these are not known.

    What a loop sets to one may be several words of a text in one row, unless each has its place.
    """
    many, large = classes is not None and classes >= CLASSES, script.large(whole.bytes)
    if not hot.fills:
        return many and large
    placed = hot.placed and len(whole.shape or ()) == 3
    return placed and (many or classes is None) and (large or whole.bytes is None)
