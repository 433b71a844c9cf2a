"""Who shares a GPU with the training of a script: processes that train too, another framework."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Function, Object, Value, const
from keras_memlint.analysis.script import Script

_PROCESSES = ("multiprocessing.Process", "multiprocessing.context.Process", "torch.multiprocessing.Process")
_POOLS = ("multiprocessing.Pool.", "multiprocessing.pool.Pool.", "concurrent.futures.ProcessPoolExecutor.")
_GIVES_WORK = (
    "apply_async",
    "imap",
    "imap_unordered",
    "map",
    "map_async",
    "starmap",
    "starmap_async",
    "submit",
)
_LIMITS = (
    "tf.config.experimental.set_memory_growth",
    "tf.config.set_logical_device_configuration",
    "tf.compat.v1.ConfigProto",
    "tf.ConfigProto",
    "tf.GPUOptions",
)
_JAX = ("jax.numpy.", "jax.random.", "jax.device_put", "jax.grad", "jax.jit", "jax.nn.", "jax.lax.")


def is_limited(script: Script) -> bool:
    """Whether the script, a module of its project or the driver says how much memory TensorFlow takes of a GPU."""
    return (
        script.uses(*_LIMITS)
        or script.uses_directml
        or script.sets_environment("TF_FORCE_GPU_ALLOW_GROWTH", "TF_GPU_ALLOCATOR")
        or script.project.mentions("set_memory_growth", "allow_growth", "set_logical_device_configuration")
    )


def processes(script: Script) -> Iterator[tuple[Call, str]]:
    """Calls that make several processes train at once, and how these come about, in words of a message."""
    if script.sets_environment("CUDA_VISIBLE_DEVICES"):
        return  # each may get a GPU of its own
    training = {id(fit.call.function.node) for fit in script.trainings if fit.call.function is not None}
    for call in script.calls(*_PROCESSES):
        if call.loops and _is_one(call.kwargs.get("target"), training) and not _waits(script, call):
            yield call, "processes started in a loop train"
    for call in script.calls(*_POOLS):
        pool = call.receiver.call if isinstance(call.receiver, Object) else None
        workers = const(pool.first()) if pool is not None and pool.args else None
        if call.name.endswith(_GIVES_WORK) and workers != 1 and _is_one(call.first(), training):
            if pool is None or const(pool.kwargs.get("max_workers") or pool.kwargs.get("processes")) != 1:
                yield call, "the processes of a pool train"
    for call in script.calls("joblib.delayed"):
        pools = [
            one for one in script.calls("joblib.Parallel") if const(one.kwargs.get("n_jobs")) not in (None, 1)
        ]
        threads = any({"prefer", "require", "backend"} & one.kwargs.keys() for one in pools)
        if pools and not threads and _is_one(call.first(), training):
            yield pools[0], "joblib's processes train"
    for search in script.searches:
        if search.parallel:
            yield search.call, f"`{search.name}` trains in several processes"


def _is_one(function: Value | None, training: set[int]) -> bool:
    return isinstance(function, Function) and id(function.node) in training


def _waits(script: Script, started: Call) -> bool:
    """Whether the loop that starts a process waits for it, so that there is one at a time."""
    inner = id(started.loops[-1].node)
    return any(
        call.loops and id(call.loops[-1].node) == inner
        for call in script.all_calls
        if call.name.endswith((".join", ".get", ".result"))
        and (call.receiver is started.result or call.name.startswith(("multiprocessing.", "?.")))
    )


def other_framework(script: Script) -> tuple[Call, str] | None:
    """The first call of JAX or PyTorch that uses a GPU, and its name, in a script that trains with TensorFlow.

    None when one of them is kept off the GPU or takes no more than it needs.
    """
    if script.backend != "tensorflow" or not any(script.reached(fit.call) for fit in script.trainings):
        return None
    held = ("XLA_PYTHON_CLIENT_PREALLOCATE", "XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_CLIENT_MEM_FRACTION")
    if not script.sets_environment(
        *held, "XLA_PYTHON_CLIENT_ALLOCATOR", "JAX_PLATFORMS", "JAX_PLATFORM_NAME"
    ):
        for call in script.calls(*_JAX):
            if script.reached(call) and "jax_platform" not in script.source.text:
                return call, "JAX"
    if not is_limited(script):
        for call in script.all_calls:
            if (
                call.name.endswith(".cuda")
                and call.name.startswith(("?.", "torch."))
                and _imports_torch(script)
            ):
                return call, "PyTorch"
            if call.name == "torch.device" and str(const(call.first())).startswith("cuda"):
                return call, "PyTorch"
    return None


def _imports_torch(script: Script) -> bool:
    return any(one.dotted.partition(".")[0] == "torch" for one in script.imports)
