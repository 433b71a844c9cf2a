"""The libraries that the extension brings work with every Python of this machine, without anything installed."""

from __future__ import annotations

import ast
import json
import os
import platform
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SUPPORTED = runpy.run_path(str(ROOT / "scripts/vsix/targets.py"))["PYTHONS"]
TOO_OLD = [f"3.{minor}" for minor in range(6, 10)]
MACHINE = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


def find(version: str) -> str | None:
    """A Python of that version that runs: in the PATH, or one of pyenv's."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    for candidate in (f"python{version}", *map(str, installed)):
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            ran = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if ran.stdout.strip() == version:
            return candidate
    return None


def params(versions: Sequence[str]) -> list[Any]:
    """A Python for each version, or the reason why it is not tried."""
    found = {version: find(version) for version in versions}
    return [
        pytest.param(python, id=version)
        if python
        else pytest.param(None, id=version, marks=pytest.mark.skip(f"no Python {version} on this machine"))
        for version, python in found.items()
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the bundle of this machine's platform and the one of all platforms."""
    folder = tmp_path_factory.mktemp("bündel mit 'quotes'")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import pathlib, bundle\n"
        "folder = pathlib.Path(sys.argv[2])\n"
        "libraries = bundle.libraries(bundle.own_wheel(folder))\n"
        "for target in sys.argv[3:]: bundle.build(folder / target, target, libraries)\n"
    )
    command = [sys.executable, "-c", code, str(ROOT / "scripts/vsix"), str(folder)]
    ran = subprocess.run(
        [*command, MACHINE[platform.machine()], "universal"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture(scope="module")
def bundle(built: Path) -> Path:
    return built / MACHINE[platform.machine()]


@pytest.fixture(scope="module", params=params(SUPPORTED))
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has no packages at all."""
    return bare(request.param, tmp_path_factory.mktemp("python"))


def bare(python: str, folder: Path) -> Path:
    subprocess.run([python, "-I", "-m", "venv", "--without-pip", folder / "bare"], check=True)
    return folder / "bare" / "bin" / "python"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This Python, without packages."""
    return bare(sys.executable, tmp_path_factory.mktemp("python"))


def start(
    python: Path | str, bundle: Path, *words: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-I", str(bundle / "start.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120)


def test_it_finds_the_known_problem(python: Path, bundle: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples/folds.py", tmp_path / "train.py")
    # What a careless search for modules would find first.
    for name in ("ast", "libcst", "argparse"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    ran = start(python, bundle, "check", "--no-cache", "--output-format", "json", "train.py", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert {finding["code"] for finding in json.loads(ran.stdout)} == {"KM102", "KM112", "KM602"}


def test_it_says_its_version(python: Path, bundle: Path) -> None:
    manifest = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert start(python, bundle, "--version").stdout == f"keras-memlint {manifest['version']}\n"


def test_the_server_answers(python: Path, bundle: Path, tmp_path: Path) -> None:
    with session(python, bundle, tmp_path) as (answer, process):
        assert answer["result"]["serverInfo"]["name"] == "keras-memlint"
        assert answer["result"]["capabilities"]["codeActionProvider"]
    assert process.returncode == 0, process.stderr.read()


def test_an_estimate_starts(python: Path, bundle: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("print('no training here')\n")
    ran = start(python, bundle, "estimate", "--progress", "json", "--output-format", "json", str(script))
    assert ran.returncode == 2
    assert "train.py" in ran.stderr.splitlines()[-1]
    assert "bug" not in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("old", params(TOO_OLD))
def test_a_python_that_is_too_old_says_so(old: str, bundle: Path) -> None:
    ran = start(old, bundle, "server")
    assert ran.returncode == 2
    assert ran.stderr.startswith("keras-memlint: error: CPython 3.10 to 3.14 is needed, and `")
    assert ran.stderr.count("\n") == 1


def test_a_free_threaded_python_says_so(own: Path, bundle: Path) -> None:
    code = (
        "import sys, sysconfig; sys.path.insert(0, sys.argv[1])\n"
        "sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1\n"
        "import start; sys.exit(start.main())\n"
    )
    ran = subprocess.run([own, "-I", "-c", code, bundle], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert f"is needed, and `{own}` is free-threaded Python 3." in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_old_pythons_can_read_what_tells_them() -> None:
    text = (ROOT / "vscode-client/bundled/start.py").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 6))


@pytest.mark.parametrize("harm", ["gone", "spoilt"])
def test_a_broken_native_module_is_one_sentence(harm: str, own: Path, bundle: Path, tmp_path: Path) -> None:
    broken = tmp_path / "bundled"
    shutil.copytree(bundle, broken, copy_function=os.link)
    modules = list(broken.glob("libs/libcst/native*"))
    assert len(modules) == len(SUPPORTED)
    for module in modules:
        module.unlink()  # first: it is the same file in the whole bundle
        if harm == "spoilt":
            module.write_bytes(b"no module")
    ran = start(own, broken, "server")
    assert ran.returncode == 2
    assert ran.stderr.startswith("keras-memlint: error: libcst does not work with `")
    assert ran.stderr.count("\n") == 1


def test_the_bundle_of_all_platforms_takes_the_python_s_own_libcst(own: Path, built: Path) -> None:
    ran = start(own, built / "universal", "check", "-")
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"keras-memlint: error: `{own}` has no libcst, ")
    # The Python that runs this has one.
    assert start(sys.executable, built / "universal", "--version").returncode == 0


def test_an_environment_of_its_own_gives_libcst(built: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(built / "universal/environment.py"), str(tmp_path / "it's an énv")]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    ran = start(made.stdout.strip(), built / "universal", "check", "--no-cache", str(ROOT / "examples"))
    assert (ran.returncode, ran.stderr.count("error")) == (1, 0)
    assert "KM602" in ran.stdout


def test_no_environment_is_one_sentence_at_the_end(built: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [
        sys.executable,
        "-I",
        str(built / "universal/environment.py"),
        str(tmp_path / "file/environment"),
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr.splitlines()[-1].startswith(
        f"keras-memlint: error: `{sys.executable}` cannot make an env"
    )


def test_every_library_comes_with_its_licence(bundle: Path) -> None:
    named = {folder.name for folder in bundle.glob("libs/*.dist-info") if (folder / "licenses").is_dir()}
    without = {folder.name.split("-")[0] for folder in bundle.glob("libs/*.dist-info")} - {
        name.split("-")[0] for name in named
    }
    # Its wheel has none; the text stands at the top of the module.
    assert without == {"nvidia_ml_py"}
    assert "Redistribution and use in source and binary forms" in (bundle / "libs/pynvml.py").read_text()


@pytest.mark.parametrize("version", SUPPORTED)
def test_what_the_libraries_need_is_among_them(version: str, bundle: Path) -> None:
    brought = {canonicalize_name(one.name): one.version for one in distributions(path=[str(bundle / "libs")])}
    assert "keras-memlint" in brought
    for one in distributions(path=[str(bundle / "libs")]):
        for need in map(Requirement, one.requires or []):
            if need.marker and not need.marker.evaluate({"python_version": version, "extra": ""}):
                continue
            # rich is for terminals, and YAML is read by a part of libcst that is not packed.
            if need.name == "rich" or need.name.startswith("pyyaml"):
                continue
            assert need.specifier.contains(brought[canonicalize_name(need.name)]), f"{one.name} needs {need}"


class session:
    """A server that has been asked to `initialize`: its answer and the process, which has ended afterwards."""

    def __init__(self, python: Path, bundle: Path, cwd: Path) -> None:
        command = [str(python), "-I", str(bundle / "start.py"), "server"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd)

    def __enter__(self) -> tuple[dict[str, Any], subprocess.Popen[bytes]]:
        params = {"processId": os.getpid(), "rootUri": None, "capabilities": {}}
        self._send({"id": 1, "method": "initialize", "params": params})
        return next(self._answers()), self._process

    def __exit__(self, *_: object) -> None:
        self._send({"id": 2, "method": "shutdown"})
        next(self._answers())
        self._send({"method": "exit"})
        try:
            self._process.wait(30)
        finally:
            self._process.kill()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _answers(self) -> Iterator[dict[str, Any]]:
        assert self._process.stdout is not None
        while head := self._process.stdout.readline():
            while self._process.stdout.readline().strip():
                pass
            message = json.loads(self._process.stdout.read(int(head.split(b":")[1])))
            if "result" in message or "error" in message:
                yield message
