"""What an editor shows in pages of its own: the report of an estimate, the rules, and the facts for a bug report."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_memlint.estimate.report import FORMATS, render
from keras_memlint.estimate.result import Estimate
from keras_memlint.server import doctor
from keras_memlint.server.errors import UserError
from keras_memlint.server.lsp import pages
from keras_memlint.server.lsp.messages import optional, refused, required, texts
from keras_memlint.server.pages import find, listed
from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer


def add_reports(server: MemlintServer) -> None:
    """Registers the messages."""

    @server.feature("keras-memlint/report")
    async def report(params: Any) -> dict[str, str]:
        # Beside the worker, which may be busy with a text.
        return {"text": await asyncio.to_thread(_report, params)}

    @server.feature("keras-memlint/rules")
    def rules(_params: Any) -> list[dict[str, str | None]]:
        return [
            {"code": row.code, "name": row.name, "family": row.family, "url": pages.url(row.code)}
            for row in listed()
        ]

    @server.feature("keras-memlint/rulePage")
    def rule_page(params: Any) -> dict[str, str]:
        try:
            row = find(required(params, "code", str))
        except UserError as error:
            raise refused(str(error)) from None
        text = pages.page(row.code)
        if text is None:
            raise refused(f"{row.page}: the page of {row.code} cannot be read; install keras-memlint again")
        return {"code": row.code, "title": text.partition("\n")[0].lstrip("# "), "markdown": text}

    @server.feature("keras-memlint/information")
    async def information(_params: Any) -> dict[str, str]:
        return {"text": await asyncio.to_thread(lambda: doctor.text(_information(server)))}


def _report(params: Any) -> str:
    """The report that is asked for. Raises JsonRpcException."""
    format_, wanted = required(params, "format", str), optional(params, "webview", dict)
    if format_ not in FORMATS:
        raise JsonRpcInvalidParams(f"there is no format `{format_}`, only {', '.join(FORMATS)}")
    try:
        estimate = Estimate.from_json(params.get("estimate"))
    except (ValueError, RecursionError) as error:
        raise JsonRpcInvalidParams(f"`estimate`: {error}") from None
    if format_ != "html" or wanted is None:
        return render(estimate, format_)
    from keras_memlint.estimate.report import html

    applicable = frozenset(texts(params, "applicable"))
    try:
        webview = html.Webview(required(wanted, "nonce", str), required(wanted, "cspSource", str), applicable)
    except ValueError as error:
        raise JsonRpcInvalidParams(f"`webview`: {error}") from None
    return html.render(estimate, webview)


def _information(server: MemlintServer) -> Iterator[doctor.Section]:
    """What the server sees, and for each folder the settings in force and its configuration."""
    yield from doctor.installation()
    can = asdict(server.client)
    yield (
        "editor",
        [
            f"workspace {'trusted' if server.trusted else 'not trusted'}, {len(list(server.documents))} open",
            f"can: {', '.join(name for name, able in can.items() if able) or 'nothing of its own'}",
        ],
    )
    for folder in server.folders or [server.documents.root]:
        settings = asdict(server.options_for(folder))
        lines = [f"setting {name} = {value!r}" for name, value in settings.items()]
        yield f"folder {folder}", [*lines, *doctor.configuration(Path(folder))[0]]
