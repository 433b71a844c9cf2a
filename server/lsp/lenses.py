"""Code lenses: above what compiles and trains a model, what the training needs and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.sizes.trainings import Spot, Training
from keras_memlint.server.lsp.core import Outcome
from keras_memlint.server.lsp.diagnostics import document_of
from keras_memlint.server.lsp.documents import Document, Unit
from keras_memlint.server.lsp.estimates import COMMAND
from keras_memlint.server.measurements import size_on, verdict
from lsprotocol import types

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer

OPEN_REPORT = "keras-memlint.openReport"
"""A command of the editor's, where it has extensions."""


def add_lenses(server: MemlintServer) -> None:
    """Registers the request."""

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())
    async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        await server.debounce.quiet(uri)
        latest = await server.latest(uri)
        document = server.documents.document(uri)
        if latest is None or document is None:
            return []
        if not server.options_for(server.documents.path(latest[0].uri)).lenses:
            return []
        return list(lenses(*latest, document, reports=server.extensions))


def lenses(unit: Unit, outcome: Outcome, document: Document, *, reports: bool) -> Iterator[types.CodeLens]:
    """The lenses in one document; ``reports``: the editor can show the report of an estimate."""
    for spot in outcome.trainings.spots:
        if document_of(unit, spot.at.cell) is not document:
            continue
        at = document.lines.position_of(spot.at.row, spot.at.column)
        for command in _commands(unit.uri, spot, reports=reports):
            yield types.CodeLens(types.Range(at, at), command)


def _commands(uri: str, spot: Spot, *, reports: bool) -> Iterator[types.Command]:
    training = spot.training
    # Several trainings in a script are told apart by their number; the first is estimated anyway.
    arguments: list[Any] = [uri, {"fitIndex": training.index}] if training.index else [uri]
    if not training.measured:
        yield types.Command(static_title(training), COMMAND, arguments=arguments)
        return
    title = measured_title(training)
    if reports:
        yield types.Command(title, OPEN_REPORT, arguments=[uri])
        yield types.Command("estimate again", COMMAND, arguments=arguments)
    else:
        yield types.Command(f"{title}: estimate again", COMMAND, arguments=arguments)


def static_title(training: Training) -> str:
    """``about 3.1 GiB on T4, does not fit: estimate``; without a GPU the batch stands there."""
    one = training.figures
    if one is None:
        return "estimate memory"
    if one.name is None:
        return f"about {size_on(one)} at batch {training.batch}: estimate"
    return f"about {size_on(one)}, {verdict(one)}: estimate"


def measured_title(training: Training) -> str:
    """``3.4 GiB on T4 (predicted by the GPU compiler), fits``."""
    one = training.figures
    assert one is not None
    said = f"{size_on(one)} ({one.how})"
    return f"{said}, {verdict(one)}" if one.fits is not None else said
