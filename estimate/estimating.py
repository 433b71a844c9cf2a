"""A whole estimate: run the script, measure or predict, search for batches, try what-ifs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from keras_memlint.analysis.text.files import UnreadableError
from keras_memlint.estimate import context, measured, saved, targets, what_if
from keras_memlint.estimate.compiler.client import Compiler
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.gpu_watch import GpuWatch
from keras_memlint.estimate.prediction import Prediction, Predictor
from keras_memlint.estimate.progress import Progress, Stage, silent
from keras_memlint.estimate.request import Request
from keras_memlint.estimate.result import Buffer, Estimate, Host, NotCovered, TargetEstimate, WhatIf
from keras_memlint.estimate.session import Caught
from keras_memlint.estimate.steps import Steps, Variant


def estimate(request: Request, progress: Progress = silent) -> Estimate:
    """Everything about the request's script. Raises EstimateError with one sentence when it cannot be had."""
    text = None if request.script is None else _text_hash(request.script)
    with ExitStack() as stack:
        watch = stack.enter_context(GpuWatch())
        steps = stack.enter_context(Steps(request, progress, started=watch.follow))
        own = (
            measured.row(steps.caught, watch, steps.compile_peak)
            if request.local and request.batch is None
            else None
        )
        if own is None and not request.targets:
            if request.batch is not None:
                raise EstimateError(
                    "only the script's own batch is measured here: name the GPUs that others are predicted for (`targets`)"
                )
            raise EstimateError(
                "the script did not train on a GPU here: name one, such as t4", option="--target t4"
            )
        began = time.monotonic()
        predictor = Predictor(steps, stack.enter_context(Compiler()))
        predictions = _bases(predictor, _script(request, steps), request.targets, progress)
        rows = []
        for prediction, device in zip(predictions, request.targets, strict=True):
            if request.search:
                progress(Stage("searching the largest batch", device.gpu.name, 0.5))
            rows.append(
                targets.predicted(
                    prediction,
                    predictor,
                    device,
                    backend=steps.caught["backend"],
                    batch=_batch(request, steps),
                    search=request.search,
                )
            )
        changed = _changed(request, steps, predictor, predictions, rows, progress)
        rows += [own] if own else []
        seconds = {**_seconds(steps.caught), "predicting": time.monotonic() - began}
        return _assembled(request, text, steps, rows, predictions, changed, seconds)


def _text_hash(script: Path) -> str:
    """What the estimate is tied to, taken before the script runs: it may be edited meanwhile."""
    try:
        return saved.script_hash(script)
    except UnreadableError as error:
        raise EstimateError(str(error)) from None


def _bases(
    predictor: Predictor, base: Variant, devices: Sequence[Device], progress: Progress
) -> list[Prediction]:
    """The script as it is on each GPU; on all of them by the next tier when the compiler refuses it for one."""
    while True:
        try:
            return [predictor(base, device) for device in _told(devices, progress)]
        except EstimateError as error:
            if not predictor.fall_back(str(error)):
                raise


def _told(devices: Sequence[Device], progress: Progress) -> Iterator[Device]:
    for number, device in enumerate(devices):
        progress(Stage("predicting", device.gpu.name, 0.3 + 0.2 * number / len(devices)))
        yield device


def _script(request: Request, steps: Steps) -> Variant:
    """The step that was asked for, with its batch named, so that a search can ask for the same one."""
    return Variant(batch=_batch(request, steps))


def _batch(request: Request, steps: Steps) -> int | None:
    size = request.batch if request.batch is not None else steps.caught["batch_size"]
    return None if size is None else int(size)


def _changed(
    request: Request,
    steps: Steps,
    predictor: Predictor,
    predictions: Sequence[Prediction],
    rows: Sequence[TargetEstimate],
    progress: Progress,
) -> tuple[WhatIf, ...]:
    """What changes would save on the first GPU that the script does not fit, else on the first."""
    tight = [number for number, row in enumerate(rows) if row.fits != "yes"]
    names = request.what_if
    if names is None:
        names = what_if.USUAL if tight else ()
    caught = steps.caught
    todo = list(
        what_if.changes(
            names,
            batch=_batch(request, steps),
            policy=caught["policy"],
            optimizer=caught["optimizer"] or "",
            batch_sizes=request.batch_sizes,
        )
    )
    if not todo or not predictions:
        return ()
    number = tight[0] if tight else 0
    around = context.of_backend(caught["backend"])
    return what_if.recomputed(todo, predictions[number], predictor, request.targets[number], around, progress)


def _assembled(
    request: Request,
    text: str | None,
    steps: Steps,
    rows: Sequence[TargetEstimate],
    predictions: Sequence[Prediction],
    changed: tuple[WhatIf, ...],
    seconds: dict[str, float],
) -> Estimate:
    caught = steps.caught
    source = Path(caught["file"]) if request.script is None else request.script
    first = predictions[0] if predictions else None
    host = _host(caught, steps.session.resident_peak)
    return Estimate(
        script=str(source),
        script_hash=text or _text_hash(source),
        line=(caught.get("line") or None) if Path(caught["file"]) == source else None,
        hook=caught["hook"],
        backend=caught["backend"],
        versions={name: version for name, version in caught["versions"].items() if version},
        tier=rows[0].tier,
        batch_size=_batch(request, steps),
        steps=caught["steps"],
        policy=caught["policy"],
        optimizer=caught["optimizer"] or "",  # a loop may update its weights without one
        host_peak_bytes=host.peak_bytes,
        host=host,
        cpu_allocator_peak_bytes=(caught.get("cpu") or {}).get("allocator_peak"),
        breakdown=first.breakdown if first else measured.breakdown(caught),
        program_peak_bytes=rows[0].program_peak_bytes,
        targets=tuple(rows),
        what_if=changed,
        timeline=first.timeline if first else (),
        tensors=first.tensors if first else (),
        not_covered=tuple(_not_covered(caught)),
        notes=tuple(_notes(caught)),
        seconds=seconds,
    )


def _host(caught: Caught, watched_peak: int) -> Host:
    host = caught.get("host") or {}
    return Host(
        host.get("imports"),
        host.get("before_training"),
        host.get("peak_before_training"),
        max(host.get("peak") or 0, watched_peak) or None,
        tuple(
            Buffer(str(entry["op"]), entry.get("elements"), entry.get("bytes"), str(entry.get("note") or ""))
            for entry in host.get("buffers") or ()
        ),
    )


def _not_covered(caught: Caught) -> Iterator[NotCovered]:
    for entry in caught["not_covered"]:
        yield NotCovered(str(entry["what"]), str(entry.get("detail") or ""))


def _notes(caught: Caught) -> Iterator[str]:
    if blocked := caught.get("blocked"):
        yield "left out, because nothing is to be saved: " + ", ".join(
            f"{name} ({times} x)" if times > 1 else name for name, times in sorted(blocked.items())
        )
    if written := caught.get("written"):
        yield "files that the script wrote itself before it trained: " + ", ".join(written)


def _seconds(caught: Caught) -> dict[str, float]:
    """Seconds of the script's run by stage; the steps as their sum."""
    found: dict[str, float] = {}
    for name, value in (caught.get("seconds") or {}).items():
        found[name] = float(sum(value) if isinstance(value, list) else value or 0)
    return found
