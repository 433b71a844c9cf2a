"""The peak of one variant on one GPU, by the best tier there is for the script."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from keras_memlint.estimate.compiler.client import Compiled, Compiler
from keras_memlint.estimate.compiler.peak import program_peak
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.result import Breakdown, Range, Tensor, Tier
from keras_memlint.estimate.steps import Program, Steps, Variant

_LIVENESS_ERROR = 0.10
"""What the liveness tier was wrong by in the mean, see ``benchmarks/estimate``."""

ROUTES = {
    "tensorflow": "TensorFlow's own training step, compiled by XLA for the GPU",
    "jax": "JAX's own training step, compiled by XLA for the GPU",
    "liveness": "liveness over TensorFlow's graph",
    "torch": "liveness over PyTorch's operations, with its caching allocator",
    "bound": "parameters, optimizer slots, gradients and one batch",
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """``program`` in bytes; ``note`` says what the user should know of how it came about."""

    tier: Tier
    route: str
    program: Range
    breakdown: Breakdown
    timeline: tuple[tuple[float, int], ...] = ()
    tensors: tuple[Tensor, ...] = ()
    note: str | None = None


class Predictor:
    """Predicts variants of one script. The tier is settled once for all, so that two predictions can be compared."""

    def __init__(self, steps: Steps, compiler: Compiler) -> None:
        self._steps = steps
        self._compiler = compiler
        self.tier, self.note = self._settle()
        self._predicted = cache(self._predict)

    def __call__(self, variant: Variant, device: Device) -> Prediction:
        """Raises EstimateError when the variant cannot be made or compiled."""
        return self._predicted(variant, device)

    def fall_back(self, reason: str) -> bool:
        """Settle for the next tier because the compiler refused the script; False when there is none."""
        if self.tier != "compiler":
            return False
        self.tier, self.note = self._lower(reason)
        self._predicted.cache_clear()
        return True

    def _settle(self) -> tuple[Tier, str | None]:
        caught = self._steps.caught
        if caught["backend"] == "tensorflow" and not caught["jit"]["on_gpu"]:
            # Without XLA the kernels of the graph run one by one: another program than the compiler's.
            return self._lower(None)
        if "program" not in caught["can"]:
            # PyTorch's steps are never programs, which is no news.
            reason = None if caught["backend"] == "torch" else caught.get("cannot", {}).get("program")
            return self._lower(reason)
        return "compiler", None

    def _lower(self, reason: str | None) -> tuple[Tier, str | None]:
        caught = self._steps.caught
        if "liveness" in caught["can"]:
            return "liveness", reason
        return "bound", reason or caught.get("cannot", {}).get("liveness")

    def _predict(self, variant: Variant, device: Device) -> Prediction:
        if self.tier == "compiler":
            program = self._steps.program(variant)
            compiled = self._compiler.compile(program.path, program.arguments, device, layers=self._layers())
            return self._of_compiled(compiled, program, device)
        if self.tier == "liveness":
            return self._of_liveness(self._steps.liveness(variant, device))
        return self._bound(variant)

    def _of_compiled(self, compiled: Compiled, program: Program, device: Device) -> Prediction:
        caught = self._steps.caught
        fit_on_jax = caught["backend"] == "jax" and caught["hook"] == "fit"
        peak = program_peak(compiled, program.arguments, device, fit_on_jax=fit_on_jax)
        return Prediction(
            "compiler",
            ROUTES[program.route],
            peak,
            replace(
                compiled.breakdown,
                workspace=(compiled.breakdown.workspace or 0) + peak.mid - compiled.stats.peak,
            ),
            compiled.timeline,
            compiled.top,
            self.note,
        )

    def _of_liveness(self, found: dict[str, Any]) -> Prediction:
        peak, workspace = int(found["peak"]), found["workspace"]
        without = peak - workspace["mid"]
        unknown = int(found.get("unknown") or 0)
        notes = [self.note, *found.get("notes", ())]
        if unknown:
            notes.append(f"{unknown} tensors of unknown size are not counted")
        return Prediction(
            "liveness",
            ROUTES["torch" if self._steps.caught["backend"] == "torch" else "liveness"],
            Range(
                int((without + workspace["low"]) * (1 - _LIVENESS_ERROR)),
                peak,
                int((without + workspace["high"]) * (1 + _LIVENESS_ERROR)),
            ),
            Breakdown(**found["breakdown"]),
            tuple((float(at), int(size)) for at, size in found["timeline"]),
            tuple(tensor(entry) for entry in found["top"]),
            "; ".join(filter(None, notes)) or None,
        )

    def _bound(self, variant: Variant) -> Prediction:
        sizes = self._steps.caught["bytes"]
        if variant not in (Variant(), Variant(batch=self._steps.caught["batch_size"])):
            raise EstimateError("a lower bound says nothing of a changed step")
        gradients = int(sizes.get("trainable") or 0)
        parts = [int(sizes.get(name) or 0) for name in ("parameters", "optimizer", "inputs")]
        least = sum(parts) + int(sizes.get("state") or 0) + gradients
        return Prediction(
            "bound",
            ROUTES["bound"],
            Range(least, least, least),
            Breakdown(parts[0], gradients, parts[1], None, parts[2], None),
            note=self.note,
        )

    def _layers(self) -> list[str]:
        return [str(layer["name"]) for layer in self._steps.caught.get("layers") or ()]


def tensor(entry: dict[str, Any]) -> Tensor:
    """A tensor as the runner describes it."""
    return Tensor(
        int(entry["bytes"]),
        str(entry["shape"]),
        str(entry["kind"]),
        entry.get("layer"),
        entry.get("op"),
        entry.get("source"),
    )
