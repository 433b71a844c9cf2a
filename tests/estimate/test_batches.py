"""The search for the largest batch, on steps whose memory is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_memlint.estimate.batches import LARGEST, largest
from keras_memlint.estimate.result import Batch


class Step:
    """A step that needs ``base`` bytes and ``sample`` more for each sample; counts how often it is compiled."""

    def __init__(self, base: int, sample: int, bend: Callable[[int], int] = lambda batch: 0) -> None:
        self.base, self.sample, self.bend = base, sample, bend
        self.asked: list[int] = []

    def __call__(self, batch: int) -> int:
        self.asked.append(batch)
        return self.base + self.sample * batch + self.bend(batch)


def test_a_straight_line_needs_one_confirmation() -> None:
    step = Step(1000, 10)
    found = largest(step, 3000, 16)
    assert found == Batch(200, confirmed=True, line_error=0.0) or (found and 192 <= found.size <= 200)
    assert len(step.asked) <= 4


def test_no_batch_at_all() -> None:
    assert largest(Step(5000, 10), 3000, 32) == Batch(0, confirmed=True)


def test_only_one_sample_fits() -> None:
    found = largest(Step(1000, 900), 2000, 32)
    assert found is not None
    assert (found.size, found.confirmed) == (1, True)


@given(
    base=st.integers(0, 10**9),
    sample=st.integers(1, 10**8),
    bend=st.integers(0, 10**8),
    memory=st.integers(1, 10**11),
    start=st.integers(1, 4096),
)
def test_answer_fits_and_is_near_the_true_maximum(
    base: int, sample: int, bend: int, memory: int, start: int
) -> None:
    # At small batches the optimizer's part is the peak, at larger ones the activations are.
    step = Step(0, 0, lambda batch: max(base + bend, base + sample * batch))
    found = largest(step, memory, start)
    true = max((memory - base) // sample, 0) if memory >= base + bend else 0
    if found is None:
        assert 1 not in step.asked
        return
    assert found.confirmed == (found.size < LARGEST)
    assert found.size in step.asked or (found.size == 0 and 1 in step.asked)
    assert found.size <= true
    if true <= 1 << 16 and len(step.asked) < 8:
        assert found.size >= true * 0.95 - 1


@pytest.mark.parametrize("start", [1, 3, 32, 1000])
def test_few_compiles(start: int) -> None:
    step = Step(300_000_000, 25_000_000)
    assert largest(step, 15_000_000_000, start) is not None
    assert len(step.asked) <= 5, step.asked
