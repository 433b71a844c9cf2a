"""The command line: which command was asked for, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from keras_memlint.server import terminal
from keras_memlint.server.arguments import parse, parser
from keras_memlint.server.errors import UserError

# The last two are what a shell reports for a program that a signal ended.
FAILED, INTERRUPTED, UNREAD = 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and answers its exit status."""
    terminal.prepare()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _run(words)
        sys.stdout.flush()
        return status
    except UserError as error:
        terminal.complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        terminal.give_up_output()
        return UNREAD
    except FileNotFoundError as error:
        terminal.complain(f"{error.filename or 'the current folder'}: is not there any more")
        return FAILED
    except OSError as error:
        terminal.give_up_output()
        terminal.complain(f"{error.filename or 'standard output'}: {error.strerror or error}")
        return FAILED
    except Exception as error:
        terminal.complain(f"this is a bug in keras-memlint, please report it: {_brief(error)}")
        return FAILED


def _run(words: list[str]) -> int:
    if words[:1] == ["server"]:
        from keras_memlint.server.lsp import main as serve

        return serve(words[1:])
    arguments = parse(words)
    if arguments.command == "check":
        from keras_memlint.server.check import check

        return check(arguments)
    if arguments.command == "estimate":
        from keras_memlint.server.estimate import estimate

        return estimate(arguments)
    if arguments.command == "oom":
        from keras_memlint.server.oom.command import oom

        return oom(arguments)
    if arguments.command == "rule":
        from keras_memlint.server.pages import show

        return show(arguments)
    if arguments.command == "doctor":
        from keras_memlint.server.doctor import doctor

        return doctor()
    parser().print_help(sys.stderr)
    return FAILED


def _brief(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" ({Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno})" if place else ""
    return f"{type(error).__name__}: {error}{where}"
