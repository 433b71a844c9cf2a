"""What docs/editors tells people to paste: it parses, it starts the server, and the names in it are ours.

Lua and Emacs Lisp are run by the real editors (``neovim``, ``emacs``); whether settings arrive is in ``test_editors.py``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from documented_editors import ALL, tomllib
from editor_pages import block, blocks, environment
from keras_memlint.server.lsp import actions, estimates
from keras_memlint.server.lsp.options import SECTION, read_options

HERE = Path(__file__).parent
PAGES = sorted(path.name for path in (HERE.parents[1] / "docs" / "editors").glob("*.md"))
DATA = [
    pytest.param(language, text, id=f"{page}: {number}")
    for page in PAGES
    for language in ("json", "toml")
    for number, text in enumerate(blocks(page, language))
]


def message(method: str, **rest: Any) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "method": method, **rest}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


CONVERSATION = b"".join(
    [
        message("initialize", id=1, params={"processId": None, "rootUri": None, "capabilities": {}}),
        message("initialized", params={}),
        message("shutdown", id=2),
        message("exit"),
    ]
)


def helix_command() -> list[str]:
    server = tomllib.loads(block("helix.md", "toml", having="targetGpu"))["language-server"]["keras-memlint"]
    return [server["command"], *server["args"]]


def zed_command() -> list[str]:
    binary = json.loads(block("zed.md", "json", having="binary"))["lsp"]["pylsp"]["binary"]
    assert Path(binary["path"]).is_absolute()
    return [Path(binary["path"]).name, *binary["arguments"]]


def sublime_command() -> list[str]:
    command: list[str] = json.loads(block("sublime.md", "json", having="selector"))["keras-memlint"][
        "command"
    ]
    return command


@pytest.mark.parametrize(("language", "text"), DATA)
def test_data_parses(language: str, text: str) -> None:
    assert (json.loads if language == "json" else tomllib.loads)(text)


@pytest.mark.parametrize("command", [helix_command, zed_command, sublime_command])
def test_the_command_starts_the_server(command: Any, tmp_path: Path) -> None:
    words = command()
    assert words == ["keras-memlint", "server"]
    variables = environment(tmp_path, "-m", "keras_memlint", "server")
    program = shutil.which(words[0], path=variables["PATH"])
    assert program == str(tmp_path / "bin" / "keras-memlint")
    done = subprocess.run(
        [program, *words[1:]], input=CONVERSATION, env=variables, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'"capabilities"' in done.stdout


@pytest.mark.parametrize("kind", ALL, ids=str)
def test_no_setting_is_wrong(kind: Any) -> None:
    sections = [kind.settings.get(SECTION), (kind.options or {}).get("settings")]
    assert [read_options(section)[1] for section in sections] == [[], []]
    assert any(sections)


@pytest.mark.parametrize("page", ["neovim.md", "emacs.md", "helix.md", "zed.md", "sublime.md"])
def test_fixing_everything_has_the_right_name(page: str) -> None:
    everything = "\n".join(text for kind in ("lua", "lisp", "toml", "json") for text in blocks(page, kind))
    assert f'"{actions.FIX_ALL}"' in everything
    assert everything.count("source.fixAll") == everything.count(actions.FIX_ALL)


def test_helix_estimates_with_a_key() -> None:
    keys = tomllib.loads(block("helix.md", "toml", having="keys.normal"))["keys"]["normal"]["space"]
    (typed,) = keys.values()
    # As Helix takes it apart: the command, its first argument, and JSON values.
    command, first, rest = typed.split(maxsplit=2)
    assert (command, first) == (":lsp-workspace-command", estimates.COMMAND)
    uri, options = json.loads(
        "[" + rest.replace("%{file_path_absolute}", "/w/train.py").replace('" {', '", {') + "]"
    )
    assert uri == "file:///w/train.py"
    assert estimates._words(options) == (["--target=t4"], [])


def test_sublime_estimates_with_a_command() -> None:
    (entry,) = json.loads(block("sublime.md", "json", having="lsp_execute"))
    arguments = entry["args"]
    assert arguments["session_name"] in json.loads(block("sublime.md", "json", having="selector"))
    assert arguments["command_name"] == estimates.COMMAND
    uri, options = arguments["command_args"]
    assert uri == "$file_uri"
    assert estimates._words(options) == (["--target=t4"], [])


def test_written_capabilities_name_their_source() -> None:
    for file in (HERE / "capabilities").glob("*.json"):
        source = json.loads(file.read_text(encoding="utf-8"))["source"]
        assert all(source[key] for key in ("repository", "path", "version", "extent")), file


def test_every_page_is_in_the_index() -> None:
    index = (HERE.parents[1] / "docs" / "editors" / "README.md").read_text(encoding="utf-8")
    about_editors = set(PAGES) - {"README.md", "protocol.md", "vscode.md"}
    assert [page for page in sorted(about_editors) if f"]({page})" not in index] == []
