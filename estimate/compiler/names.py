"""What the names of instructions tell: layer, operation and part of the training step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_BACKWARD = re.compile(r"transpose\(|(^|/)gradient_tape/|(^|/)gradients?/")
_UPDATE = re.compile(r"Assign\w*VariableOp(_\d+)?$|ResourceApply\w+$")
_COUNTER = re.compile(r"_\d+$")
_BETWEEN = re.compile(r"[/()]+")
_LIBRARIES = re.compile(
    r"[/\\](site|dist)-packages[/\\]|[/\\]lib[/\\]python3|^<|[/\\]estimate[/\\]runner[/\\]"
)


def operation(name: str) -> str | None:
    """The last part of the path, such as ``conv_general_dilated`` or ``MatMul``; None without a path."""
    last = _first(name).rpartition("/")[2]
    return _COUNTER.sub("", last) or None


def is_users(file: str) -> bool:
    """Whether ``file`` is of the user's own code, not of a library."""
    return bool(file) and not _LIBRARIES.search(file)


def library(target: str) -> str | None:
    """Which kind of work the custom call ``target`` hands to a library of NVIDIA's, None for other calls."""
    if target.startswith("__cudnn$conv"):
        return "convolution"
    if target.startswith("__cublas$"):
        return "gemm"
    if target.startswith("__cudnn$fmha"):
        return "attention"
    return "rnn" if "rnn" in target.lower() else None


class Names:
    """Where in the model an instruction belongs, by the path that the framework gave it.

    TensorFlow writes ``gradient_tape/functional_1/dense_4_1/MatMul``, JAX ``jit(step)/transpose(jvp(dense_4))/dot``.
    """

    def __init__(self, layers: Iterable[str], arguments: Sequence[Mapping[str, Any]]) -> None:
        """``layers`` may be empty: then those that own one of the ``arguments`` are known."""
        owners = set(layers)
        self._optimizers = set()
        for argument in arguments:
            path = str(argument.get("name") or "").split("/")[:-1]
            if argument["kind"] == "optimizer":
                self._optimizers.update(path[:1])
            elif argument["kind"] in ("parameter", "state"):
                owners.update(path)
        self._layers = owners

    def layer(self, name: str) -> str | None:
        """The innermost layer in the path ``name``, None when there is none."""
        return next((found for part in reversed(_parts(name)) if (found := _known(part, self._layers))), None)

    def kind(self, name: str) -> str:
        """``gradient`` for what the backward pass or an update makes, ``activation`` for the rest."""
        first = _first(name)
        if _BACKWARD.search(first) or _UPDATE.search(first):
            return "gradient"
        is_update = any(_known(part, self._optimizers) for part in _parts(name)[:-1])
        return "gradient" if is_update else "activation"


def _first(name: str) -> str:
    """Instructions that the compiler merged have several names."""
    return name.partition(";")[0]


def _parts(name: str) -> list[str]:
    return [part for part in _BETWEEN.split(_first(name)) if part]


def _known(part: str, known: set[str]) -> str | None:
    # Frameworks number the calls of a layer: ``dense_4_1`` is the second of ``dense_4``.
    return next((guess for guess in (part, _COUNTER.sub("", part)) if guess in known), None)
