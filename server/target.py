"""What the analysis is told about the machine: configuration first, then this machine's own GPU, else nothing."""

from __future__ import annotations

from collections.abc import Callable

from keras_memlint.analysis.sizes.nvml import Detected
from keras_memlint.analysis.sizes.settings import Settings, Target
from keras_memlint.server.configuration import Configuration


def settings_for(
    configuration: Configuration,
    detect: Callable[[], Detected],
    *,
    gpu: str | None = None,
    host_memory: int | None = None,
) -> Settings:
    """The settings of a file. ``gpu`` and ``host_memory`` (bytes) were typed and win over the configuration.

    ``detect`` is called only when nobody names a GPU.
    """
    name = gpu or configuration.target_gpu
    memory = configuration.host_memory if host_memory is None else host_memory
    if name is not None:
        from keras_memlint.analysis.sizes.gpus import find

        known = find(name)
        assert known is not None  # names were checked when they were read
        target = Target(known.name, known.memory, known.compute_capability, memory)
    else:
        found = detect().gpus
        # TensorFlow trains on the driver's first GPU unless told otherwise.
        first = found[0] if found else None
        target = (
            Target(first.name, first.memory, first.compute_capability, memory)
            if first
            else Target(host_memory=memory)
        )
    default = Settings()
    return Settings(
        target,
        default.size_threshold if configuration.size_threshold is None else configuration.size_threshold,
        default.exclusive_gpu if configuration.exclusive_gpu is None else configuration.exclusive_gpu,
    )
