"""GPUs as XLA's compiler wants them described.

Names and memory are in ``analysis/sizes/gpus.py``; here is what else the compiler asks about a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from keras_memlint.analysis.sizes import gpus
from keras_memlint.analysis.sizes.gpus import Gpu
from keras_memlint.estimate.errors import EstimateError

Source = Literal["xla", "nvidia"]
"""Where a row comes from. ``xla``: the target specifications of openxla/xla
(``xla/backends/gpu/target_config/specs``), read from the GPU itself. ``nvidia``: the data sheet or architecture
white paper of the GPU."""


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU that programs can be compiled for. ``description`` is the text of XLA's ``GpuTargetConfigProto``."""

    gpu: Gpu
    description: str


class _Row(NamedTuple):
    """``cores``: streaming multiprocessors; ``bandwidth`` in 10^9 bytes per second; ``l2`` in KiB; ``clock``: the
    highest (boost) in GHz."""

    name: str
    cores: int
    bandwidth: float
    l2: int
    clock: float
    source: Source


class _Core(NamedTuple):
    """What a multiprocessor has, bytes of shared memory: in all, and for one block at most on request."""

    shared: int
    shared_block: int
    threads: int
    fpus: int
    features: str = "NONE"


# The CUDA programming guide's table of technical specifications per compute capability; ``features`` as XLA's
# specifications have them.
_CORES = {
    (6, 0): _Core(65536, 49152, 2048, 64),
    (6, 1): _Core(98304, 49152, 2048, 128),
    (7, 0): _Core(98304, 98304, 2048, 64),
    (7, 5): _Core(65536, 65536, 1024, 64),
    (8, 0): _Core(167936, 166912, 2048, 64),
    (8, 6): _Core(102400, 101376, 1536, 128),
    (8, 9): _Core(102400, 101376, 1536, 128),
    (9, 0): _Core(233472, 232448, 2048, 128, "ACCELERATED_FEATURES"),
    (10, 0): _Core(233472, 232448, 2048, 128, "ACCELERATED_FEATURES"),
    (12, 0): _Core(102400, 101376, 1536, 128),
}

# In the order of ``gpus.GPUS``. The K80 is missing: the compiler no longer knows compute capability 3.7.
_ROWS = (
    _Row("P4", 20, 192.0, 2048, 1.1135, "nvidia"),
    _Row("P40", 30, 346.0, 3072, 1.531, "nvidia"),
    _Row("P100", 56, 732.16, 4096, 1.4805, "xla"),
    _Row("V100 16GB", 80, 898.048, 6144, 1.53, "xla"),
    _Row("V100 32GB", 80, 898.048, 6144, 1.53, "xla"),
    _Row("T4", 40, 320.064, 4096, 1.59, "nvidia"),
    _Row("A10", 72, 600.0, 6144, 1.695, "nvidia"),
    _Row("A10G", 80, 600.0, 6144, 1.71, "nvidia"),
    _Row("A30", 56, 933.0, 24576, 1.44, "nvidia"),
    _Row("A40", 84, 696.0, 6144, 1.74, "nvidia"),
    _Row("A100 40GB", 108, 1555.2, 40960, 1.41, "xla"),
    _Row("A100 80GB", 108, 2039.04, 40960, 1.41, "xla"),
    _Row("L4", 58, 300.0, 49152, 2.04, "nvidia"),
    _Row("L40", 142, 864.0, 98304, 2.49, "nvidia"),
    _Row("L40S", 142, 864.0, 98304, 2.52, "nvidia"),
    _Row("H100 PCIe", 114, 2039.04, 51200, 1.755, "xla"),
    _Row("H100 SXM", 132, 3352.32, 51200, 1.98, "xla"),
    _Row("H200", 132, 4800.0, 51200, 1.98, "xla"),
    _Row("B200", 148, 7672.32, 129536, 1.965, "xla"),
    _Row("GTX 1080 Ti", 28, 484.4, 2816, 1.582, "nvidia"),
    _Row("RTX 2060", 30, 336.0, 3072, 1.68, "nvidia"),
    _Row("RTX 2070", 36, 448.0, 4096, 1.62, "nvidia"),
    _Row("RTX 2080", 46, 448.0, 4096, 1.71, "nvidia"),
    _Row("RTX 2080 Ti", 68, 616.0, 5632, 1.545, "nvidia"),
    _Row("RTX 3060", 28, 360.0, 3072, 1.777, "nvidia"),
    _Row("RTX 3070", 46, 448.0, 4096, 1.725, "nvidia"),
    _Row("RTX 3080", 68, 760.3, 5120, 1.71, "nvidia"),
    _Row("RTX 3090", 82, 936.2, 6144, 1.695, "nvidia"),
    _Row("RTX 4060", 24, 272.0, 24576, 2.46, "nvidia"),
    _Row("RTX 4070", 46, 504.2, 36864, 2.475, "nvidia"),
    _Row("RTX 4070 Ti", 60, 504.2, 49152, 2.61, "nvidia"),
    _Row("RTX 4080", 76, 716.8, 65536, 2.505, "nvidia"),
    _Row("RTX 4090", 128, 1008.0, 73728, 2.52, "nvidia"),
    _Row("RTX 5090", 170, 1792.0, 98304, 2.407, "nvidia"),
    _Row("RTX A4000", 48, 448.0, 4096, 1.56, "nvidia"),
    _Row("RTX A6000", 84, 768.096, 6144, 1.8, "xla"),
    _Row("RTX 6000 Ada", 142, 960.0, 98304, 2.505, "nvidia"),
)


def find(name: str) -> Device | None:
    """The device that ``name`` means, by the names of ``analysis/sizes/gpus.py``; None when the name is unknown.

    Raises EstimateError for a GPU that the compiler has no description of.
    """
    gpu = gpus.find(name)
    if gpu is None:
        return None
    device = _by_name().get(gpu.name)
    if device is None:
        raise EstimateError(f"the compiler cannot build for {gpu.name}; it can for {_listed()}")
    return device


def get(name: str) -> Device:
    """Like ``find``, but an unknown ``name`` raises EstimateError, which names the nearest."""
    if device := find(name):
        return device
    raise EstimateError(gpus.unknown(name))


def known() -> tuple[Device, ...]:
    """All devices, in the order of ``analysis/sizes/gpus.py``."""
    return tuple(_by_name().values())


@cache
def _by_name() -> dict[str, Device]:
    rows = {row.name: row for row in _ROWS}
    return {gpu.name: Device(gpu, _description(gpu, rows[gpu.name])) for gpu in gpus.GPUS if gpu.name in rows}


def _listed() -> str:
    return ", ".join(_by_name())


def _description(gpu: Gpu, row: _Row) -> str:
    core = _CORES[gpu.compute_capability]
    major, minor = gpu.compute_capability
    # The versions are those the compiler was made with; without a device they only switch features on and off.
    return f"""\
gpu_device_info {{
  name: "NVIDIA {gpu.name}"
  cuda_compute_capability {{ major: {major} minor: {minor} feature_extension: {core.features} }}
  core_count: {row.cores}
  fpus_per_core: {core.fpus}
  clock_rate_ghz: {row.clock}
  memory_bandwidth: {round(row.bandwidth * 1_000_000_000)}
  device_memory_size: {gpu.memory}
  l2_cache_size: {row.l2 * 1024}
  shared_memory_per_core: {core.shared}
  shared_memory_per_block: 49152
  shared_memory_per_block_optin: {core.shared_block}
  registers_per_core_limit: 65536
  registers_per_block_limit: 65536
  threads_per_warp: 32
  threads_per_block_limit: 1024
  threads_per_core_limit: {core.threads}
  thread_dim_limit_x: 1024
  thread_dim_limit_y: 1024
  thread_dim_limit_z: 64
  block_dim_limit_x: 2147483647
  block_dim_limit_y: 65535
  block_dim_limit_z: 65535
  driver_version: "13.0.0"
  runtime_version: "12.8.0"
  compile_time_toolkit_version: "12.8.0"
  dnn_version: "9.10.0"
}}
platform_name: "CUDA"
dnn_version_info {{ major: 9 minor: 10 patch: 0 }}
device_description_str: "NVIDIA {gpu.name}"
"""
