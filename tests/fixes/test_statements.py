"""Statements put below the imports: they stand where their names are bound and TensorFlow is not yet at work."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.edits import apply
from keras_memlint.fixes.statements import after_imports

MODEL = "model = tf.keras.Sequential()\n"


def placed(source: Source) -> str | None:
    """The text with ``tf.go()`` below the imports; None when there is no place for it."""
    edit = after_imports(analyse(source), "tf.go()", "tf.go")
    return apply(source.text, [edit]) if edit is not None else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("import os\n", ""),
        ("", "import numpy as np  # numbers\n"),
        ('import os\nos.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"\n', ""),
        ('"""A script."""\nprint("hello")\n', "from keras import layers\n"),
    ],
)
def test_below_the_imports_that_bind_the_name(before: str, after: str) -> None:
    imports = f"{before}import tensorflow as tf\n{after}"
    assert placed(Source("t.py", imports + MODEL)) == imports + "\ntf.go()\n" + MODEL


def test_lines_end_as_in_the_file() -> None:
    text = "import tensorflow as tf\r\nx = 1\r\n"
    assert placed(Source("t.py", text)) == "import tensorflow as tf\r\n\r\ntf.go()\r\nx = 1\r\n"


def test_in_the_cell_of_the_import() -> None:
    source = join_cells("t.ipynb", [(0, "import os"), (1, "import tensorflow as tf"), (2, MODEL)])
    text = placed(source)
    assert text is not None
    assert "import tensorflow as tf\n\ntf.go()\n" in text


@pytest.mark.parametrize(
    "text",
    [
        "import keras\n",  # nothing is called tf
        "def f():\n    import tensorflow as tf\n",  # not here
        "try:\n    import tensorflow as tf\nexcept ImportError:\n    pass\n",  # perhaps not
        "import tensorflow as tf; x = tf.zeros(3)\n",  # on one line
        "import keras\nm = keras.Sequential()\nimport tensorflow as tf\n",  # too late
    ],
)
def test_nowhere(text: str) -> None:
    assert placed(Source("t.py", text)) is None
