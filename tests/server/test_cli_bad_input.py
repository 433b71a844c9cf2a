"""What users get wrong and disks do: named on standard error, the rest goes on, exit status 2, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_missing_path(cli: Cli, sequential: str) -> None:
    Path("a.py").write_text(sequential)
    result = cli("check", "--output-format", "json", "nope.py", "a.py")
    assert (result.status, result.codes) == (2, ["KM209"])
    assert result.err == "error: nope.py: cannot be read: No such file or directory\n"


def test_nothing_is_said_of_no_files(cli: Cli) -> None:
    Path("sub").mkdir()
    for path in ("nope.py", "sub"):
        assert cli("check", path).out == ""


@pytest.mark.skipif(sys.platform != "linux", reason="a file that nobody can read")
def test_unreadable_file(cli: Cli, sequential: str) -> None:
    Path("a.py").write_text(sequential)
    result = cli("check", "--output-format", "json", "/proc/self/mem", "a.py")
    assert (result.status, result.codes) == (2, ["KM209"])
    assert result.err == "error: /proc/self/mem: cannot be read: Input/output error\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"x = 1\0\n", id="NUL"),
        pytest.param(b"x = '\xff\xfe'\n", id="not UTF-8"),
        pytest.param(b"# -*- coding: no-such -*-\nx = 1\n", id="unknown cookie"),
        pytest.param(b"\x7fELF" + bytes(range(256)), id="binary"),
        pytest.param(b"\xef\xbb\xbf# -*- coding: latin-1 -*-\n\xff", id="BOM and cookie disagree"),
    ],
)
def test_file_that_is_no_text(cli: Cli, sequential: str, raw: bytes) -> None:
    Path("a.py").write_text(sequential)
    Path("b.py").write_bytes(raw)
    result = cli("check", "--output-format", "json")
    assert (result.status, result.codes) == (2, ["KM209"])
    assert result.err.startswith("error: b.py: ")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"nbformat": 3, "worksheets": []}', b"\xff\xfe", b"[" * 100_000]
)
def test_notebook_that_is_none(cli: Cli, sequential: str, raw: bytes) -> None:
    Path("a.py").write_text(sequential)
    Path("b.ipynb").write_bytes(raw)
    result = cli("check", "--output-format", "json")
    assert (result.status, result.codes) == (2, ["KM209"])
    assert result.err.startswith("error: b.ipynb: ")


def test_links_that_lead_nowhere(cli: Cli, sequential: str) -> None:
    Path("a.py").write_text(sequential)
    Path("loop.py").symlink_to("loop.py")
    Path("dangling.py").symlink_to("nowhere.py")
    Path("up").symlink_to(".")
    result = cli("check", "--output-format", "json")
    assert (result.status, result.codes, result.err) == (1, ["KM209"], "")
    assert cli("check", "loop.py").status == 2


def test_folder_called_like_a_script(cli: Cli, sequential: str) -> None:
    Path("x.py").mkdir()
    Path("x.py/a.py").write_text(sequential)
    assert cli("check", "--output-format", "json", "x.py").codes == ["KM209"]


def test_empty_folder_and_empty_file(cli: Cli) -> None:
    Path("a.py").write_bytes(b"")
    Path("sub").mkdir()
    assert cli("check", "a.py").status == 0
    result = cli("check", "sub")
    assert (result.status, result.err) == (0, "warning: sub: nothing to check here, neither .py nor .ipynb\n")


@pytest.mark.skipif(os.name == "nt", reason="names there are always text")
def test_name_that_is_no_text(process: Cli, sequential: str, tmp_path: Path) -> None:
    Path(os.fsencode(tmp_path).decode() + "/" + os.fsdecode(b"tr\xe4in.py")).write_text(sequential)
    for name in ("full", "concise", "json", "sarif", "github", "gitlab"):
        result = process("check", "--output-format", name)
        assert (result.status, result.err) == (1, "")
        assert "KM209" in result.out
    for encoding in ("ascii", "latin-1", "utf-16"):
        result = process("check", "--output-format", "concise", PYTHONIOENCODING=encoding)
        assert (result.status, result.err) == (1, "")


def test_line_of_ten_megabytes(process: Cli, sequential: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        sequential + "# " + "y" * 10_000_000 + " # noqa: KM209\nx = '" + "y" * 500_000 + "'\n"
    )
    result = process("check", "--output-format", "concise")
    assert (result.status, result.err) == (1, "")
    assert [line.split(" ")[2] for line in result.out.splitlines()] == ["KM209:", "KM001:"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("selct = []", "`selct` in [tool.keras-memlint] is no setting (did you mean `select`"),
        ('select = ["KM2099"]', "no rule is called `KM2099`"),
        ('target-gpu = "T5"', "did you mean `T4`"),
        ('host-memory = "much"', "`host-memory`"),
        ("host-memory = 32", "`32` is 32 bytes"),
        ("select = [", "is no valid TOML"),
    ],
)
@pytest.mark.parametrize("paths", [(), ("a.py",), ("-",), ("a.py", "--force-exclude")])
def test_wrong_configuration_prints_nothing(
    cli: Cli, sequential: str, tmp_path: Path, body: str, words: str, paths: tuple[str, ...]
) -> None:
    Path("a.py").write_text(sequential)
    Path("pyproject.toml").write_text(f"[tool.keras-memlint]\n{body}\n")
    result = cli("check", "--output-format", "json", *paths)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {tmp_path / 'pyproject.toml'}: ")
    assert words in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("key", ['exclude = ["!"]', 'per-file-ignores = { "!" = ["KM2"] }'])
@pytest.mark.parametrize("paths", [(), (".", "a.py"), ("a.py", "--force-exclude"), ("-", "--force-exclude")])
def test_wrong_pattern_prints_nothing(
    cli: Cli, sequential: str, tmp_path: Path, key: str, paths: tuple[str, ...]
) -> None:
    for name in ("a.py", "b.py"):
        Path(name).write_text(sequential)
    Path("pyproject.toml").write_text(f"[tool.keras-memlint]\n{key}\n")
    result = cli("check", "--output-format", "json", *paths)
    if paths == (".", "a.py"):  # named outright, so no pattern is asked
        assert (result.status, result.codes) == (2, ["KM209"])
    else:
        assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {tmp_path / 'pyproject.toml'}: `{key.split()[0]}`")
    assert result.err.count("\n") == 1


def test_wrong_configuration_above_some_files(cli: Cli, sequential: str) -> None:
    for name in ("good", "bad"):
        Path(name).mkdir()
        (Path(name) / "a.py").write_text(sequential)
    Path("bad/pyproject.toml").write_text("[tool.keras-memlint]\nnonsense = 1\n")
    result = cli("check", "--output-format", "json")
    assert result.status == 2
    assert [finding["filename"] for finding in result.findings] == ["good/a.py"]
    assert "bad/pyproject.toml: `nonsense`" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--select", "KM2099"), "--select: no rule is called `KM2099` (did you mean `KM209`"),
        (("--ignore", "map-sequental"), "(did you mean `map-sequential`"),
        (("--select", " , "), "--select names no rule"),
        (("--target-gpu", ""), "--target-gpu: `` is no known GPU"),
        (("--target-gpu", "T5"), "--target-gpu: `T5` is no known GPU (did you mean `T4`?)"),
        (("--host-memory", "lots"), "`lots` is no size"),
        (("--host-memory", "32"), "`32` is 32 bytes, less than any machine has: write `32GiB`"),
        (("--output-format", "xml"), "invalid choice: 'xml'"),
        (("--fail-on", "never"), "invalid choice: 'never'"),
        (("--jobs", "0"), "`0` is no number of processes"),
        (("--jobs", "two"), "`two` is no number of processes"),
        (("--colour",), "unrecognized arguments: --colour"),
        (("-", "a.py"), "cannot be checked together"),
        (("--stdin-filename", "a.py"), "give `-` as the path"),
        (("--watch", "-"), "--watch follows files"),
        (("--baseline", "."), "the baseline cannot be read"),
    ],
)
def test_wrong_argument_prints_nothing(
    cli: Cli, sequential: str, arguments: tuple[str, ...], words: str
) -> None:
    Path("a.py").write_text(sequential)
    result = cli("check", "--output-format", "json", *arguments)
    assert (result.status, result.out) == (2, "")
    assert words in result.err
    assert "Traceback" not in result.err


def test_cache_in_a_bad_place(cli: Cli, sequential: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.py").write_text(sequential)
    Path("taken").write_text("")
    for place in ("taken", "taken/below", "/proc/nowhere"):
        monkeypatch.setenv("KERAS_MEMLINT_CACHE_DIR", place)
        result = cli("check", "--output-format", "json")
        assert (result.status, result.codes, result.err) == (1, ["KM209"], "")


class TestStandardInput:
    def test_is_checked(self, process: Cli, sequential: str) -> None:
        result = process("check", "-", "--output-format", "json", stdin=sequential.encode())
        assert (result.status, result.codes) == (1, ["KM209"])
        assert result.findings[0]["filename"] == "-"

    def test_has_the_name_that_is_typed(self, process: Cli, sequential: str, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / "pyproject.toml").write_text(
            '[tool.keras-memlint]\nexclude = ["gen.py"]\nignore = ["KM209"]\n'
        )
        raw = sequential.encode()
        result = process("check", "-", "--stdin-filename", "new.py", "--output-format", "json", stdin=raw)
        assert result.findings[0]["filename"] == "new.py"
        assert process("check", "-", "--stdin-filename", "sub/new.py", stdin=raw).status == 0
        named = process("check", "-", "--stdin-filename", "sub/gen.py", "--select", "KM2", stdin=raw)
        assert named.status == 1
        forced = process(
            "check", "-", "--stdin-filename", "sub/gen.py", "--select", "KM2", "--force-exclude", stdin=raw
        )
        assert forced.status == 0

    @pytest.mark.parametrize("raw", [b"x = '\xff'\n", b"x = 1\0"])
    def test_that_is_no_text(self, process: Cli, raw: bytes) -> None:
        for more in ((), ("--fix",)):
            result = process("check", "-", *more, "--output-format", "concise", stdin=raw)
            assert (result.status, result.out) == (2, "")
            assert result.err.startswith("error: -: ")

    def test_that_is_empty(self, process: Cli) -> None:
        assert process("check", "-", "--output-format", "json").findings == []
