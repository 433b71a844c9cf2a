"""The language server: which message leads to what; the work is in the modules beside it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from keras_memlint import __version__
from keras_memlint.server.lsp import actions, hover
from keras_memlint.server.lsp.client import PATIENCE, Client, position_encoding, rename_capabilities
from keras_memlint.server.lsp.core import Check, Core, Outcome, lintable
from keras_memlint.server.lsp.diagnostics import SOURCE, Renderer, documents_of, result_id
from keras_memlint.server.lsp.documents import Documents, Notebook, Unit, file_path, innermost
from keras_memlint.server.lsp.estimates import add_estimates
from keras_memlint.server.lsp.estimator import ESTIMATOR
from keras_memlint.server.lsp.everywhere import add_everywhere, messages_of
from keras_memlint.server.lsp.hints import add_hints
from keras_memlint.server.lsp.lenses import add_lenses
from keras_memlint.server.lsp.messages import converter
from keras_memlint.server.lsp.options import (
    SECTION,
    Options,
    extensions_of,
    read_options,
    section_of,
    trusted_of,
)
from keras_memlint.server.lsp.projects import Project, problem_messages
from keras_memlint.server.lsp.registering import concerns, ignore_result, is_edited_script, register
from keras_memlint.server.lsp.reports import add_reports
from keras_memlint.server.lsp.schedule import Analyser, Debounce
from keras_memlint.server.lsp.summaries import add_summaries
from keras_memlint.server.lsp.unopened import Unopened
from keras_memlint.server.lsp.what_if import add_what_if
from keras_memlint.server.measurements import Measurements
from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.uris import from_fs_path

DELAY = 0.15
"""Seconds without a keystroke before a text is analysed."""


class _Protocol(LanguageServerProtocol):
    """pygls without its own store of texts (``documents.py`` says why) and commands (``estimates.py``).

    It answers every request.
    """

    lsp_text_document__did_open = None  # type: ignore[assignment]
    lsp_text_document__did_change = None  # type: ignore[assignment]
    lsp_text_document__did_close = None  # type: ignore[assignment]
    lsp_notebook_document__did_open = None  # type: ignore[assignment]
    lsp_notebook_document__did_change = None  # type: ignore[assignment]
    lsp_notebook_document__did_close = None  # type: ignore[assignment]
    lsp_workspace__execute_command = None  # type: ignore[assignment]

    def structure_message(self, data: dict[str, Any]) -> Any:
        """The message in ``data``. A request whose parameters are wrong is refused; pygls would leave it waiting."""
        if data.get("method") == types.INITIALIZE:
            rename_capabilities(data.get("params"))
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise


class MemlintServer(LanguageServer):
    """The state of one session with one editor."""

    def __init__(self, check: Check | None, delay: float) -> None:
        notebooks = types.NotebookDocumentSyncOptions(
            notebook_selector=[
                types.NotebookDocumentFilterWithNotebook(
                    notebook="jupyter-notebook", cells=[types.NotebookCellLanguage(language="python")]
                )
            ]
        )
        super().__init__(
            SOURCE,
            __version__,
            notebook_document_sync=notebooks,
            protocol_cls=_Protocol,
            max_workers=2,
            converter_factory=converter,
        )
        self.documents = Documents()
        self.render = Renderer(Client(), self.documents)
        self.core = Core(self.documents, self.options_for, check)
        self.analyser: Analyser[Outcome] = Analyser(self.documents, self.core.outcome)
        self.unopened = Unopened(self.core)
        self.debounce = Debounce(delay, self._push_soon)
        self.settle = Debounce(delay, lambda _: self.everything_changed())
        self.options = self.start_options = Options()
        self.folder_options: dict[str, Options] = {}
        self.configured = asyncio.Event()
        self.start_problems: list[str] = []
        self.was_shut_down = False
        self.ended_by: int | None = None
        self.trusted = True
        self.extensions = False
        self.on_outcome: list[Callable[[Unit, Outcome], None]] = []
        self.on_close: list[Callable[[Unit], None]] = []
        self._logged: set[str] = set()
        self._noticed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._shown_projects: dict[str, tuple[Project | None, list[types.Diagnostic]]] = {}

    @property
    def client(self) -> Client:
        """What the editor can do."""
        return self.render.client

    @property
    def folders(self) -> list[str]:
        """The paths of the workspace folders."""
        return [
            path for folder in self.workspace.folders.values() if (path := file_path(folder.uri)) is not None
        ]

    def options_for(self, path: str) -> Options:
        """The editor's settings for a file: those of the innermost workspace folder it is in."""
        folder = innermost(self.folder_options, path)
        return self.options if folder is None else self.folder_options[folder]

    async def latest(self, uri: str) -> tuple[Unit, Outcome] | None:
        """The last version of a document or notebook with what was found in it; None when it is not open."""
        await self.configured.wait()
        known, path = self.analyser.known(uri), self.documents.path(uri)
        if known is not None and known.estimated != Measurements().estimated_at(path):
            self.analyser.forget(uri)
            self.debounce.later(uri)
        latest = await self.analyser.latest(uri)
        if latest is not None:
            self._report(*latest)
        return latest

    def changed(self, unit: Unit, *, at_once: bool = False) -> None:
        """A document has a new version: its findings, and those of scripts that import it, are out of date."""
        self._outdate_users(unit)
        (self.debounce.now if at_once else self.debounce.later)(unit.uri)

    def closed(self, unit: Unit) -> None:
        """A document was closed: its marks and all that is remembered of it go."""
        self.debounce.drop(unit.uri)
        self.analyser.forget(unit.uri)
        self._noticed.discard(unit.uri)
        self._outdate_users(unit)
        self.run(self.analyser.in_worker(lambda: self.core.forget(unit.uri)))
        for document in documents_of(unit):
            if self._pushes(unit):
                self.publish(document.uri, [], None)
        for act in self.on_close:
            act(unit)

    def everything_changed(self) -> None:
        """Settings or files on disk changed: all open documents are checked again."""
        self.analyser.forget_all()
        for unit in self.documents:
            if self._pushes(unit):
                self.debounce.now(unit.uri)
        for file in list(self._shown_projects):
            self._show_problems(file)
        if self.client.pull and self.client.refresh:
            self.run(ignore_result(self.workspace_diagnostic_refresh_async(None)))
        self.ask_again()

    def ask_again(self) -> None:
        """Tells the editor to ask again for what it shows besides marks."""
        if self.client.refresh_lenses:
            self.run(ignore_result(self.workspace_code_lens_refresh_async(None)))
        if self.client.refresh_hints:
            self.run(ignore_result(self.workspace_inlay_hint_refresh_async(None)))

    def publish(self, uri: str, messages: list[types.Diagnostic], version: int | None) -> None:
        """Sends the marks of one document."""
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=messages)
        )

    def log(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Writes to the editor's log."""
        self.window_log_message(types.LogMessageParams(type=kind, message=message))

    def log_once(self, message: str) -> None:
        """Writes a problem to the editor's log unless it stands there already."""
        if message not in self._logged:
            self._logged.add(message)
            self.log(message, types.MessageType.Error)

    def _show_once(self, uri: str, notice: str) -> None:
        """Shows a message unless one was shown since the text was opened."""
        if uri not in self._noticed:
            self._noticed.add(uri)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, notice))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts ``work``; what goes wrong in it is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def shutdown(self) -> None:
        """pygls calls this last, when all tasks are cancelled and done."""
        if self.ended_by is not None:
            # It would wait for the thread that waits for the editor to say something.
            os._exit(128 + self.ended_by)
        super().shutdown()  # type: ignore[no-untyped-call]

    def report_server_error(self, error: Exception, source: Any) -> None:
        """pygls calls this for messages that could not be read or handled: a line in the log, no message box."""
        if getattr(error, "code", None) == types.LSPErrorCodes.RequestFailed:
            return  # refused, and the editor was told why
        self.log_once(f"{getattr(source, '__name__', source)}: {error}")

    async def ask_options(self) -> None:
        """Asks the editor for its settings, and takes them."""
        folders = self.folders
        items = [types.ConfigurationItem(section=SECTION)]
        items += [types.ConfigurationItem(scope_uri=from_fs_path(path), section=SECTION) for path in folders]
        try:
            answer = await asyncio.wait_for(
                self.workspace_configuration_async(types.ConfigurationParams(items)), PATIENCE
            )
        except Exception as error:
            self.log_once(f"the editor does not tell its settings ({type(error).__name__}: {error})")
            return
        # Some editors answer for every section, and others keep ours to the initialization options.
        options = [self._read(section) if section is not None else self.start_options for section in answer]
        options = options or [self.start_options]
        self.take_options(options[0], dict(zip(folders, options[1:], strict=False)))

    def take_options(self, options: Options, by_folder: dict[str, Options] | None = None) -> None:
        """Uses these settings from now on."""
        if (options, by_folder or {}) != (self.options, self.folder_options):
            self.options, self.folder_options = options, by_folder or {}
            self.log(f"settings in force: {options}")
            for folder, own in self.folder_options.items():
                if own != options:
                    self.log(f"settings in force in {folder}: {own}")
            if self.configured.is_set():
                self.run(self.analyser.in_worker(self.unopened.forget_all))
                self.everything_changed()

    def list_again(self) -> None:
        """Files came or went. One piece of work for the worker: no scan may come in between."""
        self.core.look_again()
        self.unopened.forget_all()

    def _outdate_users(self, unit: Unit) -> None:
        """Scripts that import ``unit`` are checked again."""
        path = self.documents.path(unit.uri)
        for other in self.documents:
            known = self.analyser.known(other.uri)
            if other is not unit and known is not None and path in known.used_files:
                self.analyser.forget(other.uri)
                self.debounce.later(other.uri)

    def _read(self, section: object) -> Options:
        options, problems = read_options(section)
        for problem in problems:
            self.log_once(problem)
        return options

    def _pushes(self, unit: Unit) -> bool:
        """Whether marks of ``unit`` are sent unasked. Editors do not ask for those of notebook cells."""
        return isinstance(unit, Notebook) or (not self.client.pull and lintable(unit))

    def _push_soon(self, uri: str) -> None:
        unit = self.documents.unit(uri)
        if unit is not None and self._pushes(unit):
            self.run(self._push(unit))

    async def _push(self, unit: Unit) -> None:
        await self.configured.wait()
        outcome = await self.analyser.of(unit)
        if outcome is None:
            return
        self._report(unit, outcome)
        versions = {document.uri: document.version for document in documents_of(unit)}
        for uri, messages in self.render.by_document(unit, outcome.findings).items():
            self.publish(uri, messages, versions[uri])

    def _report(self, unit: Unit, outcome: Outcome) -> None:
        for act in self.on_outcome:
            act(unit, outcome)
        for problem in outcome.problems:
            self.log_once(problem)
        if outcome.notice is not None:
            self._show_once(unit.uri, outcome.notice)
        if outcome.project is not None and outcome.project.file is not None:
            self._show_problems(outcome.project.file)

    def _show_problems(self, file: str) -> None:
        """Marks what is wrong in a ``pyproject.toml``."""
        project = self.core.projects.read(file)
        shown = self._shown_projects.get(file)
        if shown is not None and shown[0] is project:
            return
        messages = [] if project is None else problem_messages(project, self.documents.encoding)
        if messages or (shown is not None and shown[1]):
            self.publish(from_fs_path(file) or file, messages, None)
        self._shown_projects[file] = project, messages

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.log_once(f"{type(error).__name__}: {error}; this is a bug")


def create_server(
    check: Check | None = None, delay: float = DELAY, estimator: Sequence[str] = ESTIMATOR
) -> MemlintServer:
    """A server that is ready to start. ``check`` replaces the engine, ``estimator`` its command; ``delay`` in seconds."""
    server = MemlintServer(check, delay)
    _add_lifecycle(server)
    _add_synchronisation(server)
    _add_diagnostics(server)
    _add_actions(server)
    add_estimates(server, estimator)
    add_hints(server)
    add_lenses(server)
    add_summaries(server)
    add_reports(server)
    add_everywhere(server)
    add_what_if(server)
    return server


def _add_lifecycle(server: MemlintServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.render = Renderer(Client.of(params.capabilities), server.documents)
        server.documents.encoding = position_encoding(params)
        if params.root_uri is not None and not params.workspace_folders:
            server.workspace.add_folder(types.WorkspaceFolder(params.root_uri, ""))
        if server.folders:
            server.documents.root = server.folders[0]
        server.start_options, server.start_problems = read_options(section_of(params.initialization_options))
        server.options = server.start_options
        server.trusted = trusted_of(params.initialization_options) is not False
        server.extensions = extensions_of(params.initialization_options)
        server.core.shows_sizes = server.client.hints

    @server.feature(types.INITIALIZED)
    async def initialized(_params: types.InitializedParams) -> None:
        # Only now: the editor has its answer before the parser is imported.
        server.run(server.analyser.in_worker(server.core.warm_up))
        server.log(f"{SOURCE} {__version__}, Python {sys.version.split()[0]} at {sys.executable}")
        for problem in server.start_problems:
            server.log_once(problem)
        try:
            if server.client.configuration:
                await server.ask_options()
            else:
                server.log(f"settings in force: {server.options}")
        finally:
            server.configured.set()
        await register(server)

    @server.feature(types.SHUTDOWN)
    def shutdown(_params: None) -> None:
        server.was_shut_down = True
        server.analyser.stop()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(params: types.DidChangeConfigurationParams) -> None:
        if (trusted := trusted_of(params.settings)) is not None:
            server.trusted = trusted
        if server.client.configuration:
            await server.ask_options()
        elif (section := section_of(params.settings)) is not None:
            server.take_options(server._read(section))

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    async def did_change_folders(_params: types.DidChangeWorkspaceFoldersParams) -> None:
        if server.client.configuration:
            await server.ask_options()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def did_change_files(params: types.DidChangeWatchedFilesParams) -> None:
        # Not when open scripts were merely saved. Many files may change at once: wait for the last.
        if concerns(server, params.changes):
            edited = all(is_edited_script(change) for change in params.changes)
            await server.analyser.in_worker(server.core.look_again if edited else server.list_again)
            server.settle.later("")


def _add_synchronisation(server: MemlintServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.changed(server.documents.open(params.text_document), at_once=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        document = server.documents.change(params)
        if document is not None:
            server.changed(document)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        unit = server.documents.close(params.text_document.uri)
        if unit is not None:
            server.closed(unit)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def notebook_did_open(params: types.DidOpenNotebookDocumentParams) -> None:
        server.changed(server.documents.open_notebook(params), at_once=True)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def notebook_did_change(params: types.DidChangeNotebookDocumentParams) -> None:
        changed = server.documents.change_notebook(params)
        if changed is not None:
            notebook, gone = changed
            for uri in gone:
                server.publish(uri, [], None)
            server.changed(notebook)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def notebook_did_close(params: types.DidCloseNotebookDocumentParams) -> None:
        unit = server.documents.close(params.notebook_document.uri)
        if unit is not None:
            server.closed(unit)


def _add_diagnostics(server: MemlintServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(identifier=SOURCE, inter_file_dependencies=True, workspace_diagnostics=True),
    )
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        uri = params.text_document.uri
        messages: list[types.Diagnostic] = []
        if not server.documents.is_cell(uri):
            await server.debounce.quiet(uri)
            messages = await messages_of(server, uri)
        name = result_id(messages)
        if name == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=name)
        return types.RelatedFullDocumentDiagnosticReport(items=messages, result_id=name)


def _add_actions(server: MemlintServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=actions.KINDS, resolve_provider=True),
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        latest = await server.latest(params.text_document.uri)
        document = server.documents.document(params.text_document.uri)
        if latest is None or document is None:
            return []
        unit, outcome = latest
        context = params.context
        request = actions.Request(unit, document, params.range, context.diagnostics, context.only)
        offered: list[types.CodeAction] = []
        if actions.wants(request, types.CodeActionKind.QuickFix):
            suppress = server.options_for(server.documents.path(unit.uri)).suppress
            offered += actions.quick_fixes(server.render, request, outcome.findings, suppress=suppress)
        everything = actions.fix_all_action(unit)
        if actions.wants(request, everything.kind or "") and actions.has_safe_fix(outcome.findings):
            offered.append(everything if server.client.resolve else await _resolved(server, everything))
        return offered

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        return await _resolved(server, action)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def on_hover(params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        latest = await server.latest(uri)
        document = server.documents.document(uri)
        if latest is None or document is None:
            return None
        return hover.hover(server.client, *latest, document, params.position, brief=server.extensions)


async def _resolved(server: MemlintServer, action: types.CodeAction) -> types.CodeAction:
    """The fix-all action with its edit. Raises JsonRpcContentModified when the text is another one by now."""
    data = action.data if isinstance(action.data, dict) else {}
    unit = server.documents.unit(str(data.get("uri")))
    if unit is None or unit.version != data.get("version"):
        raise JsonRpcContentModified("the text has changed since the action was offered")
    edits, problems = await server.analyser.in_worker(lambda: server.core.fix_all(unit))
    for problem in problems:
        server.log_once(problem)
    action.edit = actions.workspace_edit(server.render, edits)
    return action
