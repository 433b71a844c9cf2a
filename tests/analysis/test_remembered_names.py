"""What is remembered of a script's names is what a walk over all of it finds."""

from keras_memlint.analysis.reach.uses import names_of
from keras_memlint.analysis.syntax.parse import ParseCache, parse
from keras_memlint.analysis.syntax.pieces import LARGE
from keras_memlint.analysis.text.source import Source

FUNCTION = "def build(width, data):\n    import numpy as np\n" + "".join(
    f"    layer{number} = dense(width, lambda x: x + other{number})\n" for number in range(LARGE // 40)
)
TABLE = "table = [\n" + "".join(f"    (name{number}, {number}),\n" for number in range(1000)) + "]\n"


def test_names_are_the_same_after_edits() -> None:
    cache = ParseCache()
    text = FUNCTION + TABLE + "for width in table: build(width, data=1)\nx = 1; y = x\n"
    edits = [
        ("layer3 ", "renamed "),
        ("(width, data)", "(breadth, data)"),  # `width` in the body is another name now
        ("name500,", "renamed,"),
        ("other7)", "renamed * 2)"),
        ("y = x", "y = renamed"),
    ]
    for old, new in [("", ""), *edits]:
        assert old in text
        text = text.replace(old, new, 1)
        parsed = parse(Source("train.py", text), cache)
        once = names_of(parsed.statements)
        for _ in range(2):
            assert names_of(parsed.statements, remember=True) == once
    assert "width" in once.read
    assert len(once.uses("renamed")) == 4
