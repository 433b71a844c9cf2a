"""When work is done: once a version, the last one only, in one thread, and not for what nobody waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from keras_memlint.server.lsp.documents import Document, Documents, Unit
from keras_memlint.server.lsp.schedule import Analyser, Debounce
from lsprotocol import types

pytestmark = pytest.mark.asyncio

URI = "file:///w/train.py"


class Work:
    """Counts what it is asked to do; ``gate`` holds it up."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.threads: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, unit: Unit) -> str:
        self.gate.wait(10)
        self.threads.add(threading.get_ident())
        assert isinstance(unit, Document)
        self.done.append(unit.text)
        return unit.text.upper()


def open_text(documents: Documents, text: str, uri: str = URI) -> Document:
    return documents.open(types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text))


@pytest.fixture
def parts() -> tuple[Documents, Work, Analyser[str]]:
    documents, work = Documents(), Work()
    return documents, work, Analyser(documents, work)


Parts = tuple[Documents, Work, "Analyser[str]"]


async def test_one_version_is_worked_on_once(parts: Parts) -> None:
    documents, work, analyser = parts
    unit = open_text(documents, "a")
    assert await asyncio.gather(analyser.of(unit), analyser.of(unit)) == ["A", "A"]
    assert await analyser.latest(URI) == (unit, "A")
    assert work.done == ["a"]


async def test_versions_that_are_out_of_date_are_not_worked_on(parts: Parts) -> None:
    documents, work, analyser = parts
    work.gate.clear()
    asked = []
    for text in "abcd":
        asked.append(asyncio.ensure_future(analyser.of(open_text(documents, text))))
        await asyncio.sleep(0.01)
    work.gate.set()
    assert await asyncio.gather(*asked) == [None, None, None, "D"]
    assert work.done == ["a", "d"]


async def test_a_request_gets_the_last_version(parts: Parts) -> None:
    documents, work, analyser = parts
    work.gate.clear()
    open_text(documents, "a")
    asked = asyncio.ensure_future(analyser.latest(URI))
    await asyncio.sleep(0.01)
    new = open_text(documents, "b")
    work.gate.set()
    assert await asked == (new, "B")


async def test_cancelling_one_request_leaves_the_others(parts: Parts) -> None:
    documents, work, analyser = parts
    work.gate.clear()
    unit = open_text(documents, "a")
    first, second = (asyncio.ensure_future(analyser.of(unit)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    work.gate.set()
    assert await second == "A"
    assert first.cancelled()


async def test_a_closed_document_has_no_result(parts: Parts) -> None:
    documents, work, analyser = parts
    work.gate.clear()
    unit = open_text(documents, "a")
    asked = asyncio.ensure_future(analyser.latest(URI))
    await asyncio.sleep(0.01)
    documents.close(URI)
    analyser.forget(URI)
    work.gate.set()
    assert await asked is None
    assert await analyser.of(unit) is None
    assert analyser.known(URI) is None


async def test_what_is_forgotten_is_worked_on_again(parts: Parts) -> None:
    documents, work, analyser = parts
    unit = open_text(documents, "a")
    await analyser.of(unit)
    for forget in (analyser.forget_all, lambda: analyser.forget(URI)):
        forget()
        assert await analyser.of(unit) == "A"
    assert work.done == ["a", "a", "a"]


async def test_everything_is_done_in_one_thread(parts: Parts) -> None:
    documents, work, analyser = parts
    units = [open_text(documents, name, f"file:///w/{name}.py") for name in "abcdef"]
    await asyncio.gather(*(analyser.of(unit) for unit in units))
    assert len(work.threads) == 1
    assert threading.get_ident() not in work.threads


def recorder() -> tuple[list[str], Callable[[str], None]]:
    acted: list[str] = []
    return acted, acted.append


async def test_a_pause_starts_again_with_each_keystroke() -> None:
    acted, act = recorder()
    pause = Debounce(0.1, act)
    for _ in range(5):
        pause.later(URI)
        await asyncio.sleep(0.04)
    assert acted == []
    await pause.quiet(URI)
    assert acted == [URI]


async def test_at_once_and_never() -> None:
    acted, act = recorder()
    pause = Debounce(0.02, act)
    pause.later(URI)
    pause.now(URI)
    pause.later("file:///w/other.py")
    pause.drop("file:///w/other.py")
    await asyncio.sleep(0.06)
    assert acted == [URI]
