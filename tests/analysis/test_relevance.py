"""Which scripts are analysed: those that name Keras, and those that train with a module of their own that does."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.projects.relevance import relevance
from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.text.source import Source


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").write_text("")
    (tmp_path / "nets" / "small.py").write_text("import keras\n")
    (tmp_path / "plain.py").write_text("import sklearn\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "relevant"),
    [
        ("import keras", True),
        ("from tensorflow import data", True),
        ("import tf", True),
        ("from nets.small import build\nbuild().fit(x)", True),
        ("import nets.small\nnets.small.build().fit(x)", True),
        ("if x:\n    from .nets import small\nsmall.build() . fit(x)", True),
        ("from nets.small import build\nprint(build)", False),
        ("import plain\nplain.model.fit(x)", False),
        ("import sklearn\nsklearn.x.fit(x)", False),
        ("x.fit(y)", False),
        ("", False),
        ("import theano\n# the same with keras\nx = np.zeros((50_000, 32, 32, 3))", False),
        ("import theano\nimport keras", True),
        ("import torch\nx = 1; import keras", True),
        ("import torch\nfrom transformers import TFBertModel\nimport numpy, tensorflow", True),
        ("import torch  # not tf\nfrom nets.small import build\nbuild().fit(x)", True),
        ("import theano\ntheano.config.x = 1\ntf.constant(1)", False),
    ],
)
def test_scripts(project: Path, text: str, relevant: bool) -> None:
    assert relevance(Source(str(project / "train.py"), text), Workspace())[0] is relevant


def test_the_module_is_one_that_the_answer_depends_on(project: Path) -> None:
    text = "import plain\nplain.model.fit(x)"
    _, looked_at = relevance(Source(str(project / "train.py"), text), Workspace())
    assert str(project / "plain.py") in looked_at
