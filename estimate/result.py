"""An estimate as plain data: what the reports show, and what is saved and printed as JSON.

Sizes are in bytes everywhere. None means unknown. ``estimate/schema.json`` describes the JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from keras_memlint.analysis.sizes.measurement import Fits

SCHEMA_VERSION = 1
_MOST = 1 << 63

Tier = Literal["measured", "compiler", "liveness", "bound"]
"""How a number came about, best first; ``TIERS`` says it in words."""

TIERS: Mapping[Tier, str] = {
    "measured": "measured on this machine's GPU",
    "compiler": "predicted by the GPU compiler",
    "liveness": "predicted by liveness of the graph",
    "bound": "lower bound: parameters, optimizer and inputs alone",
}


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes: the likely figure between two that it should not leave."""

    low: int
    mid: int
    high: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What is in memory at the peak."""

    parameters: int | None = None
    gradients: int | None = None
    optimizer: int | None = None
    activations: int | None = None
    inputs: int | None = None
    workspace: int | None = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """One of the largest tensors alive at the peak. ``source`` as ``file:line`` of the user's code."""

    bytes: int
    shape: str
    kind: str
    layer: str | None = None
    op: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The largest batch that fits, 0 when not even one sample does.

    ``confirmed``: its step was compiled, and so was the one that does not fit any more.
    ``line_error``: how far the straight line through smaller batches was off at the confirmed one, as a fraction.
    """

    size: int
    confirmed: bool
    line_error: float | None = None


@dataclass(frozen=True, slots=True)
class TargetEstimate:
    """The step on one GPU. ``program_peak_bytes`` is the training program alone; the device total adds the context."""

    name: str
    memory_bytes: int
    tier: Tier
    route: str
    program_peak_bytes: Range
    context_bytes: Range
    device_total_bytes: Range
    fits: Fits
    largest_batch: Batch | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One change, recomputed. ``saved_bytes`` of the likely peak is negative where the change costs memory.

    ``change`` names it for programs, such as ``mixed_bfloat16`` or ``batch_size=16``. ``safe``: the same results. ``fits``:
    one of ``Fits`` for the changed script, context included.
    ``problem``: why it could not be computed.
    """

    change: str
    target: str
    title: str
    program_peak_bytes: Range | None
    saved_bytes: int | None
    safe: bool = False
    problem: str | None = None
    fits: str | None = None


@dataclass(frozen=True, slots=True)
class Buffer:
    """A buffer of a tf.data pipeline in host memory; None where the size of an element is not known."""

    op: str
    elements: int | None
    bytes: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """Resident memory of the process: after imports, when training began, at its highest before, and in all."""

    imports_bytes: int | None = None
    before_training_bytes: int | None = None
    peak_before_training_bytes: int | None = None
    peak_bytes: int | None = None
    buffers: tuple[Buffer, ...] = ()


@dataclass(frozen=True, slots=True)
class NotCovered:
    """Something of the script that was not part of the run and may need memory of its own."""

    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """All that is known of one script's training step. ``targets``: those predicted in the order asked for, then the GPU
    that measured; figures without a target (``breakdown``, ``timeline``, ``tensors``) belong to the first.

    ``timeline``: pairs of position in the step, 0 to 1, and bytes. ``seconds`` by stage.
    """

    script: str
    script_hash: str
    line: int | None
    hook: str
    backend: str
    versions: Mapping[str, str]
    tier: Tier
    batch_size: int | None
    steps: int
    policy: str
    optimizer: str
    host_peak_bytes: int | None
    host: Host
    cpu_allocator_peak_bytes: int | None
    breakdown: Breakdown
    program_peak_bytes: Range
    targets: tuple[TargetEstimate, ...]
    what_if: tuple[WhatIf, ...] = ()
    timeline: tuple[tuple[float, int], ...] = ()
    tensors: tuple[Tensor, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dicts, ready for ``json.dumps``."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Estimate:
        """The estimate that ``to_json`` gave. Raises ValueError on anything else, other versions included."""
        if not isinstance(data, dict) or data.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"this is no estimate of schema version {SCHEMA_VERSION}")
        try:
            return _build(cls, data)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"this is no estimate: {error}") from error


_T = TypeVar("_T")


# Working types out takes longer than all the rest.
@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    return get_origin(hint), get_args(hint)


def _build(kind: type[_T], data: Mapping[str, Any]) -> _T:
    hints = _hints(kind)  # type: ignore[arg-type]
    if unknown := data.keys() - hints.keys():
        raise TypeError(f"{kind.__name__} has no {sorted(unknown)[0]}")
    return kind(**{name: _value(hints[name], value, name) for name, value in data.items()})


def _value(hint: Any, value: Any, name: str) -> Any:
    """``value`` as ``hint`` wants it. Raises TypeError when it is something else."""
    origin, options = _parts(hint)
    if origin is UnionType:
        return None if value is None else _value(options[0], value, name)
    if is_dataclass(hint) and isinstance(value, dict):
        return _build(hint, value)  # type: ignore[arg-type]
    if origin is tuple and isinstance(value, list | tuple):
        inner = [options[0]] * len(value) if options[-1] is Ellipsis else options
        return tuple(_value(kind, item, name) for kind, item in zip(inner, value, strict=True))
    if origin is Literal and value in options:
        return value
    if origin is Mapping and isinstance(value, dict):
        return {str(key): _value(options[1], item, name) for key, item in value.items()}
    # Python reads the JSON number 1.0 as a float, and 1 where a float is meant as an integer.
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, int) and not -_MOST < value < _MOST:
        raise TypeError(f"{name} is beyond all sizes")
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    raise TypeError(f"{name} is {value!r}")
