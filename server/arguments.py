"""The arguments of the command line, and nothing but them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from keras_memlint import __version__
from keras_memlint.rules.diagnostic import SEVERITIES
from keras_memlint.server.formats import NAMES

_TOP = """\
  keras-memlint check train.py            what costs memory in one script
  keras-memlint check --fix .             repair what is safe to repair, everywhere below here
  keras-memlint estimate train.py --target t4
                                          whether a script fits a GPU, and what would save memory
  keras-memlint oom train.log             what ran out of memory in a log, and what would save it
  keras-memlint rule KM209                why a finding matters, with examples"""
_CHECK = """\
  keras-memlint check                     every .py and .ipynb below the current folder
  keras-memlint check --fix train.py      repair what is safe to repair, show what remains
  keras-memlint check --diff --unsafe-fixes notebooks/
  keras-memlint check --target-gpu T4 --select KM3,shuffle-full-buffer train.py
  cat train.py | keras-memlint check - --stdin-filename train.py --output-format json"""
_ESTIMATE = """\
  keras-memlint estimate train.py                         on this machine's GPU
  keras-memlint estimate train.py --target t4,a100-40     on GPUs that are not here
  keras-memlint estimate train.py --target t4 --what-if all --output-format html > report.html
  keras-memlint estimate train.py --python .venv/bin/python -- --epochs 3 --data images/
  keras-memlint estimate -m package.train --target l4"""
_OOM = """\
  keras-memlint oom train.log             a log, a kernel's log, the output of a batch job
  python train.py 2>&1 | tee train.log | keras-memlint oom
  dmesg | keras-memlint oom --script train.py
  keras-memlint oom --output-format json train.log"""
_RULE = """\
  keras-memlint rule                      all rules
  keras-memlint rule KM203                the page of one rule
  keras-memlint rule shuffle-full-buffer --output-format json"""

_DOCTOR = """\
  keras-memlint doctor                    for a bug report, or when a setting seems to be ignored"""


class Parser(argparse.ArgumentParser):
    """A parser whose help begins with examples."""

    examples = ""

    def format_help(self) -> str:
        text = super().format_help()
        return f"{self.examples}\n\n{text}" if self.examples else text


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, with the name of the subcommand in ``command``. Ends the program with 2 when they are wrong."""
    top, check, estimate = _parsers()
    if argv[:1] == ["estimate"]:
        # What stands after `--` is the script's.
        own = list(argv[1 : argv.index("--")] if "--" in argv else argv[1:])
        arguments, unknown = estimate.parse_known_args(own, argparse.Namespace(command="estimate"))
        if unknown:
            estimate.error(f"unknown: {' '.join(unknown)} (the script's own arguments follow after `--`)")
        arguments.arguments = list(argv[len(own) + 2 :])
        return arguments
    if argv[:1] == ["check"]:
        # Paths and options may come in any order, which a parser with subcommands cannot read.
        return check.parse_intermixed_args(argv[1:], argparse.Namespace(command="check"))
    return top.parse_args(argv)


def parser() -> Parser:
    """The parser of the whole command line."""
    return _parsers()[0]


def _parsers() -> tuple[Parser, Parser, Parser]:
    """The whole command line, and ``check`` and ``estimate`` alone."""
    top = Parser(
        prog="keras-memlint",
        description="Finds, prices in bytes and fixes memory anti-patterns in Keras and TensorFlow training code.",
        epilog="exit status: 0 nothing found, 1 findings, 2 the tool could not do its work",
        allow_abbrev=False,
    )
    top.examples = _TOP
    top.add_argument("--version", action="version", version=f"keras-memlint {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    check = commands.add_parser("check", help="find what costs memory, and fix it", allow_abbrev=False)
    _add_check(check)
    estimate = commands.add_parser(
        "estimate", help="run a script up to a training step and say what it needs", allow_abbrev=False
    )
    _add_estimate(estimate)
    _add_oom(
        commands.add_parser(
            "oom", help="what ran out of memory in a log, and what would save it", allow_abbrev=False
        )
    )
    _add_rule(commands.add_parser("rule", help="explain a rule, or list them all", allow_abbrev=False))
    commands.add_parser("server", help="the language server, on standard input and output", add_help=False)
    doctor = commands.add_parser("doctor", help="what this installation sees: packages, GPU, configuration")
    doctor.examples = _DOCTOR
    return top, check, estimate


def _add_check(check: Parser) -> None:
    check.examples = _CHECK
    add = check.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files and folders; `-` for standard input (default: current folder)",
    )
    fixing = check.add_argument_group("fixing")
    fixing.add_argument("--fix", action="store_true", help="make the safe fixes: same results, less memory")
    fixing.add_argument(
        "--unsafe-fixes", action="store_true", help="with --fix or --diff: also those that may change results"
    )
    fixing.add_argument("--diff", action="store_true", help="print what --fix would change, write nothing")
    which = check.add_argument_group("which findings")
    which.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="RULES",
        help="only these: codes, prefixes, names, with commas",
    )
    which.add_argument("--ignore", action="append", default=[], metavar="RULES", help="all but these")
    which.add_argument(
        "--hints", action="store_true", help="also what depends on hardware that is not known, or taste"
    )
    which.add_argument(
        "--fail-on",
        choices=SEVERITIES,
        default="info",
        help="least severity for exit status 1 (default: info)",
    )
    which.add_argument(
        "--baseline",
        metavar="FILE",
        help="hide the findings in FILE; written with today's when it does not exist",
    )
    which.add_argument(
        "--force-exclude", action="store_true", help="exclude also files that are named on the command line"
    )
    machine = check.add_argument_group("the machine the script will run on")
    machine.add_argument("--target-gpu", metavar="NAME", help="such as T4, A100-80, RTX4090")
    machine.add_argument("--host-memory", type=_memory, metavar="SIZE", help="such as 32GiB")
    output = check.add_argument_group("output")
    output.add_argument("--output-format", choices=NAMES, default="full", help="(default: full)")
    output.add_argument(
        "--statistics", action="store_true", help="counts for each rule instead of the findings"
    )
    output.add_argument(
        "--bill", action="store_true", help="where each script's bytes go, instead of the findings"
    )
    output.add_argument("--watch", action="store_true", help="check again whenever a file changes")
    running = check.add_argument_group("running")
    running.add_argument("--stdin-filename", metavar="FILE", help="what standard input is called")
    running.add_argument("--no-cache", action="store_true", help="neither read nor write remembered results")
    running.add_argument(
        "--jobs", type=_jobs, metavar="N", help="processes (default: as many as there are cores)"
    )
    _add_scheduler(running)


def add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``estimate`` takes for many cases at once."""
    sweep = parser.add_argument_group("many at once")
    sweep.add_argument(
        "--sweep",
        metavar="GRID",
        help="estimate every case of a grid.toml: scripts, batch sizes, policies, GPUs",
    )
    sweep.add_argument(
        "--output", metavar="FILE", help="the table to fill, .csv or .parquet; what it holds already is kept"
    )
    sweep.add_argument("--retry-failed", action="store_true", help="run the cases again that failed before")
    sweep.add_argument(
        "--jobs",
        type=_jobs,
        metavar="N",
        help="cases at a time (default: as many as this machine has memory for)",
    )
    _add_scheduler(sweep)


def _add_scheduler(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--scheduler", metavar="ADDRESS", help="on the workers of a Dask cluster, such as tcp://10.0.0.1:8786"
    )


def _add_estimate(estimate: Parser) -> None:
    estimate.examples = _ESTIMATE
    add = estimate.add_argument
    add(
        "script",
        nargs="?",
        metavar="SCRIPT",
        help="a .py file or notebook; its own arguments follow after `--`",
    )
    add("-m", "--module", metavar="NAME", help="instead of SCRIPT: a module, as in `python -m NAME`")
    running = estimate.add_argument_group("running the script")
    running.add_argument(
        "--python",
        metavar="PATH",
        help="the Python it runs with (default: the active environment's, one beside the script, or this one)",
    )
    running.add_argument(
        "--fit-index",
        type=_count,
        default=0,
        metavar="N",
        help="which training of the script, from 0 (default: 0)",
    )
    running.add_argument(
        "--steps",
        type=_positive,
        metavar="N",
        help="steps of training to run (default: 5 on a GPU, 1 without, where nothing more is learnt from them)",
    )
    running.add_argument(
        "--time-limit",
        type=_positive,
        default=600,
        metavar="SECONDS",
        help="for the script until its training step (default: 600)",
    )
    running.add_argument(
        "--end-with-input",
        action="store_true",
        help="end everything when standard input ends: for programs that start estimates and may be killed",
    )
    machine = estimate.add_argument_group("the GPUs")
    machine.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAMES",
        help="GPUs to predict for, with commas, such as t4,a100-40; `local` measures on this machine's",
    )
    asked = estimate.add_argument_group("what to find out")
    asked.add_argument(
        "--batch-size",
        action="append",
        default=[],
        metavar="SIZES",
        help="also for these batch sizes, with commas",
    )
    asked.add_argument(
        "--what-if",
        action="append",
        default=[],
        metavar="CHANGES",
        help="what changes would save, each recomputed: `all`, `none`, or names with commas from "
        "mixed_bfloat16, mixed_float16, accumulation, batch, sgd, lion, adafactor, remat "
        "(default: the usual remedies where the script does not fit)",
    )
    asked.add_argument(
        "--no-batch-search", action="store_true", help="do not look for the largest batch that fits"
    )
    output = estimate.add_argument_group("output")
    output.add_argument(
        "--output-format", choices=("text", "json", "html"), default="text", help="(default: text)"
    )
    output.add_argument(
        "--progress",
        choices=("auto", "json", "none"),
        default="auto",
        help="on standard error (default: a bar on a terminal, else a line for each stage)",
    )
    add_sweep_arguments(estimate)


def _add_oom(oom: Parser) -> None:
    oom.examples = _OOM
    oom.description = (
        "Finds the out-of-memory message in a log (TensorFlow, XLA, JAX, PyTorch, NumPy, Python, the Linux kernel, Slurm,"
        " containers, shells), ties it to the script's lines, and lists what would save memory, largest first."
    )
    oom.epilog = (
        "exit status: 0 a message was found and told, 2 there is none, or the log or script cannot be read"
    )
    oom.add_argument(
        "log",
        nargs="?",
        default="-",
        metavar="LOG",
        help="a file; `-` for standard input (default: standard input)",
    )
    oom.add_argument(
        "--script",
        metavar="FILE",
        help="the script it is about (default: those of the log's traceback that are here)",
    )
    oom.add_argument("--output-format", choices=("text", "json"), default="text", help="(default: text)")


def _add_rule(rule: Parser) -> None:
    rule.examples = _RULE
    rule.add_argument("rule", nargs="?", metavar="CODE|NAME")
    rule.add_argument("--output-format", choices=("text", "json"), default="text", help="(default: text)")


def _memory(text: str) -> int:
    from keras_memlint.analysis.sizes.gpus import parse_memory

    try:
        return parse_memory(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"`{text}` is no number")
    return int(text)


def _positive(text: str) -> int:
    if (number := _count(text)) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is too small: write 1 or more")
    return number


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of processes: write 1 or more")
    return int(text)
