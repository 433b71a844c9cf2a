"""The licences of the npm packages whose code is in ``dist/extension.js``."""

from __future__ import annotations

import json
import re
from pathlib import Path

from targets import ROOT

METAFILE = ROOT / "dist" / "meta.json"
"""What esbuild says went into its output."""

_PACKAGE = re.compile(r"^(?:.*/)?node_modules/(?:@[^/]+/)?[^/]+(?=/)")


class NoticeError(Exception):
    """A package says nothing of its licence; the text names it."""


def notices() -> str:
    """One section for each package, in the order of their names. Raises NoticeError."""
    inputs = json.loads(METAFILE.read_text(encoding="utf-8"))["inputs"]
    folders = {found[0] for name in inputs if (found := _PACKAGE.match(name))}
    return "\n".join(_section(ROOT / folder) for folder in sorted(folders))


def _section(folder: Path) -> str:
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    texts = sorted(path for path in folder.iterdir() if re.match(r"licen[cs]e", path.name, re.IGNORECASE))
    if not texts:
        raise NoticeError(f"{folder.name} in dist/extension.js has no licence file")
    head = f"{manifest['name']} {manifest['version']} ({manifest.get('license', 'see below')})"
    return f"{head}\n{'=' * len(head)}\n\n{texts[0].read_text(encoding='utf-8').strip()}\n"
