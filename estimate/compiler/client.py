"""The compile process from the outside: start it, hand it programs, and end it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import keras_memlint
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.process_group import own_group, tell_group
from keras_memlint.estimate.result import Breakdown, Tensor

EXTRA = 'pip install "keras-memlint[gpu-predict]"'
PYTHON_VARIABLE = "KERAS_MEMLINT_COMPILER_PYTHON"
START_SECONDS = 120.0
COMPILE_SECONDS = 300.0

_BOOT = (
    "import importlib.util as util, sys; sys.path[:] = [p for p in sys.path if p]; "
    "spec = util.spec_from_file_location('keras_memlint', {file!r}); package = util.module_from_spec(spec); "
    "sys.modules['keras_memlint'] = package; spec.loader.exec_module(package); "
    "from keras_memlint.estimate.compiler import worker; worker.main()"
)
"""Loads this package from where it lies; what lies beside it cannot stand in the way of jax's imports."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Bytes by the compiler's own account. ``aliased`` results take the place of arguments; ``constants`` lie
    beside the step, in the loaded program, and are not in ``peak``."""

    arguments: int
    outputs: int
    aliased: int
    temporary: int
    constants: int
    peak: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A training step as the compiler laid it out for one GPU.

    ``breakdown`` adds up to ``stats.peak``. ``timeline``: pairs of position in the step, 0 to 1, and bytes alive.
    ``calls`` of NVIDIA's libraries by kind: convolution, gemm, rnn, attention. ``scratch``: the most bytes that one
    convolution may want besides.
    """

    stats: Stats
    breakdown: Breakdown
    timeline: tuple[tuple[float, int], ...]
    top: tuple[Tensor, ...]
    calls: Mapping[str, int]
    scratch: int
    seconds: Mapping[str, float]


class Compiler:
    """A compile process, started with the first program. As a context manager it is ended on leaving.

    ``python`` is the interpreter that has the extra, by default the one that runs this or the one that the environment
    names in ``KERAS_MEMLINT_COMPILER_PYTHON``. One program at a time: make
    several to compile side by side, each takes about 0.4 GB for a ResNet50.
    """

    def __init__(self, python: str | None = None, *, time_limit: float = COMPILE_SECONDS) -> None:
        self._python = python or os.environ.get(PYTHON_VARIABLE) or sys.executable
        self._time_limit = time_limit
        self._process: subprocess.Popen[bytes] | None = None
        self._text = b""
        self._number = 0
        self._using = threading.RLock()

    def __enter__(self) -> Compiler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def compile(
        self,
        program: Path,
        arguments: Sequence[Mapping[str, Any]],
        device: Device,
        *,
        layers: Sequence[str] = (),
        time_limit: float | None = None,
        whole: bool = False,
    ) -> Compiled:
        """The step in ``program``, StableHLO of either framework, on ``device``.

        ``arguments`` as the runner describes them, all of the program's in order, or none. ``layers``: names of the
        model's layers, so that tensors of layers without parameters are told apart too. ``whole``: let the compiler
        finish and compare its own account (for tests). Raises EstimateError.
        """
        with self._using:
            return self._compile(program, arguments, device, layers, time_limit, whole)

    def _compile(
        self,
        program: Path,
        arguments: Sequence[Mapping[str, Any]],
        device: Device,
        layers: Sequence[str],
        time_limit: float | None,
        whole: bool,
    ) -> Compiled:
        process = self._started()
        self._number += 1
        request = {
            "id": self._number,
            "program": str(program),
            "description": device.description,
            "arguments": [dict(argument) for argument in arguments],
            "layers": list(layers),
            "whole": whole,
        }
        limit = self._time_limit if time_limit is None else time_limit
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except (OSError, ValueError):  # a pipe that ``stop`` has closed is a ValueError
            self._fail("the compile process is gone; run the estimate again")
        reply = self._answer(process, limit, f"compiling for {device.gpu.name}")
        if "error" in reply:
            log = f"\n{reply['log']}" if reply.get("log") else ""
            raise EstimateError(f"compiling for {device.gpu.name} failed: {reply['error']}{log}")
        return _compiled(reply, whole)

    def stop(self) -> None:
        """End the process and what it started; also from another thread, whose ``compile`` then fails."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        # It sees the end of its input, ends its own child, and leaves no file behind.
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            tell_group(process.pid, signal.SIGKILL)
            process.wait()
        with self._using:  # A compile in another thread has seen the end by now.
            process.stdout.close()
            self._text = b""

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        if sys.platform != "linux":
            raise EstimateError(
                "predictions by the GPU compiler need Linux on x86-64: its packages exist for nothing else"
            )
        file = str(Path(keras_memlint.__file__).absolute())
        try:
            self._process = subprocess.Popen(
                [self._python, "-c", _BOOT.format(file=file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=clean_environment(os.environ),
                **own_group(),
            )
        except OSError as error:
            raise EstimateError(
                f"the compile process cannot be started with {self._python}: {error}"
            ) from error
        reply = self._answer(self._process, START_SECONDS, "starting the compile process")
        if reply.get("event") != "ready":
            self.stop()
            raise EstimateError(
                f"predictions by the GPU compiler need an extra: {EXTRA} ({reply.get('detail', 'no reason given')})"
            )
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], limit: float, doing: str) -> dict[str, Any]:
        """The next line of the process."""
        assert process.stdout is not None
        deadline = time.monotonic() + limit
        while b"\n" not in self._text:
            try:
                if not select.select([process.stdout], [], [], max(deadline - time.monotonic(), 0))[0]:
                    self._fail(
                        f"{doing} took longer than {limit:g} seconds; try a smaller batch or a longer limit"
                    )
                piece = os.read(process.stdout.fileno(), 1 << 16)
            except (OSError, ValueError):
                piece = b""
            if not piece:
                if self._process is None:
                    raise EstimateError(f"{doing} was stopped")
                self._fail(f"the compile process died while {doing}, perhaps because memory ran out")
            self._text += piece
        line, _, self._text = self._text.partition(b"\n")
        return dict(json.loads(line))

    def _fail(self, message: str) -> NoReturn:
        self.stop()
        raise EstimateError(message)


_OWN = re.compile(
    r"XLA_|JAX_|TF_|CUDA|NVIDIA_|NCCL_|CUDNN|CUBLAS|LD_PRELOAD$|PYTHON(STARTUP|INSPECT|BREAKPOINT|DONTWRITEBYTECODE"
    r"|PROFILEIMPORTTIME|WARNINGS|DEVMODE|TRACEMALLOC|FAULTHANDLER)$|KERAS_(?!MEMLINT_)|OMP_|OPENBLAS_|MKL_"
)


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` without what the user set for their own training; the compiler sees no GPU."""
    kept = {name: value for name, value in environment.items() if not _OWN.match(name)}
    return {
        **kept,
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # No thread may run when the process forks.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    }


def _compiled(reply: Mapping[str, Any], whole: bool) -> Compiled:
    stats = Stats(**reply["stats"])
    if whole:
        own = {name: getattr(stats, name) for name in reply["own"]}
        if own != reply["own"]:
            raise EstimateError(f"the compiler's account is {reply['own']}, its buffers say {own}")
    return Compiled(
        stats,
        Breakdown(**reply["breakdown"]),
        tuple((position, size) for position, size in reply["timeline"]),
        tuple(Tensor(**row) for row in reply["top"]),
        reply["calls"],
        reply["scratch"],
        reply["seconds"],
    )
