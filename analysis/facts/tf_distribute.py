"""tf.distribute: strategies, their scopes, and what they make of data."""

from __future__ import annotations

from dataclasses import replace

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import UNKNOWN, Dataset, Function, Object, Value
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_D = "tf.distribute."
_S = _D + "Strategy."
_DOCS = "TensorFlow API reference, tf.distribute"


def _object(api: str) -> Gives:
    return lambda call, _run: Object(api, call)


def _distributed(call: Call, _run: Machine) -> Value:
    return _spread(call, call.first())


def _from_function(call: Call, run: Machine) -> Value:
    function = call.arg("dataset_fn")
    if not isinstance(function, Function):
        return UNKNOWN
    made, call.inner = run.apply(function, (UNKNOWN,), call, mapped=False)
    return _spread(call, made)


def _spread(call: Call, data: Value) -> Value:
    """Batches of the same elements, of which each replica gets a part ahead of time."""
    if not isinstance(data, Dataset):
        return UNKNOWN
    return replace(data, op="distribute", call=call, input=data, traits=frozenset(), also=())


TF_DISTRIBUTE = table(
    *(
        fact(_D + name, params, _object(_D + "Strategy"), see=_DOCS)
        for name, params in (
            ("MirroredStrategy", "devices cross_device_ops"),
            ("MultiWorkerMirroredStrategy", "cluster_resolver communication_options"),
            ("OneDeviceStrategy", "device"),
            ("ParameterServerStrategy", "cluster_resolver variable_partitioner"),
            ("TPUStrategy", "tpu_cluster_resolver"),
            ("experimental.CentralStorageStrategy", "compute_devices parameter_device"),
            ("experimental.MultiWorkerMirroredStrategy", "communication cluster_resolver"),
            ("experimental.TPUStrategy", "tpu_cluster_resolver"),
            ("get_strategy", ""),
        )
    ),
    *(
        fact(_S + name, "dataset_fn options", _from_function, see=_DOCS)
        for name in ("distribute_datasets_from_function", "experimental_distribute_datasets_from_function")
    ),
    fact(_S + "experimental_distribute_dataset", "dataset options", _distributed, see=_DOCS),
    fact(_S + "scope", "", _object(_D + "scope"), see=_DOCS),
)
