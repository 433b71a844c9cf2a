"""From the compiler's account to the range that is shown."""

from __future__ import annotations

import pytest
from keras_memlint.estimate import devices
from keras_memlint.estimate.compiler.client import Compiled, Stats
from keras_memlint.estimate.compiler.peak import program_peak
from keras_memlint.estimate.result import Breakdown, Range

MIB = 1 << 20


def compiled(**calls: int) -> Compiled:
    stats = Stats(arguments=300, outputs=0, aliased=0, temporary=700, constants=0, peak=1000)
    return Compiled(stats, Breakdown(), (), (), calls, {})


@pytest.mark.parametrize(("gpu", "workspace"), [("h100", 32 * MIB), ("b200", 32 * MIB), ("a100", 4 * MIB)])
def test_library_calls_may_need_one_workspace(gpu: str, workspace: int) -> None:
    peak = program_peak(compiled(convolution=53, gemm=2), devices.get(gpu), 0)
    assert peak == Range(1000, 1000, 1000 + workspace)


def test_nothing_is_added_without_library_calls() -> None:
    assert program_peak(compiled(convolution=0, gemm=0), devices.get("t4"), 0) == Range(1000, 1000, 1000)


def test_batches_in_flight_are_there_for_certain() -> None:
    assert program_peak(compiled(), devices.get("t4"), 50) == Range(1050, 1050, 1050)
