"""A call the interpreter met: the API, its arguments by name, and the circumstances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.abstract.values import UNKNOWN, Array, Function, Items, Value, const

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.scopes import Loop
    from keras_memlint.analysis.syntax import tree


@dataclass(slots=True, eq=False, repr=False)
class Given:
    """The evaluated arguments of one call expression. ``star``: a ``*`` or ``**`` hides some of them."""

    node: tree.Call
    args: tuple[Value, ...]
    kwargs: dict[str, Value] = field(default_factory=dict)
    star: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """One evaluation of one call expression.

    ``name`` is canonical: ``numpy.load``, ``tf.data.Dataset.map``, ``keras.Model.fit``; on a receiver of unknown type
    ``?.fit``. ``params`` is the order of its positional parameters. ``loops`` are those around it, outermost first,
    through the functions that led here. ``function`` is the one it stands in. ``mapped``: inside a function given
    to ``Dataset.map`` or the like. ``contexts`` are the values of the ``with`` statements around it. ``order`` grows
    with time. ``site`` is where the script itself led here: another node only for code of other modules.
    ``streamed``: a generator function or a ``__getitem__`` led here, so it handles a batch at a time. ``conditional``:
    a branch decides whether it is made. ``inner`` are the calls in the function it was given, as ``Dataset.map`` is.
    ``callee``: the script's own function it calls.
    ``traced``: the outermost function that TensorFlow traces into a graph and that led here; None when it runs eagerly.
    ``caller``: the call of the function or class of the script that it stands in, None where nobody called that.
    ``tried``: it stands in a ``try`` with handlers, or in one of these: the script may be ready for its failure.
    """

    node: tree.Call
    name: str
    flavour: str
    receiver: Value | None
    args: tuple[Value, ...]
    kwargs: dict[str, Value]
    star: bool
    params: tuple[str, ...]
    loops: tuple[Loop, ...]
    function: Function | None
    mapped: bool
    contexts: tuple[Value, ...]
    order: int
    site: tree.Expr
    conditional: bool = False
    result: Value = UNKNOWN
    inner: tuple[Call, ...] = field(default=())
    streamed: bool = False
    traced: Function | None = None
    callee: Function | None = None
    caller: Call | None = None
    tried: bool = False

    def led_by(self) -> Iterator[Call]:
        """This call and those of the script's own functions that led to it, innermost first."""
        at: Call | None = self
        while at is not None:
            yield at
            at = at.caller

    def arg(self, name: str) -> Value | None:
        """The value given for parameter ``name``, by keyword or position; None when it is not given."""
        found = self.kwargs.get(name)
        if found is not None:
            return found
        try:
            at = self.params.index(name)
        except ValueError:
            return None
        if at < len(self.args) and not self.star:
            return self.args[at]
        return None

    def const(self, name: str, default: Any = None) -> Any:
        """The literal given for ``name``; ``default`` when it is not given or not known."""
        value = self.arg(name)
        if value is None:
            return default
        found = const(value)
        return default if found is None else found

    def first(self) -> Value:
        """The first positional argument, or unknown."""
        return self.args[0] if self.args and not self.star else UNKNOWN

    def operand(self) -> Value:
        """What a method of arrays, or the function of that name, works on: ``x`` in ``x.repeat(3)``, ``np.repeat(x, 3)``."""
        return self.receiver if isinstance(self.receiver, Array) else self.first()

    def given(self, name: str) -> bool:
        """Whether ``name`` may have been given: as itself, or hidden in ``*args`` or ``**kwargs``."""
        return self.star or self.arg(name) is not None

    def argument_node(self, name: str) -> tree.Argument | None:
        """The syntax of the argument for ``name``; None when it is not given or hidden behind a star."""
        position = 0
        for argument in self.node.args:
            if argument.star:
                return None
            if argument.name == name:
                return argument
            if argument.name is None:
                if position < len(self.params) and self.params[position] == name:
                    return argument
                position += 1
        return None


@dataclass(slots=True, eq=False, repr=False)
class Holding:
    """One evaluation of ``list.append(value)`` or ``holder[key] = value`` that keeps more with each turn.

    ``given`` is the syntax of the value, None when it is not told from the statement. The other fields are those of a
    ``Call``.
    """

    node: tree.Expr
    value: Value
    given: tree.Expr | None
    loops: tuple[Loop, ...]
    function: Function | None
    site: tree.Expr
    conditional: bool


@dataclass(slots=True, eq=False, repr=False)
class Collected:
    """One evaluation of a list comprehension without a condition.

    ``loops`` are its own, outermost first, ``items`` the list. The other fields are those of a ``Call``.
    """

    node: tree.Comprehension
    items: Items
    loops: tuple[Loop, ...]
    mapped: bool
    site: tree.Expr


@dataclass(slots=True, eq=False, repr=False)
class Operation:
    """One evaluation of an arithmetic operator that gives an array; the other fields are those of a ``Call``."""

    node: tree.Binary
    left: Value
    right: Value
    result: Array
    loops: tuple[Loop, ...]
    function: Function | None
    mapped: bool
    streamed: bool
    site: tree.Expr


@dataclass(slots=True, eq=False, repr=False)
class Fill:
    """One evaluation of ``array[…] = value``; the other fields are those of a ``Call``."""

    node: tree.Subscript
    array: Array
    value: Value
    loops: tuple[Loop, ...]
    streamed: bool
    site: tree.Expr


@dataclass(slots=True, eq=False, repr=False)
class Setting:
    """An environment variable that gets a value: ``os.environ[name] = value`` or ``setdefault``; see ``Call`` for the rest."""

    name: str
    value: Value
    node: tree.Expr
    order: int
    site: tree.Expr
    function: Function | None
    conditional: bool


@dataclass(slots=True, eq=False, repr=False)
class Yielded:
    """One evaluation of ``yield value`` in the generator ``function``; the other fields are those of a ``Call``."""

    node: tree.Yield
    value: Value
    function: Function | None
    loops: tuple[Loop, ...]
    site: tree.Expr
