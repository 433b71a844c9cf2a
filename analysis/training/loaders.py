"""What a loop takes from a loader that gives batch by batch, as its own words say: ``for images, labels in train_loader:``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.training.fits import Fit

# A batch, or a part of one; `batch_stats`, `batch_files` and `batch_idx` are something else.
_PARTS = "x|y|xs|ys|in|inputs?|data|images?|imgs?|texts?|tokens?|sequences?|frames?|features?|samples?|labels?|targets?"
_BATCH = re.compile(rf"batch(?:_?(?:{_PARTS}|train|val|valid|test|[a-c]))*_?\d*$", re.IGNORECASE)
# What gives batches, and not files, tables or whole sets: the word before says what it loads, or nothing does.
_SETS = r"(?:^|_)(?:train(?:ing)?|test(?:ing)?|val(?:id(?:ation)?)?|dev|eval)_?"
_LOADER = re.compile(
    rf"batches$|batch_?(?:loader|reader|gen|generator)$|(?:^|_)(?:data_?)?(?:loader|generator)$|(?:^|_)(?:gen|ds)$"
    rf"|{_SETS}(?:data_?)?(?:loader|reader|generator|gen|dataset|ds)$",
    re.IGNORECASE,
)
# A word before "loader" or the like that makes it one of something larger; "profile" is none.
_LARGER = re.compile(
    r"(?:^|_)(?:data|image|test|text)?(?:file|folder|chunk|table|csv|json|record|document|video|volume|case|subject)",
    re.IGNORECASE,
)
_LARGE = ("array_split", "split")  # parts of an array, however large
_HAND_ON = frozenset(["enumerate", "iter", "tqdm", "zip"])
_STEPS = 3  # assignments, and wrappers, that are followed


def is_loaded(script: Script, fit: Fit) -> bool:
    """Whether what ``fit`` is given is what the loop around it takes from a loader in each turn, or a part of that."""
    if fit.call.given("batch_size") or any("chunksize" in call.kwargs for call in script.calls("pandas.")):
        return False  # what a turn gets are many batches
    loop = fit.call.loops[-1].node
    given = fit.call.argument_node("x")
    if given is None or not isinstance(loop, (tree.For, tree.While)):
        return False
    if loop not in script.names.around(fit.call.node):
        return False  # it calls the function that the call stands in
    return any(_names_batches(loop, name) for name in _roots(given.value))


def _roots(node: tree.Expr) -> Iterator[str]:
    """The names that ``node`` is, or is one part of: ``batch`` of ``batch[0].numpy()``; several in a list of inputs."""
    while True:
        if (
            isinstance(node, tree.Subscript)
            and len(node.items) == 1
            and isinstance(node.items[0], tree.Constant)
        ):
            node = node.value
        elif (
            isinstance(node, tree.Call)
            and isinstance(node.func, tree.Attribute)
            and node.func.name == "numpy"
            and not node.args
        ):
            node = node.func.value
        else:
            break
    if isinstance(node, tree.Name):
        yield node.id
    elif isinstance(node, tree.Sequence):
        yield from (one.id for one in node.elements if isinstance(one, tree.Name))


def _names_batches(loop: tree.For | tree.While, name: str, steps: int = _STEPS) -> bool:
    """Whether ``loop`` binds ``name`` once in each turn, to what its own words call a batch or take from a loader."""
    bound = [one for one in loop.body if name in tree.bound_names(one)]
    if isinstance(loop, tree.For) and name in _names(loop.target):
        return not bound and _is_of_loader(loop.target, loop.iter)
    given = bound[0] if len(bound) == 1 else None
    if not isinstance(given, tree.Assign) or len(given.targets) != 1 or not steps:
        return False
    value = given.value
    drawn = _drawn_from(value)
    if drawn is not None:
        return _is_of_loader(given.targets[0], drawn)
    return any(_names_batches(loop, one, steps - 1) for one in _roots(value))


def _drawn_from(value: tree.Expr) -> tree.Expr | None:
    """What ``next(x)``, ``x.next()`` or ``x.__next__()`` takes from; None for all else."""
    if not isinstance(value, tree.Call):
        return None
    if isinstance(value.func, tree.Name) and value.func.id == "next" and value.args:
        return value.args[0].value
    if isinstance(value.func, tree.Attribute) and value.func.name in ("next", "__next__") and not value.args:
        return value.func.value
    return None


def _is_of_loader(target: tree.Expr, source: tree.Expr) -> bool:
    for _ in range(_STEPS):
        if isinstance(source, tree.Call) and tree.last_name(source.func) in _HAND_ON and source.args:
            source = source.args[0].value
    called = source.func if isinstance(source, tree.Call) else source
    if tree.last_name(called) in _LARGE:
        return False
    if any(map(_BATCH.search, _names(target))) and tree.last_name(called) != "range":
        return True
    name = tree.last_name(called)
    return _LOADER.search(name) is not None and _LARGER.search(name) is None


def _names(node: tree.Expr) -> set[str]:
    return {one.id for one, _ in tree.walk(node) if isinstance(one, tree.Name)}
