"""Stands in for the estimate of one case: the script's first line says what happens to it."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keras_memlint.analysis.sizes.gpus import find
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.result import (
    Batch,
    Breakdown,
    Estimate,
    Host,
    Range,
    TargetEstimate,
    WhatIf,
)
from keras_memlint.estimate.sweep.cases import Case

GIB = 1 << 30


def main() -> None:
    """The command line ``estimate --sweep`` with this stand-in."""
    from keras_memlint.server import arguments, sweep
    from keras_memlint.server.errors import UserError

    parser = argparse.ArgumentParser()
    arguments.add_sweep_arguments(parser)
    try:
        sys.exit(sweep.sweep(parser.parse_args(), estimate_case))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def estimate_case(case: Case) -> Estimate:
    """Figures that follow from the case, or what its script asks for. Leaves a line in the file ``runs`` beside it."""
    what, *words = case.script.read_text().splitlines()[0].removeprefix("# ").split()
    with case.script.with_name("runs").open("a") as runs:
        runs.write(f"{case.name} {case.batch_size} {','.join(case.targets)} by {os.getppid()}\n")
    print("what is printed is no answer", flush=True)
    Path(tempfile.gettempdir(), "left behind").touch()
    if what == "sleep":
        time.sleep(float(words[0]))
    if what == "wait":  # until the file is there
        while not case.script.with_name(words[0]).exists():
            time.sleep(0.02)
    if what == "need" and not case.script.with_name(words[0]).exists():
        raise EstimateError(f"{words[0]} is not there")
    if what == "refuse":
        raise EstimateError("the script trains nothing;\ncall `fit`")
    if what == "raise":
        raise ValueError("three")
    if what == "hang":
        _start_another(case)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    if what == "linger":
        _start_another(case)
        time.sleep(600)
    if what == "die":
        _start_another(case)
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "kill":  # whoever asked for it
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    if what == "exit":
        print("no space left", file=sys.stderr, flush=True)
        os._exit(7)
    return _estimate(case)


def _start_another(case: Case) -> None:
    """A process that would outlive this one, in a session of its own; its number goes into the file ``others``."""
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with case.script.with_name("others").open("a") as others:
        others.write(f"{other.pid}\n")


def _estimate(case: Case) -> Estimate:
    batch = case.batch_size or 32
    peak = Range(batch * GIB // 10, batch * GIB // 8, batch * GIB // 6)
    targets = []
    for name in case.targets:
        gpu = find(name)
        assert gpu is not None
        targets.append(
            TargetEstimate(
                gpu.name,
                gpu.memory,
                "compiler",
                "tensorflow",
                peak,
                Range(1, 2, 3),
                Range(peak.low + 1, peak.mid + 2, peak.high + 3),
                "yes" if peak.high < gpu.memory else "no",
                Batch(gpu.memory * 6 // GIB, True),
            )
        )
    return Estimate(
        script=str(case.script),
        script_hash="",
        line=1,
        hook="fit",
        backend="tensorflow",
        versions={},
        tier="compiler" if targets else "liveness",
        batch_size=batch,
        steps=case.steps,
        policy=case.policy or "float32",
        optimizer="Adam",
        host_peak_bytes=3 * GIB,
        host=Host(),
        cpu_allocator_peak_bytes=None,
        breakdown=Breakdown(GIB, GIB, 2 * GIB, 3 * GIB, None, 0),
        program_peak_bytes=peak,
        targets=tuple(targets),
        what_if=tuple(
            WhatIf(change, target.name, change, None, 1000) for target in targets for change in case.what_if
        ),
    )


class Deadly:
    """Ends the process that looks at it."""

    def __init__(self, sent: object) -> None:
        self.sent = sent

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or name == "sent":
            raise AttributeError(name)
        os._exit(9)
