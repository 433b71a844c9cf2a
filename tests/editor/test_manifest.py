"""What the extension's manifest offers is explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["contributes"]["configuration"][
    "properties"
]


def test_every_setting_is_explained_and_no_other() -> None:
    page = (ROOT / "docs/editors/vscode.md").read_text(encoding="utf-8")
    table = page.split("## Settings")[1].split("\n## ")[0]
    explained = re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)
    assert explained == [name.removeprefix("keras-memlint.") for name in SETTINGS]


def test_the_settings_editor_keeps_the_order_of_the_manifest() -> None:
    orders = [setting["order"] for setting in SETTINGS.values()]
    # Two with the same number would be sorted by their names.
    assert orders == sorted(set(orders))
