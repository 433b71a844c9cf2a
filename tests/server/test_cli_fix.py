"""``--fix``, ``--unsafe-fixes`` and ``--diff``: what is written, printed, refused, and what the exit status is about."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
LATE_SHUFFLE = """\
import tensorflow as tf

paths = ["a.jpg"] * 100_000
ds = tf.data.Dataset.from_tensor_slices(paths)
ds = ds.map(lambda p: tf.io.decode_jpeg(tf.io.read_file(p)), num_parallel_calls=tf.data.AUTOTUNE)
ds = ds.shuffle(len(paths))
"""


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Every file with its content, mode and inode: a file that is replaced gets another inode."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode, path.stat().st_ino)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_safe_fixes_are_written_and_the_rest_is_reported(cli: Cli, sequential: str, clean: str) -> None:
    Path("a.py").write_text(sequential + LATE_SHUFFLE)
    result = cli("check", "--fix", "--output-format", "json")
    assert Path("a.py").read_text() == clean + LATE_SHUFFLE
    assert (result.status, result.codes) == (1, ["KM202"])
    assert result.err == "note: fixed 1 finding in 1 file\n"


def test_status_is_about_what_remains(cli: Cli, sequential: str) -> None:
    Path("a.py").write_text(sequential + "x = 1  # noqa: KM209\n")
    result = cli("check", "--fix", "--output-format", "json")
    assert (result.status, result.findings) == (0, [])
    assert Path("a.py").read_text().endswith("AUTOTUNE)\nx = 1\n")


def test_again_changes_nothing(cli: Cli, sequential: str, tmp_path: Path) -> None:
    Path("a.py").write_text(sequential)
    Path("b.py").write_text("x = 1\n")
    cli("check", "--fix")
    before = snapshot(tmp_path)
    result = cli("check", "--fix")
    assert (result.status, result.err) == (0, "")
    assert snapshot(tmp_path) == before


def test_unsafe_fixes_only_when_asked_for(cli: Cli) -> None:
    Path("a.py").write_text(LATE_SHUFFLE)
    assert cli("check", "--fix").status == 1
    assert cli("check", "--unsafe-fixes").status == 1
    assert Path("a.py").read_text() == LATE_SHUFFLE
    assert cli("check", "--fix", "--unsafe-fixes").status == 0
    lines = Path("a.py").read_text().splitlines()
    assert lines[-2].startswith("ds = ds.shuffle(")
    assert lines[-1].startswith("ds = ds.map(")


def test_findings_of_the_cache_are_fixed_too(cli: Cli, sequential: str, clean: str) -> None:
    Path("a.py").write_text(sequential)
    cli("check")
    cli("check", "--fix")
    assert Path("a.py").read_text() == clean


def test_many_files(cli: Cli, sequential: str, clean: str) -> None:
    for number in range(12):
        Path(f"{number}.py").write_text(sequential)
    result = cli("check", "--fix", "--jobs", "3")
    assert (result.status, result.err) == (0, "note: fixed 12 findings in 12 files\n")
    assert {path.read_text() for path in Path().glob("*.py")} == {clean}


class TestWhatTheSummaryPromises:
    """The same command with the options it names fixes as many."""

    TEXT = """\
import numpy as np
import tensorflow as tf

images = np.zeros((100, 32, 32, 3), "float32")
labels = np.zeros(100)
model = tf.keras.Sequential([tf.keras.Input((32, 32, 3)), tf.keras.layers.Flatten(), tf.keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(images, labels)
"""

    def test_hints_are_fixed_where_they_are_shown(self, cli: Cli, sequential: str, clean: str) -> None:
        Path("a.py").write_text(sequential + self.TEXT)
        assert cli("check").out.endswith("\n[*] 1 fixable with --fix.\n")
        assert cli("check", "--hints").out.endswith("\n[*] 2 fixable with --fix --hints.\n")
        cli("check", "--fix")
        assert Path("a.py").read_text() == clean + self.TEXT
        cli("check", "--fix", "--hints")
        assert "set_memory_growth" in Path("a.py").read_text()

    def test_hint_of_a_rule_that_is_selected(self, cli: Cli) -> None:
        Path("a.py").write_text(self.TEXT)
        assert cli("check", "--select", "KM701").out.endswith("\n[*] 1 fixable with --fix.\n")
        cli("check", "--select", "KM701", "--fix")
        assert "set_memory_growth" in Path("a.py").read_text()

    def test_unsafe_fixes_without_fix(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential + LATE_SHUFFLE)
        assert cli("check").out.endswith("\n[*] 1 fixable with --fix, 1 more with --fix --unsafe-fixes.\n")
        result = cli("check", "--unsafe-fixes")
        assert result.out.endswith("\n[*] 2 fixable with --fix --unsafe-fixes.\n")
        assert result.out.count("  help: [*] ") == 2
        concise = cli("check", "--unsafe-fixes", "--output-format", "concise").out
        assert [line.endswith(" [*]") for line in concise.splitlines()] == [True, True]
        counts = cli("check", "--unsafe-fixes", "--statistics").out.splitlines()
        assert [line.split()[3] for line in counts[1:]] == ["1", "1"]

    def test_what_fix_could_not_do_is_not_promised_again(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        Path("a.py").chmod(0o444)
        result = cli("check", "--fix")
        assert "[*]" not in result.out
        assert "fixable" not in result.out


class TestHiddenFindingsAreNotFixed:
    def test_suppressed(self, cli: Cli, sequential: str, tmp_path: Path) -> None:
        Path("a.py").write_text(sequential.replace("(decode)", "(decode)  # noqa"))
        before = snapshot(tmp_path)
        assert cli("check", "--fix").status == 0
        assert snapshot(tmp_path) == before

    def test_not_selected(self, cli: Cli, sequential: str, tmp_path: Path) -> None:
        Path("a.py").write_text(sequential)
        before = snapshot(tmp_path)
        assert cli("check", "--fix", "--ignore", "KM209").status == 0
        assert snapshot(tmp_path) == before

    def test_in_the_baseline(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        cli("check", "--baseline", "base.json")
        text = sequential.replace("ds.map(decode)", "ds.map(decode)\nds = ds.map( decode )")
        Path("a.py").write_text(text)
        assert cli("check", "--fix", "--baseline", "base.json").status == 0
        after = Path("a.py").read_text().splitlines()
        assert after[8] == "ds = ds.map(decode)"
        assert "num_parallel_calls" in after[9]


class TestBytes:
    @pytest.mark.parametrize(
        "raw",
        [
            pytest.param(lambda text: text.replace("\n", "\r\n").encode(), id="CRLF"),
            pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="BOM"),
            pytest.param(
                lambda text: ("# -*- coding: latin-1 -*-\n# größe\n" + text).encode("latin-1"), id="latin-1"
            ),
            pytest.param(lambda text: text.rstrip("\n").encode(), id="no final newline"),
            pytest.param(lambda text: ("# 漢字 😀\n" + text).encode(), id="non-ASCII"),
            pytest.param(lambda text: ("print 'x'\n\f\n" + text).encode(), id="broken statement"),
        ],
    )
    def test_stay(
        self, cli: Cli, process: Cli, sequential: str, clean: str, raw: Callable[[str], bytes]
    ) -> None:
        Path("a.py").write_bytes(raw(sequential))
        cli("check", "--fix")
        assert Path("a.py").read_bytes() == raw(clean)

    @pytest.mark.parametrize(
        "raw",
        [
            lambda text: text.replace("\n", "\r\n").encode(),
            lambda text: b"\xef\xbb\xbf" + text.encode(),
            lambda text: ("# -*- coding: latin-1 -*-\n# größe\n" + text).encode("latin-1"),
        ],
    )
    def test_stay_on_standard_output(
        self, tmp_path: Path, process: Cli, sequential: str, clean: str, raw: Callable[[str], bytes]
    ) -> None:
        for before, after in ((sequential, clean), (clean, clean)):
            result = process("check", "--fix", "-", "--output-format", "concise", stdin=raw(before))
            assert result.out.encode("utf-8", "surrogateescape") == raw(after)
            assert (result.status, result.err) == (0, "")


class TestStandardInput:
    def test_prints_the_text_and_reports_beside_it(self, process: Cli, sequential: str, clean: str) -> None:
        text = sequential + LATE_SHUFFLE
        result = process("check", "--fix", "-", "--output-format", "concise", stdin=text.encode())
        assert (result.status, result.out) == (1, clean + LATE_SHUFFLE)
        assert result.err.startswith("-:15:9 info KM202: ")

    def test_excluded_text_is_passed_on(self, process: Cli, sequential: str, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text('[tool.keras-memlint]\nexclude = ["a.py"]\n')
        arguments = (
            "check",
            "--fix",
            "-",
            "--stdin-filename",
            "a.py",
            "--force-exclude",
            "--output-format",
            "concise",
        )
        result = process(*arguments, stdin=sequential.encode())
        assert (result.status, result.out, result.err) == (0, sequential, "")


class TestDiff:
    def test_shows_and_writes_nothing(self, cli: Cli, sequential: str, tmp_path: Path) -> None:
        Path("sub").mkdir()
        Path("sub/a.py").write_text(sequential)
        before = snapshot(tmp_path)
        for more in ((), ("--fix",)):
            result = cli("check", "--diff", *more)
            assert result.status == 1
            assert result.out.startswith("--- sub/a.py\n+++ sub/a.py\n@@ ")
            assert (
                "\n-ds = ds.map(decode)\n+ds = ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)\n"
                in result.out
            )
            assert snapshot(tmp_path) == before

    def test_is_a_patch(self, cli: Cli, sequential: str, clean: str, tmp_path: Path) -> None:
        for name, text in (("a.py", sequential), ("b.py", sequential.rstrip("\n")), ("c.py", sequential * 2)):
            Path(name).write_text(text)
        patch = cli("check", "--diff").out
        subprocess.run(
            ["patch", "-p0"], input=patch, text=True, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL
        )
        assert Path("a.py").read_text() == clean
        assert Path("b.py").read_text() == clean.rstrip("\n")
        assert Path("c.py").read_text() == clean * 2

    def test_nothing_to_change(self, cli: Cli) -> None:
        Path("a.py").write_text(LATE_SHUFFLE)
        result = cli("check", "--diff")
        note = "note: would fix none of 1 finding (1 fixable with --unsafe-fixes)\n"
        assert (result.status, result.out, result.err) == (0, "", note)
        result = cli("check", "--diff", "--unsafe-fixes")
        assert (result.status, result.err) == (1, "note: would fix 1 finding in 1 file\n")
        Path("a.py").write_text("x = 1\n")
        assert cli("check", "--diff") == cli("check", "--diff", "--unsafe-fixes")
        assert cli("check", "--diff").err == ""

    def test_counts_what_it_would_change_and_leave(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential + LATE_SHUFFLE)
        assert cli("check", "--diff").err == (
            "note: would fix 1 finding in 1 file; 1 would remain (1 fixable with --unsafe-fixes)\n"
        )

    def test_unreadable_file_beside_it(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        result = cli("check", "--diff", "a.py", "nope.py")
        assert result.status == 2
        assert result.out.startswith("--- a.py\n")

    def test_of_standard_input(self, process: Cli, sequential: str) -> None:
        result = process("check", "--diff", "-", "--stdin-filename", "a.py", stdin=sequential.encode())
        assert result.status == 1
        assert result.out.startswith("--- a.py\n+++ a.py\n")


@pytest.mark.skipif(os.name == "nt", reason="modes and links")
class TestFiles:
    def test_mode_stays(self, cli: Cli, sequential: str, clean: str) -> None:
        Path("a.py").write_text(sequential)
        Path("a.py").chmod(0o750)
        cli("check", "--fix")
        assert Path("a.py").read_text() == clean
        assert Path("a.py").stat().st_mode & 0o777 == 0o750

    def test_target_of_a_link_is_written(self, cli: Cli, sequential: str, clean: str) -> None:
        Path("real").mkdir()
        Path("real/a.txt").write_text(sequential)
        Path("a.py").symlink_to("real/a.txt")
        cli("check", "--fix", "a.py")
        assert Path("a.py").is_symlink()
        assert Path("real/a.txt").read_text() == clean

    def test_read_only_file_is_refused_and_keeps_its_finding(
        self, cli: Cli, sequential: str, clean: str
    ) -> None:
        for name in ("a.py", "b.py"):
            Path(name).write_text(sequential)
        Path("a.py").chmod(0o444)
        result = cli("check", "--fix", "--output-format", "json")
        assert (result.status, [finding["filename"] for finding in result.findings]) == (2, ["a.py"])
        assert result.err == "note: fixed 1 finding in 1 file\nerror: a.py: is read-only\n"
        assert Path("a.py").read_text() == sequential
        assert Path("b.py").read_text() == clean

    def test_nothing_is_left_behind(self, cli: Cli, sequential: str, tmp_path: Path) -> None:
        Path("a.py").write_text(sequential)
        cli("check", "--fix")
        assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


class TestNotebooks:
    @pytest.fixture
    def raw(self, sequential: str) -> str:
        """A notebook as other programs write them: odd spaces, escapes, an output that looks like source."""
        head, body = sequential.rsplit("\nds = tf", 1)
        cells = [
            {
                "cell_type": "code",
                "source": head.splitlines(keepends=True),
                "outputs": [{"text": ["ds.map(decode)"]}],
            },
            {"cell_type": "markdown", "source": "gr\u00f6\u00dfe"},
            {"cell_type": "code", "source": ("ds = tf" + body).splitlines(keepends=True), "outputs": []},
        ]
        document = {"metadata": {"x": 1.5}, "cells": cells, "nbformat": 4, "nbformat_minor": 5}
        return json.dumps(document, indent=3).replace('"x": 1.5', '"x":1.50') + "\n\n"

    def test_only_the_changed_line_changes(self, cli: Cli, raw: str) -> None:
        Path("nb.ipynb").write_text(raw)
        result = cli("check", "--fix", "--output-format", "json")
        assert (result.status, result.findings) == (0, [])
        before, after = raw.splitlines(), Path("nb.ipynb").read_text().splitlines()
        assert len(before) == len(after)
        assert [(old, new) for old, new in zip(before, after, strict=True) if old != new] == [
            (line, line.replace("(decode)", "(decode, num_parallel_calls=tf.data.AUTOTUNE)"))
            for line in before
            if "= ds.map(decode)" in line
        ]

    def test_diff_names_the_cell(self, cli: Cli, raw: str) -> None:
        Path("nb.ipynb").write_text(raw)
        result = cli("check", "--diff")
        assert result.status == 1
        assert result.out.startswith("--- nb.ipynb:cell 3\n")
        assert Path("nb.ipynb").read_text() == raw

    def test_standard_input(self, process: Cli, raw: str, tmp_path: Path) -> None:
        arguments = ("check", "--fix", "-", "--stdin-filename", "nb.ipynb", "--output-format", "concise")
        result = process(*arguments, stdin=raw.encode())
        assert (result.status, result.err) == (0, "")
        assert json.loads(result.out)["cells"][2]["source"][-1].endswith(
            "num_parallel_calls=tf.data.AUTOTUNE)\n"
        )
