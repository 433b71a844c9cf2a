"""What the extension's manifest offers is explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_setting_is_explained_and_no_other() -> None:
    manifest = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    settings = manifest["contributes"]["configuration"]["properties"]
    page = (
        (ROOT / "docs/editors/vscode.md")
        .read_text(encoding="utf-8")
        .split("## Settings")[1]
        .split("\n## ")[0]
    )
    explained = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    assert explained == [name.removeprefix("keras-memlint.") for name in settings]
