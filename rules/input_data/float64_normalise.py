"""KM102: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.arrays.widening import Widening, is_data
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.narrow import narrow
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._whole import places

RULE = Rule(
    "KM102",
    "float64-normalise",
    severity="warning",
    words=("/", "*", "-", "+", "float", "double", "zeros", "ones", "empty", "random", "resize", "get_fdata"),
    fix="both",
)
_SHORT = ("bool", "uint8", "int8", "uint16", "int16")
_TRAINS = ("fit", "search", "from_tensor_slices", "from_tensors")
# So many samples a training set of images has nearly always, and so many it has at most in small projects.
_FEW, _MANY = 200, 2000


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or _wants_float64(script):
        return
    found: dict[int, tuple[Widening, Severity]] = {}
    for one in script.widenings:
        severity = _severity(script, one)
        known = found.get(id(one.node))
        if severity is not None and (known is None or (one.bytes or 0) > (known[0].bytes or 0)):
            found[id(one.node)] = one, severity
    for one, severity in found.values():
        fix = narrow(script, one)
        yield Finding(
            at=script.call_place(one.call) if one.call is not None else script.place(one.node),
            site=script.place(one.site),
            message=_message(one),
            bytes=one.bytes,
            help=_help(one),
            related=_related(script, one),
            fixes=(fix,) if fix is not None else (),
            severity=severity,
        )


def _wants_float64(script: Script) -> bool:
    """Whether the script computes in float64 on purpose."""
    calls = script.calls("keras.backend.set_floatx", "keras.config.set_floatx")
    return any(call.const("floatx", call.first()) != "float32" for call in calls)


def _severity(script: Script, one: Widening) -> Severity | None:
    """A warning where the data set is known or nearly certain to be large; an info for images of unknown number.

    An info, too, where a small built-in data set is no longer small; for a moment it may be a little larger.
    """
    if one.data.source == "toy":
        told = one.how != "random" and (one.data.bulky or one.narrowed is None)
        return "info" if told and (one.bytes is None or script.large(one.bytes)) else None
    if one.how == "random" and one.narrowed is not None:
        return None  # NumPy's old random functions know no dtype: converting at once is the best there is
    trained = any(feed.method in _TRAINS for feed in one.feeds)
    if one.how == "allocated" and not is_data(one.other):
        # Whatever it is filled with: a model takes float32.
        taken = any(feed.role == "x" for feed in one.feeds)
        return "warning" if taken and script.large(one.bytes) else None
    if one.bytes is not None:
        if not script.large(one.bytes):
            return None
        meant = one.how == "random" or (one.before is not None and one.before.dtype not in _SHORT)
        return "warning" if trained or not meant else None
    if one.sample is None and not (one.data.pixels and one.data.source == "list"):
        return None
    if not one.pixels or (one.length is not None and one.length < _FEW):
        return None
    item = one.item_bytes
    if item is None:
        return "info"
    if trained and one.narrowed is None and script.large(item * _FEW):
        return "warning"
    return "info" if script.large(item * _MANY) else None


def _message(one: Widening) -> str:
    if one.narrowed is not None:
        return f"a `float64` array comes into being before it is converted to `{one.kept_dtype}`"
    if one.how == "allocated" and one.call is not None:
        name = one.call.name.rpartition(".")[2]
        asked = "" if one.call.given("dtype") else " without a dtype"
        return f"`np.{name}`{asked} makes a `float64` array for the data set, 8 bytes a value"
    if one.how == "random":
        return "random `float64` numbers take 8 bytes a value, and Keras trains on `float32`"
    if one.how == "read":
        name = one.call.name.rpartition(".")[2] if one.call is not None else ""
        return f"`{name}` gives `float64`, 8 bytes a value, for each image of the data set"
    before = one.before.dtype if one.before is not None else None
    what = f"each {_thing(one)} of the data set" if one.sample is not None else "the data set"
    how = "converting makes" if one.how == "cast" else f"`{one.op}` makes"
    return f"{how} `float64` of {what}, 8 bytes a value; it was `{before}`"


def _thing(one: Widening) -> str:
    return "image" if one.pixels else "sample"


def _help(one: Widening) -> str:
    if one.how in ("allocated", "random"):
        return "Keras converts to `float32` itself: make the array `float32`, or `uint8` for pixels"
    if one.how == "read":
        return "convert each image to `float32`, as Keras does, before it is collected"
    return (
        "compute in `float32`, which Keras converts to anyway; or keep the integers and let a `Rescaling` layer"
        " widen one batch at a time"
    )


def _related(script: Script, one: Widening) -> tuple[tuple[str, Place], ...]:
    """How it becomes the data set: narrowed, made an array, given to Keras."""
    found: list[tuple[str, Place]] = []
    if one.narrowed is not None:
        found.append((f"converted to `{one.kept_dtype}` here", script.call_place(one.narrowed)))
    if one.gathered is not None:
        found.append((f"the {_thing(one)}s become one array here", script.call_place(one.gathered)))
    return (*found, *places(script, one.feeds[:1]))
