"""Every GPU that can be named for a prediction, and what is said about names that cannot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from compiling import compiler, tiny_program  # noqa: F401
from keras_memlint.analysis.sizes import gpus
from keras_memlint.estimate import devices
from keras_memlint.estimate.compiler.client import Compiler
from keras_memlint.estimate.errors import EstimateError

WANTED = [
    "t4",
    "p100",
    "v100-16",
    "v100-32",
    "3060",
    "3090",
    "4060",
    "4090",
    "5090",
    "a10",
    "l4",
    "l40s",
    "a100-40",
    "a100-80",
    "h100",
    "h200",
    "b200",
]


def field(description: str, name: str) -> str:
    found = re.search(rf"\b{name}: (\S+)", description)
    assert found, name
    return found[1]


@pytest.mark.parametrize("name", WANTED)
def test_asked_for_gpus_are_there(name: str) -> None:
    assert devices.find(name) is not None


def test_names_are_those_of_the_gpu_table() -> None:
    found = devices.find("NVIDIA A100-SXM4-40GB")
    assert found is not None
    assert found.gpu is gpus.find("a100-40")


def test_description_holds_the_gpus_own_numbers() -> None:
    device = devices.get("h100")
    assert field(device.description, "core_count") == "132"
    assert field(device.description, "memory_bandwidth") == "3352320000000"
    assert field(device.description, "l2_cache_size") == "52428800"
    assert field(device.description, "device_memory_size") == str(device.gpu.memory)
    assert "{ major: 9 minor: 0 " in device.description


def test_no_two_gpus_differ_in_name_alone() -> None:
    """A copied row that was not filled in."""
    without_names = [re.sub(r'"NVIDIA [^"]*"', "", device.description) for device in devices.known()]
    twins = {text for text in without_names if without_names.count(text) > 1}
    assert twins == set()


def test_unknown_name_names_the_nearest() -> None:
    assert devices.find("h1000") is None
    with pytest.raises(EstimateError, match="`h1000` is no known GPU .did you mean `H100 SXM`"):
        devices.get("h1000")


def test_name_like_no_other_says_where_the_list_is() -> None:
    with pytest.raises(EstimateError, match="`zzzzzz` is no known GPU; `keras-memlint doctor` lists them"):
        devices.get("zzzzzz")


def test_gpu_without_a_description_says_which_have_one() -> None:
    with pytest.raises(EstimateError, match="cannot build for K80; it can for .*T4"):
        devices.find("k80")


def test_each_gpu_is_accepted_by_the_compiler(compiler: Compiler, tmp_path: Path) -> None:  # noqa: F811
    program = tiny_program(tmp_path)
    for device in devices.known():
        assert compiler.compile(program, [], device).stats.arguments == 4 * (256 * 256 + 128 * 256)
