"""Imports of what is not there: only what surely is the project's own fails, and only what surely is nowhere is absent."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.files import read_script

FILES = {
    "README.md": "# Training\n",
    "tools/__init__.py": "",
    "tools/data.py": "def load(): ...\n",
    "tools/broken.py": "import numpy\nfrom .layers import Layer\n",
    "tools/half.py": "import os\nos.mkdir('a')\nfrom tools import data\ndata.load()\nfrom .layers import Layer\n",
    "plain/read.py": "def load(): ...\n",
    "alone.py": "class Net: ...\n",
    "open.py": "from numpy import *\n",
}


def reasons(
    folder: Path, text: str, files: dict[str, str] | None = None, place: str = "train.py"
) -> list[str]:
    for path, content in {**FILES, **(files or {}), place: text}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    script = analyse(read_script(folder / place, str(folder / place)).source)
    return [one.why for one in script.failures]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("from tools.layers import Layer\n", "there is no module `tools.layers`"),
        ("import tools.layers as layers\n", "there is no module `tools.layers`"),
        ("from tools import data, layers\n", "`tools` has no `layers`"),
        ("from plain import read, write\n", "there is no module `write` in `plain`"),
        ("import plain.read\nimport plain.write\n", "there is no module `plain.write`"),
        ("from tools.data import load, save\n", "`tools.data` has no `save`"),
        ("from alone import Model\n", "`alone` has no `Model`"),
        ("from Alone import Net\n", "the module is called `alone`, not `Alone`"),
        ("import Alone\nAlone.Net()\n", "the module is called `alone`, not `Alone`"),
        ("from Tools.data import load\n", "the module is called `tools.data`, not `Tools.data`"),
        (
            "from tools import broken\n",
            "`tools.broken` cannot be imported: there is no module `.layers`",
        ),
        ("def start():\n    from tools import layers\nstart()\n", "`tools` has no `layers`"),
        ("if run:\n    import tools.layers\n", "there is no module `tools.layers`"),
    ],
)
def test_what_is_not_there(tmp_path: Path, text: str, why: str) -> None:
    assert reasons(tmp_path, "run = open('run').read()\n" + text) == [why]


@pytest.mark.parametrize(
    "text",
    [
        "from tools.data import load\nfrom tools import data\nimport tools.data, alone\nfrom alone import Net\n",
        "import layers\nfrom layers import Layer\nfrom other.layers import Layer\n",  # libraries may be called so
        "from plain import write\n",  # as may a library that the folder hides from us
        "import tools.half\n",  # what it does before it fails counts
        "from open import array\n",
        "try:\n    from tools.layers import Layer\nexcept ImportError:\n    pass\n",
        "import sys\nsys.path.insert(0, '../shared')\nfrom tools.layers import Layer\n",
        "import Alone\nAlone.fit()\n",  # a library, and a file of that name about it
        "import tools.data_pb2, tools.version, tools.my_secrets\n",
        "from tools import __version__\n",
        "from tools import _ext\n",  # compiled
    ],
)
def test_what_may_be_there(tmp_path: Path, text: str) -> None:
    assert reasons(tmp_path, text) == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("tools/layers/weights.h5", ""),
        ("tools/layers.cpython-312-x86_64-linux-gnu.so", ""),
        ("tools/layers.pyx", ""),
        ("shared/layers.py", "class Layer: ...\n"),
        ("layers/Layer.py", ""),
        (".gitignore", "__pycache__/\n/tools/layers.py\n"),
        (".gitignore", "layers*\n"),
        (".gitmodules", "[submodule]\n"),
        ("README.md", "Copy `layers.py` from the other repository.\n"),
        ("setup.sh", "wget https://example.com/layers.py -P tools\n"),
        ("tools/__init__.py", "from os import *\n"),
    ],
)
def test_what_may_come_from_elsewhere(tmp_path: Path, path: str, content: str) -> None:
    assert reasons(tmp_path, "from tools import layers\n", {path: content}) == []
    if path != "tools/__init__.py":
        assert reasons(tmp_path, "from tools.layers import Layer\n", {path: content}) == []


def test_a_folder_without_modules(tmp_path: Path) -> None:
    assert reasons(tmp_path, "from data.loader import load\n", {"data/list.txt": "a\n"}) == []


def test_a_package_looks_beside_itself(tmp_path: Path) -> None:
    files = {"pkg/__init__.py": "", "pkg/a.py": ""}
    assert reasons(tmp_path, "from . import a\nfrom .a import *\n", files, "pkg/train.py") == []
    assert reasons(tmp_path, "from .b import x\n", files, "pkg/train.py") == ["there is no module `.b`"]
    assert reasons(tmp_path, "from ..b import x\n", files, "pkg/train.py") == ["there is no module `..b`"]
    assert reasons(tmp_path, "from tools.layers import x\n", files, "pkg/train.py") == [
        "there is no module `tools.layers`"
    ]


@pytest.mark.parametrize(
    ("head", "fails"),
    [
        ("import os, numpy as np; os.mkdir('a')\nfrom . import data as d, \\\n    nothing\n", True),
        (
            "from .data import (  # all of it; and more\n    load,\n)\nprint('a')\nimport tools.nothing as n\n",
            True,
        ),
        ("from .data import load; load()\nimport tools.nothing\n", False),
        ("from .data import *\nload()\nimport tools.nothing\n", False),
        ("from tools import data as d\nx = [1, d.load()]\nimport tools.nothing\n", False),
        ("def load(): ...\nclass A: ...\n@A\ndef f(): ...\nimport tools.nothing\n", True),
        ("def load(): ...\nload()\nimport tools.nothing\n", False),
        ('"""\nimport tools.nothing\n"""\n', False),
        ("if 1:\n    import tools.nothing\n", False),
    ],
)
def test_what_a_module_does_first(tmp_path: Path, head: str, fails: bool) -> None:
    assert bool(reasons(tmp_path, "import tools.first\n", {"tools/first.py": head})) is fails


def test_a_package_with_a_library_s_name_inside(tmp_path: Path) -> None:
    """``import library`` in a package that has a module of that name is the library."""
    files = {
        "pkg/__init__.py": "",
        "pkg/library/__init__.py": "",
        "pkg/use.py": "from library import layers\n",
    }
    assert reasons(tmp_path, "import pkg.use\n", files) == []
    assert reasons(tmp_path, "from library import layers\n", files, "pkg/library/train.py") == []
    assert reasons(tmp_path, "from library import layers\n", files, "pkg/train.py") == []
    assert reasons(tmp_path, "import pkg.use\n", files, "pkg/__init__.py") == []
    started = "from library import layers\nif __name__ == '__main__':\n    layers.f()\n"
    assert reasons(tmp_path, started, files, "pkg/train.py") == ["`library` has no `layers`"]


def test_a_text_that_is_no_python(tmp_path: Path) -> None:
    assert (
        reasons(tmp_path, "import tools.odd\n", {"tools/odd.py": "from import x\nimport\nfrom\n= (\n"}) == []
    )


def test_too_many_files_are_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keras_memlint.analysis.projects import importers

    monkeypatch.setattr(importers, "_FILES", 3)
    assert reasons(tmp_path, "from tools.layers import Layer\n") == []
