"""The language server; only this package knows LSP types."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] = ()) -> int:
    """Serves one editor on standard input and output until it says goodbye; the exit status."""
    from keras_memlint.server.lsp.start import serve

    return serve(arguments)
