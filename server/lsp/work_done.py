"""Long work with a progress in the editor, which can be cancelled there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from keras_memlint.server.lsp.client import PATIENCE
from lsprotocol import types
from pygls.exceptions import JsonRpcRequestCancelled

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer

_T = TypeVar("_T")


Told = Callable[[str, int | None], None]
"""Says how far the work is: in words, and in percent as far as that is known."""


async def own_token(server: MemlintServer, name: str) -> types.ProgressToken | None:
    """A progress that the server starts by itself; None where the editor shows none."""
    if not server.client.progress:
        return None
    token = f"{name}/{time.monotonic_ns()}"
    try:
        await asyncio.wait_for(server.work_done_progress.create_async(token), PATIENCE)
    except Exception as error:
        server.log_once(f"the editor shows no progress ({type(error).__name__}: {error})")
        return None
    return token


async def with_progress(
    server: MemlintServer,
    token: types.ProgressToken | None,
    title: str,
    work: Callable[[Told], Awaitable[_T]],
) -> _T:
    """What ``work`` gives, while the editor shows how far it is, if there is a ``token``.

    Whoever cancels the progress or the request cancels ``work``. Raises JsonRpcRequestCancelled after the former.
    """
    if token is None:
        return await work(_silent)
    show = server.work_done_progress

    def tell(message: str, percentage: int | None) -> None:
        report = types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True)
        show.report(token, report)

    task = asyncio.ensure_future(work(tell))
    show.begin(token, types.WorkDoneProgressBegin(title, percentage=0, cancellable=True))
    cancelled: Future[Any] = show.tokens[token]
    cancelled.add_done_callback(lambda _: task.cancel())
    last = "stopped"
    try:
        found = await task
        last = "done"
        return found
    except asyncio.CancelledError:
        if cancelled.cancelled():
            raise JsonRpcRequestCancelled(f"{title} was cancelled") from None
        raise
    finally:
        show.end(token, types.WorkDoneProgressEnd(message=last))
        show.tokens.pop(token, None)


def _silent(_message: str, _percentage: int | None) -> None:
    pass
