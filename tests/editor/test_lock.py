"""The lists of libraries that the extension brings are pinned by hash, and tell of no registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

VSIX = Path(__file__).parents[2] / "scripts" / "vsix"


@pytest.mark.parametrize("name", ["requirements.txt", "libcst.txt"])
def test_every_library_has_hashes_and_no_address(name: str) -> None:
    text = (VSIX / name).read_text(encoding="utf-8")
    assert "//" not in text
    blocks = re.split(r"\n(?=\w)", text.split("\n", 1)[1].strip())
    for block in blocks:
        assert re.fullmatch(r"[\w.-]+==[\d.]+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+", block), (
            block
        )
