"""Where remembered things lie."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from keras_memlint.analysis.text.cache_folder import folder


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("KERAS_MEMLINT_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert folder() == Path("/home/somebody/.cache/keras-memlint")
    monkeypatch.setenv("XDG_CACHE_HOME", "/fast")
    assert folder() == Path("/fast/keras-memlint")
    monkeypatch.setenv("KERAS_MEMLINT_CACHE_DIR", "/mine")
    assert folder() == Path("/mine")
