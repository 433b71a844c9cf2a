"""Renews the lists of libraries that the extension brings: `python scripts/vsix/lock.py`. Needs Python 3.11 and pip.

The newest versions that pyproject.toml allows and that exist for every platform and Python, with the hashes of their
wheels. Look at the difference before you commit it.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import tomllib
import wheels
from targets import LIBCST, LOCK, PLATFORMS, PYTHONS, ROOT

LEFT_OUT = {"rich"}
"""What only terminals see."""

FOR_OLDER_PYTHONS = ("exceptiongroup", "tomli", "typing_extensions")
"""pip resolves for the Python it runs with, which may not need them."""

INTEL_MAC = ("macosx_13_0_x86_64",)

HEAD = "# Written by `python scripts/vsix/lock.py`.\n"


class Wheel(NamedTuple):
    name: str
    version: str
    sha256: str


def main() -> None:
    """Writes both lists. Ends with a sentence when there is no version for all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("--libcst", metavar="VERSION", help="where the newest one lacks wheels")
    pinned = parser.parse_args().libcst
    required, libcst = _requirements()
    LOCK.write_text(
        HEAD + _lines(_resolve(required, [*wheels.PURE, "--python-version", PYTHONS[0]])), encoding="utf-8"
    )
    LIBCST.write_text(HEAD + _libcst(f"libcst=={pinned}" if pinned else libcst), encoding="utf-8")


def _requirements() -> tuple[list[str], str]:
    """What pyproject.toml asks for: libraries in Python, and libcst."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["gpu"], *FOR_OLDER_PYTHONS]
    # Without markers: all Pythons get all libraries.
    plain = [text.split(";")[0].strip() for text in texts]
    names = {text: re.split(r"[<>=!~ ]", text)[0] for text in plain}
    libcst = [text for text in plain if names[text] == "libcst"]
    return [text for text in plain if names[text] not in LEFT_OUT | {"libcst"}], libcst[-1]


def _libcst(requirement: str) -> str:
    found = _each(
        requirement, [(platforms, python) for platforms in PLATFORMS.values() for python in PYTHONS]
    )
    versions = {wheel.version if wheel else "none" for wheel in found}
    if len(versions) > 1 or "none" in versions:
        raise SystemExit(
            f"`{requirement}` differs: {', '.join(sorted(versions))}; name a version with --libcst"
        )
    macs = _each("libcst", [(INTEL_MAC, python) for python in PYTHONS])
    newest = max(
        (wheel.version for wheel in macs if wheel), key=lambda text: [int(n) for n in text.split(".")]
    )
    is_mac = 'sys_platform == "darwin" and platform_machine == "x86_64"'
    is_other = 'sys_platform != "darwin" or platform_machine != "x86_64"'
    return _lines(found, is_other) + _lines((mac for mac in macs if mac and mac.version == newest), is_mac)


def _each(requirement: str, places: list[tuple[tuple[str, ...], str]]) -> list[Wheel | None]:
    def look(place: tuple[tuple[str, ...], str]) -> Wheel | None:
        try:
            [wheel] = _resolve([requirement], ["--no-deps", *wheels.for_platform(*place)])
        except LookupError:
            return None
        return wheel

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(look, places))


def _resolve(requirements: list[str], options: list[str]) -> list[Wheel]:
    """What pip would install. Raises LookupError when that does not exist."""
    how = [
        "-q",
        "--dry-run",
        "--report",
        "-",
        "--ignore-installed",
        "--only-binary",
        ":all:",
        "--target",
        "unused",
    ]
    ran = wheels.pip("install", *how, *options, *requirements)
    if ran.returncode:
        raise LookupError(ran.stderr)
    return [
        Wheel(
            item["metadata"]["name"],
            item["metadata"]["version"],
            item["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for item in json.loads(ran.stdout)["install"]
    ]


def _lines(found: Iterable[Wheel | None], marker: str = "") -> str:
    """A requirement for each version, with the hashes of its wheels."""
    hashes: dict[tuple[str, str], set[str]] = {}
    for wheel in filter(None, found):
        hashes.setdefault((wheel.name, wheel.version), set()).add(wheel.sha256)
    text = ""
    for (name, version), allowed in sorted(hashes.items(), key=lambda item: item[0][0].lower()):
        text += f"{name}=={version}" + (f" ; {marker}" if marker else "")
        text += "".join(f" \\\n    --hash=sha256:{sha256}" for sha256 in sorted(allowed)) + "\n"
    return text


if __name__ == "__main__":
    main()
