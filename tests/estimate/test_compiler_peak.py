"""From the compiler's account to the peak on a GPU, with sizes that can be added up by hand."""

from __future__ import annotations

from typing import Any

import pytest
from keras_memlint.analysis.sizes.settings import MIB
from keras_memlint.estimate import devices
from keras_memlint.estimate.compiler.client import Compiled, Stats
from keras_memlint.estimate.compiler.peak import program_peak
from keras_memlint.estimate.result import Breakdown, Range

KIB = 1 << 10
ARGUMENTS: list[dict[str, Any]] = [
    {"kind": "parameter", "bytes": 40 * MIB},
    {"kind": "optimizer", "bytes": 80 * MIB},
    {"kind": "state", "bytes": 8},
    {"kind": "input", "bytes": 10 * MIB},
]
HELD = 130 * MIB + 8


def compiled(temporary: int, *, scratch: int = 0, **calls: int) -> Compiled:
    stats = Stats(
        arguments=HELD,
        outputs=120 * MIB,
        aliased=120 * MIB,
        temporary=temporary,
        constants=0,
        peak=HELD + temporary,
    )
    return Compiled(stats, Breakdown(), (), (), calls, scratch, {})


def peak(step: Compiled, gpu: str = "h100", *, fit_on_jax: bool = False) -> Range:
    return program_peak(step, ARGUMENTS, devices.get(gpu), fit_on_jax=fit_on_jax)


def test_low_is_the_compilers_account() -> None:
    assert peak(compiled(50 * MIB)).low == HELD + 50 * MIB


def test_the_allocator_gives_away_more_than_was_asked_for() -> None:
    # Regions of 64 and 128 MiB open for the weights and the slots, which get them whole. The next one of 128 MiB has room
    # for the state (256 bytes), the batch and the block of temporaries; 256 bytes stand for results that do not exist.
    assert peak(compiled(50 * MIB)).mid == (64 + 128 + 10 + 50) * MIB + 2 * 256


def test_keras_on_jax_holds_one_batch_more() -> None:
    step = compiled(50 * MIB)
    more = peak(step, fit_on_jax=True).mid - peak(step).mid
    assert 10 * MIB <= more <= 10 * MIB + KIB


def test_a_block_that_nearly_fills_its_region_is_given_it_whole() -> None:
    # A region of 256 MiB opens for 129 MiB, and is split only if twice as much or 128 MiB more are free.
    assert peak(compiled(129 * MIB)).mid == (64 + 128 + 10 + 256) * MIB + 2 * 256


@pytest.mark.parametrize(("gpu", "room"), [("h100", 32 * MIB), ("a100-40", 4 * MIB)])
def test_products_may_take_the_librarys_workspace(gpu: str, room: int) -> None:
    with_products, without = peak(compiled(300 * MIB, gemm=2), gpu), peak(compiled(300 * MIB), gpu)
    assert with_products.mid == without.mid
    assert with_products.high - without.high == pytest.approx(1.01 * room, abs=2)


def test_the_largest_scratch_counts_once() -> None:
    found = peak(compiled(300 * MIB, scratch=70 * MIB, convolution=53, gemm=2))
    assert found.high == int(1.01 * (found.mid + 70 * MIB))
