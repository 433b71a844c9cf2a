"""What the documentation shows works: configuration, commands, hooks and tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from keras_memlint.server import configuration
from keras_memlint.server.arguments import parse
from keras_memlint.server.lsp import options

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks(path: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(path.read_text(encoding="utf-8")) if kind == language]


def test_every_configuration_key_is_explained_and_no_other() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `(.+)`$", text, re.MULTILINE) == list(configuration._KEYS)


@pytest.mark.parametrize("example", blocks(ROOT / "docs" / "configuration.md", "toml"))
def test_configuration_example_is_read(example: str, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(example, encoding="utf-8")
    read = configuration.load(str(file))
    assert read is not None
    assert read.values


def test_every_editor_setting_is_explained_and_no_other() -> None:
    text = (ROOT / "docs" / "editors" / "generic.md").read_text(encoding="utf-8")
    settings = text.split("## Settings")[1].split("## ")[0]
    assert re.findall(r"^\| `([\w.]+)` \|", settings, re.MULTILINE) == list(options._KEYS)


COMMANDS = [
    pytest.param(command, id=f"{path.name}: {command}")
    for path in DOCS
    for text in blocks(path, "sh") + blocks(path, "yaml")
    for command in re.findall(r"keras-memlint (?:check|rule|server|doctor|oom)[^|>\n]*", text)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_accepted(command: str) -> None:
    words = shlex.split(command)[1:]
    assert parse(words).command == words[0]


def test_hooks_in_the_documentation_exist() -> None:
    hooks = re.findall(
        r"^- id: (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert re.findall(r"^  - id: (.+)$", page, re.MULTILINE) == hooks[:1]
    assert all(f"`{hook}`" in page for hook in hooks)


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in DOCS])
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    missing = [
        link for link in LINK.findall(path.read_text(encoding="utf-8")) if not (path.parent / link).exists()
    ]
    assert missing == []
