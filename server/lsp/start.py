"""Starting and ending the server process."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from keras_memlint.server.arguments import Parser
from keras_memlint.server.collector import look_seldom
from keras_memlint.server.errors import UserError

if TYPE_CHECKING:
    from keras_memlint.server.lsp.core import Check
    from keras_memlint.server.lsp.server import MemlintServer

# The parser recurses natively; threads get less stack than the main one on some systems. In bytes.
_STACK = 64 * (1 << 20)
_EXAMPLE = """\
  vim.lsp.config("keras-memlint", { cmd = { "keras-memlint", "server" }, filetypes = { "python" } })"""


def serve(
    arguments: Sequence[str], check: Check | None = None, estimator: Sequence[str] | None = None
) -> int:
    """Serves on standard input and output; 1 when the editor went away without a ``shutdown``.

    Wrong ``arguments`` end the program with 2. ``check`` replaces the engine, ``estimator`` the command that estimates.
    """
    _parser().parse_args(arguments)
    if sys.stdin is None:  # closed before we started
        raise UserError("standard input is closed, so there is no editor to talk to")
    from keras_memlint.server.lsp.estimator import ESTIMATOR
    from keras_memlint.server.lsp.server import create_server

    # What pygls has to tell is for its own developers, tracebacks included; we report to the editor's log.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    look_seldom()
    threading.stack_size(_STACK)
    server = create_server(check, estimator=estimator or ESTIMATOR)
    _listen_to_signals(server)
    with _output() as output:
        server.start_io(stdout=output)
    return 0 if server.was_shut_down else 1


def _listen_to_signals(server: MemlintServer) -> None:
    """A signal that ends the server ends what it started too: an estimate must not go on without anybody who wants it."""

    def leave(number: int, _frame: object) -> None:
        server.ended_by = number
        # Work that is torn down in the middle may complain at the very end, when nobody listens any more.
        sys.unraisablehook = lambda _: None
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)


def _output() -> BinaryIO:
    """Standard output for the protocol alone: what anybody prints goes to standard error from now on."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="keras-memlint server",
        description="The language server of keras-memlint, on standard input and output. Editors start it.",
    )
    parser.examples = _EXAMPLE
    # Some editors add these to every server they start.
    parser.add_argument("--stdio", action="store_true", help="the only way it talks; accepted, not needed")
    parser.add_argument("--clientProcessId", help=argparse.SUPPRESS)
    return parser
