"""The server as a process: what it imports when, how it ends, and what it does with messages that are none."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HELLO = {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}}


class Wire:
    """A server spoken to byte by byte."""

    def __init__(self, *command: str, **options: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def send(self, message: dict[str, Any]) -> None:
        self.send_raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_raw(self, body: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            assert line, "the server closed its output"
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        answer = json.loads(self.process.stdout.read(length))
        assert isinstance(answer, dict)
        return answer

    def until(self, **wanted: Any) -> dict[str, Any]:
        while True:
            message = self.receive()
            if all(message.get(key) == value for key, value in wanted.items()):
                return message

    def hello(self) -> dict[str, Any]:
        self.send(HELLO)
        answer = self.until(id=1)
        self.send({"method": "initialized", "params": {}})
        return answer


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire("-m", "keras_memlint", "server")
    yield server
    server.end()


@pytest.fixture
def scripted_wire() -> Iterator[Wire]:
    server = Wire(str(Path(__file__).with_name("scripted_server.py")))
    yield server
    server.end()


def opened(text: str, uri: str = "file:///w/train.py") -> dict[str, Any]:
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    return {"method": "textDocument/didOpen", "params": {"textDocument": item}}


def test_it_says_goodbye_at_once_although_its_input_stays_open(wire: Wire) -> None:
    wire.hello()
    wire.send({"id": 2, "method": "shutdown"})
    wire.until(id=2)
    wire.send({"method": "exit"})
    assert wire.process.wait(10) == 0
    assert wire.process.stderr is not None and wire.process.stderr.read() == b""


def test_an_editor_that_vanishes_ends_it(wire: Wire) -> None:
    wire.hello()
    assert wire.process.stdin is not None
    wire.process.stdin.close()
    assert wire.process.wait(10) == 1


def test_hello_comes_before_the_parser() -> None:
    code = """
import sys
from keras_memlint.server.lsp.server import create_server
create_server()
loaded = [name for name in ("libcst", "keras_memlint.rules.engine", "keras_memlint.analysis.syntax.parse") if name in sys.modules]
sys.exit(f"imported too early: {loaded}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_requests_that_come_at_once_wait_for_the_parser(wire: Wire, script: str) -> None:
    wire.send(HELLO)
    wire.send({"method": "initialized", "params": {}})
    wire.send(opened(script))
    at = {"line": 8, "character": 10}
    wire.send(
        {
            "id": 2,
            "method": "textDocument/hover",
            "params": {"textDocument": {"uri": "file:///w/train.py"}, "position": at},
        }
    )
    assert "KM209" in wire.until(id=2)["result"]["contents"]["value"]


def test_what_the_analysis_prints_stays_out_of_the_protocol(scripted_wire: Wire) -> None:
    scripted_wire.hello()
    scripted_wire.send(opened("x = 1  # @print\ny = 2  # @finding {}\n"))
    marks = scripted_wire.until(method="textDocument/publishDiagnostics")["params"]["diagnostics"]
    assert [mark["code"] for mark in marks] == ["KM209"]


def test_messages_that_are_none_do_not_end_it(wire: Wire, script: str) -> None:
    wire.hello()
    for body in (
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "2.0", "method": 3}',
    ):
        wire.send_raw(body)
    wire.send({"method": "textDocument/didChange", "params": {"textDocument": "none"}})
    wire.send({"method": "textDocument/didChange", "params": {}})
    wire.send({"method": "no/such/notification", "params": {}})
    wire.send({"id": 2, "method": "no/such/request", "params": {}})
    assert wire.until(id=2)["error"]["code"] == -32601
    wire.send({"id": 3, "method": "textDocument/hover", "params": {"textDocument": "none"}})
    assert wire.until(id=3)["error"]["code"] == -32602
    wire.send(opened(script))
    assert len(wire.until(method="textDocument/publishDiagnostics")["params"]["diagnostics"]) == 1


def test_no_message_box_for_what_could_not_be_read(wire: Wire, script: str) -> None:
    wire.hello()
    wire.send({"method": "textDocument/didChange", "params": {"textDocument": "none"}})
    wire.send(opened(script))
    seen = set()
    while (message := wire.receive()).get("method") != "textDocument/publishDiagnostics":
        seen.add(message.get("method"))
    assert "window/logMessage" in seen
    assert "window/showMessage" not in seen


def test_an_editor_that_never_tells_its_settings_gets_findings(wire: Wire, script: str) -> None:
    capabilities = {"workspace": {"configuration": True}}
    wire.send({**HELLO, "params": {"processId": None, "rootUri": None, "capabilities": capabilities}})
    wire.until(id=1)
    wire.send({"method": "initialized", "params": {}})
    wire.send(opened(script))
    started = time.monotonic()
    assert len(wire.until(method="textDocument/publishDiagnostics")["params"]["diagnostics"]) == 1
    assert time.monotonic() - started < 10


def test_an_editor_that_never_shows_progress_gets_its_estimate(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("import keras\n")
    server = Wire(str(Path(__file__).with_name("estimating_server.py")))
    try:
        capabilities = {"window": {"workDoneProgress": True}}
        server.send({**HELLO, "params": {"processId": None, "rootUri": None, "capabilities": capabilities}})
        server.until(id=1)
        server.send({"method": "initialized", "params": {}})
        run = {"command": "keras-memlint.estimate", "arguments": [script.as_uri()]}
        for number in (2, 3):
            server.send({"id": number, "method": "workspace/executeCommand", "params": run})
            asked = server.until(method="window/workDoneProgress/create")
            assert server.until(id=number)["result"]["batch_size"] == 64
            # It did answer, but late.
            server.send({"id": asked["id"], "result": None})
    finally:
        server.end()


def test_settings_may_come_with_the_first_message(wire: Wire, script: str) -> None:
    options = {"settings": {"ignore": ["KM209"], "hostMemory": "lots"}}
    params = {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": options}
    wire.send({**HELLO, "params": params})
    wire.send({"method": "initialized", "params": {}})
    wire.send(opened(script))
    said = []
    while (message := wire.receive()).get("method") != "textDocument/publishDiagnostics":
        said.append(message.get("params", {}).get("message", ""))
    assert message["params"]["diagnostics"] == []
    assert any("`keras-memlint.hostMemory`" in one for one in said)


@pytest.mark.parametrize("words", [["--stdio"], ["--stdio", "--clientProcessId=1"]])
def test_what_editors_add_to_the_command_is_accepted(words: list[str]) -> None:
    server = Wire("-m", "keras_memlint", "server", *words)
    assert "capabilities" in server.hello()["result"]
    server.end()


def test_closed_input_is_refused() -> None:
    command = f"{sys.executable} -m keras_memlint server <&-"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    expected = "error: standard input is closed, so there is no editor to talk to\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", expected)


def test_wrong_arguments_are_refused() -> None:
    command = [sys.executable, "-m", "keras_memlint", "server", "--port=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "--port=1" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("how", ["input closed", "terminated"])
def test_an_editor_that_goes_away_takes_a_running_estimate_along(tmp_path: Path, how: str) -> None:
    script = tmp_path / "train.py"
    script.write_text("model.fit(x, y)  # @hangs\n", encoding="utf-8")
    server = Wire(str(Path(__file__).with_name("estimating_server.py")))
    try:
        server.hello()
        command = {"command": "keras-memlint.estimate", "arguments": [script.as_uri()]}
        server.send({"id": 2, "method": "workspace/executeCommand", "params": command})
        pids = script.with_suffix(".pids")
        deadline = time.monotonic() + 20
        while not (pids.is_file() and len(pids.read_text().split()) == 2):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running = pids.read_text().split()
        assert all(Path("/proc", pid).exists() for pid in running)
        assert server.process.stdin is not None
        if how == "terminated":
            server.process.terminate()
        else:
            server.process.stdin.close()
        assert server.process.wait(20) == (143 if how == "terminated" else 1)
        # A child whose parent is gone may wait a moment for somebody to ask how it ended.
        states = [Path("/proc", pid, "stat") for pid in running]
        assert not [state for state in states if state.exists() and ") Z " not in state.read_text()]
    finally:
        server.end()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_an_estimate_does_not_outlive_a_server_that_is_killed(tmp_path: Path) -> None:
    code = """\
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open("pids.new", "w") as file:
    print(os.getppid(), os.getpid(), child.pid, file=file)
os.rename("pids.new", "pids")
time.sleep(600)
"""
    (tmp_path / "train.py").write_text(code, encoding="utf-8")
    cache = {**os.environ, "KERAS_MEMLINT_CACHE_DIR": str(tmp_path / "cache")}
    server = Wire("-m", "keras_memlint", "server", env=cache)
    pids: list[str] = []
    try:
        server.hello()
        uri = (tmp_path / "train.py").as_uri()
        ask = {"command": "keras-memlint.estimate", "arguments": [uri, {"python": sys.executable}]}
        server.send({"id": 2, "method": "workspace/executeCommand", "params": ask})
        wait(lambda: (tmp_path / "pids").is_file(), 30)
        pids = (tmp_path / "pids").read_text().split()
        server.process.send_signal(signal.SIGKILL)
        wait(lambda: not any(runs(pid) for pid in pids), 20)
    finally:
        server.end()
        for pid in filter(runs, pids):
            os.kill(int(pid), signal.SIGKILL)


def wait(true: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.05)


def runs(pid: str) -> bool:
    """A process whose parent is gone may wait a moment for somebody to ask how it ended: it does not run."""
    try:
        return ") Z " not in Path("/proc", pid, "stat").read_text()
    except OSError:
        return False


def test_goodbye_without_a_shutdown_is_no_success(wire: Wire) -> None:
    wire.hello()
    wire.send({"method": "exit"})
    assert wire.process.wait(10) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_it_although_its_input_stays_open(wire: Wire, name: str) -> None:
    number = signal.Signals[name]
    wire.hello()
    wire.process.send_signal(number)
    assert wire.process.wait(10) == 128 + number
    assert wire.process.stderr is not None and wire.process.stderr.read() == b""


def test_a_folder_that_vanishes_takes_nothing_along(tmp_path: Path, script: str) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    (folder / "data.py").write_text("x = 1\n", encoding="utf-8")
    server = Wire("-m", "keras_memlint", "server", cwd=folder)
    try:
        server.hello()
        shutil.rmtree(folder)
        for number, uri in enumerate((f"{folder.as_uri()}/train.py", "untitled:Untitled-1")):
            server.send(opened(f"import data\n{script}", uri))
            marks = server.until(method="textDocument/publishDiagnostics")["params"]
            assert (marks["uri"], [mark["code"] for mark in marks["diagnostics"]]) == (uri, ["KM209"]), number
    finally:
        server.end()


def test_a_workspace_that_cannot_be_written_and_no_cache(tmp_path: Path, script: str) -> None:
    root = tmp_path / "read only"
    root.mkdir()
    (root / "train.py").write_text(script, encoding="utf-8")
    (root / "train.py").chmod(0o444)
    root.chmod(0o555)
    nowhere = {**os.environ, "KERAS_MEMLINT_CACHE_DIR": str(root / "train.py" / "cache"), "HOME": "/nowhere"}
    server = Wire("-m", "keras_memlint", "server", env=nowhere, cwd=root)
    try:
        capabilities = {"textDocument": {"diagnostic": {}}}
        params = {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities}
        server.send({**HELLO, "params": params})
        server.until(id=1)
        server.send({"method": "initialized", "params": {}})
        server.send(opened(script, f"{root.as_uri()}/train.py"))
        server.send({"id": 2, "method": "workspace/diagnostic", "params": {"previousResultIds": []}})
        (report,) = server.until(id=2)["result"]["items"]
        assert [mark["code"] for mark in report["items"]] == ["KM209"]
        # Whoever may write everywhere, as root may, did not.
        assert [path.name for path in root.iterdir()] == ["train.py"]
        server.send({"id": 3, "method": "shutdown"})
        server.until(id=3)
        server.send({"method": "exit"})
        assert server.process.wait(10) == 0
        assert server.process.stderr is not None and server.process.stderr.read() == b""
    finally:
        server.end()
        root.chmod(0o755)


def test_a_notebook_of_20_megabytes_is_no_trouble(tmp_path: Path, script: str) -> None:
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 20_000_000}}
    cell = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [picture],
        "source": script,
    }
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "large.ipynb").write_text(json.dumps(book), encoding="utf-8")
    server = Wire("-m", "keras_memlint", "server")
    try:
        capabilities = {"textDocument": {"diagnostic": {}}}
        params = {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": capabilities}
        server.send({**HELLO, "params": params})
        server.until(id=1)
        server.send({"method": "initialized", "params": {}})
        started = time.monotonic()
        server.send({"id": 2, "method": "workspace/diagnostic", "params": {"previousResultIds": []}})
        (report,) = server.until(id=2)["result"]["items"]
        assert [mark["message"].split(":")[0] for mark in report["items"]] == ["cell 1, line 9"]
        assert time.monotonic() - started < 15
    finally:
        server.end()


@pytest.mark.parametrize("kind", ["script", "notebook"])
def test_more_code_than_can_be_checked_while_typing_is_told_and_holds_nothing_up(
    wire: Wire, script: str, kind: str
) -> None:
    wire.hello()
    wire.send(opened(script, "file:///w/warm.py"))
    wire.until(method="textDocument/publishDiagnostics")
    long = "import keras\n" + "x = keras.layers.Dense(1)\n" * 200_000  # 5 MB
    started = time.monotonic()
    if kind == "script":
        wire.send(opened(long, "file:///w/long.py"))
    else:
        size = 100_000
        texts = [long[at : at + size] for at in range(0, len(long), size)]
        cells = [
            {"kind": 2, "document": f"vscode-notebook-cell:/w/long.ipynb#{at}"} for at in range(len(texts))
        ]
        documents = [
            {"uri": cell["document"], "languageId": "python", "version": 1, "text": text}
            for cell, text in zip(cells, texts, strict=True)
        ]
        book = {
            "uri": "file:///w/long.ipynb",
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": cells,
        }
        params = {"notebookDocument": book, "cellTextDocuments": documents}
        wire.send({"method": "notebookDocument/didOpen", "params": params})
    for version in range(2, 4):
        if kind == "script":
            change = {
                "range": {"start": {"line": 9, "character": 0}, "end": {"line": 9, "character": 0}},
                "text": "#",
            }
            document = {"uri": "file:///w/long.py", "version": version}
            params = {"textDocument": document, "contentChanges": [change]}
            wire.send({"method": "textDocument/didChange", "params": params})
    wire.send(opened(script))
    shown: list[str] = []
    marked = False
    while not (shown and marked):  # either may come first
        message = wire.receive()
        if message.get("method") == "window/showMessage":
            shown.append(message["params"]["message"])
        if message.get("params", {}).get("uri") == "file:///w/train.py" and message["params"]["diagnostics"]:
            marked = True
    assert time.monotonic() - started < 10
    (notice,) = shown
    assert "characters of code, more than 1,000,000; `keras-memlint check`" in notice


def test_an_editor_that_misspells_its_capability_is_told_to_ask_again(script: str) -> None:
    said = json.loads((Path(__file__).parent / "capabilities" / "helix.json").read_text(encoding="utf-8"))
    assert "diagnostic" in said["capabilities"]["workspace"]
    server = Wire("-m", "keras_memlint", "server")
    try:
        params = {"processId": None, "rootUri": None, "capabilities": said["capabilities"]}
        server.send({**HELLO, "params": params})
        server.until(id=1)
        server.send({"method": "initialized", "params": {}})
        asked = server.until(method="workspace/configuration")
        server.send({"id": asked["id"], "result": [None]})
        server.send({"method": "workspace/didChangeConfiguration", "params": {"settings": None}})
        asked = server.until(method="workspace/configuration")
        server.send({"id": asked["id"], "result": [{"ignore": ["KM209"]}]})
        server.until(method="workspace/diagnostic/refresh")
    finally:
        server.end()


@pytest.mark.skipif(sys.platform == "win32", reason="no such names of folders")
def test_a_workspace_with_an_odd_path(tmp_path: Path, script: str) -> None:
    root = tmp_path / 'it\'s "my" wörk späce 🙂 #1 100%'
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.keras-memlint]\nignore = ["KM207"]\n', encoding="utf-8")
    start = script.index("def decode")
    (root / "data.py").write_text(script[: script.index("ds =")], encoding="utf-8")
    (root / "train.py").write_text(
        script[:start] + "from data import decode\n" + script[script.index("ds =") :]
    )
    server = Wire(str(Path(__file__).with_name("estimating_server.py")))
    try:
        params = {
            "processId": None,
            "rootUri": root.as_uri(),
            "capabilities": {"textDocument": {"diagnostic": {}}},
        }
        server.send({**HELLO, "params": params})
        server.until(id=1)
        server.send({"method": "initialized", "params": {}})
        server.send({"id": 2, "method": "workspace/diagnostic", "params": {"previousResultIds": []}})
        (report,) = server.until(id=2)["result"]["items"]
        assert (report["uri"], [mark["code"] for mark in report["items"]]) == (
            (root / "train.py").as_uri(),
            ["KM209"],
        )
        # As a library writes it, and as an editor does that only puts `file://` before a path without odd characters.
        for uri in ((root / "train.py").as_uri(), (root / "train.py").as_uri().replace("%20", " ")):
            command = {"command": "keras-memlint.estimate", "arguments": [uri]}
            server.send({"id": 3, "method": "workspace/executeCommand", "params": command})
            found = server.until(id=3)["result"]
            assert (found["script"], found["notes"][1]) == (str(root / "train.py"), str(root.resolve()))
    finally:
        server.end()
