"""Which layer of a class a number in a node's path means: Keras numbers them in the order in which they are made."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Layer, Use
from keras_memlint.analysis.abstract.values import Const, const
from keras_memlint.analysis.facts.layer_makers import MADE_BY_USERS, MAKE_NO_LAYERS
from keras_memlint.analysis.script import Script
from keras_memlint.server.oom.nodes import snake

_NUMBER = r"(?:_(\d+))?(?:_(\d+))?"
_COUNTED = re.compile(r"_\d+$")
# Graphs of TensorFlow 1 and the first Keras, which counts from 1, name no model before the layer.
_NO_MODELS = frozenset(("gradients", "gradient_tape", "training", "loss", "metrics"))


def numbered(script: Script, uses: list[Use], node: str) -> list[Use]:
    """Those of ``uses``, layers of classes in ``node``, that have its number; none where that cannot be told."""
    found: list[Use] = []
    if len({id(use.layer) for use in uses}) < len(uses):
        return found  # each use of a shared layer has a number of its own
    for name in {use.layer.name.rpartition(".")[2] for use in uses}:
        meant = _numbers(script, snake(name), node)
        made = list(_made(script, name)) if meant and MADE_BY_USERS.fullmatch(name) else []
        if made and all(call is not None for call in made):
            wanted = {id(call) for number, call in enumerate(made) if number in meant}
            found += [use for use in uses if id(use.layer.call) in wanted]
    return found


def _numbers(script: Script, name: str, node: str) -> set[int]:
    """The numbers that ``model/conv2d_3/Conv2D`` may mean for the class ``conv2d``, from 0.

    Keras 3 enters the scope of a layer several times, and then TensorFlow puts a number of its own behind the name:
    ``functional_1/conv2d_1`` is ``conv2d``, and ``functional_1/conv2d_1_2`` is ``conv2d_1``.
    """
    parts = node.split("/")
    for model, part in itertools.pairwise(parts[:-1]):
        found = re.fullmatch(re.escape(name) + _NUMBER, part)
        if found is None or model in _NO_MODELS or "convolution" in parts:
            continue
        number = int(found[1] or 0)
        again = found[1] and not found[2] and _COUNTED.search(model) and script.keras_major != 2
        return {0, number} if again else {number}
    return set()


def _made(script: Script, name: str) -> Iterator[Call | None]:
    """What makes the layers of a class that are named by their number, in order; None for what may be made or not, or often."""
    if any(one.dotted.partition(".")[0] not in MAKE_NO_LAYERS for one in script.imports):
        yield None
    if any(model.kind == "application" for model in script.models) or any(
        script.calls("keras.backend.clear_session")
    ):
        yield None
    for call in script.all_calls:
        layer = call.result
        if not isinstance(layer, Layer) or layer.call is not call or snake(layer.name) != snake(name):
            continue
        given = layer.config.get("name")
        if given is None or (isinstance(given, Const) and given.value is None):
            yield call if _surely_once(call) else None
        elif not isinstance(const(given), str):
            yield None


def _surely_once(call: Call) -> bool:
    """Whether it is made exactly when it was read: in no loop and no branch, and by a caller that is known."""
    if call.star or (call.function is not None and call.caller is None):
        return False
    return not any(one.loops or one.conditional for one in call.led_by())
