"""Layers that are given tensors of too few axes, which Keras refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import KerasTensor, Layer
from keras_memlint.analysis.abstract.values import UNKNOWN, Value
from keras_memlint.analysis.facts.ending import RANKS
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def note(run: Interpreter, layer: Layer, args: tuple[Value, ...], node: tree.Call) -> None:
    """Note a layer that is given a tensor of too few axes, and nothing but such tensors."""
    least = RANKS.get(layer.name, 0)
    given = args[0] if args else UNKNOWN
    shape = given.shape if isinstance(given, KerasTensor) else None
    if not isinstance(given, KerasTensor) or shape is None or len(shape) >= least or not _is_spelt_out(given):
        run.too_few_axes[id(node)] = None
    else:
        why = f"`{layer.name}` takes tensors of {least} axes and gets one of {len(shape)}"
        run.too_few_axes.setdefault(id(node), (node, why))


def _is_spelt_out(tensor: KerasTensor) -> bool:
    """Whether no ``**options`` hide what a layer before ``tensor`` is told, such as `return_sequences`."""
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen:
            seen.add(id(one))
            if one.layer is not None and one.layer.call is not None and one.layer.call.star:
                return False
            waiting += one.inputs
    return True
