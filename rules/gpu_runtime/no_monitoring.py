"""KM708: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import rename_method
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.gpu_runtime._sharing import is_limited

RULE = Rule(
    "KM708",
    "no-monitoring",
    severity="info",
    words=("get_memory_usage", "nvidia-smi", "nvmlDeviceGetMemoryInfo"),
    fix="safe",
)

_RUNS = ("os.popen", "os.system", "subprocess.")
_NVML = ("nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2")
_EACH_BATCH = ("batch_begin", "batch_end")
_INFO = '`tf.config.experimental.get_memory_info("GPU:0")["peak"]`, and `reset_memory_stats` between epochs'


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or script.needs_tensorflow_1:
        return
    if not script.tensorflow_before(2, 5):
        for call in script.calls("tf.config.experimental.get_memory_usage"):
            yield _found(
                script,
                call,
                "`get_memory_usage` is deprecated, and knows no peak",
                help=f"use {_INFO}",
                fixes=_fixes(script, call),
            )
    limited = script.backend != "tensorflow" or is_limited(script)
    for call in script.all_calls:
        if not _reads_gpu(script, call):
            continue
        method = call.function.name if call.function is not None else ""
        if method.startswith("on_") and method.endswith(_EACH_BATCH) and call.name.startswith(_RUNS):
            yield _found(
                script,
                call,
                "`nvidia-smi` is started for every batch: a process that takes longer than most training steps",
                help=f"ask TensorFlow: {_INFO}",
            )
        elif not limited and not script.cpu_only and (method.startswith("on_") or _started(script, call)):
            yield _found(
                script,
                call,
                "the GPU's used memory is what TensorFlow reserved, nearly all, whatever the training needs",
                help=f"ask TensorFlow: {_INFO}",
            )


def _found(script: Script, call: Call, message: str, *, help: str, fixes: tuple[Fix, ...] = ()) -> Finding:
    return Finding(
        at=script.call_place(call), site=script.place(call.site), message=message, help=help, fixes=fixes
    )


def _reads_gpu(script: Script, call: Call) -> bool:
    """Whether ``call`` asks the driver how much memory is used."""
    if call.name.rpartition(".")[2] in _NVML:
        return True
    return (
        call.name.startswith(_RUNS)
        and bool(call.node.args)
        and "nvidia-smi" in script.text(call.node.args[0])
    )


def _started(script: Script, call: Call) -> bool:
    """Whether TensorFlow surely holds the GPU when ``call`` asks."""
    return any(script.surely_before(start, call) for start in script.starts)


def _fixes(script: Script, call: Call) -> tuple[Fix, ...]:
    """``get_memory_info(…)["current"]``, which is the same number."""
    name = rename_method(script, call.node, "get_memory_info")
    if name is None:
        return ()
    end = script.call_end(call.node)
    return (Fix('use `get_memory_info(…)["current"]`', True, (name, Edit(end, end, '["current"]'))),)
