"""KM703: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call, Setting
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import before, remove
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM703",
    "env-var-set-too-late",
    severity="warning",
    words=("environ",),
    fix="unsafe",
)

_DEVICES = ("CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH", "TF_GPU_ALLOCATOR")
# Lists GPUs without making devices of them: the driver is started, which reads this variable once and no other.
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_LISTING = "tf.config.list_physical_devices"
# Modules that do little else than start other processes, which the variable may be meant for.
_STARTERS = frozenset(["dask", "loky", "mpi4py", "pathos", "ray", "subprocess"])
# Modules that have more to give, and pieces of text by which they start processes.
_MAY_START = frozenset(["concurrent", "joblib", "multiprocessing"])
_STARTING = frozenset(
    [
        *(" Pool", ".Pool", "Pool(", "Process", "Parallel", "n_jobs"),
        *("get_context", "spawn", "start_processes"),
    ]
)
_OS_STARTS = re.compile(r"os\.(?:system|popen|startfile|fork\w*|spawn\w*|exec\w*|posix_spawn\w*)")
_JAX = (
    *("XLA_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_ALLOCATOR"),
    *("XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_PREALLOCATE"),
)
_JAX_STARTS = ("jax.devices", "jax.local_devices", "jax.device_count", "jax.numpy.", "jax.random.")
_PACKAGES = ("tensorflow", "keras", "tf_keras", "jax", "torch")


def check(script: Script) -> Iterator[Finding]:
    for setting in script.environment:
        if not script.own(setting.node):
            continue
        late = _late(script, setting)
        if late is None:
            continue
        message, note, place = late
        yield Finding(
            at=script.place(setting.node),
            site=script.place(setting.site),
            message=message,
            help="set it above the first import, or outside the script",
            related=((note, place),),
            fixes=_fixes(script, setting),
        )


def _late(script: Script, setting: Setting) -> tuple[str, str, Place] | None:
    """The message, and the note and place of what read the variable before; None when nothing surely did."""
    name = setting.name
    if name == "KERAS_BACKEND":
        imported = _keras_loaded(script, setting)
        if imported is not None and const(setting.value) not in (None, _backend_at(script, imported)):
            return (
                "`KERAS_BACKEND` is set after Keras was loaded: Keras keeps the backend it started with",
                "Keras is loaded here",
                script.place(imported.alias or imported.statement),
            )
    elif name == "TF_USE_LEGACY_KERAS":
        imported = _imported(script, setting, "tensorflow.keras")
        if imported is not None:
            return (
                "`TF_USE_LEGACY_KERAS` is set after `tf.keras` was loaded: `tf.keras` stays what it is",
                "`tf.keras` is loaded here",
                script.place(imported.alias or imported.statement),
            )
    elif name in (*_DEVICES, *_JAX) and _starts_others(script):
        return None
    elif name in _DEVICES:
        start = _first(script, setting, script.starts)
        if start is not None:
            return (
                f"`{name}` is set after TensorFlow started the GPUs, and is not read again",
                "devices are started here",
                script.call_place(start),
            )
        listed = _first(script, setting, list(script.calls(_LISTING))) if name == _VISIBLE else None
        hides = const(setting.value) in ("", "-1") and setting.conditional  # where no GPU was listed
        if listed is not None and not hides:
            return (
                f"`{name}` is set after TensorFlow listed the GPUs, and is not read again",
                "they are listed here",
                script.call_place(listed),
            )
    elif name in _JAX:
        start = _first(script, setting, list(script.calls(*_JAX_STARTS)))
        if start is not None:
            return (
                f"`{name}` is set after JAX took its GPU memory, and is not read again",
                "JAX starts here",
                script.call_place(start),
            )
    return None


def _backend_at(script: Script, imported: Imported) -> object:
    """The backend Keras starts with at its import: what the script said before, else TensorFlow."""
    said = [one for one in script.environment if one.name == "KERAS_BACKEND" and one.order < imported.order]
    return const(said[-1].value) if said else "tensorflow"


def _keras_loaded(script: Script, setting: Setting) -> Imported | None:
    """The import that loads Keras, which TensorFlow's own does as well; None where Keras 2 may be meant."""
    if script.keras_major == 2 or script.slices_arrays:
        return None
    if any(one.dotted.partition(".")[0] == "keras" for one in script.imports):
        return _imported(script, setting, "keras", "tensorflow")
    return None  # `tf.keras` alone has no other backend


def _imported(script: Script, setting: Setting, *modules: str) -> Imported | None:
    """The first import of one of ``modules``, or of something in it, that always runs before ``setting``."""
    for one in script.imports:
        # The module that is loaded: `from tensorflow import keras` loads no `tf.keras` yet.
        inside = any(one.module == module or one.module.startswith(module + ".") for module in modules)
        if inside and one.top and not one.tried and one.order < setting.order:
            return one if script.own(one.statement) else None
    return None


def _starts_others(script: Script) -> bool:
    """Whether the variable may be meant for processes that the script starts."""
    imported = {part for one in script.imports for part in one.dotted.split(".")}
    if imported & _STARTERS or (imported & _MAY_START and script.words_among(_STARTING)):
        return True
    return any(_OS_STARTS.fullmatch(call.name) for call in script.calls("os."))


def _first(script: Script, setting: Setting, starts: list[Call]) -> Call | None:
    """The first call that has read the variable; not one that a function makes which only others call."""
    said = [one.order for one in script.environment if one.name == setting.name]
    source = script.source
    cell = source.cell_at(script.place(setting.node).start)
    found = (
        one
        for one in starts
        if script.surely_before(one, setting)
        and script.own(one.node)
        # Another cell may have been run in another session.
        and source.cell_at(script.place(one.node).start) == cell
    )
    start = next(found, None)
    return start if start is not None and min(said) > start.order else None


def _fixes(script: Script, setting: Setting) -> tuple[Fix, ...]:
    """The statement moved above the first import of a framework; none unless it is a literal in a line of its own."""
    statement = script.statement_at(script.place(setting.node).start)
    first = next((one for one in script.imports if one.dotted.partition(".")[0] in _PACKAGES), None)
    known = first and any(
        one.dotted == "os" and one.top and one.order < first.order for one in script.imports
    )
    if statement is None or first is None or not first.top or not known or const(setting.value) is None:
        return ()
    gone = remove(script, statement)
    place = script.place(statement)
    row = script.source.row(place.start)
    start, end = script.source.line_span(row)
    edit = before(script, first.statement, script.source.text[start:end])
    if gone is None or edit is None:
        return ()
    return (Fix(f"set `{setting.name}` above the imports", False, (edit, gone), "it takes effect"),)
