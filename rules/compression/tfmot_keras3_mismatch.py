"""KM801: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.reach.imported import Imported
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import before
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM801",
    "tfmot-keras3-mismatch",
    severity="warning",
    words=("tensorflow_model_optimization", "tfmot"),
    fix="unsafe",
)

_LEGACY = "TF_USE_LEGACY_KERAS"
_TAKES = (
    "prune_low_magnitude",
    "quantize_model",
    "quantize_annotate_model",
    "quantize_annotate_layer",
    "cluster_weights",
)


def check(script: Script) -> Iterator[Finding]:
    package = next((i for i in script.imports if i.dotted.startswith("tensorflow_model_optimization")), None)
    if package is None or (script.keras_major == 2 and not script.sets_environment(_LEGACY)):
        return
    touched = _touched(script, package)
    for call in script.calls("tfmot."):
        given = call.first() if call.args else next(iter(call.kwargs.values()), None)
        if not call.name.endswith(_TAKES) or not isinstance(given, (Model, Layer)):
            continue
        if script.asks_version(call.function):
            continue  # for other versions the script does something else
        if given.flavour == "keras":
            cause = "a model of standalone `keras`"
            related: tuple[tuple[str, Place], ...] = ()
        elif given.flavour == "tf.keras" and touched is not None:
            cause = "a `tf.keras` model that is a Keras 3 model"
            place = script.place(touched.alias or touched.statement)
            related = (("`tf.keras` is loaded here, before tfmot can switch it to tf-keras", place),)
        else:
            continue
        name = call.name.rpartition(".")[2]
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{name}` gets {cause} and takes only models of tf-keras: it raises ValueError with TensorFlow 2.16 and"
            " later",
            help="build the model with `tf_keras`, or import tensorflow_model_optimization before anything of `tf.keras`",
            related=related,
            fixes=_fixes(script, touched) if touched is not None and given.flavour == "tf.keras" else (),
            severity="error" if script.keras_major == 3 else "warning",
        )


def _touched(script: Script, package: Imported) -> Imported | None:
    """The import that loads ``tf.keras`` before tfmot's import; None when there is none or legacy Keras is asked for."""
    if script.sets_environment(_LEGACY):
        return None
    for imported in script.imports:
        if imported.order >= package.order:
            return None
        if imported.module.startswith("tensorflow.keras."):
            return imported
        if imported.module == "tensorflow.keras" and imported.dotted != imported.module:
            return imported
    return None


def _fixes(script: Script, touched: Imported) -> tuple[Fix, ...]:
    first = next(
        (i for i in script.imports if i.dotted.partition(".")[0] in ("tensorflow", "keras") and i.top),
        touched,
    )
    known = any(i.dotted == "os" and i.order < first.order and i.top for i in script.imports)
    text = f'os.environ["{_LEGACY}"] = "1"'
    edit = before(script, first.statement, text if known else f"import os\n\n{text}")
    title = "use tf-keras throughout"
    price = "needs the package tf-keras"
    return (Fix(title, False, (edit,), price),) if edit is not None else ()
