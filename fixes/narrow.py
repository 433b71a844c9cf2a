"""A data set made float32 where a script makes it float64, and whether anybody could tell."""

from __future__ import annotations

import re
import struct
from functools import partial

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Const
from keras_memlint.analysis.arrays.widening import UFUNCS, Widening
from keras_memlint.analysis.reach.uses import Use, target_of, targets_of_parts, uses_of
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.calls import append_argument, append_method, set_argument
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.spelling import spell

# Of these float32 holds every value. One operation on numbers that float32 holds gives the same float32 directly and
# through float64, because 53 bits are at least twice 24 and two more (Figueroa, "When is double rounding innocuous?").
_EXACT = ("bool", "uint8", "int8", "uint16", "int16")
# Readers that give what the file holds: in a TIFF that may be floats.
_ANY_DTYPE = ("imageio.imread", "skimage.io.imread")
_SIZES = ("shape", "ndim", "size")
_SAME = ("reshape", "transpose", "copy")
_PASSED_ON = (
    "numpy.array",
    "numpy.asarray",
    "numpy.expand_dims",
    "numpy.reshape",
    "numpy.squeeze",
    "numpy.stack",
    "numpy.transpose",
    "numpy.vstack",
    "numpy.concatenate",
)
_FED = ("x", "y", "validation_data")
_LATER = "later code sees float32"
_ROUNDED = "values may differ in their last bit"


def narrow(script: Script, found: Widening) -> Fix | None:
    """The expression made float32; None where it cannot be rewritten without guessing."""
    if not script.own(found.node) or found.kept_dtype not in (None, "float32"):
        return None
    end: tree.Expr = found.narrowed.node if found.narrowed is not None else found.node
    if found.how == "operator":
        edits, exact = _operator(script, found)
        title = "compute in `float32`"
    elif found.how == "cast":
        edits, exact = _cast(script, found)
        title = "convert to `float32`"
        end = _quotient(script, found) or end
    elif found.how == "allocated":
        edits, exact = _allocated(script, found), True
        title = "allocate `float32`"
    else:
        edits, exact = _converted(script, found), True
        title = "convert to `float32`"
    if not edits:
        return None
    if not exact:
        return Fix(title, False, edits, _ROUNDED)
    if found.narrowed is not None or _only_keras_sees(script, end):
        return Fix(title, True, edits)
    return Fix(title, False, edits, _LATER)


def _operator(script: Script, found: Widening) -> tuple[tuple[Edit, ...], bool]:
    """``x / 255.0`` becomes ``np.divide(x, 255.0, dtype="float32")``: one allocation, and its conversion goes."""
    exact = _exact(script, found)
    if found.call is not None:
        edit = append_argument(script, found.call.node, 'dtype="float32"')
        return ((edit,) if edit is not None and found.narrowed is None else ()), exact
    node = found.node
    assert isinstance(node, tree.Binary)
    left, right = script.place(node.left), script.place(node.right)
    text = script.source.text
    if not _is_plain(node.left) or not (_is_plain(node.right) or _is_number(node.right)):
        return (), False
    if not re.fullmatch(r"[ \t]*" + re.escape(node.op) + r"[ \t]*", text[left.end : right.start]):
        return (), False
    outer = script.names.around(node)
    if found.narrowed is None:
        if outer and isinstance(outer[0], tree.Binary):
            beyond = outer[0].right if outer[0].left is node else outer[0].left
            if not isinstance(beyond, tree.Constant):
                return (), False  # it may widen the numbers again
            exact = False
        end = right.end
    else:
        taken = _conversion_text(script, found.narrowed, right.end)
        start = script.place(found.narrowed.node).start
        if taken is None or text[start : left.start].strip(" \t") != "(":
            return (), exact
        end = taken
        left = type(left)(left.source, start, left.end)
    name, imports = spell(script, f"numpy.{UFUNCS[node.op]}", node)
    inside = text[script.place(node.left).start : left.end]
    new = f'{name}({inside}, {text[right.start : right.end]}, dtype="float32")'
    return (*imports, Edit(left.start, end, new)), exact


def _conversion_text(script: Script, call: Call, after: int) -> int | None:
    """The end of ``).astype(…)`` that follows ``after``; None where something else stands in between."""
    end = script.call_end(call.node)
    between = script.source.text[after:end]
    return end if re.match(r"[ \t]*\)[ \t]*\.[ \t]*astype[ \t]*\([^()\n#]*\)\Z", between) else None


def _cast(script: Script, found: Widening) -> tuple[tuple[Edit, ...], bool]:
    call = found.call
    assert call is not None and found.before is not None
    exact = found.before.dtype in (*_EXACT, "float32", "float16")
    if found.narrowed is not None:
        return (), exact
    if call.name.endswith(("astype", "array")):
        edit = set_argument(script, call.node, "dtype", '"float32"', 0 if call.name.endswith("astype") else 1)
        return ((edit,) if edit is not None else ()), exact
    return (), exact


def _quotient(script: Script, found: Widening) -> tree.Expr | None:
    """``x.astype(float) / 255``, where it is the same in float32; None for anything else."""
    outer = script.names.around(found.node)
    if found.before is None or found.before.dtype not in _EXACT or not outer:
        return None
    node = outer[0]
    if not isinstance(node, tree.Binary) or node.op != "/" or node.left is not found.node:
        return None
    return node if isinstance(node.right, tree.Constant) and _fits(node.right.value) else None


def _allocated(script: Script, found: Widening) -> tuple[Edit, ...]:
    assert found.call is not None
    at = {"numpy.full": 2}.get(found.call.name, 1)
    edit = set_argument(script, found.call.node, "dtype", '"float32"', at)
    return (edit,) if edit is not None else ()


def _converted(script: Script, found: Widening) -> tuple[Edit, ...]:
    """The call with ``.astype("float32")`` behind it."""
    edit = append_method(script, found.node, 'astype("float32")')
    return (edit,) if edit is not None and found.narrowed is None else ()


def _exact(script: Script, found: Widening) -> bool:
    """Whether the result is the same number in float32: both operands are numbers that float32 holds."""
    if found.before is None or found.before.dtype not in _EXACT:
        return False
    maker = script.maker(found.before)
    if maker is not None and maker.name in _ANY_DTYPE:
        return False
    if isinstance(found.other, Array):
        return found.other.shape == () and found.other.dtype in _EXACT
    return isinstance(found.other, Const) and _fits(found.other.value)


def _fits(value: object) -> bool:
    """Whether ``float32`` holds a number exactly, as 255 and 127.5, and not as 0.1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
    except OverflowError:
        return False


def _is_plain(node: tree.Expr) -> bool:
    """Whether the text of ``node`` is the whole operand, without brackets around it."""
    if isinstance(node, (tree.Name, tree.Constant)):
        return True
    if isinstance(node, tree.Attribute):
        return _is_plain(node.value)
    return isinstance(node, (tree.Subscript, tree.Call)) and _is_plain(
        node.value if isinstance(node, tree.Subscript) else node.func
    )


def _is_number(node: tree.Expr) -> bool:
    """Whether it is computed from literals, as ``(1 / 255)`` is."""
    if isinstance(node, tree.Binary):
        return _is_number(node.left) and _is_number(node.right)
    return isinstance(node, tree.Constant)


def _only_keras_sees(script: Script, value: tree.Expr) -> bool:
    """Whether nothing but Keras, which makes float32 of it, and what only asks for its shape gets ``value``.

    False where that is not certain.
    """
    if script.backend != "tensorflow" or script.uses("keras.backend.set_floatx", "keras.config.set_floatx"):
        return False
    fed = frozenset(id(fit.call.node) for fit in script.fits if fit.method in ("fit", "evaluate", "predict"))
    flow = _Flow(script, fed, script.place(value).start)
    return flow.reaches(value, script.names.around(value)) and flow.arrives


class _Flow:
    """Follows a value through names. ``start`` is where it comes into being, ``arrives`` whether Keras gets it.

    What no Keras call gets is made for somebody else: for another module, or to be saved.
    """

    def __init__(self, script: Script, fed: frozenset[int], start: int) -> None:
        self.script = script
        self.fed = fed
        self.start = start
        self.seen: set[str] = set()
        self.arrives = False

    def reaches(self, value: tree.Node, outer: tuple[tree.Node, ...]) -> bool:
        """Whether ``value``, which stands in ``outer``, only goes where its dtype makes no difference."""
        if not outer:
            return False
        holder = outer[0]
        if isinstance(holder, tree.Assign):
            return holder.value is value and all(map(self.target, holder.targets))
        if isinstance(holder, tree.Attribute):
            return self.attribute(holder, outer[1:])
        if isinstance(holder, tree.Subscript):
            return holder.value is value and self.reaches(holder, outer[1:])
        if isinstance(holder, tree.Sequence) and holder.kind in ("tuple", "list"):
            return self.display(value, holder, outer[1:])
        if isinstance(holder, tree.Argument) and len(outer) > 1 and isinstance(outer[1], tree.Call):
            return self.argument(holder, outer[1], outer[2:])
        if isinstance(holder, tree.Comprehension):
            return holder.kind == "list" and holder.element is value and self.reaches(holder, outer[1:])
        return False

    def target(self, target: tree.Expr) -> bool:
        if isinstance(target, tree.Name):
            return self.name(target.id)
        return isinstance(target, tree.Sequence) and all(map(self.target, target.elements))

    def name(self, name: str) -> bool:
        """Whether all uses of ``name`` are harmless."""
        if name in self.seen:
            return True
        self.seen.add(name)
        script = self.script
        uses = uses_of(script, name)
        if uses is None:
            return False
        return all(
            _is_target(use) or self.is_earlier(use) or self.reaches(use.node, use.around) for use in uses
        )

    def is_earlier(self, use: Use) -> bool:
        """Whether it is read before the value comes into being: further up, and not repeated."""
        repeated = (tree.For, tree.While, tree.FunctionDef, tree.Lambda, tree.ClassDef)
        if any(isinstance(node, repeated) for node in use.around):
            return self.is_operand(use)
        return self.script.place(use.node).start < self.start or self.is_operand(use)

    def is_operand(self, use: Use) -> bool:
        """Whether it is the operand of the expression that is narrowed."""
        place = partial(self.script.place)
        return any(
            isinstance(node, (tree.Binary, tree.Call)) and place(node).start == self.start
            for node in use.around
        )

    def attribute(self, holder: tree.Attribute, outer: tuple[tree.Node, ...]) -> bool:
        call = outer[0] if outer else None
        if holder.name in _SIZES:
            return True
        if not isinstance(call, tree.Call) or call.func is not holder:
            return False
        if holder.name in _SAME:
            return self.reaches(call, outer[1:])
        if holder.name == "append":
            return isinstance(outer[1] if len(outer) > 1 else None, tree.ExprStmt)
        if holder.name != "astype" or len(call.args) != 1:
            return False
        return (
            re.fullmatch(
                r"""(["'])float32\1|np\.float32|numpy\.float32""", self.script.text(call.args[0].value)
            )
            is not None
        )

    def display(self, value: tree.Node, holder: tree.Sequence, outer: tuple[tree.Node, ...]) -> bool:
        """A tuple or list: of a statement ``a, b = value, other``, or an argument."""
        statement = outer[0] if outer else None
        if isinstance(statement, tree.Assign):
            target = target_of(value, (holder, *outer))
            return target is not None and self.target(target)
        if isinstance(statement, tree.Argument) and len(outer) > 1 and isinstance(outer[1], tree.Call):
            return self.argument(statement, outer[1], outer[2:])
        return False

    def argument(self, holder: tree.Argument, call: tree.Call, outer: tuple[tree.Node, ...]) -> bool:
        if id(call) in self.fed:
            self.arrives = True
            return holder.name in _FED or (
                holder.name is None and holder in call.args[:2] and not holder.star
            )
        name = self.script.called(call)
        if name == "builtins.len":
            return True
        if name == "builtins.list.append" and isinstance(call.func, tree.Attribute):
            owner = call.func.value
            return isinstance(owner, tree.Name) and self.name(owner.id)
        parts = targets_of_parts(self.script, holder, call, outer)
        if parts is not None:
            return all(map(self.target, parts))
        if name in _PASSED_ON and not any(argument.name == "dtype" for argument in call.args):
            return self.reaches(call, outer)
        return False


def _is_target(use: Use) -> bool:
    """Whether it is bound or, by ``x[…] = value``, filled here."""
    node: tree.Node = use.node
    for holder in use.around:
        if isinstance(holder, tree.Assign):
            return any(target is node for target in holder.targets)
        if isinstance(holder, tree.For):
            return holder.target is node
        if isinstance(holder, tree.Sequence) or (isinstance(holder, tree.Subscript) and holder.value is node):
            node = holder
            continue
        return False
    return False
