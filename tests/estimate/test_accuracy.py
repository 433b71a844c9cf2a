"""The published errors are those of the stored results, and reach what the estimator is meant to reach."""

from __future__ import annotations

import importlib.util
import statistics
from pathlib import Path
from typing import Any

import pytest

STUDY = Path(__file__).parents[2] / "benchmarks" / "estimate"


def study() -> Any:
    """``compare.py``, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("compare", STUDY / "compare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COMPARE = study()


@pytest.mark.parametrize("route", COMPARE.ROUTES)
@pytest.mark.parametrize("split", COMPARE.SPLITS)
def test_readme_has_the_tables_of_the_results(route: str, split: str) -> None:
    found = COMPARE.rows(route, split)
    assert found
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    assert COMPARE.table(found) in text
    assert COMPARE.summary(found) in text


def test_compiler_tier_on_networks_it_was_not_made_with() -> None:
    found = COMPARE.rows("jax", "held-out")
    errors = COMPARE.errors(found, "mid")
    assert len(found) >= 20
    assert statistics.median(errors) <= 3
    assert statistics.mean(errors) <= 5


def test_ranges_hold() -> None:
    found = [row for route in COMPARE.ROUTES for row in COMPARE.rows(route, "held-out")]
    inside = [row for row in found if row["low"] <= row["peak"] <= row["high"]]
    assert len(inside) >= 0.9 * len(found)
