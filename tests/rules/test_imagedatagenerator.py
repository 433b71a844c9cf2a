"""KM116: what a finding says it costs, and how sure it is, for what decides between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source
from pages import CODES

ONE = 16_000 * 64 * 64 * 4  # a float32 copy of the array: 250 MiB


def found(folder: Path, text: str, pins: str = "") -> list[Diagnostic]:
    if pins:
        (folder / "requirements.txt").write_text(pins, encoding="utf-8")
    return check_source(
        Source(str(folder / "train.py"), text), codes={"KM116"}, settings=Settings()
    ).diagnostics


def generator(call: str, dtype: str = "uint8", options: str = "") -> str:
    return (
        "import numpy as np\n"
        "import tensorflow as tf\n"
        "from data import extra, y\n"
        f"x = np.zeros((16_000, 64, 64, 1), dtype={dtype!r})\n"
        f"g = tf.keras.preprocessing.image.ImageDataGenerator({options})\n"
        f"g.{call}\n"
    )


@pytest.mark.parametrize(
    ("call", "dtype", "options", "cost"),
    [
        ("flow(x, y)", "uint8", "", ONE),
        ("flow((x, extra), y)", "uint8", "", ONE),
        ("flow(x)", "float64", "", ONE),
        ("flow(x)", "uint8", "dtype='float64'", 2 * ONE),
        ("fit(x)", "uint8", "featurewise_center=True", 2 * ONE),
        ("fit(x)", "float32", "featurewise_center=True", ONE),
        ("fit(x)", "float32", "False, False, True", 2 * ONE),
        ("fit(x, augment=True, rounds=3)", "float32", "featurewise_center=True", 4 * ONE),
        ("fit(x, True, 3)", "float32", "featurewise_std_normalization=True", 6 * ONE),
    ],
)
def test_bytes_are_those_of_the_copies(
    call: str, dtype: str, options: str, cost: int, tmp_path: Path
) -> None:
    (one,) = found(tmp_path, generator(call, dtype, options))
    assert (one.severity, one.bytes) == ("warning", cost)


def test_a_copy_has_the_dtype_of_the_generator(tmp_path: Path) -> None:
    (one,) = found(tmp_path, generator("flow(x)", "uint8", "dtype='float64'"))
    assert one.message.startswith("`ImageDataGenerator.flow` keeps a float64 copy")


@pytest.mark.parametrize(
    ("call", "dtype", "options"),
    [
        ("flow(x)", "float32", ""),
        ("flow(x)", "float64", "dtype='float64'"),
        ("flow(x)", "uint8", "dtype=chosen"),
        ("flow(x, subset='training')", "uint8", "validation_split=0.01"),
        ("flow_from_directory('train')", "uint8", ""),
    ],
)
def test_nothing_but_the_hint_where_nothing_is_known_to_be_copied(
    call: str, dtype: str, options: str, tmp_path: Path
) -> None:
    (one,) = found(tmp_path, generator(call, dtype, options))
    assert (one.severity, one.bytes) == ("hint", None)


def test_fit_says_when_it_is_useless(tmp_path: Path) -> None:
    (useless,) = found(tmp_path, generator("fit(x)", options="rescale=1 / 255"))
    assert "nothing to compute" in useless.message
    (unknown,) = found(tmp_path, generator("fit(x)", options="**options"))
    assert "nothing to compute" not in unknown.message


def test_an_array_fitted_and_flowed_is_one_finding(tmp_path: Path) -> None:
    (one,) = found(tmp_path, generator("fit(x); g.flow(x)", options="featurewise_center=True"))
    assert one.location.row == 6


@pytest.mark.parametrize(
    ("pins", "severity"),
    [
        ("keras>=3.0", "error"),
        ("keras==3.4.1\ntensorflow==2.17", "error"),
        ("tensorflow~=2.16.1", "error"),
        ("tensorflow>=2.15", "info"),
        ("tensorflow>=2.10,<3", "info"),
        ("", "info"),
        ("keras<3", "hint"),
        ("tensorflow<2.16", "hint"),
        ("tensorflow==2.10.1", "hint"),
    ],
)
def test_how_sure_it_is_that_the_import_fails(pins: str, severity: str, tmp_path: Path) -> None:
    text = "from keras.preprocessing.image import ImageDataGenerator\ng = ImageDataGenerator()\n"
    (one,) = found(tmp_path, text, pins)
    assert one.severity == severity


@pytest.mark.parametrize(
    "text",
    [
        "import tensorflow as tf\ng = tf.keras.preprocessing.image.ImageDataGenerator()\n",
        "from keras_preprocessing.image import ImageDataGenerator\ng = ImageDataGenerator()\n",
        "try:\n    from keras.preprocessing import image\nexcept ImportError:\n    image = None\n"
        "g = image.ImageDataGenerator()\n",
        "from tensorflow import keras\ng = keras.preprocessing.image.ImageDataGenerator()\n",
        "def old():\n    from keras.preprocessing.image import ImageDataGenerator\n    return ImageDataGenerator()\n",
    ],
)
def test_no_error_where_the_class_may_be_another(text: str, tmp_path: Path) -> None:
    assert [d.severity for d in found(tmp_path, text, "keras==3.4.1")] in ([], ["hint"])


def test_a_loaded_array_is_one_finding(tmp_path: Path) -> None:
    import struct

    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (30000, 96, 96, 3), }"
    header += " " * (117 - len(header)) + "\n"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    with (tmp_path / "x.npy").open("wb") as file:
        file.write(start)
        file.truncate(len(start) + 30_000 * 96 * 96 * 3)
    text = (
        "import numpy as np\n"
        "from tensorflow.keras.preprocessing.image import ImageDataGenerator\n"
        "x = np.load('x.npy')\n"
        "model.fit(ImageDataGenerator().flow(x, y))\n"
    )
    report = check_source(Source(str(tmp_path / "train.py"), text), codes=CODES, settings=Settings())
    assert [d.code for d in report.diagnostics if d.severity != "hint"] == ["KM116"]
