"""What the model knows, by example: ``reveal(x)  # value: …`` in the pages of ``values/``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from keras_memlint.analysis.abstract.describing import describe
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.source import Source

PAGES = sorted((Path(__file__).parent / "values").glob("*.md"))
_FENCE = re.compile(r"^```py([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"reveal\(.*#\s*value:\s*(.*)$")
_PRELUDE = "from keras_memlint_tests import reveal\n"


def sections() -> list[tuple[str, str, dict[str, str]]]:
    """Heading, main text and further files of each section that holds an example."""
    found = []
    for page in PAGES:
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            blocks = {info.strip() or "train.py": code for info, code in _FENCE.findall(section)}
            if blocks:
                main = blocks.pop("train.py")
                found.append((f"{page.stem}: {section.splitlines()[0]}", main, blocks))
    return found


@pytest.mark.parametrize(
    ("heading", "text", "files"), sections(), ids=lambda part: part if isinstance(part, str) else ""
)
def test_values(heading: str, text: str, files: dict[str, str], tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    source = Source(str(tmp_path / "train.py"), _PRELUDE + text)
    script = analyse(source)
    found: dict[int, str] = {}
    for call in script.calls("keras_memlint_tests.reveal"):
        found[source.row(script.place(call.node).start)] = describe(call.first())
    expected = {
        row: match.group(1).strip()
        for row, line in enumerate(source.text.splitlines())
        if (match := _MARK.search(line))
    }
    assert expected, f"{heading}: nothing is revealed"
    assert found == expected


def test_a_block_that_is_given_up_has_no_shape_of_an_earlier_use(tmp_path: Path) -> None:
    uses = "".join("x = block(x)\n" for _ in range(300))
    text = (
        f"{_PRELUDE}import keras\nfrom keras import layers\ndef block(x):\n"
        f"    return layers.ZeroPadding2D()(x)\nx = keras.Input((8, 8, 3))\n{uses}reveal(x)\n"
    )
    script = analyse(Source(str(tmp_path / "train.py"), text))
    (call,) = script.calls("keras_memlint_tests.reveal")
    assert describe(call.first()) == "Unknown"
