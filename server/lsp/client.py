"""What the connected editor can do."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder, get_capability

PATIENCE = 3.0
"""Seconds after which an editor is taken to be one that never answers."""


@dataclass(frozen=True, slots=True)
class Client:
    """The capabilities that change what the server says; all false before ``initialize``.

    ``pull``: asks for diagnostics itself. ``refresh``: can be told to ask again. ``watch`` and ``ask_changes``: file
    watchers and notifications of changed settings can be registered. ``resolve``: asks for the edit of an action
    when it is chosen. ``progress``: shows how far long work is, and lets people cancel it. ``hints``: shows
    inlay hints. ``refresh_hints`` and ``refresh_lenses``: can be told to ask again for these and for code lenses.
    """

    pull: bool = False
    refresh: bool = False
    related: bool = False
    tags: bool = False
    links: bool = False
    data: bool = False
    document_changes: bool = False
    resolve: bool = False
    markdown: bool = False
    configuration: bool = False
    ask_changes: bool = False
    watch: bool = False
    progress: bool = False
    hints: bool = False
    refresh_hints: bool = False
    refresh_lenses: bool = False

    @staticmethod
    def of(capabilities: types.ClientCapabilities) -> Client:
        """The summary of what the editor announced."""

        def has(name: str) -> bool:
            return bool(get_capability(capabilities, name, False))

        def diagnostics(name: str) -> bool:
            return has(f"text_document.publish_diagnostics.{name}") or has(f"text_document.diagnostic.{name}")

        resolved = get_capability(capabilities, "text_document.code_action.resolve_support.properties", ())
        formats = get_capability(capabilities, "text_document.hover.content_format", ())
        return Client(
            pull=has("text_document.diagnostic"),
            refresh=has("workspace.diagnostics.refresh_support"),
            related=diagnostics("related_information"),
            tags=diagnostics("tag_support"),
            links=diagnostics("code_description_support"),
            data=diagnostics("data_support"),
            document_changes=has("workspace.workspace_edit.document_changes"),
            resolve="edit" in resolved and has("text_document.code_action.data_support"),
            markdown=types.MarkupKind.Markdown in formats,
            configuration=has("workspace.configuration"),
            ask_changes=has("workspace.did_change_configuration.dynamic_registration"),
            watch=has("workspace.did_change_watched_files.dynamic_registration"),
            progress=has("window.work_done_progress"),
            hints=has("text_document.inlay_hint"),
            refresh_hints=has("workspace.inlay_hint.refresh_support"),
            refresh_lenses=has("workspace.code_lens.refresh_support"),
        )


def position_encoding(params: types.InitializeParams) -> str:
    """What the editor counts within a line: ``utf-8``, ``utf-16`` or ``utf-32`` code units."""
    if _is_old_lsp_mode(params):
        return str(types.PositionEncodingKind.Utf32.value)
    chosen = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
    return str(getattr(chosen, "value", chosen))


def rename_capabilities(initialize: object) -> None:
    """Gives a misspelt capability in the parameters of ``initialize``, still JSON, the name that the protocol has for it.

    Helix, and Zed for long, say ``workspace.diagnostic``, because their library did (lsp-types).
    """
    try:
        workspace = initialize["capabilities"]["workspace"]  # type: ignore[index]
        workspace.setdefault("diagnostics", workspace.pop("diagnostic"))
    except (KeyError, TypeError, AttributeError):
        pass


def _is_old_lsp_mode(params: types.InitializeParams) -> bool:
    """lsp-mode for Emacs before version 10 counts characters, whatever the protocol says; a fix would hit other text."""
    offered = get_capability(params.capabilities, "general.position_encodings", None)
    return params.client_info is not None and params.client_info.name == "emacs" and not offered
