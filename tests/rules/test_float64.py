"""KM102: when the fix is safe, and that what it changes is the same to Keras to the last bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source

HEAD = (
    "import keras\nimport numpy as np\nmodel = keras.models.load_model('m.keras')\n"
    "x = np.zeros((4000, 128, 128, 3), 'uint8')\n"
)
LOOP = "import cv2\nz = {}\nfor n in range(4000):\n    z[n] = cv2.imread(f'{{n}}.png')\n"
SOUNDS = (
    "sounds = []\nfor n in range(3000):\n    sounds.append(np.zeros((64, 44100), 'int16') / 32768.)\n"
    "model.fit(np.array(sounds), y)\n"
)


def findings(text: str, folder: Path, name: str = "train.py") -> list[Diagnostic]:
    report = check_source(Source(str(folder / name), HEAD + text), codes={"KM102"}, settings=Settings())
    assert not report.problems
    return report.diagnostics


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("model.fit(x / 255, y)\n", "safe"),
        ("z = x / 255.\nmodel.fit(z, y)\nmodel.evaluate(z[:9], y)\nprint(z.shape, len(z))\n", "safe"),
        ("z = x / 255.\nz = np.expand_dims(z, -1)\nmodel.fit(z, y, validation_data=(z, y))\n", "safe"),
        ("x = x / 255.\nmodel.predict(x)\n", "safe"),
        ("z = x.astype('float64')\nmodel.fit(z, y)\n", "safe"),
        ("z = x.astype(float) / 255\nmodel.fit(z, y)\n", "safe"),
        ("z = np.array(x, dtype=float)\nmodel.fit(z, y)\n", "safe"),
        ("z = (x / 255.).astype('float32')\nprint(z.mean())\n", "safe"),
        ("z = x / 255.\nmodel.fit(z, y)\nprint(z.dtype)\n", "unsafe"),  # it is printed
        ("z = x / 255.\nmodel.fit(z, y)\nprint(z.mean())\n", "unsafe"),  # another sum
        ("z = x / 255.\nmodel.fit(z, y)\nz -= 0.5\n", "unsafe"),
        ("z = x / 255.\nnp.save('z.npy', z)\n", "unsafe"),
        ("z = x / 255.\n", "unsafe"),  # another module may import it
        ("z = x / 255.\nmodel.fit(z, y, sample_weight=z)\n", "unsafe"),
        ("z = x / 127.5\nmodel.fit(z, y)\n", "safe"),
        ("z = x - 127.5\nmodel.fit(z, y)\n", "safe"),
        ("z = x / 127.5 - 1\nmodel.fit(z, y)\n", "unsafe"),  # 128 of 256 pixels differ
        ("z = x / 58.395\nmodel.fit(z, y)\n", "unsafe"),  # 23 of 256 pixels differ
        ("z = x * (1 / 255)\nmodel.fit(z, y)\n", "unsafe"),
        ("z = x.astype('int64') / 255\nmodel.fit(z, y)\n", "unsafe"),  # float32 may not hold the integers
        ("import os\nos.environ['KERAS_BACKEND'] = 'jax'\nmodel.fit(x / 255, y)\n", "unsafe"),
        ("z = (x - x.mean()) / x.std()\nmodel.fit(z, y)\n", None),  # the deviation widens it again
    ],
)
def test_safe_is_what_nobody_but_keras_sees(text: str, safe: str | None, tmp_path: Path) -> None:
    (found,) = findings(text, tmp_path)
    assert found.severity == "warning"
    assert [fix.applicability for fix in found.fixes] == ([safe] if safe else [])


def test_what_becomes_float16_is_not_made_float32(tmp_path: Path) -> None:
    (found,) = findings("z = (x / 255.).astype('float16')\nnp.save('z.npy', z)\n", tmp_path)
    assert "before it is converted to `float16`" in found.message
    assert found.fixes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{LOOP.format('np.zeros((4000, 128, 128, 3))')}", "`np.zeros` without a dtype makes"),
        (f"{LOOP.format('np.zeros((4000, 128, 128, 3), float)')}", "`np.zeros` makes"),
        (SOUNDS, "`/` makes `float64` of each sample of the data set"),
    ],
)
def test_messages_say_what_is_written(text: str, message: str, tmp_path: Path) -> None:
    (found,) = findings(text, tmp_path)
    assert found.message.startswith(message)


def test_bytes_are_those_of_the_float64_array(tmp_path: Path) -> None:
    (found,) = findings("z = x / 255\n", tmp_path)
    assert found.bytes == 4000 * 128 * 128 * 3 * 8


@pytest.mark.parametrize(
    "text", ["z = x // 2\n", "z = x[:10] / 255\n", "z = (x > 3) & (x < 9)\n", "z = x / w\n"]
)
def test_silent(text: str, tmp_path: Path) -> None:
    assert findings(text, tmp_path) == []


def test_sizes_in_test_files_are_of_no_concern(tmp_path: Path) -> None:
    assert findings("z = x / 255\nimport pytest\n", tmp_path, "test_train.py") == []


def test_short_integers_and_numbers_that_float32_holds_are_the_same_in_float32() -> None:
    np = pytest.importorskip("numpy")
    for dtype in ("uint8", "int8", "uint16", "int16"):
        limits = np.iinfo(dtype)
        values = np.arange(limits.min, limits.max + 1, dtype="int64").astype(dtype)
        for number in (1, 3, 7, 100, 127, 127.5, 255, 256, 1000, 4095, 32767, 65535, 0.5, 0.375):
            number = float(number)
            for op in (np.divide, np.subtract, np.add, np.multiply):
                wide = op(values, number).astype("float32")
                assert np.array_equal(op(values, number, dtype="float32"), wide)
            assert np.array_equal(values.astype("float32") / number, (values / number).astype("float32"))


def test_a_built_in_data_set_of_known_size_is_an_info(tmp_path: Path) -> None:
    (found,) = findings(
        "(z, y), (held_out, _) = keras.datasets.cifar10.load_data()\nz, held_out = z / 255, held_out / 255\n",
        tmp_path,
    )
    assert found.severity == "info"


def test_a_built_in_data_set_below_the_threshold_is_not_told(tmp_path: Path) -> None:
    text = (
        "import keras\n(x, y), _ = keras.datasets.cifar10.load_data()\nx = x / 255.0\n"
        "keras.models.load_model('m.keras').fit(x, y)\n"  # 1.1 GiB
    )

    def found(threshold: int) -> list[int]:
        settings = Settings(size_threshold=threshold)
        source = Source(str(tmp_path / "train.py"), text)
        return [
            one.location.row for one in check_source(source, codes={"KM102"}, settings=settings).diagnostics
        ]

    assert (found(1 << 30), found(3 << 30)) == ([3], [])
