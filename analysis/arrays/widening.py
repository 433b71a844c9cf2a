"""Where the numbers of a data set become float64, eight bytes each: an operator, a conversion or an allocation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

from keras_memlint.analysis.abstract.calls import Call, Fill, Operation
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.scopes import trips_of
from keras_memlint.analysis.abstract.values import Array, Items, Origin, Value
from keras_memlint.analysis.arrays.feeds import Feed, arrays
from keras_memlint.analysis.facts.numpy_making import ALLOCATIONS
from keras_memlint.analysis.syntax import tree

UFUNCS = {"/": "divide", "*": "multiply", "-": "subtract", "+": "add"}
_OPERATORS = {f"numpy.{name}": op for op, name in [*UFUNCS.items(), ("/", "true_divide")]}
_CASTS = ("numpy.ndarray.astype", "numpy.float64", "numpy.double", "numpy.float_", "numpy.float")
_GATHERED = tuple(
    f"numpy.{name}"
    for name in ("array", "asarray", "stack", "vstack", "concatenate", "ascontiguousarray", "reshape")
)
_READERS = ("skimage.transform.resize", "nibabel.Image.get_fdata")
_KINDS = ("ndarray", "memmap")
# A built-in data set is small below this, also as float64: the images of MNIST are not, those to test with are.
_SMALL = 256 << 20


@dataclass(frozen=True, slots=True)
class Widening:
    """One expression that makes float64 numbers of a data set.

    ``how``: ``operator``, ``cast``, ``read``, ``allocated`` or ``random``. ``op`` is the operator. ``call`` is None for an
    operator that is not a call. ``before`` is what was widened, None where nothing was. ``data`` is the data set; ``sample`` one of its
    samples where the expression makes one at a time and a list collects them. ``length``: how many, None when unknown.
    ``narrowed`` is the call that makes float32 or float16 of it at once. ``gathered`` makes an array of the list.
    ``feeds``: where the data set is given whole.
    """

    node: tree.Expr
    how: str
    op: str
    call: Call | None
    before: Array | None
    other: Value | None
    data: Array
    sample: Array | None
    length: int | None
    narrowed: Call | None
    site: tree.Expr
    gathered: Call | None
    feeds: list[Feed]

    @property
    def kept_dtype(self) -> str | None:
        """The dtype it is narrowed to at once; None when it stays float64."""
        result = self.narrowed.result if self.narrowed is not None else None
        return result.dtype if isinstance(result, Array) else None

    @property
    def pixels(self) -> bool:
        """Whether the data set is one of images."""
        return self.data.pixels or (self.sample is not None and self.sample.pixels)

    @property
    def item_bytes(self) -> int | None:
        """Bytes of one sample as float64, None when unknown."""
        shape = self.sample.shape if self.sample is not None else (self.data.shape or (None,))[1:]
        if shape is None or (not shape and self.sample is None) or None in shape:
            return None
        return 8 * prod(axis or 0 for axis in shape)

    @property
    def bytes(self) -> int | None:
        """Bytes of the data set as float64, None when unknown."""
        if self.sample is None:
            return self.data.bytes
        item = self.item_bytes
        return item * self.length if item is not None and self.length is not None else None


@dataclass(frozen=True, slots=True)
class _Source:
    """An expression that gives a float64 array, before it is known what becomes of the array."""

    node: tree.Expr
    how: str
    op: str
    call: Call | None
    before: Array | None
    other: Value | None
    result: Array
    piecewise: bool
    site: tree.Expr

    def widening(
        self,
        data: Array,
        *,
        sample: Array | None = None,
        length: int | None = None,
        narrowed: Call | None = None,
        gathered: Call | None = None,
        feeds: list[Feed],
    ) -> Widening:
        """What it is, now that it is known to make numbers of ``data``."""
        return Widening(
            self.node,
            self.how,
            self.op,
            self.call,
            self.before,
            self.other,
            data,
            sample,
            length,
            narrowed,
            self.site,
            gathered,
            feeds,
        )


def widenings(
    operations: Iterable[Operation], calls: list[Call], fills: Iterable[Fill], feeds: Iterable[Feed]
) -> list[Widening]:
    """All of them, one for each expression and evaluation, in order of the kinds."""
    sources = [*_operators(operations), *_calls(calls), *_allocations(calls, list(fills))]
    if not sources:
        return []
    fed: dict[int, list[Feed]] = {}
    for feed in feeds:
        for step in _steps(feed.array):
            fed.setdefault(id(step.node), []).append(feed)
    narrowed = _narrowed(calls)
    lists = _Lists(calls) if any(source.piecewise for source in sources) else None
    found = []
    for source in sources:
        narrow = narrowed.get(id(source.node))
        if not source.piecewise:
            onward = fed.get(id(source.node), [])
            found.append(source.widening(source.result, narrowed=narrow, feeds=onward))
        elif lists is not None and narrow is None:
            gathering = next(lists.data_sets(source.node), None)
            if gathering is not None:
                call, data, length = gathering
                onward = fed.get(id(call.node), [])
                found.append(
                    source.widening(data, sample=source.result, length=length, gathered=call, feeds=onward)
                )
    return found


def _narrowed(calls: Iterable[Call]) -> dict[int, Call]:
    """The conversions to float32 or float16 by the expressions whose values they narrow: ``(x - mean) / std`` has two."""
    found: dict[int, Call] = {}
    for call in calls:
        if call.name != "numpy.ndarray.astype" or not isinstance(call.result, Array):
            continue
        if call.receiver is None or call.result.dtype not in ("float32", "float16"):
            continue
        for step in _steps(call.receiver):
            found[id(step.node)] = call
            if not isinstance(step.node, tree.Binary):
                break
    return found


def _operators(operations: Iterable[Operation]) -> Iterator[_Source]:
    for operation in operations:
        if operation.mapped or operation.streamed or operation.node.op not in UFUNCS:
            continue
        before, other = _widened(operation.left, operation.right, operation.result)
        if before is not None:
            yield _Source(
                operation.node,
                "operator",
                operation.node.op,
                None,
                before,
                other,
                operation.result,
                bool(operation.loops),
                operation.site,
            )


def _calls(calls: Iterable[Call]) -> Iterator[_Source]:
    for call in calls:
        result = call.result
        if not isinstance(result, Array) or result.dtype != "float64" or call.mapped or call.streamed:
            continue
        if result.kind not in _KINDS or result.labels or _is_small(result):
            continue
        looped = bool(call.loops)
        if call.name in _OPERATORS:
            left, right = call.arg("x1"), call.arg("x2")
            if left is not None and right is not None:
                before, other = _widened(left, right, result)
                if before is not None:
                    op = _OPERATORS[call.name]
                    yield _Source(call.node, "operator", op, call, before, other, result, looped, call.site)
        elif call.name in _CASTS:
            given = call.receiver if call.name.endswith("astype") else call.first()
            if isinstance(given, Array) and given.kind in _KINDS and given.dtype not in (None, "float64"):
                yield _Source(call.node, "cast", "", call, given, None, result, looped, call.site)
        elif call.name in ("numpy.array", "numpy.asarray") and call.given("dtype") and not looped:
            given = call.first()
            element = any_item(given) if isinstance(given, Items) else given
            if isinstance(element, Array) and element.dtype not in (None, "float64"):
                yield _Source(call.node, "cast", "", call, element, None, result, False, call.site)
        elif call.name in _READERS and looped:
            given = call.first()
            if isinstance(given, Array) and given.dtype in (None, "float32", "float16", "float64"):
                continue  # it may be as wide as that anyway
            yield _Source(call.node, "read", "", call, None, None, result, True, call.site)
        elif call.name.startswith("numpy.random.") and not looped and len(result.shape or ()) > 1:
            yield _Source(call.node, "random", "", call, None, None, result, False, call.site)


def _widened(left: Value, right: Value, result: Array) -> tuple[Array | None, Value | None]:
    """The operand that the operator widens, and the other one; None when neither was a narrower array."""
    if result.dtype != "float64" or result.kind not in _KINDS or result.labels or _is_small(result):
        return None, None
    for one, other in ((left, right), (right, left)):
        if not isinstance(one, Array) or one.kind not in _KINDS or one.dtype in (None, "float64"):
            continue
        if one.shape == ():
            continue
        if isinstance(other, Array):
            if other.kind not in _KINDS:
                return None, None
            if other.dtype == "float64" and (other.shape is None or one.shape is None):
                return None, None  # which of them is the data set is not known
            if other.dtype == "float64" and prod(a or 1 for a in other.shape or ()) > 0:
                if len(other.shape or ()) >= len(one.shape or ()):
                    return None, None
            if one.dtype in ("float32", "float16") and other.shape == ():
                return None, None  # NumPy 1 keeps float32 here
        return one, other
    return None, None


def _is_small(array: Array) -> bool:
    return array.source == "toy" and (array.bytes or 0) < _SMALL


def _allocations(calls: Iterable[Call], fills: list[Fill]) -> Iterator[_Source]:
    """Arrays allocated without a dtype and filled with data, or with what nobody knows."""
    made = {
        id(call.result.origin): call
        for call in calls
        if call.name in ALLOCATIONS
        and isinstance(call.result, Array)
        and call.result.dtype == "float64"
        and not (call.loops or call.mapped or call.streamed)
    }
    filled: dict[int, tuple[Call, Value]] = {}
    for fill in fills:
        call = made.get(id(fill.array.origin))
        if call is None or fill.streamed or not (fill.loops or _takes_all_rows(fill.node)):
            continue
        value = fill.value
        if isinstance(value, Array) and (value.kind not in _KINDS or value.labels):
            continue
        known = filled.get(id(call))
        if known is None or (is_data(value) and not is_data(known[1])):
            filled[id(call)] = call, value
    for call, value in filled.values():
        assert isinstance(call.result, Array)
        yield _Source(call.node, "allocated", "", call, None, value, call.result, False, call.site)


def _takes_all_rows(target: tree.Subscript) -> bool:
    """Whether the first index is ``:``."""
    rows = target.items[0] if target.items else None
    return isinstance(rows, tree.Slice) and rows.lower is None and rows.upper is None and rows.step is None


def is_data(value: Value | None) -> bool:
    """Whether ``value`` is an array that was read from files or gathered from a list."""
    return isinstance(value, Array) and value.source in ("disk", "list")


class _Lists:
    """Which lists of the script hold float64 samples, and what data sets they become."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self.by_sample: dict[int, list[tuple[Items, int | None]]] = {}
        self.gathered: dict[int, Call] = {}
        for call in calls:
            if call.name == "builtins.list.append" and isinstance(call.receiver, Items) and call.args:
                for one in arrays(call.args[0]):
                    self._hold(one, call.receiver, trips_of(call.loops))
            elif call.name in _GATHERED and not (call.loops or call.mapped or call.streamed):
                given = call.first()
                if isinstance(given, Items) and isinstance(call.result, Array):
                    self.gathered.setdefault(id(given), call)
                    if given.origin is not None:
                        self.gathered.setdefault(id(given.origin), call)
                    if given.items is None and not given.grown:
                        for one in arrays(given.element):
                            self._hold(one, given, given.length)

    def _hold(self, one: Array, items: Items, length: int | None) -> None:
        if one.dtype == "float64":
            for step in _steps(one):
                self.by_sample.setdefault(id(step.node), []).append((items, length))

    def data_sets(self, node: tree.Expr) -> Iterator[tuple[Call, Array, int | None]]:
        """The calls that make an array of a list of samples that came through ``node``; the array; its length."""
        for items, length in self.by_sample.get(id(node), ()):
            call = self.gathered.get(id(items)) or self.gathered.get(id(items.origin))
            if call is not None and isinstance(call.result, Array):
                yield call, call.result, length


def _steps(value: Value) -> Iterator[Origin]:
    if value.origin is not None:
        yield from value.origin.steps()
