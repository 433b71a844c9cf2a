"""The language server as an editor sees it: ``python editor.py FILE LINES OTHER...`` prints milliseconds and MiB as JSON.

FILE is repeated until it has LINES lines and typed in; OTHER are opened besides. ``hello`` and ``first`` count from the
start of the process to its first answer and to the first findings. ``keystroke`` is from a change to its findings without
the pause that the server waits for more, ``cpu`` what the server computes for it. ``resident`` is with everything open.
Linux only: memory and computing time are read from ``/proc``.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from keras_memlint.server.lsp.server import DELAY

KEYSTROKES = 40


class Server:
    def __init__(self):
        command = [sys.executable, "-m", "keras_memlint", "server"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, **message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def until(self, wanted):
        while True:
            length = 0
            while (line := self.process.stdout.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                length = int(value) if name == b"Content-Length" else length
            message = json.loads(self.process.stdout.read(length))
            if wanted(message):
                return message

    def open(self, path, text):
        item = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.send(method="textDocument/didOpen", params={"textDocument": item})
        self.marks(path, 1)

    def marks(self, path, version):
        def is_answer(message):
            params = message.get("params") or {}
            return params.get("uri") == path.as_uri() and params.get("version") == version

        return self.until(is_answer)

    def type(self, path, version, row, text):
        start, end = (0, 0) if text else (0, 1)
        place = {"start": {"line": row, "character": start}, "end": {"line": row, "character": end}}
        document = {"uri": path.as_uri(), "version": version}
        change = {"textDocument": document, "contentChanges": [{"range": place, "text": text}]}
        self.send(method="textDocument/didChange", params=change)
        self.marks(path, version)

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main():
    name, wanted, *others = sys.argv[1:]
    once = Path(name).read_text(encoding="utf-8")
    text = once
    while text.count("\n") < int(wanted):
        text += "\n" + once
    path = Path(name).resolve()

    started = time.perf_counter()
    server = Server()
    server.send(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
    server.until(lambda message: message.get("id") == 1)
    hello = time.perf_counter() - started
    server.send(method="initialized", params={})
    server.open(path, text)
    first = time.perf_counter() - started

    times = []
    before = server.cpu()
    row = 0
    for step in range(KEYSTROKES):
        typed = step % 2 == 0
        # A letter in front of a line, which is taken away by the next keystroke.
        row = step * (text.count("\n") - 1) // KEYSTROKES if typed else row
        at = time.perf_counter()
        server.type(path, 2 + step, row, "x" if typed else "")
        times.append(time.perf_counter() - at - DELAY)
    cpu = (server.cpu() - before) / KEYSTROKES

    for other in others:
        server.open(Path(other).resolve(), Path(other).read_text(encoding="utf-8"))
    figures = {
        "hello": hello,
        "first": first,
        "keystroke": statistics.median(times),
        "worst": max(times),
        "cpu": cpu,
    }
    rounded = {key: round(value * 1000, 1) for key, value in figures.items()}
    print(json.dumps({**rounded, "resident": round(server.resident()), "open": 1 + len(others)}))
    server.process.kill()


if __name__ == "__main__":
    main()
