"""New imports stand where a person would put them, and never where they break something."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.analysis.text.tokens import split_statements
from keras_memlint.fixes.apply import edit_source
from keras_memlint.fixes.imports import Kind, Statement, import_edit

WANTED = "import gc"


def statements(source: Source) -> list[Statement]:
    """What the analysis gives: one span for each logical line at the top level."""
    regions = [(cell.start, cell.end) for cell in source.cells] or [(0, len(source.text))]
    return [
        Statement(start, end, kind(source.code[start:end]))
        for region in regions
        for start, end in split_statements(source.code, *region)
    ]


def kind(code: str) -> Kind:
    if "__future__" in code:
        return "future"
    if code.startswith(("import ", "from ")):
        return "import"
    return "docstring" if code.startswith(("'", '"')) else "other"


def added(source: Source | str, wanted: str = WANTED, used_at: int | None = None) -> str:
    if isinstance(source, str):
        source = Source("train.py", source)
    return edit_source(source, [import_edit(source, statements(source), wanted, used_at)]).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "import gc\n"),
        ("x = 1\n", "import gc\nx = 1\n"),
        ("import os\n\nx = 1\n", "import os\nimport gc\n\nx = 1\n"),
        ("import os", "import os\nimport gc"),
        ("import os  # why\nx = 1\n", "import os  # why\nimport gc\nx = 1\n"),
        ("import os; import re\nx = 1\n", "import os; import re\nimport gc\nx = 1\n"),
        ("import os; x = (1,\n  2)\ny = 1\n", "import os; x = (1,\n  2)\nimport gc\ny = 1\n"),
        ("import os; \\\nimport re\nx = 1\n", "import os; \\\nimport re\nimport gc\nx = 1\n"),
        ("from a import (\n  b,  # )\n)  # c\nx = 1\n", "from a import (\n  b,  # )\n)  # c\nimport gc\nx = 1\n"),
        ("import os\r\nx = 1\r\n", "import os\r\nimport gc\r\nx = 1\r\n"),
        ("import os\rx = 1\r", "import os\rimport gc\rx = 1\r"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport gc\n'),
        ('"""Doc."""', '"""Doc."""\n\nimport gc'),
        ('#!python\n"""Doc\n\nlong."""  # c\n\nx = 1\n', '#!python\n"""Doc\n\nlong."""  # c\n\nimport gc\n\nx = 1\n'),
        ('"""Doc."""\nfrom __future__ import annotations\nx = 1\n',
         '"""Doc."""\nfrom __future__ import annotations\nimport gc\nx = 1\n'),
        ("#!python\n# coding: utf-8\nx = 1\n", "#!python\n# coding: utf-8\nimport gc\nx = 1\n"),
        ("# Licence\n\n# Data\nx = 1\n", "# Licence\nimport gc\n\n# Data\nx = 1\n"),
        ("# only", "# only\nimport gc"),
        ("!pip install a\n\n%cd b\nx = 1\n", "!pip install a\n\n%cd b\nimport gc\nx = 1\n"),
        ("try:\n    import a\nexcept E:\n    pass\nx = 1\n", "import gc\ntry:\n    import a\nexcept E:\n    pass\nx = 1\n"),
        ("if a:\n    import b\nimport c\nx = 1\n", "if a:\n    import b\nimport c\nimport gc\nx = 1\n"),
        ("import os\nx = 1\nimport re\n", "import os\nimport gc\nx = 1\nimport re\n"),
    ],
)  # fmt: skip
def test_scripts(before: str, after: str) -> None:
    assert added(before) == after


def test_environment_variables_set_before_tensorflow_stay_before_it() -> None:
    text = "import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\nfrom tensorflow import keras\nx = 1\n"
    keras = "from keras import mixed_precision"
    assert added(text, keras) == text.replace("x = 1", f"{keras}\nx = 1")
    assert added(text) == text.replace("import os\n", "import os\nimport gc\n")


def test_not_below_its_first_use() -> None:
    assert added("x = f()\nimport os\n", used_at=4) == "import gc\nx = f()\nimport os\n"
    assert added("import os; x = f()\n", used_at=15) == "import gc\nimport os; x = f()\n"
    assert added("import os\nx = f()\n", used_at=14) == "import os\nimport gc\nx = f()\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["!pip install a", "x = 1", "import os", "import re"], ["!pip install a", "x = 1", "import os\nimport gc", "import re"]),
        (["%%bash\nls", "%matplotlib inline\n# Data\nx = 1"], ["%%bash\nls", "%matplotlib inline\n# Data\nimport gc\nx = 1"]),
        (["%%time\nx = 1"], ["%%time\nimport gc\nx = 1"]),
        (["!pip install a", "x = 1"], ["!pip install a\nimport gc", "x = 1"]),
        (["", "x = 1"], ["import gc\n", "x = 1"]),
        (["'''Doc.'''\nx = 1"], ["import gc\n'''Doc.'''\nx = 1"]),
        (["import os\n", "import re"], ["import os\nimport gc\n", "import re"]),
        (["import os", "%%bash\nimport re"], ["import os\nimport gc", "%%bash\nimport re"]),
    ],
)  # fmt: skip
def test_notebooks(before: list[str], after: list[str]) -> None:
    source = join_cells("a.ipynb", list(enumerate(before)))
    assert added(source) == join_cells("a.ipynb", list(enumerate(after))).text


parts = st.sampled_from(
    ["#!python", "# a", "", "import os", "import a; x = (1,\n2)", "from b import (\n c,\n)", "x = 1  # '",
     "if x:\n  import d", "'''s'''", "y = '''\n!z\n'''", "import e; \\\nimport f"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["", '"""Doc."""', '"""Doc."""\n# c\nfrom __future__ import annotations']),
    st.lists(parts, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_one_statement_more_and_all_others_as_they_were(
    head: str, body: list[str], ending: str, closed: bool
) -> None:
    text = "\n".join(part for part in [head, *body] if part or not closed) + ("\n" if closed else "")
    text = text.replace("\n", ending)
    new = added(text)
    before, after = ast.parse(text), ast.parse(new)
    assert ast.get_docstring(after) == ast.get_docstring(before)
    at = [ast.unparse(one) for one in after.body].index(WANTED)
    compile(after, "train.py", "exec")  # refuses a future import below another one
    del after.body[at]
    assert ast.dump(after) == ast.dump(before)
    endings = [set(re.findall(r"\r\n|\r|\n", each)) for each in (text, new)]
    assert endings[1] <= (endings[0] or {"\n"})
