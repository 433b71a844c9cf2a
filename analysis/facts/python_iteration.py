"""Python: what iterates, and what collects from it."""

from __future__ import annotations

from dataclasses import replace

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.scopes import Growth, Loop
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Array,
    Const,
    Dataset,
    Function,
    Items,
    Object,
    Origin,
    Scalar,
    Value,
    const,
)
from keras_memlint.analysis.facts.keras_utils import ITERATOR, drawn
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "Python library reference"
_READERS = ("cv2.imread", "plt.imread", "imageio.imread", "skimage.io.imread", "numpy.load")
# Ranges, and the pairs of ``enumerate`` and ``zip``, are known one by one up to so many: the blocks of a network.
_SHORT = 40


def _range(call: Call, _run: Machine) -> Value:
    bounds = [const(arg) for arg in call.args]
    length = None
    if bounds and all(isinstance(b, int) for b in bounds) and 0 not in bounds[2:]:
        length = len(range(*bounds))
    before = call.args[-1].origin if call.args else None  # of ``range(len(names))``, how the names were found
    origin = Origin(call.node, "counted", before)
    if length is not None and 0 < length <= _SHORT:
        return Items("range", tuple([Const(at) for at in range(*bounds)]), length=length, origin=origin)
    return Items("range", None, Scalar("int"), length, origin=origin)


def _collect(kind: str) -> Gives:
    """``list`` and the like; how many different elements a set has is not known, unless all are literals."""

    def gives(call: Call, _run: Machine) -> Value:
        if not call.args:
            return Items(kind, (), length=0, loops=call.loops, origin=Origin(call.node, "made here"))
        given = call.first()
        if kind == "set" and isinstance(given, (Items, Array)):
            return _distinct(given)
        if isinstance(given, Items):
            return Items(
                kind, given.items, given.element, given.length, list(given.grown), origin=given.origin
            )
        if isinstance(given, Dataset):
            return Items(kind, None, given.element, given.cardinality, origin=given.origin)
        if isinstance(given, Array):
            element = given.sample()
            element.labels = False
            return Items(kind, None, element, given.length, origin=given.origin)
        return Items(kind)

    return gives


def _distinct(given: Items | Array) -> Items:
    if isinstance(given, Array):
        element = Array(given.kind, given.dtype, None, given.source, part=True, origin=given.origin)
        return Items("set", None, element, origin=given.origin)
    known = [const(item) for item in given.items or () if isinstance(item, Const)]
    if given.items is None or len(known) < len(given.items):
        return Items("set", None, any_item(given), origin=given.origin)
    kept = {value: item for value, item in zip(known, given.items, strict=True) if value.__hash__}
    length = len(kept) if all(value.__hash__ for value in known) else None
    items = tuple(kept.values()) if length is not None else None
    return Items("set", items, any_item(given), length, origin=given.origin)


def _first(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Items):
        return Items(
            "generator" if given.kind == "generator" else "list",
            given.items,
            given.element,
            given.length,
            list(given.grown),
            origin=given.origin,
        )
    return given


def any_of(value: Value) -> tuple[Value, int | None]:
    """What stands for any element of ``value``, and how many there are when that is known."""
    if isinstance(value, Items):
        return any_item(value), value.length
    if isinstance(value, Dataset):
        return value.drawn, value.cardinality
    if isinstance(value, Array):
        return value.sample(), value.length
    if isinstance(value, Object) and value.api == ITERATOR and value.call is not None:
        return drawn(value.call, value.call.node), None
    return UNKNOWN, None


def _enumerate(call: Call, _run: Machine) -> Value:
    given = call.first()
    element, length = any_of(given)
    grown, origin = _grown(given), given.origin
    if isinstance(given, Items) and given.items and len(given.items) <= _SHORT and len(call.args) == 1:
        pairs = [Items("tuple", (Const(at), item), length=2) for at, item in enumerate(given.items)]
        return Items("generator", tuple(pairs), length=len(pairs), grown=grown, origin=origin)
    pair = Items("tuple", (Scalar("int"), element), length=2)
    return Items("generator", None, pair, length, grown, origin=origin)


def _grown(*values: Value) -> list[Growth]:
    return [growth for value in values if isinstance(value, Items) for growth in value.grown]


def _zip(call: Call, _run: Machine) -> Value:
    parts = [any_of(arg) for arg in call.args]
    lengths = [length for _, length in parts if length is not None]
    element = Items("tuple", tuple(part for part, _ in parts), length=len(parts))
    origin = next((arg.origin for arg in call.args if arg.origin is not None), None)
    grown = _grown(*call.args)
    rows = [arg.items for arg in call.args if isinstance(arg, Items) and arg.items is not None]
    if rows and len(rows) == len(call.args) and 0 < min(map(len, rows)) <= _SHORT:
        together = tuple([Items("tuple", row, length=len(row)) for row in zip(*rows, strict=False)])
        return Items("generator", together, length=len(together), grown=grown, origin=origin)
    length = min(lengths) if lengths else None
    return Items("generator", None, element, length, grown, origin=origin)


def _map(call: Call, run: Machine) -> Value:
    if len(call.args) < 2:
        return UNKNOWN
    parts = [any_of(arg) for arg in call.args[1:]]
    element: Value = UNKNOWN
    function = call.args[0]
    loop = Loop(call.node, "apply", call.args[1], parts[0][1])
    if isinstance(function, Function) or (isinstance(function, Api) and function.name in _READERS):
        given = tuple(part for part, _ in parts)
        element, call.inner = run.apply(function, given, call, mapped=False, over=loop)
    elif isinstance(function, Api):
        element = Scalar("int") if function.name == "builtins.int" else UNKNOWN
    grown = [Growth((*call.loops, loop), False)]
    return Items("generator", None, element, parts[0][1], grown, origin=Origin(call.node, "collected here"))


def _map_at_once(call: Call, run: Machine) -> Value:
    """``Pool.map``: a list of all results."""
    found = _map(call, run)
    return replace(found, kind="list") if isinstance(found, Items) else found


def _reversed(call: Call, run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Items) and given.items is not None:
        return Items("generator", given.items[::-1], length=len(given.items), origin=given.origin)
    return _first(call, run)


def _sorted(call: Call, run: Machine) -> Value:
    return _first(call, run)


def _drawn(call: Call, _run: Machine) -> Value:
    """``random.sample`` and the like: so many elements, nobody knows which."""
    count = call.const("k", 1 if call.name.endswith("choices") else None)
    given, origin = call.arg("population"), None
    if given is not None and given.origin is not None:
        origin = Origin(call.node, steps.SOME, given.origin)
    element = any_of(given)[0] if given is not None else UNKNOWN
    return Items("list", None, element, count if isinstance(count, int) else None, origin=origin)


def _next(call: Call, _run: Machine) -> Value:
    return any_of(call.first())[0]


PYTHON_ITERATION = table(
    fact("builtins.enumerate", "iterable start", _enumerate, see=_DOCS),
    fact(
        "builtins.filter",
        "function iterable",
        lambda c, _r: Items("generator", None, any_of(c.args[1])[0]) if len(c.args) > 1 else UNKNOWN,
        see=_DOCS,
    ),
    fact("builtins.iter", "object", _first, see=_DOCS),
    fact("builtins.list", "iterable", _collect("list"), see=_DOCS),
    fact("builtins.map", "function iterable", _map, see=_DOCS),
    *(
        fact(f"concurrent.futures.{pool}Executor.map", "fn", _map, see=_DOCS)
        for pool in ("ThreadPool", "ProcessPool")
    ),
    *(
        fact(f"multiprocessing.{pool}.{name}", "func iterable chunksize", gives, see=_DOCS)
        for pool in ("Pool", "pool.Pool", "pool.ThreadPool", "dummy.Pool")
        for name, gives in (("map", _map_at_once), ("imap", _map))
    ),
    fact("builtins.next", "iterator default", _next, see=_DOCS),
    fact("random.choices", "population weights", _drawn, see=_DOCS),
    fact("random.sample", "population k", _drawn, see=_DOCS),
    fact("builtins.range", "", _range, see=_DOCS),
    fact("builtins.xrange", "", _range, see="Python 2"),
    fact("builtins.reversed", "sequence", _reversed, see=_DOCS),
    fact("builtins.set", "iterable", _collect("set"), see=_DOCS),
    fact("builtins.sorted", "iterable", _sorted, see=_DOCS),
    fact("builtins.tuple", "iterable", _collect("tuple"), see=_DOCS),
    fact("builtins.zip", "", _zip, see=_DOCS),
    fact(
        "itertools.product",
        "",
        lambda c, _r: Items("generator", None, Items("tuple", tuple(any_of(a)[0] for a in c.args))),
        see=_DOCS,
    ),
    fact("tqdm.tqdm", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.auto.tqdm", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.notebook.tqdm", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.tqdm_notebook", "iterable", _first, see="tqdm documentation"),
    fact("tqdm.trange", "", _range, see="tqdm documentation"),
)
