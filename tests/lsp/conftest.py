"""Editors as pytest-lsp plays them: one server process a kind of editor, many documents."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from documented_editors import ALL, Documented
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types
from pygls.protocol import JsonRPCResponseMessage, default_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

PATIENCE = 20.0  # seconds
SCRIPT = """\
import tensorflow as tf


def decode(path):
    return tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(path), channels=3), (224, 224))


ds = tf.data.Dataset.list_files("train/*.jpg")
ds = ds.map(decode)
ds = ds.batch(32).prefetch(tf.data.AUTOTUNE)
"""


class Editor(LanguageClient):
    """A client that keeps its own texts, remembers what was published, and takes edits as editors do."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self.registered: list[types.Registration] = []
        self.summaries: dict[str, list[dict[str, Any]]] = {}
        self.asked_again: list[str] = []
        self.texts: dict[str, Lines] = {}
        self.versions: dict[str, int] = {}
        self.answer: types.InitializeResult | None = None
        self.root = Path()
        self.counts: str | None = None

    @property
    def encoding(self) -> str:
        if self.counts is not None:  # whatever the server says
            return self.counts
        assert self.answer is not None
        chosen = self.answer.capabilities.position_encoding or "utf-16"
        return str(getattr(chosen, "value", chosen))

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def write(self, name: str, text: str | None) -> str:
        """Changes a file on disk, or deletes it, and tells the server as a file watcher does."""
        path = self.root / name
        existed = path.exists()
        if text is None:
            path.unlink()
            kind = types.FileChangeType.Deleted
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            kind = types.FileChangeType.Changed if existed else types.FileChangeType.Created
        event = types.FileEvent(path.as_uri(), kind)
        self.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        return path.as_uri()

    def open(self, name: str, text: str, language: str = "python") -> str:
        """Opens an unsaved text under a name in the workspace, or under a URI."""
        uri = name if ":" in name else self.uri(name)
        self.texts[uri], self.versions[uri] = Lines(text, self.encoding), 1
        item = types.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, *edits: tuple[int, int, str]) -> None:
        """One change notification with edits (start, end, text), each on the text the one before left."""
        changes: list[types.TextDocumentContentChangeEvent] = []
        for start, end, new in edits:
            lines = self.texts[uri]
            changes.append(types.TextDocumentContentChangePartial(range=lines.range(start, end), text=new))
            self.texts[uri] = Lines(lines.text[:start] + new + lines.text[end:], self.encoding)
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    def replace(self, uri: str, old: str, new: str) -> None:
        at = self.texts[uri].text.index(old)
        self.change(uri, (at, at + len(old), new))

    def close(self, uri: str) -> None:
        self.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def marks(self, uri: str, version: int | None = None) -> list[types.Diagnostic]:
        """What was pushed for ``uri`` at ``version``, the current one unless said."""
        wanted = self.versions[uri] if version is None else version
        await self.until(
            lambda: any(p.version == wanted for p in self.published.get(uri, ())), f"marks of {uri}"
        )
        return list(next(p for p in reversed(self.published[uri]) if p.version == wanted).diagnostics)

    async def until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"gave up waiting for {what}; log: {self.log_messages}"
            await asyncio.sleep(0.01)

    def configure(self, section: dict[str, object]) -> None:
        """Gives the editor other settings of its own and tells the server."""
        self.set_configuration({"keras-memlint": section})
        self.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=None))

    async def unconfigure(self) -> None:
        """Takes back settings that are in force, and waits until they no longer are."""
        seen = len(self._in_force())
        self.configure({})
        await self.until(lambda: len(self._in_force()) > seen, "the usual settings")

    def _in_force(self) -> list[str]:
        return [one.message for one in self.log_messages if "settings in force: " in one.message]

    async def ask(self, method: str, params: Any = None) -> Any:
        """The answer to a message that is not in the protocol, as plain JSON."""
        return await self.protocol.send_request_async(f"keras-memlint/{method}", params)

    async def pull(self, uri: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
        return await self.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
        )

    async def actions(
        self,
        uri: str,
        where: types.Range | None = None,
        *,
        only: list[types.CodeActionKind | str] | None = None,
        about: list[types.Diagnostic] | None = None,
    ) -> list[types.CodeAction]:
        lines = self.texts[uri]
        answer = await self.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri),
                where or lines.range(0, len(lines.text)),
                types.CodeActionContext(diagnostics=about or [], only=only),
            )
        )
        return [action for action in answer or [] if isinstance(action, types.CodeAction)]

    async def apply(self, action: types.CodeAction) -> None:
        """Chooses an action: resolves it when need be, makes its edits and sends the changes."""
        if action.edit is None:
            action = await self.code_action_resolve_async(action)
        assert action.edit is not None
        for uri, edits in self.edits(action.edit).items():
            lines = self.texts[uri]
            spans = sorted(
                (
                    (lines.offset(edit.range.start), lines.offset(edit.range.end), edit.new_text)
                    for edit in edits
                ),
                reverse=True,
            )
            self.change(uri, *spans)

    def edits(self, edit: types.WorkspaceEdit) -> dict[str, list[types.TextEdit]]:
        """The edits by URI. Versions must be those of the texts."""
        found: dict[str, list[types.TextEdit]] = {}
        for uri, plain in (edit.changes or {}).items():
            found[uri] = list(plain)
        for change in edit.document_changes or ():
            assert isinstance(change, types.TextDocumentEdit)
            assert change.text_document.version == self.versions[change.text_document.uri]
            found[change.text_document.uri] = [one for one in change.edits if isinstance(one, types.TextEdit)]
        return found


def plain_answers() -> Any:
    """pygls's converter, which leaves alone what is in answers that the protocol does not know."""
    converter = default_converter()
    converter.register_structure_hook(JsonRPCResponseMessage, lambda answer, wanted: wanted(**answer))
    return converter


def make_editor() -> Editor:
    editor = Editor(converter_factory=plain_answers)

    def published(params: types.PublishDiagnosticsParams) -> None:
        editor.published.setdefault(params.uri, []).append(params)

    def register(params: types.RegistrationParams) -> None:
        editor.registered += params.registrations

    @editor.feature("keras-memlint/summary")
    def summary(params: Any) -> None:
        editor.summaries.setdefault(params.uri, []).append(params._asdict())

    for name in (types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH):
        editor.feature(name)(lambda _params, name=name: editor.asked_again.append(name))

    register_lsp_features(
        editor,
        {
            **DEFAULT_CLIENT_FEATURES,
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: published,
            types.CLIENT_REGISTER_CAPABILITY: register,
        },
    )
    return editor


def with_pull(capabilities: types.ClientCapabilities) -> types.ClientCapabilities:
    """A newer edition of an editor: asks for diagnostics, and can be told to ask again."""
    assert capabilities.text_document is not None and capabilities.workspace is not None
    capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities(dynamic_registration=True)
    capabilities.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    return capabilities


def with_notebooks(capabilities: types.ClientCapabilities) -> types.ClientCapabilities:
    capabilities.notebook_document = types.NotebookDocumentClientCapabilities(
        types.NotebookDocumentSyncClientCapabilities(dynamic_registration=True)
    )
    return capabilities


def with_views(capabilities: types.ClientCapabilities) -> types.ClientCapabilities:
    """A newer edition of an editor: shows inlay hints, and can be told to ask again for these and for code lenses."""
    assert capabilities.text_document is not None and capabilities.workspace is not None
    capabilities.text_document.inlay_hint = types.InlayHintClientCapabilities()
    capabilities.workspace.inlay_hint = types.InlayHintWorkspaceClientCapabilities(refresh_support=True)
    capabilities.workspace.code_lens = types.CodeLensWorkspaceClientCapabilities(refresh_support=True)
    return capabilities


async def session(
    editor: Editor,
    capabilities: types.ClientCapabilities,
    root: Path,
    *,
    folders: list[Path] | None = None,
    options: Any = None,
    info: types.ClientInfo | None = None,
) -> AsyncIterator[None]:
    """A whole session, from hello to goodbye."""
    editor.root = root
    editor.answer = await editor.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            client_info=info,
            workspace_folders=[
                types.WorkspaceFolder(uri=folder.as_uri(), name=folder.name) for folder in folders or [root]
            ],
            initialization_options=options,
        )
    )
    yield
    await editor.shutdown_session()


def command(*words: str) -> ClientServerConfig:
    return ClientServerConfig(
        server_command=[sys.executable, *words], client_factory=make_editor, server_env={**os.environ}
    )


CONFIG = command("-m", "keras_memlint", "server")
SCRIPTED = command(str(Path(__file__).with_name("scripted_server.py")))
ESTIMATING = command(str(Path(__file__).with_name("estimating_server.py")))
BUNDLED = command(str(Path(__file__).with_name("bundled_server.py")))


@pytest.fixture(scope="session")
def script() -> str:
    """A script with one finding: KM209, which has a safe fix."""
    return SCRIPT


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workspace")


@pytest_lsp.fixture(scope="module", config=CONFIG)
async def vscode(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, with_notebooks(client_capabilities("visual-studio-code")), root):
        yield


@pytest_lsp.fixture(scope="module", config=CONFIG)
async def vscode_pull(lsp_client: Editor, root: Path):
    capabilities = with_pull(with_notebooks(client_capabilities("visual-studio-code")))
    async for _ in session(lsp_client, capabilities, root):
        yield


@pytest_lsp.fixture(scope="module", config=CONFIG)
async def neovim(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, client_capabilities("neovim@v0.7.0"), root):
        yield


@pytest_lsp.fixture(scope="module", config=CONFIG)
async def emacs(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, client_capabilities("emacs"), root):
        yield


@pytest_lsp.fixture(scope="module", config=SCRIPTED)
async def scripted(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, with_notebooks(client_capabilities("visual-studio-code")), root):
        yield


@pytest_lsp.fixture(scope="module", config=SCRIPTED)
async def scripted_old(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, client_capabilities("neovim@v0.7.0"), root):
        yield


@pytest_lsp.fixture(scope="module", config=ESTIMATING)
async def estimating(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, with_notebooks(client_capabilities("visual-studio-code")), root):
        yield


@pytest_lsp.fixture(scope="module", config=ESTIMATING)
async def estimating_pull(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, with_pull(client_capabilities("visual-studio-code")), root):
        yield


@pytest_lsp.fixture(scope="module", config=ESTIMATING)
async def estimating_untrusted(lsp_client: Editor, root: Path):
    capabilities = client_capabilities("visual-studio-code")
    async for _ in session(lsp_client, capabilities, root, options={"trusted": False}):
        yield


@pytest_lsp.fixture(scope="module", config=CONFIG)
async def hinting(lsp_client: Editor, root: Path):
    capabilities = with_views(with_notebooks(client_capabilities("visual-studio-code")))
    async for _ in session(lsp_client, capabilities, root):
        yield


@pytest_lsp.fixture(scope="module", config=ESTIMATING)
async def estimating_extended(lsp_client: Editor, root: Path):
    """An editor that knows our own messages."""
    capabilities = with_views(with_notebooks(client_capabilities("visual-studio-code")))
    async for _ in session(lsp_client, capabilities, root, options={"extensions": True}):
        yield


@pytest_lsp.fixture(scope="module", config=BUNDLED)
async def bundled(lsp_client: Editor, root: Path):
    async for _ in session(lsp_client, with_notebooks(client_capabilities("visual-studio-code")), root):
        yield


@pytest_lsp.fixture(scope="module", config=CONFIG)
async def two_folders(lsp_client: Editor, root: Path):
    """A window with the folders ``a`` and ``b``, and settings of its own for ``b``."""
    folders = [root / "a", root / "b"]
    for folder in folders:
        folder.mkdir()
    lsp_client.set_configuration({"keras-memlint": {"ignore": ["KM209"]}}, scope_uri=folders[1].as_uri())
    async for _ in session(lsp_client, client_capabilities("visual-studio-code"), root, folders=folders):
        yield


@pytest_lsp.fixture(scope="module", config=ESTIMATING, params=ALL, ids=str)
async def documented(lsp_client: Editor, request: pytest.FixtureRequest, root: Path):
    """Each editor that has a page, set up as its page says."""
    kind: Documented = request.param
    lsp_client.counts = kind.counts
    lsp_client.set_configuration(kind.settings)
    async for _ in session(lsp_client, kind.capabilities(), root, options=kind.options, info=kind.info):
        # Editors that cannot be asked for settings send them.
        sent = types.DidChangeConfigurationParams(settings=kind.settings)
        lsp_client.workspace_did_change_configuration(sent)
        yield
