"""Keras models: how they are built, compiled, trained and asked."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Items,
    Object,
    Origin,
    Scalar,
    Value,
    const,
)
from keras_memlint.analysis.facts.table import Machine, fact, table
from keras_memlint.analysis.interpret import constructing, model_methods, models

_DOCS = "Keras API reference, Model training APIs"
_FIT = (
    "x y batch_size epochs verbose callbacks validation_split validation_data shuffle class_weight sample_weight "
    "initial_epoch steps_per_epoch validation_steps validation_batch_size validation_freq"
)


def _add(call: Call, _run: Machine) -> Value:
    if isinstance(call.receiver, Model) and call.args:
        models.add(call.receiver, call.args[0], call.node)
    return Const(None)


def _predicted(call: Call, _run: Machine) -> Value:
    """An array of the outputs for all rows; its shape where the model's output is known."""
    x, model = call.arg("x") or call.arg("generator"), call.receiver
    samples = call.name == _M + "predict_generator" and _is_keras_1(call)
    shape = (
        model_methods.predicted(model, x, call.const("steps"), samples=samples)
        if isinstance(model, Model)
        else None
    )
    return Array("ndarray", "float32", shape, "network", origin=Origin(call.node, "the model's output"))


def _is_keras_1(call: Call) -> bool:
    """Whether the text around ``call`` has arguments of Keras 1, whose generators are asked for samples, not batches."""
    source = call.node.piece.source
    text = source.text if source is not None else ""
    return "nb_epoch=" in text or "samples_per_epoch=" in text


def _loaded(call: Call, _run: Machine) -> Value:
    return Model("loaded", call.flavour, call, complete=False, origin=Origin(call.node, "loaded here"))


def _clone(call: Call, _run: Machine) -> Value:
    given = call.first()
    made = Model("loaded", call.flavour, call, complete=False, origin=Origin(call.node, "cloned here"))
    if isinstance(given, Model):
        made.uses, made.input, made.output, made.complete = (
            list(given.uses),
            given.input,
            given.output,
            given.complete,
        )
        made.final = given.final
    return made


def _weights(call: Call, _run: Machine) -> Value:
    return Items("list", None, Array(dtype="float32"), origin=Origin(call.node, "all weights"))


def _get_layer(call: Call, _run: Machine) -> Value:
    name = call.const("name")
    uses = [*call.receiver.head, *call.receiver.uses] if isinstance(call.receiver, Model) else []
    for use in uses:
        if name is not None and const(use.layer.config.get("name")) == name:
            return use.layer
    return Layer("keras.layers.Layer", call.flavour, None)


def _policy(call: Call, _run: Machine) -> Value:
    return Object("keras.mixed_precision.DTypePolicy", call, origin=Origin(call.node, "policy"))


def _wrapped(call: Call, _run: Machine) -> Value:
    """A wrapped model is a model again, a wrapped layer a layer."""
    given = call.arg(call.params[0]) or call.first()
    if isinstance(given, Model):
        made = Model(
            given.kind,
            given.flavour,
            call,
            list(given.uses),
            given.input,
            given.output,
            None,
            given.complete,
            origin=Origin(call.node, "wrapped here", given.origin),
        )
        made.final = given.final
        return made
    if isinstance(given, Layer):
        return Layer(
            "tfmot.PruneLowMagnitude",
            given.flavour,
            call,
            {"layer": given},
            origin=Origin(call.node, "wrapped here"),
        )
    return UNKNOWN


def _unwrapped(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Model):
        return Model(
            given.kind,
            given.flavour,
            call,
            list(given.uses),
            given.input,
            given.output,
            None,
            given.complete,
            origin=Origin(call.node, "stripped", given.origin),
        )
    return Model("loaded", "", call, complete=False, origin=Origin(call.node, "stripped"))


_M = "keras.Model."
_CHECKPOINT = "filepath monitor verbose save_best_only save_weights_only mode save_freq"
KERAS_MODELS = table(
    fact(
        "keras.Input",
        "shape batch_size dtype sparse batch_shape name tensor",
        lambda c, _r: constructing.input_tensor(c),
        see=_DOCS,
    ),
    fact("keras.Model", "inputs outputs name", lambda c, _r: models.functional(c), see=_DOCS),
    fact("keras.Sequential", "layers name", lambda c, _r: models.sequential(c), see=_DOCS),
    fact(_M + "add", "layer", _add, see=_DOCS),
    fact(_M + "build", "input_shape", model_methods.built, see=_DOCS),
    fact(
        _M + "compile",
        "optimizer loss metrics loss_weights",
        lambda c, _r: model_methods.compile_model(c),
        see=_DOCS,
    ),
    fact(
        _M + "evaluate",
        "x y batch_size verbose sample_weight steps callbacks",
        lambda _c, _r: Scalar("float"),
        see=_DOCS,
    ),
    fact(
        _M + "evaluate_generator", "generator steps", lambda _c, _r: Scalar("float"), see="removed in TF 2.6"
    ),
    fact(_M + "fit", _FIT, model_methods.history, see=_DOCS),
    fact(
        _M + "fit_generator",
        "generator steps_per_epoch epochs",
        model_methods.history,
        see="removed in Keras 3",
    ),
    fact(_M + "get_weights", "", _weights, see=_DOCS),
    fact(_M + "get_layer", "name index", _get_layer, see=_DOCS),
    fact(_M + "predict", "x batch_size verbose steps callbacks", _predicted, see=_DOCS),
    fact(_M + "predict_classes", "x batch_size", _predicted, see="removed in TF 2.6"),
    fact(_M + "predict_generator", "generator steps", _predicted, see="removed in TF 2.6"),
    fact(_M + "predict_on_batch", "x", _predicted, see=_DOCS),
    fact(_M + "predict_proba", "x batch_size", _predicted, see="removed in TF 2.6"),
    fact(
        _M + "quantize",
        "mode config filters",
        lambda _c, _r: Const(None),
        see="Keras API reference, quantization",
    ),
    fact(_M + "test_on_batch", "x y", lambda _c, _r: Scalar("float"), see=_DOCS),
    fact(_M + "train_on_batch", "x y", lambda _c, _r: Scalar("float"), see=_DOCS),
    fact(
        "keras.callbacks.ModelCheckpoint",
        _CHECKPOINT,
        lambda c, _r: constructing.construct(c),
        see="Keras API reference, callbacks",
    ),
    fact("keras.mixed_precision.DTypePolicy", "name", _policy, see="Keras API reference, mixed precision"),
    fact(
        "keras.mixed_precision.set_dtype_policy", "policy", None, see="Keras API reference, mixed precision"
    ),
    fact("keras.models.clone_model", "model", _clone, see=_DOCS),
    fact(
        "keras.models.load_model",
        "filepath custom_objects compile safe_mode",
        _loaded,
        see="Keras API reference, saving",
    ),
    fact("keras.models.model_from_json", "json_string", _loaded, see="Keras API reference, saving"),
    fact(
        "keras.saving.load_model",
        "filepath custom_objects compile safe_mode",
        _loaded,
        see="Keras API reference, saving",
    ),
    fact("tf.saved_model.load", "export_dir", _loaded, see="TensorFlow API reference"),
    fact(
        "tfmot.sparsity.keras.prune_low_magnitude",
        "to_prune pruning_schedule block_size",
        _wrapped,
        see="tfmot API reference",
    ),
    fact("tfmot.sparsity.keras.strip_pruning", "model", _unwrapped, see="tfmot API reference"),
    fact(
        "tfmot.clustering.keras.cluster_weights",
        "to_cluster number_of_clusters cluster_centroids_init",
        _wrapped,
        see="tfmot API reference",
    ),
    fact("tfmot.clustering.keras.strip_clustering", "to_strip", _unwrapped, see="tfmot API reference"),
    fact("tfmot.quantization.keras.quantize_apply", "model scheme", _wrapped, see="tfmot API reference"),
    fact("tfmot.quantization.keras.quantize_model", "to_quantize", _wrapped, see="tfmot API reference"),
)
