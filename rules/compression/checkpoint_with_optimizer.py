"""KM808: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Const, Object, const, known_text
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.compression._saves import left

RULE = Rule(
    "KM808",
    "checkpoint-with-optimizer",
    severity="hint",
    words=("ModelCheckpoint", "include_optimizer", "save", "save_weights", "save_model"),
    fix="unsafe",
)

# Disk is not memory: what all the files take together must be worth a remark.
_DISK = 1 << 30
_EACH = 128 << 20  # bytes of one file, where nobody knows how many there will be
_MANY_EPOCHS = 100
_MESSAGE = "each epoch leaves a whole checkpoint of its own on disk, optimizer state included"
_BEST = "each epoch that is better leaves a whole checkpoint of its own on disk, optimizer state included"
_WEIGHTS = "each epoch leaves a file of weights of its own on disk, and none is removed"
# Names with another end are checkpoints of TensorFlow, where Keras 2 writes them.
_FILES = (".h5", ".hdf5", ".keras")
# A part of the name that Keras fills in, with another text after each epoch.
_FILLED = re.compile(r"\{(epoch|loss|acc\w*|val_\w+)(:[^{}]*)?\}")


def check(script: Script) -> Iterator[Finding]:
    yield from _ignored(script)
    if not script.is_test:
        yield from _kept(script)
        yield from left(script, _DISK)


def _ignored(script: Script) -> Iterator[Finding]:
    """``include_optimizer=False`` where Keras 3 takes it without a word and saves the optimizer all the same."""
    if script.keras_major == 2:
        return
    for call in script.calls("keras.Model.save", "keras.models.save_model", "keras.saving.save_model"):
        model = call.receiver or call.first()
        flavour = model.flavour if isinstance(model, Model) else call.flavour
        path = call.first() if call.name == "keras.Model.save" else call.arg("filepath")
        if call.const("include_optimizer") is not False or flavour == "tf_keras":
            continue
        if known_text(path).endswith(".keras"):
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message="`include_optimizer=False` has no effect in the `.keras` format: the optimizer's state is saved",
                help="load the file with `compile=False` and save that, or save as `.h5`, which honours the argument",
                severity="info",
            )


def _kept(script: Script) -> Iterator[Finding]:
    for call in script.calls("keras.callbacks.ModelCheckpoint"):
        best = call.const("save_best_only", False if call.arg("save_best_only") is None else None)
        whole = _holds_optimizer(script, call)
        if call.star or not isinstance(best, bool) or not _is_filled(call):
            continue
        fit = _fit_of(script, call)
        files = _files(call, fit) if fit is not None else None
        size, exact = _file_bytes(script, fit, whole) if fit is not None else (0, False)
        if exact and size * (files or _MANY_EPOCHS) < _DISK:
            continue
        if best and not (whole and size >= _EACH):
            continue  # how many epochs are better is not known
        if not whole and not (_holds_weights(call) and (files or 0) >= _MANY_EPOCHS):
            continue
        total = size * files if files is not None and not best else 0
        large = total >= max(_DISK, script.settings.size_threshold)
        cost = f"{'' if exact else 'at least '}{format_bytes(total)} on disk, {files} files of {format_bytes(size)}"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=_BEST if best else _MESSAGE if whole else _WEIGHTS,
            cost=cost if large else f"{format_bytes(size)} each" if best else "",
            bytes=total if large else None,
            help="give the file a name without the epoch: it is then written again each time"
            if best
            else "keep the best epoch only with `save_best_only=True`, under one name; to go on after a crash,"
            " `BackupAndRestore` keeps one copy",
            related=(("trained here", script.call_place(fit.call)),) if fit is not None else (),
            fixes=() if size >= _EACH else _fixes(script, call, fit),
            severity="info" if large else "hint",
        )


def _is_filled(call: Call) -> bool:
    """Whether it writes another file after each epoch."""
    return _FILLED.search(known_text(call.arg("filepath"))) is not None


def _holds_optimizer(script: Script, call: Call) -> bool:
    """Whether the files hold the optimizer's state: whole models do, weights in the newer format or in TensorFlow's own."""
    only = call.arg("save_weights_only")
    if only is None or (isinstance(only, Const) and only.value is False):
        return True
    name = known_text(call.arg("filepath"))
    if const(only) is not True or name.endswith("…"):
        return False
    if name.endswith(_FILES):
        return name.endswith(".weights.h5") and not script.tensorflow_before(2, 12)
    return call.flavour in ("tf.keras", "tf_keras") and script.keras_major != 3


def _holds_weights(call: Call) -> bool:
    """Whether the files hold weights alone."""
    return call.const("save_weights_only") is True


def _fit_of(script: Script, call: Call) -> Fit | None:
    """The training that is given this callback, None when it is not known."""
    for fit in script.trainings:
        if call in fit.callback_calls:
            return fit
    return None


def _files(call: Call, fit: Fit) -> int | None:
    """How many files the training leaves; None when it may end early, or when they are not written by epochs."""
    every = call.const("period", 1)
    if call.given("save_freq") and call.const("save_freq") != "epoch":
        return None
    if any(isinstance(one, Object) and one.api.endswith(".EarlyStopping") for one in fit.callbacks or ()):
        return None
    epochs = fit.call.const("epochs", None if fit.call.given("epochs") else 1)
    return epochs // every if isinstance(epochs, int) and isinstance(every, int) and every > 0 else None


def _file_bytes(script: Script, fit: Fit, whole: bool) -> tuple[int, bool]:
    """Bytes of one file, and whether that is all of it or only what is known; of the weights alone unless ``whole``."""
    if fit.model is None:
        return 0, False
    if not whole:
        return fit.model.known_parameters * 4, fit.model.parameters is not None
    slots = script.optimizer_slots(fit.model)
    return fit.model.trained_bytes(slots or 0), slots is not None and fit.model.parameters is not None


def _fixes(script: Script, call: Call, fit: Fit | None) -> tuple[Fix, ...]:
    """Only where the monitored value is there: without validation there is no ``val_loss``, and no best epoch."""
    if fit is None:
        return ()
    monitor = call.const("monitor", "val_loss")
    validates = any(fit.call.arg(name) is not None for name in ("validation_data", "validation_split"))
    if monitor.startswith("val_") and not validates:
        return ()
    edit = set_argument(script, call.node, "save_best_only", "True", position=3)
    title = "keep the best epoch only"
    price = "the other epochs are not saved"
    return (Fix(title, False, (edit,), price),) if edit is not None else ()
