"""What library functions, lambdas and layers of the user's own do to symbolic tensors of a functional model."""

from __future__ import annotations

from keras_memlint.analysis.abstract.networks import KerasTensor
from keras_memlint.analysis.abstract.values import (
    Array,
    Const,
    Items,
    Scalar,
    Shape,
    UnknownValue,
    Value,
    const,
)
from keras_memlint.analysis.interpret.arithmetic import broadcast
from keras_memlint.analysis.interpret.layers import infer
from keras_memlint.analysis.syntax import tree

# Where functions on tensors live. They have no weights: Keras wraps each of them in a layer.
_GROUPS = ("tf.", "keras.ops.", "keras.backend.", "keras.activations.", "keras.applications.")
_NOT = frozenset(
    ["int_shape", "is_keras_tensor", "is_tensor", "ndim", "print", "rank", "shape", "Variable", "variable"]
)
# Functions whose result has the shape of their first argument.
_SAME = frozenset(
    [
        "abs",
        "cast",
        "clip",
        "clip_by_value",
        "cos",
        "dropout",
        "elu",
        "exp",
        "gelu",
        "hard_sigmoid",
        "hard_swish",
        "identity",
        "l2_normalize",
        "leaky_relu",
        "linear",
        "log",
        "log_softmax",
        "mish",
        "pow",
        "preprocess_input",
        "relu",
        "relu6",
        "rsqrt",
        "selu",
        "sigmoid",
        "silu",
        "sin",
        "softmax",
        "softplus",
        "softsign",
        "sqrt",
        "square",
        "stop_gradient",
        "swish",
        "tanh",
    ]
)
_PAIRS = frozenset(["add", "divide", "maximum", "minimum", "multiply", "subtract", "truediv"])
_CONCATENATE = frozenset(["concat", "concatenate"])


def operation(name: str, args: tuple[Value, ...], kwargs: dict[str, Value], node: tree.Expr) -> Value | None:
    """What the library function ``name`` gives for symbolic tensors; None for other functions and arguments."""
    if not name.startswith(_GROUPS):
        return None
    inputs = [tensor for value in (*args, *kwargs.values()) for tensor in tensors(value)]
    short = name.rpartition(".")[2]
    if not inputs or short[:1].isupper() or short in _NOT:
        return None
    return KerasTensor(_shape(short, args, kwargs, inputs), None, tuple(inputs), 0, node)


def tensors(value: Value) -> list[KerasTensor]:
    """The symbolic tensors in ``value``: itself, or those of a list or tuple."""
    if isinstance(value, KerasTensor):
        return [value]
    if isinstance(value, Items) and value.items is not None:
        return [tensor for item in value.items for tensor in tensors(item)]
    return []


def _shape(
    short: str, args: tuple[Value, ...], kwargs: dict[str, Value], inputs: list[KerasTensor]
) -> Shape | None:
    first = args[0] if args else inputs[0]
    if short in _SAME:
        return inputs[0].shape if first is inputs[0] else None
    if short in _PAIRS:
        shapes = [_operand(value) for value in (*args[:2], *kwargs.values())][:2]
        return broadcast(shapes[0], shapes[1]) if len(shapes) == 2 else None
    if short in _CONCATENATE:
        axis = const(kwargs["axis"] if "axis" in kwargs else args[1] if len(args) > 1 else Const(-1))
        if isinstance(axis, int):
            size = infer("Concatenate", {"axis": axis}, [tensor.shape for tensor in inputs])
            return size.output if size is not None else None
    return None


def _operand(value: Value) -> Shape | None:
    if isinstance(value, (KerasTensor, Array)):
        return value.shape
    return () if isinstance(value, (Const, Scalar)) else None


def is_opaque(value: Value) -> bool:
    """Whether nothing is known of what a function gave for symbolic tensors."""
    return isinstance(value, (UnknownValue, Array))


__all__ = ["is_opaque", "operation", "tensors"]
