"""Where a name is used, and what assignments bind: what fixes that follow a value rely on."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.reach.uses import target_of, targets_of_parts, uses_of
from keras_memlint.analysis.script import Script, analyse
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.source import Source

HEAD = "import keras\nfrom sklearn.model_selection import train_test_split\n"


def script(text: str) -> Script:
    return analyse(Source("train.py", HEAD + text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x = 1\nprint(x)\n", 2),
        ("x = 1\ndef f(x):\n    return x\n", 1),  # a parameter is another x
        ("import x\nprint(x)\n", None),
        ("x = 1\nprint x\n", None),  # nobody knows what that does with it
        ("x = 1\nprint xs\n", 1),
    ],
)
def test_uses(text: str, count: int | None) -> None:
    found = uses_of(script(text), "x")
    assert (None if found is None else len(found)) == count


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("a = x\n", "a"),
        ("a, b = x, y\n", "a"),
        ("a, b = y, x\n", "b"),
        ("a = b = x\n", None),
        ("a = x, y\n", None),
        ("a, *b = x, y, z\n", None),
        ("print(x)\n", None),
    ],
)
def test_what_an_assignment_binds(text: str, target: str | None) -> None:
    one = script(text)
    (use,) = uses_of(one, "x") or ()
    found = target_of(use.node, use.around)
    assert (one.text(found) if found is not None else None) == target


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("a, b = train_test_split(x)\n", ["a", "b"]),
        ("a, b, c, d = train_test_split(y, x, test_size=0.1)\n", ["c", "d"]),
        ("a, b = train_test_split(y, stratify=x)\n", None),
        ("a, b, c = train_test_split(y, x)\n", None),
        ("parts = train_test_split(x)\n", None),
        ("a, b = split(x)\n", None),
    ],
)
def test_what_gets_the_parts_of_an_argument(text: str, targets: list[str] | None) -> None:
    one = script(text)
    (use,) = uses_of(one, "x") or ()
    argument, call = use.around[:2]
    assert isinstance(argument, tree.Argument)
    assert isinstance(call, tree.Call)
    found = targets_of_parts(one, argument, call, use.around[2:])
    assert (None if found is None else [one.text(target) for target in found]) == targets
