"""What the names of instructions tell: layer, operation and part of the training step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_BACKWARD = re.compile(r"transpose\(|(^|/)gradient_tape/|(^|/)gradients?/")
_UPDATE = re.compile(r"Assign\w*VariableOp(_\d+)?$|ResourceApply\w+$")
_COUNTER = re.compile(r"_\d+$")
_LIBRARIES = re.compile(r"[/\\](site|dist)-packages[/\\]|[/\\]lib[/\\]python3|^<|[/\\]estimate[/\\]runner[/\\]")


def kind(name: str) -> str:
    """``gradient`` for what the backward pass or an update makes, ``activation`` for the rest."""
    first = name.partition(";")[0]
    return "gradient" if _BACKWARD.search(first) or _UPDATE.search(first) else "activation"


def operation(name: str) -> str | None:
    """The last part of the path, such as ``conv_general_dilated`` or ``MatMul``; None without a path."""
    last = name.partition(";")[0].rpartition("/")[2]
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


class LayerNames:
    """The layers of a model, found in the paths that frameworks give to instructions."""

    def __init__(self, layers: Iterable[str], arguments: Sequence[Mapping[str, Any]]) -> None:
        """``layers`` may be empty: then those that own one of the ``arguments`` are known."""
        owners = (
            part
            for argument in arguments
            if argument["kind"] in ("parameter", "state")
            for part in str(argument.get("name") or "").split("/")[:-1]
        )
        self._known = {*layers, *owners}

    def of(self, name: str) -> str | None:
        """The innermost layer in the path ``name``, None when there is none."""
        for part in reversed(name.partition(";")[0].split("/")[:-1]):
            # TensorFlow numbers the calls of a layer, ``dense_4_1`` is the second of ``dense_4``.
            for guess in (part, _COUNTER.sub("", part)):
                if guess in self._known:
                    return guess
        return None
