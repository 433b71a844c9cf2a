"""Which changes are worth computing for a script."""

from __future__ import annotations

from keras_memlint.estimate.request import WHAT_IFS
from keras_memlint.estimate.steps import Variant
from keras_memlint.estimate.what_if import changes


def names(*asked: str, **step: object) -> list[str]:
    known: dict[str, object] = {"batch": 32, "policy": "float32", "optimizer": "Adam"}
    return [change.name for change in changes(asked, **(known | step))]  # type: ignore[arg-type]


def test_all() -> None:
    assert names(*WHAT_IFS) == [
        "mixed_bfloat16",
        "mixed_float16",
        "gradient_accumulation_steps=4",
        "batch_size=16",
        "batch_size=8",
        "sgd",
        "lion",
        "adafactor",
        "remat",
    ]


def test_what_the_script_does_already_is_left_out() -> None:
    assert names("mixed_bfloat16", "sgd", policy="mixed_bfloat16", optimizer="SGD") == []


def test_a_loop_without_an_optimizer() -> None:
    assert names("sgd", "remat", optimizer="") == ["sgd", "remat"]


def test_small_and_unknown_batches() -> None:
    assert names("accumulation", "batch", batch=2) == ["batch_size=1"]
    assert names("accumulation", "batch", batch=None) == []


def test_sizes_that_were_typed() -> None:
    assert names("batch", batch_sizes=(16, 32, 64)) == ["batch_size=8", "batch_size=16", "batch_size=64"]


def test_every_change_keeps_the_batch_that_it_is_compared_with() -> None:
    """The batch may be another one than the script's, as in a sweep."""
    others = [name for name in WHAT_IFS if name != "batch"]
    found = changes(others, batch=64, policy="float32", optimizer="Adam")
    assert {change.name: change.variant.batch for change in found if change.variant.batch != 64} == {}


def test_accumulation_counts_the_whole_batch() -> None:
    (change,) = changes(("accumulation",), batch=30, policy="float32", optimizer="Adam")
    assert change.variant == Variant(batch=30, accumulation=4)
    assert change.title == "batches of 7, updating the weights every 4"
