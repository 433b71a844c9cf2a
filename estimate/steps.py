"""The variants of a script's training step, each asked of the script's process once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.interruptions import own_folder
from keras_memlint.estimate.progress import Progress, silent
from keras_memlint.estimate.request import Request
from keras_memlint.estimate.session import Caught, Session


@dataclass(frozen=True, slots=True)
class Variant:
    """The script's step with something changed; None and the defaults mean as the script has it.

    ``accumulation``: gradients of that many smaller batches are added up before an update; ``batch`` counts all.
    """

    batch: int | None = None
    policy: str | None = None
    optimizer: str | None = None
    accumulation: int = 1
    remat: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """A training step as StableHLO, with what each of its arguments is."""

    path: Path
    route: str
    arguments: tuple[dict[str, Any], ...]


class Steps:
    """Answers about variants. Another policy needs another run of the script, which starts when it is first asked for.

    A context manager: leaving it ends every process.
    """

    def __init__(
        self, request: Request, progress: Progress = silent, *, started: Callable[[int], None] | None = None
    ) -> None:
        """Run the script; ``started`` gets the number of its process. Raises EstimateError when no step can be caught."""
        self._request = request
        self._progress = progress
        self._programs: dict[Variant, Program] = {}
        self._livenesses: dict[tuple[Variant, tuple[int, int] | None], dict[str, Any]] = {}
        self._sessions: dict[str | None, Session] = {}
        self.compile_peak: int | None = None
        """Bytes that JAX took of the GPU while it compiled and tried kernels; None where that was not told apart."""
        with own_folder() as compiled:
            self._sessions[None] = self._measurable(started, compiled)

    def __enter__(self) -> Steps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            session.close()

    @property
    def caught(self) -> Caught:
        """What is known of the step as the script has it."""
        return self.session.caught

    @property
    def session(self) -> Session:
        """The run of the script as it is."""
        return self._sessions[None]

    def program(self, variant: Variant) -> Program:
        """The step as a program. Raises EstimateError when it cannot be had."""
        if variant not in self._programs:
            answer = self._session(variant).ask("program", **_options(variant))
            self._programs[variant] = Program(
                Path(answer["program"]), str(answer["route"]), tuple(answer["arguments"])
            )
        return self._programs[variant]

    def liveness(self, variant: Variant, device: Device) -> dict[str, Any]:
        """The step's liveness on a GPU. Raises EstimateError when it cannot be had."""
        capability = device.gpu.compute_capability
        # TensorFlow's graph is the same for every GPU, PyTorch's operations choose their kernels by it.
        key = (variant, capability if self.caught["backend"] == "torch" else None)
        if key not in self._livenesses:
            answer = self._session(variant).ask("liveness", capability=capability, **_options(variant))
            self._livenesses[key] = dict(answer["liveness"])
        return self._livenesses[key]

    def _measurable(self, started: Callable[[int], None] | None, compiled: Path) -> Session:
        """The script's run. JAX's peak cannot be reset, so a run on a GPU is repeated with what the first compiled."""

        def run() -> Session:
            policy = self._request.policy
            return _with_policy(
                Session(
                    self._request,
                    policy=policy,
                    progress=self._progress,
                    started=started,
                    compiled=compiled,
                ),
                policy,
            )

        session = run()
        gpu = session.caught.get("gpu")
        if session.caught["backend"] != "jax" or not gpu:
            return session
        self.compile_peak = gpu.get("allocator_peak")
        session.close()
        return run()

    def _session(self, variant: Variant) -> Session:
        policy = variant.policy
        if policy not in self._sessions:
            session = Session(self._request, policy=policy, steps=0, progress=self._progress)
            self._sessions[policy] = _with_policy(session, policy)
        return self._sessions[policy]


def _with_policy(session: Session, policy: str | None) -> Session:
    """The session. Raises EstimateError when its script trains with another policy all the same, as without Keras."""
    found = session.caught["policy"]
    if policy is not None and found != policy:
        session.close()
        raise EstimateError(f"the script does not take the policy {policy}: it trains with {found}")
    return session


def _options(variant: Variant) -> dict[str, Any]:
    return {
        "batch": variant.batch,
        "optimizer": variant.optimizer,
        "accumulation": variant.accumulation,
        "remat": variant.remat,
    }
