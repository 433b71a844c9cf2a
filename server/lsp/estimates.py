"""The command ``keras-memlint.estimate``: an estimate in a process of its own, when somebody asks for it and never else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.text.files import UnreadableError, read_script
from keras_memlint.analysis.text.source import text_hash
from keras_memlint.estimate import saved
from keras_memlint.server.lsp.core import lintable, source_of
from keras_memlint.server.lsp.documents import file_path, innermost
from keras_memlint.server.lsp.estimator import EstimatorError, Stage, run
from keras_memlint.server.lsp.messages import refused, required
from keras_memlint.server.lsp.work_done import Told, own_token, with_progress
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer

COMMAND = "keras-memlint.estimate"
_MACHINE = ("--output-format", "json", "--progress", "json", "--end-with-input")

_TEXTS = {"python": "--python", "targets": "--target", "whatIf": "--what-if"}
_NUMBERS = {
    "fitIndex": "--fit-index",
    "steps": "--steps",
    "timeLimit": "--time-limit",
    "batchSizes": "--batch-size",
}
_OTHERS = ("arguments", "cwd")
_SAVE = "save it first, an estimate runs the file"


def add_estimates(server: MemlintServer, estimator: Sequence[str]) -> None:
    """Registers the command. ``estimator`` is what runs in place of ``ESTIMATOR``."""
    running: list[str] = []

    # Not one of pygls's commands, which learn neither of progress nor of cancellation: that one is only announced.
    @server.command(COMMAND)
    @server.feature(types.WORKSPACE_EXECUTE_COMMAND)
    async def execute(params: types.ExecuteCommandParams) -> Any:
        if params.command != COMMAND:
            raise JsonRpcInvalidParams(f"there is no command `{params.command}`, only `{COMMAND}`")
        wanted = _wanted(server, params.arguments or ())
        if running:
            raise refused(f"{running[0]} is being estimated; wait until that is done, or cancel it")
        running.append(wanted.name)
        try:
            command = [*estimator, wanted.path, *_MACHINE, *wanted.words]
            token = params.work_done_token
            if token is None:
                token = await own_token(server, COMMAND)
            work = partial(_run, server, wanted, command)
            found = await with_progress(server, token, f"estimating {wanted.name}", work)
        except EstimatorError as error:
            raise refused(str(error)) from None
        finally:
            running.clear()
        await server.analyser.in_worker(server.unopened.forget_all)
        server.everything_changed()
        return found

    @server.feature("keras-memlint/lastEstimate")
    async def last_estimate(params: Any) -> dict[str, Any] | None:
        return await asyncio.to_thread(_last, server, required(params, "uri", str))


def _last(server: MemlintServer, uri: str) -> dict[str, Any] | None:
    """The estimate of the text that the editor shows, or of the file where it shows none; None without one."""
    unit = server.documents.unit(uri)
    path = file_path(uri if unit is None else unit.uri)
    if path is None:
        return None
    try:
        source = read_script(Path(path), path).source if unit is None else source_of(unit, path)
    except UnreadableError:
        return None
    found = saved.load(Path(path), source.text)
    return None if found is None else found.to_json()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A script to estimate, the options of the command line for it, and where to run it."""

    path: str
    words: tuple[str, ...]
    cwd: str

    @property
    def name(self) -> str:
        return Path(self.path).name


def _wanted(server: MemlintServer, arguments: Sequence[Any]) -> _Wanted:
    """What the editor asks for. Raises JsonRpcException, whose message says why it is refused."""
    if not arguments or not isinstance(arguments[0], str) or len(arguments) > 2:
        raise JsonRpcInvalidParams(f"`{COMMAND}` takes the URI of a script, and an object of options")
    if not server.trusted:
        raise refused("an estimate runs the script, and this workspace is not trusted; trust it first")
    path = _saved_script(server, arguments[0])
    options = arguments[1] if len(arguments) > 1 and arguments[1] is not None else {}
    if not isinstance(options, dict):
        raise JsonRpcInvalidParams(f"the options of `{COMMAND}` must be an object")
    words, behind = _words(options)
    gpu = server.options_for(path).target_gpu
    if gpu is not None and "targets" not in options:
        words.append(f"--target={gpu}")
    return _Wanted(path, (*words, *behind), _cwd(server, path, options))


def _saved_script(server: MemlintServer, uri: str) -> str:
    """The path of a script whose file holds what the editor shows."""
    unit = server.documents.unit(uri)
    if unit is not None:
        uri = unit.uri  # a cell's is its notebook's
    path, name = file_path(uri), Path(server.documents.path(uri)).name
    if path is None and uri.startswith("untitled:"):
        raise refused(f"{name} was never saved: {_SAVE}")
    if path is None:
        raise refused(f"`{uri}` is no file on this machine, and an estimate runs files")
    if unit is not None and not lintable(unit):
        raise refused(f"{name} is no Python script or notebook, and nothing else can be estimated")
    try:
        on_disk = read_script(Path(path), path).source
    except UnreadableError as error:
        if unit is not None and error.reason == "no such file":
            raise refused(f"{name} is not on disk, it was never saved or is gone: {_SAVE}") from None
        raise refused(str(error)) from None
    if unit is not None and text_hash(source_of(unit, path).text) != text_hash(on_disk.text):
        raise refused(f"{name} has changes that are not saved: {_SAVE}")
    return path


def _words(options: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Options as the command line takes them, and the script's own arguments behind them."""
    for key in options:
        if key not in _TEXTS and key not in _NUMBERS and key not in _OTHERS:
            known = ", ".join((*_TEXTS, *_NUMBERS, *_OTHERS))
            raise JsonRpcInvalidParams(f"`{key}` is no option of `{COMMAND}`; there are {known}")
    words: list[str] = []
    for names, kind in ((_TEXTS, str), (_NUMBERS, int)):
        for key, option in names.items():
            given = _listed(key, options.get(key), kind)
            if given:
                # In one word, so that a value is never taken for an option.
                words.append(f"{option}={','.join(given)}")
    arguments = _listed("arguments", options.get("arguments"), str)
    return words, ["--", *arguments] if arguments else []


def _listed(key: str, given: object, kind: type) -> list[str]:
    values = given if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(value, kind) and not isinstance(value, bool) for value in values):
        what = "a text or a list of texts" if kind is str else "a number or a list of numbers"
        raise JsonRpcInvalidParams(f"`{key}` must be {what}")
    return [str(value) for value in values]


def _cwd(server: MemlintServer, path: str, options: dict[str, Any]) -> str:
    """The folder to run in: what was asked for, else the innermost workspace folder, else the script's own."""
    given = options.get("cwd")
    if given is not None:
        if not isinstance(given, str) or not Path(given).is_dir():
            raise JsonRpcInvalidParams(f"`cwd` must be a folder, not `{given}`")
        return given
    return innermost(server.folders, path) or str(Path(path).parent)


async def _run(server: MemlintServer, wanted: _Wanted, command: Sequence[str], tell: Told) -> Any:
    def report(stage: Stage) -> None:
        tell(stage.message, stage.percentage)

    def log(line: str) -> None:
        server.log(f"estimate of {wanted.name}: {line}")

    return await run(command, wanted.cwd, report, log)
