"""The Python side of the extension: keras-memlint, its libraries, and what starts them."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sources
import symbols
import wheels
from targets import CACHE, LIBCST, LOCK, PLATFORMS, PYTHONS, ROOT, UNIVERSAL

_NATIVE = (".so", ".pyd")

# What nothing of ours imports, and what only an installer reads. WHEEL also tells which setuptools built a wheel.
_UNUSED = re.compile(
    r"^libcst/((codegen|codemod|display|matchers|testing)/|tool\.py)|^example\.py|/tests/"
    r"|\.dist-info/((RECORD|WHEEL)$|sboms/)"
)

_NOT_IN_A_WHEEL = ("benchmarks/", "tests/", "vscode-client/")

_STARTERS = "vscode-client/bundled/"


class BundleError(Exception):
    """The libraries do not fit together; the text says which."""


def build(folder: Path, target: str, libraries: Iterable[Path]) -> None:
    """Fills ``folder`` for ``target``. ``libraries`` are the wheels for all of them.

    Raises BundleError, or DownloadError when libcst cannot be had.
    """
    names = [name for name in sources.files(ROOT) if name.startswith(_STARTERS)]
    sources.copy(ROOT / _STARTERS, [name.removeprefix(_STARTERS) for name in names], folder)
    shutil.copyfile(LIBCST, folder / "requirements.txt")
    for wheel in libraries:
        _unpack(wheel, folder / "libs")
    if target != UNIVERSAL:
        _composite(target, folder / "libs")


def libraries(own: Path) -> list[Path]:
    """The wheels that go into every bundle; ``own`` is the one of keras-memlint. Raises DownloadError."""
    return [own, *wheels.pure(LOCK, CACHE / "pure")]


def own_wheel(folder: Path) -> Path:
    """keras-memlint's wheel, built into ``folder`` from a copy of what is tracked: building leaves files behind."""
    with tempfile.TemporaryDirectory() as copy:
        checkout = Path(copy, "checkout")
        sources.copy(
            ROOT, [name for name in sources.files(ROOT) if not name.startswith(_NOT_IN_A_WHEEL)], checkout
        )
        ran = wheels.pip("wheel", "-q", "--no-deps", "-w", str(folder), str(checkout))
    if ran.returncode:
        raise BundleError(f"the wheel cannot be built\n{ran.stderr}")
    [wheel] = folder.glob("keras_memlint-*.whl")
    return wheel


def _composite(target: str, folder: Path) -> None:
    """One libcst with the native modules of all Pythons: the rest of its wheels is the same."""

    def fetch(python: str) -> Path:
        return wheels.native(LIBCST, CACHE / target, PLATFORMS[target], python)

    with ThreadPoolExecutor(len(PYTHONS)) as pool:
        found = list(pool.map(fetch, PYTHONS))
    first, *others = (_common(wheel) for wheel in found)
    for wheel, other in zip(found[1:], others, strict=True):
        differing = sorted({name for name, _ in first.items() ^ other.items()})
        if differing:
            raise BundleError(f"{wheel.name} differs from {found[0].name} in {', '.join(differing[:3])}")
    for wheel in found:
        _unpack(wheel, folder)
    modules = [path for path in (folder / "libcst").iterdir() if path.suffix in _NATIVE]
    if len(modules) != len(PYTHONS):
        names = ", ".join(sorted(module.name for module in modules))
        raise BundleError(f"libcst for {target} has not one native module for each Python: {names}")
    for module in modules:
        symbols.blank(module)


def _common(wheel: Path) -> dict[str, int]:
    """The checksum of each file that must be the same for all Pythons."""
    with zipfile.ZipFile(wheel) as archive:
        files = {entry.filename: entry.CRC for entry in archive.infolist() if not entry.is_dir()}
    return {
        name: crc for name, crc in files.items() if not name.endswith(_NATIVE) and ".dist-info/" not in name
    }


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if not _UNUSED.search(name)])
