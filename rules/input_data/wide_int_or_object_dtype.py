"""KM120: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.arrays.wide_integers import WideIntegers
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import is_toy, places

RULE = Rule(
    "KM120",
    "wide-int-or-object-dtype",
    severity="warning",
    words=("int", "int64", "int_", "long", "longlong", "randint", "object", "object_", "O"),
    fix="unsafe",
)


def check(script: Script) -> Iterator[Finding]:
    yield from _objects(script)
    if script.is_test:
        return
    for one in script.wide_integers:
        if not script.large(one.array.bytes) or is_toy(one.array):
            continue
        fix = _narrowed(script, one)
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message=_message(one),
            bytes=one.array.bytes,
            help="use `int32`, which holds all token and class ids, or `uint8` where no number is above 255",
            related=tuple(places(script, [one.feed])),
            fixes=(fix,) if fix is not None else (),
        )


def _objects(script: Script) -> Iterator[Finding]:
    for one in script.objects_fed:
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message=f"an array of Python objects, at which `{one.feed.method}` raises",
            help="make it an array of numbers: pad or cut lists of different lengths with `pad_sequences`",
            related=tuple(places(script, [one.feed])),
            severity="error",
        )


def _message(one: WideIntegers) -> str:
    name = one.call.name.rpartition(".")[2]
    if one.how == "random":
        return "`randint` makes `int64`, 8 bytes a number, where 4 are enough"
    if one.how == "cast" and one.before is not None:
        return f"`{name}` makes `int64` of the data set, 8 bytes a number; it was `{one.before.dtype}`"
    return f"`{name}` makes `int64` for the data set, 8 bytes a number, where 4 are enough"


def _narrowed(script: Script, one: WideIntegers) -> Fix | None:
    """The dtype made ``int32``; None where it stands behind a star, or a comment is in the way."""
    position = one.call.params.index("dtype") if "dtype" in one.call.params else None
    edit = set_argument(script, one.call.node, "dtype", '"int32"', position)
    if edit is None:
        return None
    return Fix("use `int32`", False, (edit,), "later code sees `int32`")
