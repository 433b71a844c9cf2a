"""GPUs people train on, the names they go by, and sizes as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Gpu:
    """One model of GPU. ``memory`` in bytes, as its driver reports it (ECC as shipped), so less than the box says.

    ``compute_capability`` as in (8, 0). ``tensor_cores``: whether float16 arithmetic runs on matrix units.
    """

    name: str
    memory: int
    compute_capability: tuple[int, int]
    tensor_cores: bool
    aliases: tuple[str, ...] = ()


def _gpu(name: str, mib: int, capability: tuple[int, int], *aliases: str) -> Gpu:
    # Volta brought tensor cores. Later GPUs without them (GTX 16) are not in the table.
    return Gpu(name, mib * _MIB, capability, capability >= (7, 0), aliases)


# Memory: "Memory-Usage" of nvidia-smi in public logs, driver 450 or later where the GPU still has one.
# Compute capability: NVIDIA's page "CUDA GPU Compute Capability". A name that stands for several sizes is an alias
# of the smallest: a script that fits it fits the others.
GPUS = (
    _gpu("K80", 11441, (3, 7)),
    _gpu("P4", 7611, (6, 1)),
    _gpu("P40", 22919, (6, 1)),
    _gpu("P100", 16384, (6, 0), "p100-16gb", "p100-pcie-16gb", "p100-sxm2-16gb"),
    _gpu("V100 16GB", 16384, (7, 0), "v100", "v100-16", "v100-sxm2-16gb", "v100-pcie-16gb"),
    _gpu("V100 32GB", 32768, (7, 0), "v100-32", "v100-sxm2-32gb", "v100-pcie-32gb", "v100-sxm3-32gb"),
    _gpu("T4", 15360, (7, 5), "t4-16gb"),
    _gpu("A10", 23028, (8, 6), "a10-24gb"),
    _gpu("A10G", 23028, (8, 6), "a10g-24gb"),
    _gpu("A30", 24576, (8, 0), "a30-24gb"),
    _gpu("A40", 46068, (8, 6), "a40-48gb"),
    _gpu("A100 40GB", 40960, (8, 0), "a100", "a100-40", "a100-sxm4-40gb", "a100-pcie-40gb"),
    _gpu("A100 80GB", 81920, (8, 0), "a100-80", "a100-sxm4-80gb", "a100-pcie-80gb", "a100 80gb pcie"),
    _gpu("L4", 23034, (8, 9), "l4-24gb"),
    _gpu("L40", 46068, (8, 9), "l40-48gb"),
    _gpu("L40S", 46068, (8, 9), "l40s-48gb"),
    _gpu("H100 PCIe", 81559, (9, 0), "h100-pcie-80gb", "h100 80gb pcie"),
    _gpu("H100 SXM", 81559, (9, 0), "h100", "h100-80", "h100-80gb", "h100-sxm5-80gb", "h100 80gb hbm3"),
    _gpu("H200", 143771, (9, 0), "h200-sxm", "h200-141gb"),
    _gpu("B200", 183359, (10, 0), "b200-sxm", "b200-180gb"),
    _gpu("GTX 1080 Ti", 11264, (6, 1), "1080ti"),
    _gpu("RTX 2060", 6144, (7, 5), "2060"),
    _gpu("RTX 2070", 8192, (7, 5), "2070"),
    _gpu("RTX 2080", 8192, (7, 5), "2080"),
    _gpu("RTX 2080 Ti", 11264, (7, 5), "2080ti"),
    _gpu("RTX 3060", 12288, (8, 6), "3060"),
    _gpu("RTX 3070", 8192, (8, 6), "3070"),
    _gpu("RTX 3080", 10240, (8, 6), "3080"),
    _gpu("RTX 3090", 24576, (8, 6), "3090"),
    _gpu("RTX 4060", 8188, (8, 9), "4060"),
    _gpu("RTX 4070", 12282, (8, 9), "4070"),
    _gpu("RTX 4070 Ti", 12282, (8, 9), "4070ti"),
    _gpu("RTX 4080", 16376, (8, 9), "4080"),
    _gpu("RTX 4090", 24564, (8, 9), "4090"),
    _gpu("RTX 5090", 32607, (12, 0), "5090"),
    _gpu("RTX A4000", 16376, (8, 6), "a4000"),
    _gpu("RTX A6000", 49140, (8, 6), "a6000"),
    _gpu("RTX 6000 Ada", 49140, (8, 9), "6000 ada", "rtx 6000 ada generation"),
)


def find(name: str) -> Gpu | None:
    """The GPU that ``name`` means, None when unknown; case, separators and words like "NVIDIA" do not matter."""
    return _by_key().get(_key(name))


def nearest(name: str) -> list[str]:
    """Up to three names of the table that look like ``name``, best first."""
    from difflib import get_close_matches

    keys = get_close_matches(_key(name), list(_by_key()), n=6, cutoff=0.5)
    return list(dict.fromkeys(_by_key()[key].name for key in keys))[:3]


def unknown(name: str) -> str:
    """What is wrong with ``name``, which ``find`` does not know, and which GPUs are near."""
    near = " or ".join(f"`{found}`" for found in nearest(name))
    hint = f" (did you mean {near}?)" if near else ""
    return f"`{name}` is no known GPU{hint}; `keras-memlint doctor` lists them"


_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmg])(i?)b)?\s*", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Bytes of ``text``: an integer, or a number with KiB, MiB, GiB, KB, MB, GB. Raises ValueError on others."""
    match = _SIZE.fullmatch(text)
    if match is None or (match[2] is None and "." in match[1]):
        raise ValueError(f"`{text}` is no size: write bytes, or a number with KiB, MiB, GiB, KB, MB or GB")
    number, prefix, binary = match.groups()
    if prefix is None:
        return int(number)
    return int(float(number) * (1024 if binary else 1000) ** ("kmg".index(prefix.lower()) + 1))


def parse_memory(text: str) -> int:
    """The same for the memory of a machine, where ``32`` is meant to be GiB and says 32 bytes. Raises ValueError."""
    size = parse_size(text)
    if size < 1 << 20:
        raise ValueError(
            f"`{text}` is {size:,} bytes, less than any machine has: write `{text}GiB`"
            if text.isdigit()
            else f"`{text}` is less than any machine has"
        )
    return size


_NOISE = re.compile(r"nvidia|geforce|tesla|quadro|[^a-z0-9]")


def _key(name: str) -> str:
    return _NOISE.sub("", name.lower())


@cache
def _by_key() -> dict[str, Gpu]:
    return {_key(name): gpu for gpu in GPUS for name in (gpu.name, *gpu.aliases)}
