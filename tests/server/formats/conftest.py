"""A small run of ``check`` over files with awkward names and texts, for the tests of the output formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from keras_memlint.analysis.text.source import Cell, Source
from keras_memlint.rules.catalogue import Row
from keras_memlint.rules.diagnostic import (
    Diagnostic,
    DiagnosticFix,
    Position,
    RelatedPlace,
    TextEdit,
)
from keras_memlint.server.report import RunReport

SCRIPT = "größe 数据/train: 1,5 %.py"
TEXT = "import tensorflow as tf\r\n\r\nds = ds.map(decode).shuffle(len(paths))\r\n"
NOTEBOOK = "nb.ipynb"
CELLS = "import tensorflow as tf\nds = ds.map(f)\n"
PAGE = """# shuffle-full-buffer (KM203)

Finds a shuffle buffer as long as
the data set.

**Why.** It keeps elements.

```py
ds.shuffle(n)  # expect: KM203
```
"""

FINDING = Diagnostic(
    code="KM203",
    name="shuffle-full-buffer",
    severity="warning",
    message='buffer holds "images",\n100 % of it: all (33.6 GiB)',
    filename=SCRIPT,
    location=Position(3, 21),
    end_location=Position(3, 40),
    bytes=36077725286,
    related=(
        RelatedPlace("elements become arrays here", "data/läden.py", Position(12, 14), Position(12, 20)),
    ),
    fixes=(
        DiagnosticFix(
            "unsafe",
            "shuffle 1,024 elements at a time",
            (TextEdit(Position(3, 29), Position(3, 39), "1024"),),
        ),
    ),
)
SAFE = replace(
    FINDING,
    code="KM209",
    name="map-without-parallel-calls",
    severity="info",
    message="elements are decoded one after the other",
    location=Position(3, 9),
    end_location=Position(3, 12),
    bytes=None,
    related=(),
    fixes=(
        DiagnosticFix(
            "safe",
            "add `num_parallel_calls=tf.data.AUTOTUNE`",
            (TextEdit(Position(3, 19), Position(3, 19), ", num_parallel_calls=tf.data.AUTOTUNE"),),
        ),
    ),
)
IN_CELL = replace(
    SAFE,
    filename=NOTEBOOK,
    location=Position(1, 9),
    end_location=Position(1, 12),
    cell=4,
    related=(RelatedPlace("made here", NOTEBOOK, Position(1, 1), Position(1, 7), 2),),
    fixes=(
        DiagnosticFix(
            "safe",
            "add `num_parallel_calls=AUTOTUNE`",
            (
                TextEdit(Position(1, 1), Position(1, 1), "from tensorflow.data import AUTOTUNE\n", 2),
                TextEdit(Position(1, 14), Position(1, 14), ", num_parallel_calls=AUTOTUNE", 4),
            ),
        ),
    ),
)

MakeReport = Callable[..., RunReport]


@pytest.fixture
def finding() -> Diagnostic:
    """A warning with bytes, a cause in another file and an unsafe fix."""
    return FINDING


@pytest.fixture
def safe() -> Diagnostic:
    """An info with a safe fix, in the same file."""
    return SAFE


@pytest.fixture
def in_cell() -> Diagnostic:
    """The same in a notebook: its fix touches two cells."""
    return IN_CELL


@pytest.fixture
def make_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeReport:
    """Makes a report of the given findings; the current folder is the root."""
    monkeypatch.chdir(tmp_path)
    rule = tmp_path / "rule.py"
    rule.with_suffix(".md").write_text(PAGE, encoding="utf-8")
    first = CELLS.index("ds")
    sources = {
        SCRIPT: Source(SCRIPT, TEXT),
        NOTEBOOK: Source(NOTEBOOK, CELLS, (Cell(2, 0, first), Cell(4, first, len(CELLS)))),
    }

    def make(*diagnostics: Diagnostic, texts: dict[str, str] | None = None, files: int = 2) -> RunReport:
        known = {**sources, **{name: Source(name, text) for name, text in (texts or {}).items()}}
        return RunReport(
            diagnostics=list(diagnostics),
            sources=known.get,
            root=tmp_path,
            rules={"KM203": Row("KM203", "shuffle-full-buffer", "tf.data pipeline", rule)},
            files_checked=files,
            version="9.8.7",
        )

    return make
