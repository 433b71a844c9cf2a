"""Checks many files: from the cache where nothing changed, else by the rules, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache as once
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from keras_memlint.analysis.files import FileText, UnreadableError, script_from_bytes
from keras_memlint.analysis.nvml import Detected, DetectedGpu
from keras_memlint.analysis.settings import Settings
from keras_memlint.analysis.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.cache import Cache, Entry
from keras_memlint.server.configuration import Configuration, ConfigurationError
from keras_memlint.server.discovery import Found
from keras_memlint.server.findings import Shown, judge
from keras_memlint.server.selection import select, split
from keras_memlint.server.target import settings_for

if TYPE_CHECKING:
    from keras_memlint.analysis.workspace import Workspace
    from keras_memlint.rules.engine import Report
    from keras_memlint.server.baseline import Baseline

Repair = Literal["safe", "unsafe"]
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

    ``diagnostics`` are those to show: with a repair, what remains after it. ``repaired`` is the text that fixes made,
    None when they changed nothing. ``problems`` are for standard error.
    """

    found: Found
    file: FileText | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    repaired: Source | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


class Plan(NamedTuple):
    """What a file is checked for."""

    settings: Settings
    shown: Shown


class _Task(NamedTuple):
    """The work on one file as a process gets it; ``path`` is absolute."""

    path: str
    source: Source
    plan: Plan
    baseline: Baseline | None
    repair: Repair | None


def check_files(
    files: Sequence[Found],
    options: Options,
    *,
    cache: Cache,
    baseline: Baseline | None = None,
    jobs: int | None = None,
    read: Callable[[Found], bytes],
    progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Every file's outcome, in the order of ``files``. ``progress`` is told how many files are done, and of how many.

    Raises UserError for words in ``options`` that are no rules.
    """
    outcomes = [Outcome(found) for found in files]
    plans = Plans(options, cache)
    tasks: list[_Task] = []
    waiting: list[tuple[Outcome, Entry]] = []
    for outcome in outcomes:
        try:
            plan = plans.of(outcome.found)
            raw = read(outcome.found)
            outcome.file = script_from_bytes(raw, outcome.found.filename)
        except (ConfigurationError, UnreadableError) as error:
            outcome.problems.append(str(error))
            continue
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            outcome.problems.append(f"{outcome.found.filename}: cannot be read: {reason}")
            continue
        source = outcome.file.source
        task = _Task(outcome.found.path, source, plan, baseline, options.repair)
        entry = Entry(outcome.found.filename, raw, plan.shown.codes, plan.settings)
        known = cache.findings(entry)
        if known is not None:
            outcome.diagnostics = _judge(task, source, known)
        if known is None or (options.repair and _repairable(outcome.diagnostics, options.repair)):
            tasks.append(task)
            waiting.append((outcome, entry))
    if tasks:
        given = frozenset(found.path for found in files)
        cache.store(_analyse(tasks, waiting, given, cache, jobs, progress, len(files)))
    return outcomes


def _analyse(
    tasks: Sequence[_Task],
    waiting: Sequence[tuple[Outcome, Entry]],
    given: frozenset[str],
    cache: Cache,
    jobs: int | None,
    progress: Callable[[int, int], None] | None,
    total: int,
) -> list[tuple[Entry, Report]]:
    """Does ``tasks``, completes the outcomes that wait for them, and answers what is worth remembering."""
    from keras_memlint.server.pool import WorkerDiedError, in_parallel

    # A database connection must not be carried into another process.
    cache.close()
    done = total - len(tasks)
    results: list[tuple[Entry, Report]] = []
    for index, result in in_parallel(_work, tasks, jobs, partial(_prepare, given)):
        outcome, entry = waiting[index]
        if isinstance(result, WorkerDiedError):
            outcome.problems.append(
                f"{outcome.found.filename}: the process that checked it died, perhaps for want of memory"
            )
        else:
            outcome.diagnostics = result.diagnostics
            outcome.repaired = result.repaired
            outcome.seconds = result.report.seconds
            outcome.problems += result.report.problems
            results.append((entry, result.report))
        done += 1
        if progress is not None:
            progress(done, total)
    return results


class Plans:
    """What each file is checked for. Files with the same configuration share one plan."""

    def __init__(self, options: Options, cache: Cache) -> None:
        self._options = options
        self._known: dict[tuple[int, tuple[str, ...]], Plan] = {}
        self._detect = once(lambda: detected(cache))

    def of(self, found: Found) -> Plan:
        """Settings and wanted findings of a file. Raises ConfigurationError for wrong patterns."""
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
    from keras_memlint.analysis.nvml import gpus as ask

    answer = ask()
    listed = [(gpu.name, gpu.memory, gpu.compute_capability) for gpu in answer.gpus]
    cache.remember("gpus", {"gpus": listed, "reason": answer.reason})
    return answer


class _Result(NamedTuple):
    report: Report
    diagnostics: list[Diagnostic]
    repaired: Source | None = None


_workspace: Workspace | None = None


def _prepare(given: frozenset[str]) -> None:
    """Makes this process ready: what it learns of one file helps with the next."""
    global _workspace
    from keras_memlint.analysis.workspace import Workspace

    _workspace = Workspace(given=given)


def _work(task: _Task) -> _Result:
    report = _check(task, task.source)
    diagnostics = _judge(task, task.source, report.diagnostics)
    return _Result(report, diagnostics)


def _check(task: _Task, source: Source) -> Report:
    from keras_memlint.rules.engine import Report, check_source

    codes = task.plan.shown.codes | {"KM000"}
    try:
        return check_source(source, codes=codes, settings=task.plan.settings, workspace=_workspace)
    except (
        Exception
    ) as error:  # it promises not to raise, but one file must never cost the others their check
        return Report(
            problems=[f"{source.path}: the check failed ({type(error).__name__}: {error}); this is a bug"]
        )


def _judge(task: _Task, source: Source, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    found = judge(source, diagnostics, task.plan.shown)
    return found if task.baseline is None else task.baseline.new(task.path, source, found)


def _repairable(diagnostics: Sequence[Diagnostic], repair: Repair) -> bool:
    return any(
        fix.applicability == "safe" or repair == "unsafe"
        for diagnostic in diagnostics
        for fix in diagnostic.fixes
    )
