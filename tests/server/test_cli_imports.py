"""What the command line must not import: an editor's protocol, users' libraries, and, when nothing changed, a parser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keras_memlint.estimate import saved

Cli = Callable[..., Any]
NEVER = {"pygls", "lsprotocol", "numpy", "tensorflow", "keras", "pandas", "attrs", "attr"}
WARM = NEVER | {
    "libcst",
    "pathspec",
    "rich",
    "watchfiles",
    "multiprocessing",
    "concurrent",
    "asyncio",
    "pynvml",
    "ast",
}


def imported(result: Any) -> set[str]:
    """The top-level modules that ``-X importtime`` told about."""
    names = {
        match[1] for match in re.finditer(r"^import time:[\d |]+\| +([\w.]+)$", result.err, re.MULTILINE)
    }
    assert "argparse" in names
    return {name.split(".")[0] for name in names} | names


def run(process: Cli, *arguments: str) -> tuple[int, set[str]]:
    result = process(*arguments, python=("-X", "importtime"))
    return result.status, imported(result)


def test_check_of_a_changed_file(process: Cli, tmp_path: Path, sequential: str) -> None:
    (tmp_path / "a.py").write_text(sequential)
    status, names = run(process, "check", "a.py")
    assert status == 1
    assert "keras_memlint.analysis.syntax.concrete" in names
    assert "libcst" not in names  # its parser is used, its classes are not
    assert names & NEVER == set()


@pytest.mark.parametrize("text", ["sequential", "clean", "suppressed"])
def test_check_when_nothing_changed(
    process: Cli, tmp_path: Path, sequential: str, clean: str, text: str
) -> None:
    texts = {
        "sequential": sequential,
        "clean": clean,
        "suppressed": sequential.replace("(decode)", "(decode)  # noqa"),
    }
    (tmp_path / "a.py").write_text(texts[text])
    (tmp_path / "pyproject.toml").write_text(
        '[tool.keras-memlint]\nexclude = ["build/"]\nper-file-ignores = { "tests/" = ["KM2"] }\n'
    )
    (tmp_path / ".gitignore").write_text("build/\n")
    (tmp_path / ".git").mkdir()
    first = process("check", "a.py")
    status, names = run(process, "check", "a.py")
    assert status == first.status
    # The standard library's dataclasses may bring `ast` along; ours may not.
    assert names & (WARM - {"ast"}) == set()
    assert not any(name.startswith("keras_memlint.analysis.syntax.parse") for name in names)
    assert "keras_memlint.estimate.result" not in names


def test_check_when_nothing_changed_since_an_estimate(
    process: Cli, tmp_path: Path, sequential: str, estimate_of: Callable[..., Any]
) -> None:
    (tmp_path / "a.py").write_text(sequential)
    saved.save(estimate_of(tmp_path / "a.py"))
    process("check", "a.py")
    result = process("check", "a.py", python=("-X", "importtime"))
    assert "estimate: about 3.5 GiB on T4" in result.out
    assert imported(result) & (WARM - {"ast"}) == set()


def test_other_commands(process: Cli) -> None:
    for arguments in (("--version",), ("--help",), ("rule",), ("rule", "KM209"), ("check", "--help")):
        status, names = run(process, *arguments)
        assert status == 0
        assert names & (WARM - {"ast"}) == set()
