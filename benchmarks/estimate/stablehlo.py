"""A training step that TensorFlow exported as StableHLO, given to XLA's GPU compiler through JAX.

``python stablehlo.py export FOLDER`` (TensorFlow) writes the step of every model; ``run FILE CACHE`` executes one with
zeros on this machine's GPU, to be called twice: the first process compiles.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

_TYPES = {"f": "float", "bf": "bfloat", "i": "int", "si": "int", "ui": "uint"}


def export(folder: Path) -> None:
    """One file for each model and policy, at the smaller batch."""
    import keras
    import tensorflow as tf
    from models import MODELS, POLICIES

    folder.mkdir(parents=True, exist_ok=True)
    for name, case in MODELS.items():
        for policy in POLICIES:
            batch = case.batches[0]
            keras.backend.clear_session()
            keras.mixed_precision.set_global_policy(policy)
            model, x, y = case.build(keras, batch)
            model.optimizer.build(model.trainable_variables)
            step = tf.function(lambda a, b, model=model: model.train_step((a, b)), jit_compile=True)
            ir = step.experimental_get_compiler_ir(
                tf.TensorSpec(x.shape, x.dtype), tf.TensorSpec(y.shape, y.dtype)
            )
            (folder / f"{name}-{batch}-{policy}.mlirbc").write_bytes(ir(stage="stablehlo_serialized"))


def run(file: Path, cache: Path) -> dict[str, Any]:
    """The allocator's peak of one step on a GPU; the second call finds the program in ``cache``, and tries no kernels."""
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    import jax
    import numpy as np
    from jax._src.lib import _jax
    from jax._src.lib.mlir import ir
    from keras_memlint.estimate.compiler import program as program_of

    jax.config.update("jax_enable_x64", True)
    module = program_of.read(file)
    types = [ir.RankedTensorType(argument.type) for argument in program_of.main_function(module).arguments]
    shapes = [(tuple(kind.shape), str(kind.element_type)) for kind in types]
    device = jax.local_devices()[0]
    where = _jax.DeviceList((device,))
    if cache.exists():
        program = device.client.deserialize_executable(cache.read_bytes(), where, _options())
    else:
        with module.context:
            program = device.client.compile_and_load(
                module, executable_devices=where, compile_options=_options()
            )
        cache.write_bytes(program.serialize())
    arguments = [jax.device_put(np.zeros(shape, _numpy(kind)), device) for shape, kind in shapes]
    jax.block_until_ready(arguments)
    jax.block_until_ready(program.execute_sharded(arguments).disassemble_into_single_device_arrays())
    stats = program.get_compiled_memory_stats()
    return {
        "jax": jax.__version__,
        "peak": device.memory_stats()["peak_bytes_in_use"],
        "compiled": {
            "arguments": stats.argument_size_in_bytes,
            "temporary": stats.temp_size_in_bytes,
            "new_outputs": stats.output_size_in_bytes - stats.alias_size_in_bytes,
        },
    }


def _options() -> Any:
    from jax._src import compiler

    return compiler.get_compile_options(num_replicas=1, num_partitions=1)


def _numpy(kind: str) -> Any:
    import ml_dtypes  # noqa: F401  # registers bfloat16 with NumPy
    import numpy as np

    if kind == "i1":
        return np.dtype(bool)
    letters = kind.rstrip("0123456789")
    return np.dtype(_TYPES[letters] + kind[len(letters) :])


def _say(result: dict[str, Any]) -> None:
    print("RESULT " + json.dumps(result), flush=True)


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[2:]]
    if sys.argv[1] == "export":
        export(*paths)
    else:
        _say(run(*paths))
