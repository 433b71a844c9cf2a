"""``keras-memlint estimate --sweep``: from arguments to a table, messages and exit status."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.executors import open_executor
from keras_memlint.estimate.sweep.cases import EstimateCase, cases_of
from keras_memlint.estimate.sweep.grid import Grid, read_grid
from keras_memlint.estimate.sweep.rows import Row, Table
from keras_memlint.estimate.sweep.run import Summary, run_sweep
from keras_memlint.server import terminal
from keras_memlint.server.errors import UserError

OK, SOME_FAILED = 0, 1


def sweep(arguments: argparse.Namespace, estimate_case: EstimateCase) -> int:
    """0 when every case has its figures, 1 when some failed. Raises UserError, and KeyboardInterrupt after Ctrl-C."""
    if arguments.output is None:
        raise UserError("--sweep fills a table; name it with --output, such as --output results.csv")
    try:
        return _sweep(arguments, estimate_case)
    except EstimateError as error:
        raise UserError(str(error)) from error


def _sweep(arguments: argparse.Namespace, estimate_case: EstimateCase) -> int:
    grid = read_grid(Path(arguments.sweep))
    if arguments.scheduler is None:
        _find_python(grid, arguments.sweep)
    file = Path(arguments.output)
    with Table(file) as table, terminal.progress("estimating") as progress:

        def tell(rows: Sequence[Row], summary: Summary) -> None:
            failed = [row for row in rows if row.status != "done"]
            for reason in dict.fromkeys(row.reason for row in failed):
                terminal.warn(f"{_words([row for row in failed if row.reason == reason])}: {reason}")
            if progress is not None:
                progress(summary.kept + summary.new, summary.total)

        try:
            with open_executor(arguments.scheduler, arguments.jobs, warn=terminal.warn) as executor:
                summary = run_sweep(
                    cases_of(grid),
                    table,
                    estimate_case,
                    executor,
                    retry_failed=arguments.retry_failed,
                    at_once=arguments.jobs,
                    tell=tell,
                )
        except KeyboardInterrupt:
            terminal.note(f"{file}: holds what was done until now; the same command goes on from there")
            raise
    _conclude(file, summary, retried=arguments.retry_failed)
    return SOME_FAILED if summary.failed else OK


def _find_python(grid: Grid, file: str) -> None:
    if grid.python is not None and shutil.which(grid.python) is None:
        raise EstimateError(f"{file}: `python`: {grid.python} is no program that can be run")


def _words(rows: Sequence[Row]) -> str:
    """What the rows of one case are about."""
    row = rows[0]
    batch = None if row.batch_size is None else f"batch size {row.batch_size}"
    targets = [target.target for target in rows if target.target]
    named = [f"{row.script} {row.arguments}".strip(), batch, row.policy, *targets]
    return ", ".join(part for part in named if part)


def _conclude(file: Path, summary: Summary, *, retried: bool) -> None:
    kept = f", {summary.kept} of them from before" if summary.kept else ""
    terminal.note(f"{file}: {_count(summary.total, 'row')}{kept}")
    if summary.failed:
        again = "" if retried else "; --retry-failed runs them again"
        terminal.warn(f"{file}: {_count(summary.failed, 'row')} failed, the column `reason` says why{again}")
    if summary.older:
        terminal.warn(
            f"{file}: {_count(summary.older, 'row')} came from another version of keras-memlint; "
            "delete the file to make them anew"
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
