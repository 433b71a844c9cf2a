"""``keras-memlint check``: from arguments to output and exit status."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from keras_memlint import __version__
from keras_memlint.analysis.text.files import UnreadableError, read_script
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.catalogue import reserved, rows
from keras_memlint.rules.diagnostic import Diagnostic, Position
from keras_memlint.server import terminal
from keras_memlint.server.cache import Cache
from keras_memlint.server.configuration import ConfigurationError, Configurations, gpu_name
from keras_memlint.server.discovery import Discovery, Found, discover
from keras_memlint.server.errors import UserError
from keras_memlint.server.findings import fails
from keras_memlint.server.formats import renderer
from keras_memlint.server.ignores import check_patterns, excluded, repository_of
from keras_memlint.server.measurements import place_of, summary
from keras_memlint.server.report import Estimated, RunReport, Typed
from keras_memlint.server.run import Options, Outcome, Plans, check_files
from keras_memlint.server.selection import codes_of, split

if TYPE_CHECKING:
    from keras_memlint.server.baseline import Baseline
    from keras_memlint.server.run import Spread

OK, FINDINGS, FAILED = 0, 1, 2
STDIN = "-"


def check(arguments: argparse.Namespace) -> int:
    """The exit status. Raises UserError before anything is printed when the arguments are wrong."""
    options = _options(arguments)
    if arguments.watch:
        from keras_memlint.server.watch import watch

        return watch(arguments.paths or ["."], lambda: _once(arguments, options))
    return _once(arguments, options)


def _options(arguments: argparse.Namespace) -> Options:
    for words, where in ((arguments.select, "--select"), (arguments.ignore, "--ignore")):
        for word in split(words):
            codes_of(word, where)
        if words and not split(words):
            raise UserError(f"{where} names no rule; leave it out to check for all")
    from_stdin = STDIN in arguments.paths
    if from_stdin and sys.stdin is None:
        raise UserError("standard input is closed, so there is nothing to read from `-`")
    if from_stdin and len(arguments.paths) > 1:
        raise UserError("`-` (standard input) cannot be checked together with files; check it alone")
    if arguments.stdin_filename is not None and not from_stdin:
        raise UserError("--stdin-filename names standard input, which is not read; give `-` as the path")
    if arguments.watch and (from_stdin or arguments.diff):
        raise UserError("--watch follows files, so it cannot be used with `-` or --diff")
    if arguments.scheduler is not None and (from_stdin or arguments.watch):
        raise UserError(
            "--scheduler is for files that are checked once, so it cannot be used with `-` or --watch"
        )
    if arguments.statistics and arguments.output_format not in ("full", "concise", "json"):
        raise UserError(f"--statistics has no form in {arguments.output_format}; use full, concise or json")
    if arguments.bill:
        _check_bill(arguments)
    return Options(
        tuple(arguments.select),
        tuple(arguments.ignore),
        arguments.hints,
        None if arguments.target_gpu is None else gpu_name("--target-gpu", arguments.target_gpu),
        arguments.host_memory,
        arguments.force_exclude,
        ("unsafe" if arguments.unsafe_fixes else "safe") if arguments.fix or arguments.diff else None,
    )


def _check_bill(arguments: argparse.Namespace) -> None:
    """Raises UserError for what is about findings, which a bill has none of."""
    for given, name in (
        (arguments.fix or arguments.diff, "--fix or --diff"),
        (arguments.statistics, "--statistics"),
        (arguments.baseline is not None, "--baseline"),
        (arguments.scheduler is not None, "--scheduler"),
    ):
        if given:
            raise UserError(f"--bill lists bytes instead of findings, so it cannot be used with {name}")
    if arguments.output_format not in ("full", "concise", "json"):
        raise UserError(f"--bill has no form in {arguments.output_format}; use full, concise or json")


def _once(arguments: argparse.Namespace, options: Options) -> int:
    baseline = _baseline(arguments.baseline)
    from_stdin = STDIN in arguments.paths
    discovery = _stdin(arguments) if from_stdin else _files(arguments)
    for problem in (*discovery.misconfigured, *discovery.problems):
        terminal.complain(problem)
    if discovery.misconfigured and not discovery.files:
        return FAILED
    for folder in discovery.empty:
        terminal.warn(f"{folder}: nothing to check here, neither .py nor .ipynb")
    cache = Cache(None) if arguments.no_cache else Cache.of_user()
    read = _read_stdin if from_stdin else _read
    if arguments.bill:
        return _bill(arguments, discovery, Plans(options, cache), read)
    with terminal.progress() as progress, _spread(arguments) as spread:
        outcomes = check_files(
            discovery.files,
            options,
            cache=cache,
            baseline=baseline,
            jobs=arguments.jobs,
            read=read,
            progress=progress,
            spread=spread,
        )
    cache.close()
    _use_repairs(arguments, outcomes)
    failed = bool(discovery.problems or discovery.misconfigured)
    for outcome in outcomes:
        for problem in outcome.problems:
            terminal.complain(problem)
            failed = True
    if arguments.diff:
        from keras_memlint.server.repair import print_differences

        changed = print_differences(outcomes, Typed(True, arguments.unsafe_fixes))
        return FAILED if failed else FINDINGS if changed else OK
    diagnostics = [diagnostic for outcome in outcomes for diagnostic in outcome.remaining]
    if baseline is None and arguments.baseline is not None:
        _write_baseline(Path(arguments.baseline), outcomes)
        diagnostics = []
    # Standard output is for the text when that is asked for.
    stream = sys.stderr if from_stdin and arguments.fix else sys.stdout
    for line in _output(arguments, outcomes, diagnostics, colour=terminal.colour(stream)):
        print(line, file=stream)
    if failed:
        return FAILED
    return FINDINGS if fails(diagnostics, arguments.fail_on) else OK


def _bill(
    arguments: argparse.Namespace, discovery: Discovery, plans: Plans, read: Callable[[Found], bytes]
) -> int:
    from keras_memlint.server.bill import as_json, as_text, bills

    problems = [*discovery.problems, *discovery.misconfigured]

    def complain(problem: str) -> None:
        terminal.complain(problem)
        problems.append(problem)

    found = list(bills(discovery.files, plans, read, complain))
    as_it_was_asked = (
        [as_json(found)]
        if arguments.output_format == "json"
        else as_text(found, colour=terminal.colour(sys.stdout))
    )
    for line in as_it_was_asked:
        print(line)
    return FAILED if problems else OK


def _spread(arguments: argparse.Namespace) -> AbstractContextManager[Spread | None]:
    """Where the files are checked: None for this machine. Raises UserError without a cluster at that address."""
    if arguments.scheduler is None:
        return nullcontext()
    from keras_memlint.server.cluster import cluster

    return cluster(arguments.scheduler, arguments.jobs)


def _use_repairs(arguments: argparse.Namespace, outcomes: Sequence[Outcome]) -> None:
    if not arguments.fix or arguments.diff:
        return
    from keras_memlint.server.repair import print_text, write_files

    if STDIN not in arguments.paths:
        write_files(outcomes)
    elif outcomes:
        print_text(outcomes[0])
    else:  # excluded, so it is passed on as it is
        sys.stdout.buffer.write(sys.stdin.buffer.read())


def _baseline(file: str | None) -> Baseline | None:
    """None without one, or when it is still to be written."""
    if file is None:
        return None
    from keras_memlint.server.baseline import Baseline

    try:
        return Baseline.load(Path(file))
    except FileNotFoundError:
        return None


def _files(arguments: argparse.Namespace) -> Discovery:
    return discover(arguments.paths or ["."], Configurations(), force_exclude=arguments.force_exclude)


def _stdin(arguments: argparse.Namespace) -> Discovery:
    name = arguments.stdin_filename or STDIN
    path = str(Path(name).absolute())
    try:
        configuration = Configurations().above(str(Path(path).parent))
        if arguments.force_exclude:
            check_patterns(configuration)
        hidden = arguments.force_exclude and excluded(configuration, path)
    except ConfigurationError as error:
        return Discovery(misconfigured=[str(error)])
    return Discovery([] if hidden else [Found(name, path, True, configuration)])


def _read(found: Found) -> bytes:
    return Path(found.path).read_bytes()


def _read_stdin(found: Found) -> bytes:
    """Raises UnreadableError for a notebook that nothing says to be one: as Python it would be one odd expression."""
    raw = sys.stdin.buffer.read()
    if found.filename == STDIN and raw.lstrip()[:1] == b"{" and b'"nbformat"' in raw:
        raise UnreadableError(STDIN, "is a notebook; name it with --stdin-filename, such as train.ipynb")
    return raw


def _write_baseline(file: Path, outcomes: Sequence[Outcome]) -> None:
    from keras_memlint.server.baseline import write

    texts = ((outcome, _text_of(outcome)) for outcome in outcomes)
    count = write(
        file,
        (
            (outcome.found.path, text, diagnostic)
            for outcome, text in texts
            if text is not None
            for diagnostic in outcome.remaining
        ),
    )
    noun = "finding" if count == 1 else "findings"
    terminal.note(f"{file}: wrote a baseline of {count} {noun}; they are hidden from now on")


def _output(
    arguments: argparse.Namespace, outcomes: Sequence[Outcome], diagnostics: list[Diagnostic], *, colour: bool
) -> Iterator[str]:
    if arguments.statistics:
        from keras_memlint.server.statistics import as_json, as_text, count

        seconds: Counter[str] = Counter()
        for outcome in outcomes:
            seconds.update(outcome.seconds)
        counts = count(diagnostics, seconds, _typed(arguments))
        yield from [as_json(counts)] if arguments.output_format == "json" else as_text(counts)
        return
    here = str(Path.cwd())
    report = RunReport(
        diagnostics,
        _sources(outcomes),
        Path(repository_of(here) or here),
        {row.code: row for row in reserved() + rows()},
        sum(outcome.file is not None for outcome in outcomes),
        __version__,
        tuple(_estimates(outcomes)),
        _typed(arguments),
    )
    yield from renderer(arguments.output_format)(report, colour=colour)


def _typed(arguments: argparse.Namespace) -> Typed:
    return Typed(arguments.fix, arguments.unsafe_fixes, arguments.hints, arguments.baseline is not None)


def _estimates(outcomes: Sequence[Outcome]) -> Iterator[Estimated]:
    for outcome in outcomes:
        # A repaired text is another one.
        if outcome.measurement is None or outcome.file is None or outcome.repair is not None:
            continue
        at = place_of(outcome.measurement, outcome.file.source)
        yield Estimated(
            outcome.found.filename,
            None if at is None else Position(at.row, at.column),
            None if at is None else at.cell,
            summary(outcome.measurement),
        )


def _sources(outcomes: Sequence[Outcome]) -> Callable[[str], Source | None]:
    known = {outcome.found.filename: _text_of(outcome) for outcome in outcomes}

    def source(filename: str) -> Source | None:
        if filename not in known:
            try:
                return read_script(Path(filename), filename).source
            except UnreadableError:
                return None
        return known[filename]

    return source


def _text_of(outcome: Outcome) -> Source | None:
    """The text that the remaining findings are about; None for files that could not be read."""
    if outcome.repair is not None:
        return outcome.repair.source
    return None if outcome.file is None else outcome.file.source
