"""Builds the extension's vsix files, for every platform on any: `python scripts/vsix/build.py --target all`.

Needs the client's tools (`npm ci --ignore-scripts`), with Node 22 or newer in the PATH, and pip.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bundle
import sources
from notices import NoticeError, notices
from targets import ROOT, TARGETS, UNIVERSAL
from wheels import DownloadError

LARGEST = 10_000_000
"""Bytes of a vsix."""

# Nothing in a vsix tells when it was made, so that the same sources give the same file. Zip knows no earlier day.
EPOCH = "315532800"

FILES = {"LICENSE": "LICENSE.txt", "CHANGELOG.md": "CHANGELOG.md", "vscode-client/README.md": "README.md"}
FOLDERS = ("vscode-client/walkthrough/", "vscode-client/media/")
"""Beside the files that the manifest names."""


def main() -> None:
    """Prints a line for each file. Ends with status 1 and a sentence when one cannot be built."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("--target", nargs="+", choices=[*TARGETS, "all"], default=["all"], metavar="TARGET")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="keras-memlint's wheel; default: build it")
    arguments = parser.parse_args()
    targets = TARGETS if "all" in arguments.target else tuple(dict.fromkeys(arguments.target))
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    try:
        build(targets, arguments.out.absolute(), arguments.wheel)
    except (bundle.BundleError, DownloadError, NoticeError, PackageError) as error:
        sys.exit(f"scripts/vsix/build.py: {error}")


class PackageError(Exception):
    """The extension cannot be packed; the text says why."""


def build(targets: Sequence[str], out: Path, wheel: Path | None) -> None:
    """Writes a file for each target into the folder ``out``. Raises PackageError and what ``bundle.build`` raises."""
    manifest = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        libraries = bundle.libraries(wheel or bundle.own_wheel(Path(work)))
        _run("the TypeScript cannot be bundled", "npm", "run", "--silent", "bundle", cwd=ROOT)

        def pack(target: str) -> Path:
            stage = Path(work, target)
            _client(stage, manifest)
            bundle.build(stage / "bundled", target, libraries)
            sources.plain_modes(stage)
            return _package(stage, target, out / f"keras-memlint-{manifest['version']}-{target}.vsix")

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for vsix in pool.map(pack, targets):
                size = vsix.stat().st_size
                print(f"{vsix}  {size / 1e6:.2f} MB", flush=True)
                if size > LARGEST:
                    raise PackageError(f"{vsix.name} has {size:,} bytes, and {LARGEST:,} are allowed")


def _client(stage: Path, manifest: dict[str, Any]) -> None:
    """The extension without its Python side. The manifest loses what only the checkout needs."""
    kept = {
        key: value for key, value in manifest.items() if key not in ("scripts", "devDependencies", "private")
    }
    files = dict(FILES)
    for name in sorted(set(_files_named_in(kept))):
        if not (ROOT / name).is_file():
            raise PackageError(f"package.json names `{name}`, which is not there")
        files[name] = name
    files |= {name: name for name in sources.files(ROOT) if name.startswith(FOLDERS)}
    for source, packed in files.items():
        (stage / packed).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, stage / packed)
    _without_pictures(stage / "README.md")
    (stage / "THIRD-PARTY-NOTICES.txt").write_text(notices(), encoding="utf-8")
    (stage / "package.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False), encoding="utf-8")
    # vsce wants to be told what to leave out. All of this was put here to be packed.
    (stage / ".vscodeignore").touch()


def _without_pictures(page: Path) -> None:
    """VS Code shows pictures of such a page from the web alone, and there is no public address to load these from."""
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"!\[[^]]*\]\([^)]+\.png\)\n\n", "", text), encoding="utf-8")


def _files_named_in(value: Any) -> Iterator[str]:
    """Paths in the manifest: they begin with `./`, or lie in the client's folder."""
    if isinstance(value, str) and value.startswith(("./", "dist/", "vscode-client/")):
        yield value.removeprefix("./")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _files_named_in(inner)


def _package(stage: Path, target: str, vsix: Path) -> Path:
    platform = [] if target == UNIVERSAL else ["--target", target]
    vsce = ROOT / "node_modules" / "@vscode" / "vsce" / "vsce"
    command = ["node", str(vsce), "package", "--no-dependencies", "--allow-missing-repository"]
    command += ["--no-rewrite-relative-links", *platform, "--out", str(vsix)]
    _run(f"vsce does not pack {vsix.name}", *command, cwd=stage)
    return vsix


def _run(problem: str, *command: str, cwd: Path) -> None:
    try:
        ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PackageError(f"{problem}: {error}") from None
    if ran.returncode:
        raise PackageError(f"{problem}\n{ran.stdout}{ran.stderr}")


if __name__ == "__main__":
    main()
