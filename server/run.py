"""Checks many files: from the cache where nothing changed, else by the rules, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache as once
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.sizes.nvml import Detected, DetectedGpu
from keras_memlint.analysis.text.files import FileText, UnreadableError, script_from_bytes
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.cache import Cache, Entry
from keras_memlint.server.configuration import Configuration
from keras_memlint.server.discovery import Found
from keras_memlint.server.findings import Shown, told_once
from keras_memlint.server.measurements import Measurements
from keras_memlint.server.selection import select, split
from keras_memlint.server.target import settings_for
from keras_memlint.server.work import Plan, Repair, Result, Task, judged, prepare, repairable, work

if TYPE_CHECKING:
    from keras_memlint.analysis.sizes.measurement import Measurement
    from keras_memlint.fixes.apply import FixOutcome
    from keras_memlint.rules.engine import Report
    from keras_memlint.server.baseline import Baseline
    from keras_memlint.server.pool import WorkerDiedError

    Spread = Callable[[Sequence[Task]], Iterator[tuple[int, Result | WorkerDiedError]]]
    """Does the work on files elsewhere, and tells the result of each task with its index as they come."""

_GPU_SECONDS = 24 * 3600


class Options(NamedTuple):
    """What was typed about which findings are wanted. ``host_memory`` in bytes. ``repair``: which fixes to make."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    hints: bool = False
    gpu: str | None = None
    host_memory: int | None = None
    force_exclude: bool = False
    repair: Repair | None = None


@dataclass(slots=True)
class Outcome:
    """One file after its check. ``file`` is None when it could not be read.

    ``diagnostics`` are the findings in the file as it was, ``remaining`` those after ``repair``, which is what fix-all
    made, None when there was nothing to fix. ``problems`` are for standard error. ``measurement`` is what the estimate
    says of the file as it was, None without one.
    """

    found: Found
    file: FileText | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    repair: FixOutcome | None = None
    remaining: list[Diagnostic] = field(default_factory=list)
    seconds: Mapping[str, float] = field(default_factory=dict)
    measurement: Measurement | None = None


def check_files(
    files: Sequence[Found],
    options: Options,
    *,
    cache: Cache,
    baseline: Baseline | None = None,
    jobs: int | None = None,
    read: Callable[[Found], bytes],
    progress: Callable[[int, int], None] | None = None,
    spread: Spread | None = None,
) -> list[Outcome]:
    """Every file's outcome, in the order of ``files``. ``progress`` is told how many files are done, and of how many.

    ``spread`` does the work elsewhere, then ``jobs`` does not matter here.

    Raises UserError for words in ``options`` that are no rules.
    """
    outcomes = [Outcome(found) for found in files]
    plans = Plans(options, cache)
    measurements = Measurements()
    tasks: list[Task] = []
    waiting: list[tuple[Outcome, Entry]] = []
    found: dict[str, list[Diagnostic]] = {}
    for outcome in outcomes:
        try:
            plan = plans.of(outcome.found)
            raw = read(outcome.found)
            outcome.file = script_from_bytes(raw, outcome.found.filename)
        except UnreadableError as error:
            outcome.problems.append(str(error))
            continue
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            outcome.problems.append(f"{outcome.found.filename}: cannot be read: {reason}")
            continue
        source = outcome.file.source
        outcome.measurement = measurements.of(outcome.found.path, source)
        plan = plan.with_measurement(outcome.measurement)
        task = Task(outcome.found.path, source, plan, baseline, options.repair)
        entry = Entry(outcome.found.filename, raw, plan.shown.codes, plan.settings)
        known = cache.findings(entry)
        if known is not None:
            found[outcome.found.path] = known
            outcome.diagnostics = outcome.remaining = judged(task, source, known)
        if known is None or (options.repair and repairable(outcome.diagnostics, options.repair)):
            tasks.append(task)
            waiting.append((outcome, entry))
    if tasks:
        # A database connection must not be carried into another process.
        cache.close()
        results = _in_processes(tasks, jobs) if spread is None else spread(tasks)
        reports = _analyse(results, waiting, progress, len(files))
        found |= {outcome.found.path: report.diagnostics for outcome, _, report in reports}
        cache.store((entry, report) for _, entry, report in reports)
    for outcome in outcomes:
        outcome.diagnostics = told_once(outcome.diagnostics, found)
        outcome.remaining = told_once(outcome.remaining, found)
    return outcomes


def _in_processes(tasks: Sequence[Task], jobs: int | None) -> Iterator[tuple[int, Result | WorkerDiedError]]:
    from keras_memlint.server.pool import in_parallel

    return in_parallel(work, tasks, jobs, prepare)


def _analyse(
    results: Iterable[tuple[int, Result | WorkerDiedError]],
    waiting: Sequence[tuple[Outcome, Entry]],
    progress: Callable[[int, int], None] | None,
    total: int,
) -> list[tuple[Outcome, Entry, Report]]:
    """Completes the outcomes that wait for ``results``, and answers what was found in each."""
    from keras_memlint.server.pool import WorkerDiedError

    done = total - len(waiting)
    reports: list[tuple[Outcome, Entry, Report]] = []
    for index, result in results:
        outcome, entry = waiting[index]
        if isinstance(result, WorkerDiedError):
            outcome.problems.append(
                f"{outcome.found.filename}: the process that checked it died, perhaps for want of memory"
            )
        else:
            outcome.diagnostics = result.diagnostics
            outcome.repair, outcome.remaining = result.repair, result.remaining
            outcome.seconds = result.report.seconds
            outcome.problems += result.report.problems
            reports.append((outcome, entry, result.report))
        done += 1
        if progress is not None:
            progress(done, total)
    return reports


class Plans:
    """What each file is checked for. Files with the same configuration share one plan."""

    def __init__(self, options: Options, cache: Cache) -> None:
        self._options = options
        self._known: dict[tuple[int, tuple[str, ...]], Plan] = {}
        self._detect = once(lambda: detected(cache))

    def of(self, found: Found) -> Plan:
        """Settings and wanted findings of a file, whose configuration's patterns must have been checked."""
        configuration = found.configuration
        ignored: tuple[str, ...] = ()
        if configuration.per_file_ignores and (not found.named or self._options.force_exclude):
            from keras_memlint.server.ignores import ignored_words

            ignored = tuple(ignored_words(configuration, found.path))
        key = id(configuration), ignored
        if key not in self._known:
            self._known[key] = self._plan(configuration, ignored)
        return self._known[key]

    def _plan(self, configuration: Configuration, ignored: tuple[str, ...]) -> Plan:
        options = self._options
        selection = select(
            configuration.select,
            configuration.ignore,
            split(options.select),
            (*split(options.ignore), *ignored),
        )
        settings = settings_for(configuration, self._detect, gpu=options.gpu, host_memory=options.host_memory)
        return Plan(settings, Shown(selection.codes, selection.exact, options.hints))


def detected(cache: Cache, *, afresh: bool = False) -> Detected:
    """This machine's GPUs. The driver is slow to answer, so its answer is believed for a day unless ``afresh``."""
    known = None if afresh else cache.fact("gpus", _GPU_SECONDS)
    try:
        if known is not None:
            gpus = tuple(
                DetectedGpu(name, memory, (major, minor)) for name, memory, (major, minor) in known["gpus"]
            )
            return Detected(gpus, known["reason"])
    except (KeyError, TypeError, ValueError):
        pass
    from keras_memlint.analysis.sizes.nvml import gpus as ask

    answer = ask()
    listed = [(gpu.name, gpu.memory, gpu.compute_capability) for gpu in answer.gpus]
    cache.remember("gpus", {"gpus": listed, "reason": answer.reason})
    return answer
