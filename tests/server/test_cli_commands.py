"""The commands beside ``check``, help, and how runs end early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from keras_memlint import __version__
from keras_memlint.rules.catalogue import reserved, rows

Cli = Callable[..., Any]


class TestRule:
    def test_page_by_code_and_by_name(self, cli: Cli) -> None:
        (row,) = (row for row in rows() if row.code == "KM209")
        for word in ("KM209", "km209", "map-sequential"):
            result = cli("rule", word)
            assert (result.status, result.out, result.err) == (0, row.text(), "")

    def test_pages_of_reserved_codes(self, cli: Cli) -> None:
        for row in reserved():
            assert cli("rule", row.code).out.startswith(f"# {row.name} ({row.code})\n")

    def test_list(self, cli: Cli) -> None:
        lines = cli("rule").out.splitlines()
        assert [line.split()[:2] for line in lines] == [[row.code, row.name] for row in reserved() + rows()]

    def test_json(self, cli: Cli) -> None:
        one = json.loads(cli("rule", "KM209", "--output-format", "json").out)
        assert (one["code"], one["name"], one["family"]) == ("KM209", "map-sequential", "tf.data pipeline")
        assert (one["severity"], one["fix"]) == ("info", "both")
        assert one["page"].startswith("# map-sequential (KM209)")
        listed = json.loads(cli("rule", "--output-format", "json").out)
        assert [item["code"] for item in listed] == [row.code for row in reserved() + rows()]
        assert one in listed

    @pytest.mark.parametrize("word", ["KM2099", "map-sequental", "KM2", ""])
    def test_unknown(self, cli: Cli, word: str) -> None:
        result = cli("rule", word)
        assert (result.status, result.out) == (2, "")
        assert f"no rule is called `{word}`" in result.err


class TestDoctor:
    def test_says_what_there_is(self, cli: Cli, tmp_path: Path) -> None:
        Path("pyproject.toml").write_text('[tool.keras-memlint]\ntarget-gpu = "t4"\nselect = ["KM2"]\n')
        result = cli("doctor")
        assert (result.status, result.err) == (0, "")
        assert f"keras-memlint {__version__}" in result.out
        assert sys.executable in result.out
        assert "libcst 1." in result.out
        assert f"target-gpu = 't4'  ({tmp_path / 'pyproject.toml'})" in result.out
        assert f"select = ['KM2']  ({tmp_path / 'pyproject.toml'})" in result.out
        assert "A100 40GB: 40.0 GiB, compute capability 8.0, tensor cores" in result.out

    def test_wrong_configuration(self, cli: Cli) -> None:
        Path("pyproject.toml").write_text("[tool.keras-memlint]\nnonsense = 1\n")
        result = cli("doctor")
        assert result.status == 2
        assert "`nonsense`" in result.out
        assert "libcst 1." in result.out


class TestHelp:
    @pytest.mark.parametrize(
        "arguments",
        [("--help",), *((word, "--help") for word in ("check", "oom", "rule", "doctor", "server"))],
    )
    def test_begins_with_examples(self, cli: Cli, arguments: tuple[str, ...]) -> None:
        result = cli(*arguments)
        assert result.status == 0
        assert result.out.startswith("  ")
        assert 0 < result.out.index("keras-memlint") < result.out.index("usage:")

    def test_version(self, cli: Cli) -> None:
        assert cli("--version").out == f"keras-memlint {__version__}\n"

    def test_no_command(self, cli: Cli) -> None:
        result = cli()
        assert (result.status, result.out) == (2, "")
        assert "usage:" in result.err

    def test_every_option_of_the_contract(self, cli: Cli) -> None:
        text = cli("check", "--help").out
        for option in [
            "--fix",
            "--unsafe-fixes",
            "--diff",
            "--select",
            "--ignore",
            "--hints",
            "--fail-on",
            "--output-format",
            "--target-gpu",
            "--host-memory",
            "--stdin-filename",
            "--no-cache",
            "--jobs",
            "--watch",
            "--statistics",
            "--baseline",
            "--force-exclude",
        ]:
            assert f"{option} " in text or f"{option}\n" in text


class TestColours:
    def test_only_on_a_terminal(self, tmp_path: Path, sequential: str) -> None:
        (tmp_path / "a.py").write_text(sequential)
        assert "\033[" in terminal(tmp_path, "check", "a.py")
        assert "\033[" not in terminal(tmp_path, "check", "a.py", NO_COLOR="1")
        assert "\033[" not in terminal(tmp_path, "check", "a.py", TERM="dumb")
        assert "\033[1;31merror\033[0m: nope.py" in terminal(tmp_path, "check", "nope.py")

    def test_page_on_a_terminal(self, tmp_path: Path) -> None:
        assert "map-sequential" in terminal(tmp_path, "rule", "KM209")


def terminal(folder: Path, *arguments: str, **env: str) -> str:
    """What a run prints on a terminal."""
    pty = pytest.importorskip("pty")
    main, other = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(
        [sys.executable, "-m", "keras_memlint", *arguments],
        stdin=other,
        stdout=other,
        stderr=other,
        cwd=folder,
        env={**plain, "TERM": "xterm", **env},
    ) as process:
        os.close(other)
        printed = b""
        try:
            while chunk := os.read(main, 4096):
                printed += chunk
        except OSError:  # Linux: the other end was closed
            pass
        os.close(main)
        process.wait(60)
    return printed.decode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes and signals")
class TestEnds:
    def test_reader_that_has_enough(self, tmp_path: Path, sequential: str) -> None:
        for number in range(300):
            (tmp_path / f"{number:03}.py").write_text(sequential)
        command = f'{sys.executable} -m keras_memlint check --output-format json | head -c 10; echo " ${{PIPESTATUS[0]}}"'
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stderr == ""
        assert done.stdout.endswith(" 141\n")

    def test_full_disk(self, tmp_path: Path, sequential: str) -> None:
        (tmp_path / "a.py").write_text(sequential)
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "keras_memlint", "check"],
                cwd=tmp_path,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=60,
                check=False,
            )
        assert (done.returncode, done.stderr) == (2, "error: standard output: No space left on device\n")

    def test_closed_output(self, tmp_path: Path, sequential: str) -> None:
        (tmp_path / "a.py").write_text(sequential)
        command = f"{sys.executable} -m keras_memlint check a.py >&-"
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (1, "")

    def test_closed_input(self, tmp_path: Path) -> None:
        command = f"{sys.executable} -m keras_memlint check - <&-"
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "error: standard input is closed, so there is nothing to read from `-`\n"

    @pytest.mark.skipif(sys.platform != "linux", reason="a folder that is removed while somebody is in it")
    def test_folder_that_is_gone(self, tmp_path: Path) -> None:
        command = f'mkdir x && cd x && rmdir ../x && "{sys.executable}" -m keras_memlint check'
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "error: the current folder: is not there any more\n"

    def test_interrupt_of_a_pool(self, tmp_path: Path, sequential: str) -> None:
        for number in range(1500):
            (tmp_path / f"{number}.py").write_text(sequential * 30 + f"x = {number}\n")
        with _started(tmp_path, "--no-cache", "--jobs", "2", start_new_session=True) as process:
            time.sleep(1.5)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (130, "", "")


class TestWatch:
    def test_checks_again_after_a_change(self, tmp_path: Path, sequential: str, clean: str) -> None:
        file = tmp_path / "a.py"
        file.write_text(sequential)
        with _started(tmp_path, "--watch", "--output-format", "json", ".") as process:
            assert process.stdout is not None
            first = [process.stdout.readline() for _ in range(3)]
            assert '"KM209"' in first[1]
            deadline = time.monotonic() + 60
            # The watch starts some time after the first answer.
            while time.monotonic() < deadline and not _readable(process.stdout):
                file.write_text(clean)
                time.sleep(0.3)
            assert _readable(process.stdout)
            assert process.stdout.readline() == "[]\n"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (130, "")

    def test_without_its_package(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "watchfiles", None)
        result = cli("check", "--watch")
        assert (result.status, result.out) == (2, "")
        assert "pip install watchfiles" in result.err


@contextmanager
def _started(folder: Path, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A running check in ``folder`` that is interrupted by Ctrl-C, and killed if the test fails.

    What a shell starts in the background ignores Ctrl-C, and so would the check that tests run there start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_memlint", "check", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **options,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _readable(stream: Any) -> bool:
    import select

    return bool(select.select([stream], [], [], 0)[0])
