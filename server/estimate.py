"""``keras-memlint estimate``: what a training script needs, in the format that was asked for."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FrameType

from keras_memlint.analysis.sizes import nvml
from keras_memlint.estimate import devices, pythons
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.estimating import estimate as made
from keras_memlint.estimate.report import render
from keras_memlint.estimate.request import WHAT_IFS, Request
from keras_memlint.estimate.result import Estimate
from keras_memlint.estimate.saved import save
from keras_memlint.estimate.sweep.estimated import estimate_case
from keras_memlint.server import terminal
from keras_memlint.server.configuration import Configurations
from keras_memlint.server.errors import UserError, did_you_mean
from keras_memlint.server.lifeline import end_with_input
from keras_memlint.server.progress import shown
from keras_memlint.server.sweep import sweep

LOCAL = "local"
_STEPS_ON_GPU = 5
"""The first two make buffers and choose kernels."""

_USUAL = ("t4", "a100-40")
"""Shown where neither a GPU is here nor one was named."""

_OF_A_SWEEP = ("--output", "--retry-failed", "--jobs", "--scheduler")
_IN_A_GRID = {
    "--python": "python",
    "--steps": "steps",
    "--target": "targets",
    "--batch-size": "batch-sizes",
    "--what-if": "what-if",
}


def estimate(arguments: argparse.Namespace) -> int:
    """0 when the script fits every GPU, 1 when it does not fit one, or a case of a sweep failed.

    Raises UserError when there is no estimate.
    """
    # Python tries the folder with a file when it is first asked for, and an interruption would leave that file.
    tempfile.gettempdir()
    # A supervisor ends programs with SIGTERM, and then nothing must be left behind either.
    signal.signal(signal.SIGTERM, _interrupted)
    if arguments.end_with_input:
        end_with_input()
    _check_kind(arguments)
    if arguments.sweep is not None:
        return sweep(arguments, estimate_case)
    try:
        request = _request(arguments)
        with shown(arguments.progress) as progress:
            found = made(request, progress)
    except EstimateError as error:
        for line in error.output.splitlines():
            print(f"  | {line}", file=sys.stderr)
        raise UserError(_complaint(error, arguments)) from None
    _keep(found)
    print(
        render(
            found,
            arguments.output_format,
            width=shutil.get_terminal_size().columns,
            colour=terminal.colour(sys.stdout),
            encoding=sys.stdout.encoding,
        ),
        end="",
    )
    return 1 if "no" in _verdicts(found, request.batch_sizes) else 0


def _complaint(error: EstimateError, arguments: argparse.Namespace) -> str:
    """One sentence, with the option that helps unless a program asked, whose user has none."""
    return f"{error} ({error.option})" if error.option and arguments.progress != "json" else str(error)


def _verdicts(found: Estimate, batch_sizes: Sequence[int]) -> list[str | None]:
    """Of the script on each GPU, and of the batch sizes that were typed."""
    typed = {f"batch_size={size}" for size in batch_sizes}
    changed = [change.fits for change in found.what_if if change.change in typed]
    return [*(target.fits for target in found.targets), *changed]


def _check_kind(arguments: argparse.Namespace) -> None:
    """Raises UserError for what would be left out without a word: one estimate and a sweep take different options."""
    if arguments.sweep is None:
        for option in _OF_A_SWEEP:
            if _given(arguments, option):
                instead = "; for the report write > FILE" if option == "--output" else ""
                raise UserError(f"{option} belongs to --sweep{instead}")
        return
    if arguments.script is not None or arguments.module is not None:
        raise UserError(f"--sweep runs the scripts that {arguments.sweep} names; leave the script out")
    for option, key in _IN_A_GRID.items():
        if _given(arguments, option):
            raise UserError(f"{option} does not go with --sweep; write `{key}` into {arguments.sweep}")


def _given(arguments: argparse.Namespace, option: str) -> bool:
    return bool(getattr(arguments, option.removeprefix("--").replace("-", "_")))


def _keep(found: Estimate) -> None:
    """For findings and the editor; that it cannot be kept is no reason to show nothing."""
    try:
        save(found)
    except EstimateError as error:
        terminal.warn(str(error))


def _request(arguments: argparse.Namespace) -> Request:
    if (arguments.script is None) == (arguments.module is None):
        raise UserError("name a script to estimate, or a module with -m")
    script = None if arguments.script is None else _script(arguments.script)
    here = bool(nvml.gpus().gpus)
    names = _words(arguments.target) or _configured(script or Path.cwd(), here=here)
    local = not names or LOCAL in names
    return Request(
        script=script,
        module=arguments.module,
        python=pythons.find(arguments.python, script),
        cwd=Path.cwd(),
        arguments=tuple(arguments.arguments),
        fit_index=arguments.fit_index,
        steps=arguments.steps or (_STEPS_ON_GPU if here and local else 1),
        local=local,
        targets=tuple(_devices(names)),
        search=not arguments.no_batch_search,
        batch_sizes=tuple(_sizes(arguments.batch_size)),
        what_if=_changes(arguments.what_if),
        time_limit=arguments.time_limit,
    )


def _script(name: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise UserError(f"{name}: there is no such file")
    return path.resolve()


def _configured(place: Path, *, here: bool) -> list[str]:
    """The GPU that the configuration names; without one and without a GPU ``here``, two that people know."""
    if (gpu := Configurations().above(str(place.parent)).target_gpu) is not None:
        return [gpu]
    return [] if here else list(_USUAL)


def _devices(names: Iterable[str]) -> list[Device]:
    return [devices.get(name) for name in dict.fromkeys(names) if name != LOCAL]


def _changes(typed: list[str]) -> tuple[str, ...] | None:
    """None when nothing was said."""
    names = _words(typed)
    for name in names:
        if name not in (*WHAT_IFS, "all", "none"):
            raise UserError(
                f"--what-if: there is no change `{name}`{did_you_mean(name, (*WHAT_IFS, 'all'))};"
                f" there are {', '.join(WHAT_IFS)}, all and none"
            )
    if not names:
        return None
    return WHAT_IFS if "all" in names else tuple(name for name in names if name != "none")


def _sizes(typed: list[str]) -> list[int]:
    words = _words(typed)
    for word in words:
        if not word.isascii() or not word.isdigit() or int(word) < 1:
            raise UserError(f"--batch-size: `{word}` is no number of samples")
    return [int(word) for word in words]


def _words(typed: list[str]) -> list[str]:
    return [word.strip() for part in typed for word in part.split(",") if word.strip()]


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
