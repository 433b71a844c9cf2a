"""Every rule has a memory it is about, or is known to have none."""

from __future__ import annotations

import pytest
from keras_memlint.rules.catalogue import rows
from keras_memlint.server.oom.rule_memory import uses_of

NONE = {
    "KM207",
    "KM209",
    "KM212",
    "KM512",
    "KM708",
    "KM801",
    "KM802",
    "KM804",
    "KM805",
    "KM807",
    "KM808",
    "KM809",
    "KM901",
}


@pytest.mark.parametrize("code", [row.code for row in rows()])
def test_every_rule(code: str) -> None:
    assert bool(uses_of(code)) == (code not in NONE)


def test_some() -> None:
    assert uses_of("KM102") == ("host",)
    assert uses_of("KM301") == ("gpu",)
    assert uses_of("KM401") == ("step",)
    assert uses_of("KM000") == ()
