"""Which versions a project's pins allow."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.source import Source


@pytest.mark.parametrize(
    ("file", "text", "oldest", "newest"),
    [
        ("requirements.txt", "keras==3.4.1", (3, 4, 1), (3, 4, 1)),
        ("requirements.txt", "keras<3", None, (2, 9999)),
        ("requirements.txt", "keras<3.0.0  # legacy", None, (2, 9999)),
        ("requirements.txt", "keras < 2.13", None, (2, 12, 9999)),
        ("requirements.txt", "keras >= 2.10, < 2.13", (2, 10), (2, 12, 9999)),
        ("requirements.txt", "keras>=3", (3,), None),
        ("requirements.txt", "keras~=3.1", (3, 1), (3, 9999)),
        ("requirements.txt", "keras==2.*", (2,), (2, 9999)),
        ("requirements.txt", "keras!=3.1,>=3.0", (3, 0), None),
        ("requirements.txt", "keras-cv==0.9\nkeras", None, None),
        (
            "requirements.txt",
            "keras @ file:///C:/wheels/keras-2.4.3-py2.py3-none-any.whl",
            (2, 4, 3),
            (2, 4, 3),
        ),
        ("requirements.txt", "keras @ git+https://example.com/keras-2.4.3", None, None),
        ("environment.yml", "dependencies:\n  - keras=2.3", (2, 3), (2, 3, 9999)),
        ("pyproject.toml", 'keras = "2.10.0"', (2, 10, 0), (2, 10, 0)),
        ("pyproject.toml", 'keras = "^2.10"', (2, 10), (2, 9999)),
        ("pyproject.toml", 'keras = ">=3.0, <4"', (3, 0), (3, 9999)),
        ("pyproject.toml", '    "keras>=3.2",', (3, 2), None),
    ],
)
def test_bounds(
    file: str, text: str, oldest: tuple[int, ...] | None, newest: tuple[int, ...] | None, tmp_path: Path
) -> None:
    (tmp_path / file).write_text(text + "\n", encoding="utf-8")
    project = analyse(Source(str(tmp_path / "train.py"), "import keras\n")).project
    assert (project.floors.get("keras"), project.pins.get("keras")) == (oldest, newest)


@pytest.mark.parametrize(
    ("text", "pins", "major"),
    [
        ("from keras import ops", "", 3),
        ("import keras\nkeras.ops.exp(x)", "", 3),
        ("import os\nos.environ['KERAS_BACKEND'] = 'jax'\nimport keras", "", 3),
        ("from keras_core import ops", "", None),
        ("try:\n    from keras import ops\nexcept ImportError:\n    ops = None", "", None),
        ("from keras import ops", "keras==2.15.0", 2),
        ("import keras", "keras<3", 2),
        ("from keras.layers.core import Dense", "", 2),
        ("from keras.utils.np_utils import to_categorical", "", 2),
        ("from keras.layers import Dense\nfrom keras.utils import to_categorical", "", None),
        ("try:\n    from keras.layers.core import Dense\nexcept ImportError:\n    Dense = None", "", None),
        ("from tensorflow.keras.optimizers import Adam\nAdam(lr=0.1)", "", 2),
        ("from keras.optimizers import Adam\nAdam(learning_rate=0.1, decay=0.1)", "", None),
        ("import keras", "tensorflow<2.16", 2),
        ("import keras", "tensorflow>=2.15,<2.20", None),
        ("import keras", "tensorflow>=2.16,<2.20", 3),
        ("import keras", "keras==2.15.0\ntensorflow==2.16", 2),
    ],
)
def test_major_version_of_keras(text: str, pins: str, major: int | None, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(pins + "\n", encoding="utf-8")
    assert analyse(Source(str(tmp_path / "train.py"), text + "\n")).keras_major == major


@pytest.mark.parametrize(
    ("imported", "slices"),
    [
        ("from keras.backend.tensorflow_backend import set_session", True),
        ("import keras.backend.tensorflow_backend as KTF", True),
        ("from keras.legacy import interfaces", True),
        ("from keras.layers.normalization import BatchNormalization", False),
        ("from keras.backend import clear_session", False),
    ],
)
def test_imports_of_a_keras_that_slices_arrays(imported: str, slices: bool, tmp_path: Path) -> None:
    assert analyse(Source(str(tmp_path / "train.py"), imported + "\n")).slices_arrays == slices


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_requirements_that_powershell_wrote(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==1.19.5\nkeras==2.4.3\n", encoding=encoding)
    project = analyse(Source(str(tmp_path / "train.py"), "import keras\n")).project
    assert project.pins.get("keras") == (2, 4, 3)
