"""Operations of a dataset's chain change places, and nothing else does: comments, line breaks, other statements."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.script import Script, analyse
from keras_memlint.analysis.syntax.tree import Call
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.chains import assigned_name, leave_out, move_before, together
from keras_memlint.fixes.edits import Edit, apply

HEAD = "import tensorflow as tf\n"
ROOT = "tf.data.Dataset.range(9)"


def operation(script: Script, name: str) -> Call:
    """The only call of a dataset's method ``name``."""
    (call,) = [call for call, _ in script.dataset_ops(name)]
    return call.node


def moved(text: str, later: str = "shuffle", earlier: str = "map") -> str | None:
    script = analyse(Source("t.py", HEAD + text))
    edits = move_before(script, operation(script, later), operation(script, earlier))
    return apply(script.source.text, edits)[len(HEAD) :] if edits is not None else None


MOVES = {
    "one line": (
        f"ds = {ROOT}.map(f).shuffle(9).batch(2)  # all\n",
        f"ds = {ROOT}.shuffle(9).map(f).batch(2)  # all\n",
    ),
    "over operations between": (
        f"ds = {ROOT}.map(f).prefetch(1).shuffle(9)\n",
        f"ds = {ROOT}.shuffle(9).map(f).prefetch(1)\n",
    ),
    "last in brackets": (
        f"ds = (\n    {ROOT}\n    .map(f)\n    .shuffle(9)\n)\n",
        f"ds = (\n    {ROOT}\n    .shuffle(9)\n    .map(f)\n)\n",
    ),
    "its arguments on lines of their own": (
        f"ds = {ROOT}.map(\n    f, num_parallel_calls=4\n).shuffle(\n    9\n)\n",
        f"ds = {ROOT}.shuffle(\n    9\n).map(\n    f, num_parallel_calls=4\n)\n",
    ),
    "continued by backslashes": (
        f"ds = {ROOT} \\\n    .map(f) \\\n    .shuffle(9) \\\n    .batch(2)\n",
        f"ds = {ROOT} \\\n    .shuffle(9) \\\n    .map(f) \\\n    .batch(2)\n",
    ),
    "comments go along": (
        f"ds = (\n    {ROOT}  # all\n    # decode\n    .map(f)  # slow\n    .shuffle(9)  # mix\n    .batch(2)\n)\n",
        f"ds = (\n    {ROOT}  # all\n    .shuffle(9)  # mix\n    # decode\n    .map(f)  # slow\n    .batch(2)\n)\n",
    ),
    "brackets around the receiver": (
        f"ds = ({ROOT}.map(f)).shuffle(9)\n",
        f"ds = ({ROOT}.shuffle(9).map(f))\n",
    ),
    "an argument of a call": (
        f"print({ROOT}.map(f).shuffle(9))\n",
        f"print({ROOT}.shuffle(9).map(f))\n",
    ),
    "a statement of its own": (
        f"ds = {ROOT}\nds = ds.map(f)\nds = ds.shuffle(9)\nds = ds.batch(2)\n",
        f"ds = {ROOT}\nds = ds.shuffle(9)\nds = ds.map(f)\nds = ds.batch(2)\n",
    ),
    "with its comment, above the other's": (
        f"ds = {ROOT}\n# decode\nds = ds.map(f)  # slow\nds = ds.shuffle(9)  # mix\n",
        f"ds = {ROOT}\nds = ds.shuffle(9)  # mix\n# decode\nds = ds.map(f)  # slow\n",
    ),
    "the last line without an ending": (
        f"ds = {ROOT}\nds = ds.map(f)\nds = ds.shuffle(9)",
        f"ds = {ROOT}\nds = ds.shuffle(9)\nds = ds.map(f)",
    ),
    "into the chain of another statement": (
        f"ds = {ROOT}.map(f)\nds = ds.shuffle(9)\nds = ds.batch(2)\n",
        f"ds = {ROOT}.shuffle(9).map(f)\nds = ds.batch(2)\n",
    ),
    "out of one chain into another": (
        f"ds = {ROOT}\nds = ds.map(f)\nds = ds.shuffle(9).batch(2)\n",
        f"ds = {ROOT}\nds = ds.shuffle(9).map(f)\nds = ds.batch(2)\n",
    ),
    "into lines": (
        f"ds = (\n    {ROOT}  # all\n    # decode\n    .map(f)\n)\nds = ds.shuffle(9)\n",
        f"ds = (\n    {ROOT}  # all\n    .shuffle(9)\n    # decode\n    .map(f)\n)\n",
    ),
    "over a statement between": (
        f"ds = {ROOT}\nds = ds.map(f)\n\nds = ds.prefetch(1)\nds = ds.shuffle(9)\n",
        f"ds = {ROOT}\nds = ds.shuffle(9)\nds = ds.map(f)\n\nds = ds.prefetch(1)\n",
    ),
    "inside a function": (
        f"def prepare():\n    ds = {ROOT}\n    ds = ds.map(f)\n    ds = ds.shuffle(9)\n    return ds\n",
        f"def prepare():\n    ds = {ROOT}\n    ds = ds.shuffle(9)\n    ds = ds.map(f)\n    return ds\n",
    ),
}


@pytest.mark.parametrize("case", MOVES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_moves(case: str, newline: str) -> None:
    before, after = (text.replace("\n", newline) for text in MOVES[case])
    script = analyse(Source("t.py", HEAD.replace("\n", newline) + before))
    edits = move_before(script, operation(script, "shuffle"), operation(script, "map"))
    assert edits is not None
    assert apply(script.source.text, edits) == HEAD.replace("\n", newline) + after


REFUSED = {
    "a comment behind two operations": f"ds = (\n    {ROOT}.map(f)  # decode\n    .shuffle(9)\n)\n",
    "another name": f"ds = {ROOT}.map(f)\ntrain = ds.shuffle(9)\n",
    "something else between": f"ds = {ROOT}.map(f)\nprint(ds)\nds = ds.shuffle(9)\n",
    "a comment between": f"ds = {ROOT}.map(f)\n# mix\nds = ds.shuffle(9)\n",
    "another value between": f"ds = {ROOT}.map(f)\nother = 1\nds = ds.shuffle(9)\n",
    "a branch": f"ds = {ROOT}.map(f)\nif training:\n    ds = ds.shuffle(9)\n",
    "its argument depends on the dataset": f"ds = {ROOT}.map(f)\nds = ds.shuffle(len(ds))\n",
    "two statements on a line": f"ds = {ROOT}.map(f); ds = ds.shuffle(9)\n",
    "its comment would be lost": f"ds = {ROOT}.map(f)\nds = ds.shuffle(9)  # mix\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses(case: str) -> None:
    assert moved(REFUSED[case]) is None


def test_another_number_on_the_way() -> None:
    script = analyse(Source("t.py", f"{HEAD}ds = {ROOT}.batch(2).shuffle(9)\n"))
    at = script.source.text.index("9)\n")
    edits = move_before(
        script, operation(script, "shuffle"), operation(script, "batch"), Edit(at, at + 1, "1024")
    )
    assert edits is not None
    assert apply(script.source.text, edits) == f"{HEAD}ds = {ROOT}.shuffle(1024).batch(2)\n"


def test_two_operations_keep_their_order() -> None:
    script = analyse(Source("t.py", f"{HEAD}ds = {ROOT}.map(f).cache().shuffle(9).batch(2)\n"))
    first, second, where = (operation(script, name) for name in ("cache", "shuffle", "map"))
    edits = together(move_before(script, first, where), move_before(script, second, where))
    assert edits is not None
    assert apply(script.source.text, edits) == f"{HEAD}ds = {ROOT}.cache().shuffle(9).map(f).batch(2)\n"
    assert together(None, edits) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"ds = {ROOT}.shuffle(9).batch(2)\n", f"ds = {ROOT}.batch(2)\n"),
        (f"ds = {ROOT}\nds = ds.shuffle(9)\nds = ds.batch(2)\n", f"ds = {ROOT}\nds = ds.batch(2)\n"),
        (f"ds = (\n    {ROOT}\n    .shuffle(9)\n)\n", f"ds = (\n    {ROOT}\n)\n"),
        (f"ds = {ROOT}\nds = ds.shuffle(9)  # mix\n", None),
        (f"ds = {ROOT}\nif training:\n    ds = ds.shuffle(9)\n", None),
        (f"ds = (\n    {ROOT}\n    .shuffle(9)  # mix\n    .batch(2)\n)\n", None),
    ],
)
def test_leaves_out(before: str, after: str | None) -> None:
    script = analyse(Source("t.py", HEAD + before))
    edits = leave_out(script, operation(script, "shuffle"))
    assert (apply(script.source.text, edits) if edits is not None else None) == (
        HEAD + after if after is not None else None
    )


def test_the_name_a_chain_is_assigned_to() -> None:
    script = analyse(Source("t.py", f"{HEAD}train = {ROOT}.shuffle(9).batch(2)\nprint({ROOT}.cache())\n"))
    assert assigned_name(script, operation(script, "shuffle")) == "train"
    assert assigned_name(script, operation(script, "cache")) is None
