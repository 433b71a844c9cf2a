"""Which Keras and TensorFlow a script is written for, as its pins, environment, imports and calls tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.values import Function, Items, Value, const
from keras_memlint.analysis.facts.keras_modules import (
    LAST_METHODS,
    OLD_CHECKPOINT_ARGUMENT,
    OLD_OPTIMIZER_ARGUMENTS,
    last_keras,
)
from keras_memlint.analysis.facts.tensorflow_1 import ALONE, TOGETHER
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.arrays.feeds import Copying
    from keras_memlint.analysis.script import Script

# Modules that standalone Keras has since version 3.
_KERAS_3 = ("keras.ops.", "keras.random.", "keras.config.", "keras.distribution.", "keras.tree.")
# Keyword arguments that ended with Keras 2.3, the last Keras with a loop of its own.
_KERAS_2_3 = frozenset(
    [
        "nb_epoch",
        "nb_val_samples",
        "samples_per_epoch",
        "border_mode",
        "dim_ordering",
        "W_regularizer",
        "nb_filter",
    ]
)
# Reads of a history: since Keras 2.3 its names are those that `compile` was given.
_OLD_ACCURACY = re.compile(r"\[\s*[\"'](?:val_)?acc[\"']\s*\]")
# A file opened as text. Python 2 alone reads arrays from such a file or writes them to it.
_OPENED_AS_TEXT = re.compile(r"open\([^(),]*(?:,\s*(?:mode\s*=\s*)?[\"'][rwa]\+?[\"']\s*)?\)")
_ARRAY_OF = re.compile(r"\b(?:np|numpy)\.(?:load|save)\(\s*\Z")
_PYTHON_2 = ("raw_input", "xrange", "unicode")
# Begins with what is in every match, which makes it many times faster than to begin with ``\b``.
_TENSORFLOW_1 = re.compile(
    rf"tf\.(?<!\wtf\.)(?:(?P<alone>{'|'.join(map(re.escape, ALONE.split()))})"
    rf"|(?P<other>{'|'.join(map(re.escape, TOGETHER.split()))}))\b"
)
# What turns eager execution off.
_OFF = (
    "tf.disable_eager_execution",
    "tf.disable_v2_behavior",
    "tf.python.framework.ops.disable_eager_execution",
)
_ASKS_VERSION = re.compile(r"\bif\b.*__version__|hasattr\(\s*tf\b|except AttributeError")


def keras_major(script: Script) -> int | None:
    """2 or 3 where the project's pins, the script's environment, imports or calls say so, else None."""
    if script.environment_value("TF_USE_LEGACY_KERAS") in ("1", "true", "True"):
        return 2
    newest, oldest = script.project.pins, script.project.floors
    for package, third in (("keras", (3,)), ("tensorflow", (2, 16))):
        if package in newest and newest[package] < third:
            return 2
        if package in oldest and oldest[package] >= third:
            return 3
    if script.uses_keras_3:
        return 3
    return 2 if _needs_before(script, 3, 0) or _has_old_argument(script) else None


def _needs_before(script: Script, major: int, minor: int) -> bool:
    """Whether a module-level import, or a method of a model, needs a Keras older than ``major.minor``."""
    version = major, minor
    old = [name for name, last in LAST_METHODS.items() if last < version]
    if any(not call.tried and not call.conditional for call in script.calls(*old)):
        return True
    return any(
        (last_keras(one.dotted) or version) < version for one in script.imports if one.top and not one.tried
    )


def _has_old_argument(script: Script) -> bool:
    """Whether an optimizer or a callback is given what Keras 3 refuses."""
    checkpoints = script.calls("keras.callbacks.ModelCheckpoint")
    if any(OLD_CHECKPOINT_ARGUMENT in call.kwargs and not call.tried for call in checkpoints):
        return True
    return any(
        call.name.startswith("keras.optimizers.")
        and not OLD_OPTIMIZER_ARGUMENTS.isdisjoint(call.kwargs)
        and not call.tried
        for call in script.all_calls
    )


def copying(script: Script) -> Copying:
    """How ``fit`` copies arrays, as far as it is known which Keras and TensorFlow run the script; else as the newest do."""
    pins = script.project.pins
    if script.tensorflow_before(2, 13) or pins.get("keras", (9,)) < (2, 13) or _needs_before(script, 2, 13):
        return "shares"
    if script.keras_major is not None:
        return "widens" if script.keras_major == 2 else "casts"
    return "widens" if any(call.flavour == "tf_keras" for call in script.all_calls) else "casts"


def uses_keras_3(script: Script) -> bool:
    """Whether the script uses what only standalone Keras 3 has, such as ``keras.ops`` or the JAX backend."""
    if script.backend in ("jax", "torch"):
        return True
    if any(imported.dotted.startswith("keras_core") for imported in script.imports):
        return False
    return any(
        f"{imported.dotted}.".startswith(_KERAS_3)
        for imported in script.imports
        if imported.top and not imported.tried
    ) or any(call.flavour == "keras" and call.name.startswith(_KERAS_3) for call in script.all_calls)


def slices_arrays(script: Script) -> bool:
    """Whether the script or its pins need a Keras whose loop slices arrays itself: before 2.4, or TensorFlow 1."""
    pins = script.project.pins
    if script.needs_tensorflow_1:
        return True
    own = any(one.dotted.split(".")[0] == "keras" for one in script.imports)
    if own and (pins.get("keras", (9,)) < (2, 4) or script.tensorflow_before(2, 2)):
        return True
    if _needs_before(script, 2, 4):
        return True
    return (
        any(
            call.name.startswith("keras.") and not _KERAS_2_3.isdisjoint(call.kwargs)
            for call in script.all_calls
        )
        or script.uses("keras.backend.set_image_dim_ordering", "keras.backend.image_dim_ordering")
        or any({"input", "output"} <= call.kwargs.keys() for call in script.calls("keras.Model"))
        or _is_python_2(script.source.text)  # TensorFlow 2.1 was the last for it
        or _reads_old_accuracy(script)
    )


def needs_tensorflow_1(script: Script) -> bool:
    """Whether the project pins TensorFlow 1, or the script uses by its plain name what TensorFlow 2 took away."""
    text = script.source.text
    if script.tensorflow_before(2, 0):
        return True
    if "compat" in text:
        return False
    if ".make_one_shot_iterator(" in text:
        return True
    others = set()
    for one in _TENSORFLOW_1.finditer(text):
        if "#" not in text[text.rfind("\n", 0, one.start()) + 1 : one.start()]:
            if one["alone"]:
                return True
            others.add(one["other"])
    return len(others) > 1 and _ASKS_VERSION.search(text) is None


def runs_sessions(script: Script) -> bool:
    """Whether the script turns eager execution off: Keras runs its graphs in sessions, as with TensorFlow 1."""
    return "disable_" in script.source.text and script.uses(*_OFF)


def _reads_old_accuracy(script: Script) -> bool:
    """Whether a history is asked for ``acc`` where models were compiled with ``accuracy``, its name since Keras 2.3."""
    text = script.source.text
    reads = _OLD_ACCURACY.finditer(text) if "acc" in text else ()
    read = next(
        (one for one in reads if "#" not in text[text.rfind("\n", 0, one.start()) + 1 : one.start()]), None
    )
    if read is None:
        return False
    compiled = list(script.calls("keras.Model.compile"))
    before = [call for call in compiled if script.place(call.site).start < read.start()]
    given = [_names(call.arg("metrics")) for call in before or compiled]
    return any("accuracy" in one for one in given) and not any("acc" in one for one in given)


def _names(metrics: Value | None) -> tuple[object, ...]:
    items = metrics.items if isinstance(metrics, Items) and metrics.items is not None else (metrics,)
    return tuple(const(item) for item in items if item is not None)


def _is_python_2(text: str) -> bool:
    """Whether ``text`` calls a builtin that Python 3 does not have, or keeps arrays in files that are opened as text."""
    for opened in _OPENED_AS_TEXT.finditer(text):
        if _ARRAY_OF.search(text, max(0, opened.start() - 40), opened.start()) is not None:
            return True
    called = [name for name in _PYTHON_2 if f"{name}(" in text]
    return any(re.search(rf"\b{name}\(", text) for name in called)


def asks_version(script: Script, function: Function) -> bool:
    """Whether a branch in ``function`` depends on the version of a package: ``if tf.__version__ < "2":``."""
    body = function.node.body
    waiting = list(body) if isinstance(body, tuple) else []
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, tree.If) and "__version__" in script.text(statement.test):
            return True
        waiting.extend(inner for block in tree.blocks(statement) for inner in block)
    return False
