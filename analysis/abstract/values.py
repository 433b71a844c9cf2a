"""Abstract values: what the analysis knows about an expression; unknown stays unknown.

Values are made by the interpreter and the fact tables and read by rules. ``origin`` is the value's provenance: the
expression that made it and the values that expression came through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.abstract.dtypes import itemsize

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.abstract.scopes import Growth, Loop, Scope
    from keras_memlint.analysis.syntax import tree
    from typing_extensions import TypedDict, Unpack

    class ArrayFields(TypedDict, total=False):
        """The fields of an array that may differ from those of the one it comes from."""

        kind: str
        dtype: str | None
        shape: Shape | None
        source: str
        size: int | None
        part: bool
        pixels: bool
        labels: bool


Shape = tuple["int | None", ...]
# A small built-in data set is one no more once it takes so much: CIFAR-10 as float32 does, MNIST as float64 does not.
NOT_SMALL = 512 << 20


@dataclass(slots=True, eq=False, repr=False)
class Origin:
    """One step of a value's provenance. ``note`` is what happened, in words a user reads in a note."""

    node: tree.Expr
    note: str
    before: Origin | None = None

    def steps(self) -> Iterator[Origin]:
        """This step and those before it, latest first."""
        step: Origin | None = self
        while step is not None:
            yield step
            step = step.before

    def did(self, *kinds: str) -> bool:
        """Whether it is a step of one of these kinds, see steps.py."""
        return self.note.startswith(kinds)


@dataclass(slots=True, eq=False, repr=False)
class Value:
    """Anything; ``origin`` is None where provenance is of no interest."""

    origin: Origin | None = field(default=None, kw_only=True)

    def __repr__(self) -> str:
        from keras_memlint.analysis.abstract.describing import describe  # it knows all classes below

        return describe(self)


@dataclass(slots=True, eq=False, repr=False)
class UnknownValue(Value):
    """Nothing is known. There is one: ``UNKNOWN``."""


UNKNOWN = UnknownValue()


@dataclass(slots=True, eq=False, repr=False)
class Lazy(Value):
    """A name imported from a module of the user's own that nobody has looked at yet; ``find`` looks."""

    find: Callable[[], Value]
    found: Value | None = None


def resolve(value: Value) -> Value:
    """``value``, or what stands behind it when it is lazy."""
    if not isinstance(value, Lazy):
        return value
    if value.found is None:
        value.found = UNKNOWN  # an import cycle ends here
        value.found = resolve(value.find())
    return value.found


@dataclass(slots=True, eq=False, repr=False)
class Const(Value):
    """A literal, or what is computed from literals alone: int, float, str, bytes, bool or None."""

    value: Any


@dataclass(slots=True, eq=False, repr=False)
class Scalar(Value):
    """A number or string whose value is unknown. ``kind`` is ``int``, ``float``, ``str``, ``bool`` or ``path``.

    ``counts``: it is the number of elements of something, as ``len(x)`` and ``x.shape[0]`` are. ``words``: it is the
    size of a vocabulary of words. ``known``: the parts of a string that are known, in order, ``…`` for each other.
    ``base``: it is that number and ``shift``, as ``i + 60`` is.
    ``longest``: it is the greatest of many lengths. ``replicas``: how often it was multiplied by the number of a
    strategy's replicas, less how often it was divided by it.
    """

    kind: str
    counts: bool = False
    words: bool = False
    known: str = ""
    base: Scalar | None = None
    shift: int = 0
    longest: bool = False
    replicas: int = 0

    def until(self, other: Scalar) -> int | None:
        """How far ``other`` is from this number; None when that is not known."""
        same = (self.base or self) is (other.base or other)
        return other.shift - self.shift if same and self.kind == other.kind == "int" else None


@dataclass(slots=True, eq=False, repr=False)
class Api(Value):
    """A module, class or function of a library. ``dotted`` as imported, ``name`` canonical, ``flavour`` see names.py."""

    dotted: str
    name: str
    flavour: str


@dataclass(slots=True, eq=False, repr=False)
class Items(Value):
    """A list, tuple, set, range or other iterable of Python values.

    ``items`` are its elements when all are known, else None; ``element`` stands for any of them. ``length`` is None
    when unknown. ``grown`` are the places where elements were added to it. ``loops`` are those around its display.
    """

    kind: str
    items: tuple[Value, ...] | None = None
    element: Value = UNKNOWN
    length: int | None = None
    grown: list[Growth] = field(default_factory=list)
    loops: tuple[Loop, ...] = ()


@dataclass(slots=True, eq=False, repr=False)
class Dict(Value):
    """A dict with known keys; ``element`` stands for values under other keys.

    ``stored`` is when a value was stored under a known key last, in the order of a ``Call``.
    """

    entries: dict[Any, Value] = field(default_factory=dict)
    element: Value = UNKNOWN
    stored: int = 0

    def but(self, entries: dict[Any, Value] | None = None) -> Dict:
        """A dict of its own with the same entries, or with ``entries`` beside and in place of them."""
        return Dict({**self.entries, **(entries or {})}, self.element, origin=self.origin)

    @property
    def length(self) -> int | None:
        """How many entries it has, None when unknown."""
        return len(self.entries) or None if isinstance(self.element, UnknownValue) else None


@dataclass(slots=True, eq=False, repr=False)
class Array(Value):
    """Data with a dtype and a shape.

    ``kind``: ``ndarray``, ``memmap``, ``hdf5``, ``sparse``, ``frame``, ``series`` or ``tensor`` (a TensorFlow value).
    ``shape`` is None when the rank is unknown, an entry None when that axis is. ``source`` says where the data came
    from: ``disk`` (read from files), ``list`` (converted from a list of arrays), ``toy`` (a small built-in data set),
    ``made`` (zeros, random numbers, ranges), ``network`` (a model's output) or ``""``. ``size`` is the size in bytes
    when it is known otherwise than by shape and dtype. ``part`` is whether it is a slice or an element of a larger
    one. ``pixels``: it holds decoded images. ``labels``: one number or class a sample.
    """

    kind: str = "ndarray"
    dtype: str | None = None
    shape: Shape | None = None
    source: str = ""
    size: int | None = None
    part: bool = False
    pixels: bool = False
    labels: bool = False

    def but(self, **changes: Unpack[ArrayFields]) -> Array:
        """The same array with ``changes``; the rest, its provenance too, is kept."""
        made = Array(
            self.kind,
            self.dtype,
            self.shape,
            self.source,
            self.size,
            self.part,
            self.pixels,
            self.labels,
            origin=self.origin,
        )
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    def derived(self, node: tree.Expr, note: str, **changes: Unpack[ArrayFields]) -> Array:
        """What ``node`` makes of it: the same array with ``changes``, and ``note`` as one more step of its provenance."""
        made = self.but(**changes)
        made.origin = Origin(node, note, self.origin)
        return made

    def sample(self) -> Array:
        """One element along the first axis."""
        return self.but(shape=self.shape[1:] if self.shape else None, size=None, part=True)

    @property
    def length(self) -> int | None:
        """How many elements it has along the first axis, None when unknown."""
        return self.shape[0] if self.shape else None

    @property
    def bytes(self) -> int | None:
        """Size in bytes, None when unknown."""
        if self.size is not None:
            return self.size
        if self.shape is None or self.dtype is None:
            return None
        total = itemsize(self.dtype)
        if total is None:
            return None
        for axis in self.shape:
            if axis is None:
                return None
            total *= axis
        return total

    def size_as(self, dtype: str | None) -> int | None:
        """``size`` once it is converted to ``dtype``; None when that is not known."""
        if self.size is None or dtype is None or dtype == self.dtype:
            return self.size
        before, after = itemsize(self.dtype) if self.dtype else None, itemsize(dtype)
        return self.size // before * after if before and after else None

    @property
    def least(self) -> int | None:
        """Bytes it has at least: one for each element where the dtype is unknown; None without a known shape."""
        if self.bytes is not None or self.dtype is not None or self.shape is None or None in self.shape:
            return self.bytes
        return prod(axis or 0 for axis in self.shape)

    @property
    def bulky(self) -> bool:
        """Whether it takes so much that not even a built-in data set is small."""
        return (self.bytes or 0) >= NOT_SMALL

    @property
    def item_bytes(self) -> int | None:
        """Bytes of one element along the first axis, None when unknown."""
        if self.shape is None or not self.shape or self.dtype is None:
            return None
        return Array(dtype=self.dtype, shape=self.shape[1:]).bytes

    @property
    def least_item(self) -> int | None:
        """Bytes one element along the first axis has at least, see ``least``; None when unknown."""
        return Array(dtype=self.dtype, shape=self.shape[1:]).least if self.shape else None


@dataclass(slots=True, eq=False, repr=False)
class Object(Value):
    """An instance of a library's class that has no value class of its own: an optimizer, a callback, a KFold, …

    ``api`` is the canonical name of the class; ``call`` made it; ``state`` holds what the tables note about it.
    """

    api: str
    call: Call | None = None
    state: dict[str, Value] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Dataset(Value):
    """A ``tf.data.Dataset`` after one more operation: ``call`` made it from ``input`` (None at the source).

    ``element`` is the structure of one element. ``cardinality`` counts elements (batches after ``batch``), None when
    unknown; ``batch_size`` is None before ``batch``, 0 when batched by an unknown number. ``infinite`` after
    ``repeat()``. ``op`` is the method's or function's short name. ``also`` are pipelines that another branch has in its place.
    """

    op: str
    call: Call | None = None
    input: Dataset | None = None
    element: Value = UNKNOWN
    cardinality: int | None = None
    batch_size: int | None = None
    infinite: bool = False
    toy: bool = False
    traits: frozenset[str] = frozenset()
    also: tuple[Dataset, ...] = ()

    def chain(self) -> Iterator[Dataset]:
        """This operation and those before it, latest first."""
        at: Dataset | None = self
        while at is not None:
            yield at
            at = at.input

    def earlier(self, op: str, over: Collection[str]) -> Dataset | None:
        """The operation ``op`` before this one with none but those of ``over`` between; None when there is none."""
        at = self.input
        while at is not None and at.op != op and at.op in over:
            at = at.input
        return at if at is not None and at.op == op else None

    @property
    def drawn(self) -> Value:
        """What a loop over it gets: an element, whose arrays are parts of the data."""
        return _as_parts(self.element)

    @property
    def batched(self) -> bool:
        """Whether elements are batches."""
        return self.batch_size is not None

    @property
    def batch_call(self) -> Call | None:
        """The latest call that made batches: ``batch``, or a loader with a ``batch_size``."""
        for step in self.chain():
            if step.input is None or step.batch_size != step.input.batch_size:
                return step.call
        return None


def _as_parts(value: Value) -> Value:
    if isinstance(value, Array):
        return value if value.part else value.but(part=True)
    if isinstance(value, Items) and value.items is not None:
        items = tuple([_as_parts(item) for item in value.items])
        return Items(value.kind, items, length=value.length, origin=value.origin)
    if isinstance(value, Dict):
        return Dict({key: _as_parts(entry) for key, entry in value.entries.items()}, _as_parts(value.element))
    if isinstance(value, Scalar):
        return Array("tensor", part=True, origin=value.origin)  # a pipeline gives tensors, never numbers
    return value


@dataclass(slots=True, eq=False, repr=False)
class Function(Value):
    """A function, method or lambda of the script or of a module of its workspace. ``bound`` is ``self``, if any.

    ``tracer``: what ``tf.function`` made a graph function of it, as the decorator or the call that did; else None.
    ``loops`` are those its definition stands in. ``only``: no branch gives its name to another definition.
    """

    node: tree.FunctionDef | tree.Lambda
    scope: Scope
    bound: Value | None = None
    decorators: tuple[Value, ...] = ()
    defaults: dict[str, Value] = field(default_factory=dict)
    static: bool = False
    tracer: Value | None = None
    loops: tuple[Loop, ...] = ()
    only: bool = False

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "<lambda>")

    def bind(self, receiver: Value) -> Function:
        """This function as a method of ``receiver``."""
        return replace(self, bound=receiver)


@dataclass(slots=True, eq=False, repr=False)
class Choice(Value):
    """One of several functions of the script, nobody knows which: what a dict of them has under an unknown key."""

    functions: tuple[Function, ...]


@dataclass(slots=True, eq=False, repr=False)
class Class(Value):
    """A class of the script. ``bases`` are its evaluated bases, ``scope`` holds its body's names."""

    node: tree.ClassDef
    bases: tuple[Value, ...]
    scope: Scope

    def api_base(self) -> str | None:
        """The canonical name of the library class it derives from, through the script's own classes."""
        for base in self.bases:
            if isinstance(base, Api):
                return base.name
            if isinstance(base, Class):
                found = base.api_base()
                if found is not None:
                    return found
        return None

    def method(self, name: str) -> Function | None:
        """A method of the class or of its bases within the script."""
        found = self.scope.names.get(name)
        if isinstance(found, Function):
            return found
        for base in self.bases:
            if isinstance(base, Class):
                inherited = base.method(name)
                if inherited is not None:
                    return inherited
        return None


@dataclass(slots=True, eq=False, repr=False)
class Instance(Value):
    """An instance of a class of the script, or one of its own modules, whose file is ``path``."""

    cls: Class
    attributes: dict[str, Value] = field(default_factory=dict)
    path: str | None = None

    def drawn(self, node: tree.Expr | None = None) -> Value:
        """What ``node``, or a turn of a loop, draws of it: a batch where Keras takes it for a set of these."""
        if self.cls.api_base() != "keras.utils.PyDataset":
            return UNKNOWN
        origin = Origin(node, "drawn at once") if node is not None else None
        return Items("tuple", None, Array(part=True, origin=origin), origin=origin)


@dataclass(slots=True, eq=False, repr=False)
class Bound(Value):
    """A method (or an attribute the tables do not know) of a known value."""

    receiver: Value
    name: str


def reversed_axes(shape: Shape | None) -> Shape | None:
    """The shape of ``x.T``; of one axis it is not known: who turns that round has put tables into a list, not numbers."""
    return tuple(reversed(shape)) if shape is not None and len(shape) > 1 else None


def const(value: Value | None) -> Any:
    """The literal behind ``value``: a Python object, tuples and lists included; None when it is not known."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Items) and value.items is not None:
        found = [const(item) for item in value.items]
        return tuple(found) if value.kind == "tuple" else found
    return None


def known_text(value: Value | None) -> str:
    """What is known of a string or a number in it, ``…`` for a part that is not."""
    if isinstance(value, Const):
        return str(value.value)
    return (value.known if isinstance(value, Scalar) else "") or "…"
