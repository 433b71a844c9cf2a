"""The table of GPUs, their names, and sizes as people write them."""

from __future__ import annotations

from itertools import combinations

import pytest
from keras_memlint.analysis.sizes.gpus import GPUS, find, nearest, parse_size


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("T4", "T4"),
        ("tesla t4", "T4"),
        ("a100", "A100 40GB"),
        ("a100-40", "A100 40GB"),
        ("A100 40GB", "A100 40GB"),
        ("NVIDIA A100-SXM4-80GB", "A100 80GB"),
        ("NVIDIA A100 80GB PCIe", "A100 80GB"),
        ("Tesla V100-SXM2-16GB", "V100 16GB"),
        ("v100_32", "V100 32GB"),
        ("rtx4090", "RTX 4090"),
        ("NVIDIA GeForce RTX 3090", "RTX 3090"),
        ("gtx 1080ti", "GTX 1080 Ti"),
        ("a10", "A10"),
        ("a10g", "A10G"),
        ("NVIDIA H100 80GB HBM3", "H100 SXM"),
        ("h100 pcie", "H100 PCIe"),
        ("rtx a6000", "RTX A6000"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"),
        ("NVIDIA H200", "H200"),
        ("b200", "B200"),
    ],
)
def test_usual_names(typed: str, name: str) -> None:
    found = find(typed)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("typed", ["T5", "", "gpu", "A100 20GB", "MI300"])
def test_unknown_names(typed: str) -> None:
    assert find(typed) is None


def test_nearest_names_come_best_first() -> None:
    assert nearest("rtx 4091")[0] == "RTX 4090"
    assert nearest("A100 20GB")[0].startswith("A100")
    assert nearest("xyz") == []


def test_no_name_means_two_gpus() -> None:
    for one, other in combinations(GPUS, 2):
        assert not {find(name) for name in (one.name, *one.aliases)} & {
            find(name) for name in (other.name, *other.aliases)
        }


def test_facts_agree_with_each_other() -> None:
    for gpu in GPUS:
        assert 6 << 30 <= gpu.memory <= 192 << 30
        assert gpu.tensor_cores == (gpu.compute_capability >= (7, 0))


def test_memory_is_below_the_size_in_the_name() -> None:
    sized = [(gpu, name) for gpu in GPUS for name in gpu.aliases if name.endswith("gb")]
    assert sized
    for gpu, name in sized:
        assert gpu.memory <= int(name.rsplit("-", 1)[-1].removesuffix("gb").split()[-1]) << 30


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("17179869184", 16 << 30),
        ("16GiB", 16 << 30),
        ("16 GiB", 16 << 30),
        ("16gib", 16 << 30),
        ("1.5MiB", 3 << 19),
        ("64KiB", 64 << 10),
        ("16GB", 16 * 10**9),
        ("64MB", 64 * 10**6),
        ("2.5 kb", 2500),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "GiB", "-1", "1.5", "16 GiB RAM", "1e9", "nan GiB", "0x10", "16TB", "١٦", "16,5GiB"]
)
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        parse_size(text)
