"""KM103, KM104, KM105 and KM201 together: one array is one finding, with the bytes it costs, above the threshold."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.sizes.settings import MIB, Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source

CODES = {"KM103", "KM104", "KM105", "KM201"}
HEAD = (
    "import keras\nimport numpy as np\nimport tensorflow as tf\nmodel = keras.models.load_model('m.keras')\n"
    "y = keras.utils.get_file('y')\n"
)
LARGE = "x = np.zeros((1000, 128, 128, 3), 'float32')\n"


def findings(text: str, folder: Path, name: str = "train.py", threshold: int = 64 * MIB) -> list[Diagnostic]:
    source = Source(str(folder / name), HEAD + text)
    report = check_source(source, codes=CODES, settings=Settings(size_threshold=threshold))
    assert not report.problems
    return report.diagnostics


def save(path: Path, shape: tuple[int, ...], descr: str, itemsize: int) -> int:
    """A ``.npy`` file of zeros that takes no room; the bytes of its array."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    size = itemsize
    for axis in shape:
        size *= axis
    with path.open("wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        file.truncate(10 + len(header) + size)
    return size


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (LARGE + "model.fit(x, y)\nmodel.evaluate(x, y)\nmodel.predict(x)\n", ["KM103"]),
        (LARGE + "model.fit(x / 255, y)\nmodel.fit(x, x)\n", ["KM103"]),
        (LARGE + "ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)\nmodel.fit(ds)\n", ["KM201"]),
        ("x = np.load('x.npy')\nmodel.fit(x, y)\nmodel.predict(x)\n", ["KM104"]),
        ("x = np.load('x.npy')\nds = tf.data.Dataset.from_tensor_slices((x, y))\n", ["KM201"]),
        ("x = np.load('x.npy', mmap_mode='r')\nmodel.fit(x, y)\nmodel.predict(x)\n", ["KM105"]),
        ("x = np.load('x.npy', mmap_mode='r')\nds = tf.data.Dataset.from_tensors(x)\n", ["KM105"]),
        ("x = np.array(np.load('x.npy', mmap_mode='r'))\nmodel.fit(x, y)\n", ["KM105"]),
        ("x = np.load('x.npy')\nfor i in range(9):\n    print(x[i])\n", ["KM104"]),
        ("x = np.load('x.npy')\nmodel.fit(x[:100], y)\nx = None\n", ["KM104"]),
    ],
)
def test_one_array_is_one_finding(text: str, codes: list[str], tmp_path: Path) -> None:
    save(tmp_path / "x.npy", (3000, 128, 128, 3), "|u1", 1)
    found = findings(text, tmp_path)
    assert [d.code for d in found] == codes
    assert {d.severity for d in found} == {"warning"}


def test_bytes_are_what_it_costs(tmp_path: Path) -> None:
    size = save(tmp_path / "x.npy", (3000, 128, 128, 3), "|u1", 1)
    wide = save(tmp_path / "w.npy", (1000, 128, 128, 3), "<f8", 8)

    def cost(text: str) -> int | None:
        (found,) = findings(text, tmp_path)
        return found.bytes

    assert cost("x = np.load('x.npy')\nmodel.fit(x, y)\n") == 3 * size  # the array and two copies
    assert cost("x = np.load('x.npy', mmap_mode='r')\nmodel.fit(x, y)\n") == 2 * size
    assert cost("x = np.load('x.npy')\nprint(x[0])\n") == size
    assert cost("x = np.load('w.npy')\nmodel.fit(x, y)\n") == wide + wide * 3 // 2  # copied as float32
    assert cost(LARGE + "model.predict(x)\n") == 2 * 1000 * 128 * 128 * 3 * 4


@pytest.mark.parametrize("name", ["test_train.py", "train_test.py", "conftest.py"])
def test_sizes_in_test_files_are_of_no_concern(name: str, tmp_path: Path) -> None:
    save(tmp_path / "x.npy", (3000, 128, 128, 3), "|u1", 1)
    text = LARGE + "model.fit(x, y)\ntf.data.Dataset.from_tensors(x)\n"
    text += "a = np.load('x.npy')\nmodel.fit(a, y)\nb = np.load('x.npy', mmap_mode='r')\nmodel.fit(b, y)\n"
    assert {d.code for d in findings(text, tmp_path)} == CODES
    assert findings(text + "def test_fit():\n    pass\n", tmp_path, name) == []


@pytest.mark.parametrize("name", ["test_train.py", "train_and_test.py", "lstm_test.py"])
def test_a_script_without_tests_is_no_test_file(name: str, tmp_path: Path) -> None:
    assert [d.code for d in findings(LARGE + "model.fit(x, y)\n", tmp_path, name)] == ["KM103"]


def test_the_threshold_is_the_users(tmp_path: Path) -> None:
    size = save(tmp_path / "x.npy", (100, 128, 128, 3), "|u1", 1)
    text = (
        "x = np.load('x.npy')\nmodel.fit(x, y)\nz = np.zeros((100, 128, 128, 3), 'uint8')\nmodel.fit(z, y)\n"
    )
    assert findings(text, tmp_path) == []
    assert [d.code for d in findings(text, tmp_path, threshold=size)] == ["KM104", "KM103"]
    assert findings(text, tmp_path, threshold=size + 1) == []


@pytest.mark.parametrize(("pin", "name"), [("tensorflow==2.12", "Sequence"), ("keras>=3.0", "PyDataset")])
def test_the_cure_is_a_class_that_the_pinned_keras_has(pin: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(pin + "\n", encoding="utf-8")
    (found,) = findings(LARGE + "model.fit(x, y)\n", tmp_path)
    assert found.help is not None
    assert f"`{name}`" in found.help


@pytest.mark.parametrize(
    ("call", "words", "size"),
    [
        ("model.fit(x, y)", "a whole array of 188 MiB", 375),
        ("model.fit(x, x)", "whole arrays of 375 MiB", 750),
        ("model.fit([x, x], x)", "whole arrays of 562 MiB", 1125),
        ("model.fit({'a': x, 'b': x[:500]}, y)", "whole arrays of 281 MiB", 562),
        ("model.fit(x, y, validation_split=0.2)", "a whole array of 188 MiB", 300),
        ("model.fit(x, x, validation_split=0.5)", "whole arrays of 375 MiB", 562),
        ("model.fit(x, np.zeros((1000, 10), 'float32'))", "a whole array of 188 MiB", 375),
        ("model.evaluate(x, x)", "whole arrays of 375 MiB", 750),
        ("model.fit(x, y, validation_data=(x, y))", "188 MiB and of the validation data", 562),
        ("model.fit(x, y, validation_data=(x[:200], y))", "a whole array of 188 MiB", 375),
        ("model.fit(x, y, validation_data=(x[:510], y))", "a whole array of 188 MiB (", 378),
        ("model.fit(x, y, validation_split=0.2, validation_data=(x, y))", "and of the validation data", 562),
    ],
)
def test_bytes_of_all_that_a_call_is_given(call: str, words: str, size: int, tmp_path: Path) -> None:
    (found,) = findings(LARGE + call + "\n", tmp_path)
    assert words in found.message
    assert (found.bytes or 0) // MIB == size


def test_what_is_done_again_at_one_place_is_one_note(tmp_path: Path) -> None:
    text = f"def twice(a):\n    return a * 2.0\n{LARGE}model.fit(twice(twice(x)), y)\n"
    (found,) = findings(text, tmp_path)
    assert [place.message for place in found.related] == ["allocated here", "computed here"]


def test_notes_with_the_same_words_at_two_places_stay(tmp_path: Path) -> None:
    (found,) = findings(f"{LARGE}x = x * 2.0\nmodel.fit(x * 3.0, y)\n", tmp_path)
    assert [place.message for place in found.related] == ["allocated here", "computed here", "computed here"]
