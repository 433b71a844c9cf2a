"""Code actions: the fixes of findings, all safe fixes at once, and a comment that suppresses a finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix
from keras_memlint.server.lsp.diagnostics import SOURCE, Renderer, document_of, span
from keras_memlint.server.lsp.documents import Document, Notebook, Unit
from keras_memlint.server.lsp.suppress import suppression_edit
from lsprotocol import types

FIX_ALL = f"source.fixAll.{SOURCE}"
# A kind of its own: editors ask each cell for plain source actions, and would make the same change many times.
NOTEBOOK_FIX_ALL = f"notebook.source.fixAll.{SOURCE}"
KINDS: tuple[types.CodeActionKind | str, ...] = (types.CodeActionKind.QuickFix, FIX_ALL, NOTEBOOK_FIX_ALL)

Edits = list[tuple[Document, list[types.TextEdit]]]


@dataclass(frozen=True, slots=True)
class Request:
    """What the editor asks actions for: a range of ``document``, which is ``unit`` or one of its cells."""

    unit: Unit
    document: Document
    range: types.Range
    diagnostics: Sequence[types.Diagnostic]
    only: Sequence[types.CodeActionKind | str] | None


def wants(request: Request, kind: types.CodeActionKind | str) -> bool:
    """Whether the editor asks for actions of ``kind``: of it, of a kind above it, or of all."""
    if request.only is None:
        return True
    name = _kind_name(kind)
    return any(not _kind_name(only) or f"{name}.".startswith(f"{_kind_name(only)}.") for only in request.only)


def quick_fixes(
    renderer: Renderer, request: Request, findings: Iterable[Diagnostic], *, suppress: bool
) -> list[types.CodeAction]:
    """The fixes of each finding at the asked place, safe ones first; then, last, how to suppress each."""
    fixes: list[types.CodeAction] = []
    silencers: dict[str, types.CodeAction] = {}
    for finding in findings:
        if document_of(request.unit, finding.cell) is not request.document:
            continue
        message = renderer.message(request.unit, request.document, finding)
        theirs = [other for other in request.diagnostics if _same(message, other)]
        if not theirs and not _touch(message.range, request.range):
            continue
        about = theirs or [message]
        ordered = sorted(finding.fixes, key=lambda fix: fix.applicability == "unsafe")
        for index, fix in enumerate(ordered):
            edits = fix_edits(request.unit, fix)
            if edits is None:
                continue
            fixes.append(
                types.CodeAction(
                    title=f"{finding.code}: {fix.message}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=about,
                    is_preferred=True if index == 0 and fix.applicability == "safe" else None,
                    edit=workspace_edit(renderer, edits),
                )
            )
        if suppress:
            edit = suppression_edit(request.document.lines, finding)
            title = f"{finding.code}: suppress on this line"
            silencers.setdefault(
                f"{title}{edit.range}",
                types.CodeAction(
                    title=title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=about,
                    edit=workspace_edit(renderer, [(request.document, [edit])]),
                ),
            )
    return [*fixes, *silencers.values()]


def has_safe_fix(findings: Iterable[Diagnostic]) -> bool:
    """Whether fix-all has anything to do."""
    return any(fix.applicability == "safe" for finding in findings for fix in finding.fixes)


def workspace_edit(renderer: Renderer, edits: Edits) -> types.WorkspaceEdit:
    """``edits`` as the editor takes them; with versions where it can, so that they never meet another text."""
    if renderer.client.document_changes:
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version),
                    changes,
                )
                for document, changes in edits
            ]
        )
    return types.WorkspaceEdit(changes={document.uri: changes for document, changes in edits})


def fix_all_action(unit: Unit) -> types.CodeAction:
    """The action that makes every safe fix, without its edit; ``data`` says on what."""
    book = isinstance(unit, Notebook)
    return types.CodeAction(
        title=f"{SOURCE}: apply all safe fixes" + (" in the notebook" if book else ""),
        kind=NOTEBOOK_FIX_ALL if book else FIX_ALL,
        data={"uri": unit.uri, "version": unit.version},
    )


def fix_edits(unit: Unit, fix: DiagnosticFix) -> Edits | None:
    """The edits by document; None when one of them is in a cell that is not there."""
    grouped: dict[str, tuple[Document, list[types.TextEdit]]] = {}
    for edit in fix.edits:
        document = document_of(unit, edit.cell)
        if document is None:
            return None
        where = span(document.lines, edit.location, edit.end_location)
        grouped.setdefault(document.uri, (document, []))[1].append(types.TextEdit(where, edit.content))
    return list(grouped.values())


def _same(ours: types.Diagnostic, theirs: types.Diagnostic) -> bool:
    return (ours.code, ours.range) == (theirs.code, theirs.range) and theirs.source in (None, SOURCE)


def _touch(a: types.Range, b: types.Range) -> bool:
    return a.start <= b.end and b.start <= a.end


def _kind_name(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind
