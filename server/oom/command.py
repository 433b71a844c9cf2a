"""``keras-memlint oom``: from arguments to output and exit status."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO

from keras_memlint.server import terminal
from keras_memlint.server.errors import UserError
from keras_memlint.server.oom.report import Report, report_on

STDIN = "-"


def oom(arguments: argparse.Namespace) -> int:
    """0 when the log tells of memory that ran out. Raises UserError when it does not, or cannot be read."""
    name = "standard input" if arguments.log == STDIN else arguments.log
    report = _report(arguments, name)
    if report is None:
        raise UserError(f"{name}: no message in it says that memory ran out")
    if arguments.output_format == "json":
        from keras_memlint.server.oom.as_json import as_json

        print(as_json(report))
    else:
        from keras_memlint.server.oom.text import as_text

        for line in as_text(report, colour=terminal.colour(sys.stdout)):
            print(line)
    return 0


def _report(arguments: argparse.Namespace, name: str) -> Report | None:
    try:
        with _opened(arguments.log) as stream:
            return report_on(stream, name, arguments.script)
    except FileNotFoundError:
        raise UserError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{name}: is a folder") from None
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise UserError(f"{name}: cannot be read: {reason}") from None


def _opened(log: str) -> AbstractContextManager[IO[bytes]]:
    """Raises UserError where nothing can come."""
    if log != STDIN:
        return Path(log).open("rb")
    if sys.stdin is None:
        raise UserError("standard input is closed; name a log")
    if sys.stdin.isatty():
        raise UserError("name a log, or pipe one in: python train.py 2>&1 | keras-memlint oom")
    return nullcontext(sys.stdin.buffer)
