"""Whether a file is one of tests, which run on little and again and again."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_FOLDERS = ("test", "tests")
# What a file of tests has, beside its name.
_TESTS = re.compile(
    r"^\s*(?:async\s+)?def test|TestCase|\b(?:pytest|unittest|doctest|tf\.test)\b", re.MULTILINE
)


def is_test(path: str, text: str) -> bool:
    """Whether ``path``, with this ``text``, is a file of tests. ``train_and_test.py`` is none."""
    name = _name(path)
    return name == "conftest" or (_is_named(name) and _TESTS.search(text) is not None)


def may_be_test(path: str) -> bool:
    """Whether ``path`` is called as files of tests are, or stands among them, whatever is in it."""
    name = _name(path)
    return name == "conftest" or _is_named(name) or PurePosixPath(_plain(path)).parent.name in _FOLDERS


def _is_named(name: str) -> bool:
    return name.startswith("test_") or name.endswith("_test")


def _name(path: str) -> str:
    """The name of the file without its suffix."""
    return PurePosixPath(_plain(path)).stem


def _plain(path: str) -> str:
    return path.replace("\\", "/")
