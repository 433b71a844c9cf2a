"""Runs the cases of a sweep and makes rows of what comes of them."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keras_memlint import __version__
from keras_memlint.analysis.sizes.gpus import find
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.executors import is_cancelled
from keras_memlint.estimate.isolated import isolated
from keras_memlint.estimate.result import Estimate, Range, TargetEstimate
from keras_memlint.estimate.sweep.cases import Case, EstimateCase, hash_of
from keras_memlint.estimate.sweep.rows import Row, Table


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one case: an estimate, or the reason why there is none."""

    script_hash: str
    seconds: float
    estimate: Estimate | None = None
    reason: str = ""


@dataclass(slots=True)
class Summary:
    """How many rows the grid has, how many of them were kept from earlier or are new, and how many of all failed.

    ``older``: rows that were kept although another version made them.
    """

    total: int
    kept: int = 0
    new: int = 0
    failed: int = 0
    older: int = 0


def run_sweep(
    cases: Sequence[Case],
    table: Table,
    estimate_case: EstimateCase,
    executor: Executor,
    *,
    retry_failed: bool = False,
    at_once: int | None = None,
    tell: Callable[[Sequence[Row], Summary], None] = lambda _rows, _summary: None,
) -> Summary:
    """Fills ``table``: rows that hold already are kept, every other case is run, and ``tell`` hears of each case's rows.

    At most ``at_once`` cases are given to ``executor`` at a time, None for all. However it ends, with Ctrl-C too, the
    table holds what was done until then. Raises EstimateError when the table or the cluster is lost.
    """
    order = [key for case in cases for key in case.rows]
    summary = Summary(len(order))
    texts = {case.script: hash_of(case.script) for case in cases}
    waiting = _start(cases, texts, table, summary, retry_failed)
    try:
        for case, found in _attempts(waiting, estimate_case, executor, at_once):
            # Whoever died could not say which text it had.
            attempt = replace(found, script_hash=found.script_hash or texts[case.script])
            rows = [row_of(case, key, target, attempt) for key, target in case.rows.items()]
            for row in rows:
                table.add(row)
                summary.new += 1
                summary.failed += row.status != "done"
            tell(rows, summary)
    finally:
        table.finish(order)
    return summary


def _start(
    cases: Sequence[Case], texts: Mapping[Path, str], table: Table, summary: Summary, retry_failed: bool
) -> list[Case]:
    """The cases that are to be run, for the targets without a row that holds. Drops the rows that do not hold."""
    waiting = []
    asked = set()
    for case in cases:
        missing = []
        for key, target in case.rows.items():
            row = table.rows.get(key)
            if (
                row is None
                or row.script_hash != texts[case.script]
                or (row.status != "done" and retry_failed)
            ):
                asked.add(key)
                missing.append(target)
                continue
            summary.kept += 1
            summary.failed += row.status != "done"
            summary.older += row.version != __version__
        if missing:
            waiting.append(case.only(missing))
    # What an earlier grid asked for stays.
    table.keep(table.rows.keys() - asked)
    return waiting


def _attempts(
    cases: Sequence[Case], estimate_case: EstimateCase, executor: Executor, at_once: int | None
) -> Iterator[tuple[Case, Attempt]]:
    waiting = iter(cases)
    running: dict[Future[Attempt], Case] = {}
    while True:
        while at_once is None or len(running) < at_once:
            case = next(waiting, None)
            if case is None:
                break
            running[_submit(executor, estimate_case, case)] = case
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), _result(future)


def _submit(executor: Executor, estimate_case: EstimateCase, case: Case) -> Future[Attempt]:
    try:
        return executor.submit(try_case, estimate_case, case)
    except RuntimeError as error:
        raise EstimateError(
            f"no more cases can be started ({error}); what is done is in the table"
        ) from error


def _result(future: Future[Attempt]) -> Attempt:
    try:
        return future.result()
    except CancelledError as error:
        raise EstimateError(
            "the scheduler was lost while cases were running; what is done is in the table, "
            "and the same command goes on from there"
        ) from error
    except EstimateError as error:
        return Attempt("", 0.0, reason=str(error))
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            return Attempt("", 0.0, reason="the workers that were to run it died, one after the other")
        return Attempt("", 0.0, reason=f"{type(error).__name__}: {error}")


def try_case(estimate_case: EstimateCase, case: Case) -> Attempt:
    """Estimates one case in a process of its own. Never raises an error of the case."""
    started = time.monotonic()
    try:
        text = hash_of(case.script)
        [answer] = isolated(estimate_case, [case], limit=case.time_limit, stopped=is_cancelled)
    except EstimateError as error:
        return Attempt("", time.monotonic() - started, reason=str(error))
    seconds = time.monotonic() - started
    if answer.kind != "done":
        return Attempt(text, seconds, reason=answer.reason)
    assert isinstance(answer.value, Estimate)
    return Attempt(text, seconds, answer.value)


def row_of(case: Case, key: str, target: str | None, attempt: Attempt) -> Row:
    """The row of one target of a case."""
    asked: dict[str, Any] = {
        "case": key,
        "script": case.name,
        "script_hash": attempt.script_hash,
        "arguments": shlex.join(case.arguments),
        "batch_size": case.batch_size,
        "policy": case.policy,
        "target": target,
        "python": case.python,
        "steps": case.steps,
        "what_if": ",".join(case.what_if) or None,
        "seconds": round(attempt.seconds, 2),
        "version": __version__,
    }
    estimate = attempt.estimate
    if estimate is None:
        return Row(**asked, status="failed", reason=attempt.reason)
    device = _device(estimate, target)
    if device is None and target is not None:
        return Row(**asked, status="failed", reason=f"the estimate says nothing about {target}")
    return Row(**asked, status="done", **_of_step(estimate, device), **_of_device(estimate, device))


def _device(estimate: Estimate, target: str | None) -> TargetEstimate | None:
    """The figures for one GPU; without ``target`` those of the GPU that the estimate is about, None without any."""
    if target is None:
        return estimate.targets[0] if estimate.targets else None
    wanted = find(target)
    return next((device for device in estimate.targets if find(device.name) == wanted), None)


def _of_step(estimate: Estimate, device: TargetEstimate | None) -> dict[str, Any]:
    at_peak = estimate.breakdown
    found = {
        "host_peak": estimate.host_peak_bytes,
        "cpu_allocator_peak": estimate.cpu_allocator_peak_bytes,
        "parameters": at_peak.parameters,
        "optimizer_slots": at_peak.optimizer,
        "used_batch_size": estimate.batch_size,
        "used_policy": estimate.policy,
        "optimizer": estimate.optimizer,
        "backend": estimate.backend,
    }
    # What else is there at the peak is told for the first GPU; on others the peak may be elsewhere.
    if device is None or device is estimate.targets[0]:
        found |= {
            "gradients": at_peak.gradients,
            "activations": at_peak.activations,
            "inputs": at_peak.inputs,
            "workspace": at_peak.workspace,
        }
    return found


def _of_device(estimate: Estimate, device: TargetEstimate | None) -> dict[str, Any]:
    if device is None:
        return {"tier": estimate.tier, **_range("program_peak", estimate.program_peak_bytes)}
    saved = {change.change: change.saved_bytes for change in estimate.what_if if change.target == device.name}
    batch = device.largest_batch
    return {
        "tier": device.tier,
        "route": device.route,
        "fits": device.fits,
        **_range("program_peak", device.program_peak_bytes),
        **_range("device_total", device.device_total_bytes),
        "device_memory": device.memory_bytes,
        "largest_batch": None if batch is None else batch.size,
        "largest_batch_confirmed": None if batch is None else batch.confirmed,
        "what_if_saved": json.dumps(saved) if saved else None,
    }


def _range(name: str, size: Range) -> dict[str, int]:
    return {f"{name}_low": size.low, name: size.mid, f"{name}_high": size.high}
