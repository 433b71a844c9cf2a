"""Whether anything reads a pipeline: in the script, in what it still runs, or in a file that imports it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from keras_memlint.analysis.script import Script, analyse
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.files import read_script, script_from_bytes
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

MAKE = "import tensorflow as tf\nds = tf.data.Dataset.range(9).shuffle(9)\n"
PAIR = "def f():\n    return a, ds\n"
DECODED = """import tensorflow as tf
def decode(path):
    return tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
ds = tf.data.Dataset.list_files("*.jpg").map(decode)SHUFFLE.batch(8).prefetch(PREFETCH)
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``train.py`` stands in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def is_read(script: Script) -> bool:
    call, _ = next(script.dataset_ops("shuffle"))
    return script.is_read(call)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", False),
        ("ds\n", False),
        ("ds = ds.batch(2)\n", False),
        ("ds = other = ds.batch(2)\n", False),
        ("ds = other = ds.batch(2)\nmodel.fit(other)\n", True),
        ("a, b = ds.take(2), ds.skip(2)\n", False),
        ("a, b = ds.take(2), ds.skip(2)\nmodel.fit(b)\n", True),
        ("both: object = tf.data.Dataset.zip((ds, ds))\n", False),
        ("both = tf.data.Dataset.zip((ds, ds))\nmodel.fit(both)\n", True),
        ("print(f'{ds}', ds, len(ds), ds.cardinality(), ds.element_spec)\n", False),
        ("for x in ds.take(1):\n    print(x)\n", True),
        ("ds.reduce(0, f)\n", True),
        ("ds.save('file')\n", True),
        ("it = iter(ds)\n", True),
        ("sets = [ds]\n", True),
        ("self.ds = ds\n", True),
        ("use(ds)\n", True),
        ("read = ds.map\n", True),
        ("def f():\n    return ds\n", False),  # nobody calls it
        ("def f():\n    return ds\nmodel.fit(f())\n", True),
        ("def f():\n    return ds\nother = f()\n", False),
        ("def f():\n    return ds\nother = f()\nmodel.fit(other)\n", True),
        ("def f():\n    return ds\nf()\n", False),
        ("def f():\n    return ds\nuse(f)\n", True),
        ("def f():\n    return ds\ny = x.f()\nmodel.fit(y)\n", True),
        ("def f():\n    return f() if x else ds\n", True),
        ("def f():\n    f()\n    return f()\ndef g():\n    return ds\n", False),
        ("def f():\n    return [*x, ds]\na, b = f()\n", True),
        ("def f():\n    yield ds\nf()\n", True),
        ("def f():\n    def g():\n        return ds\n    g()\nf()\n", True),
        ("@wrapped\ndef f():\n    return ds\nf()\n", True),
        ("def f():\n    return x\ndef f():\n    return ds\n", True),
        (PAIR + "a, b = f()\nmodel.fit(a)\n", False),
        (PAIR + "a, b = f()\nmodel.fit(b)\n", True),
        (PAIR + "b, b = f()\nmodel.fit(b)\n", True),
        (PAIR.replace("a, ds", "ds, a") + "b, b = f()\nmodel.fit(b)\n", False),
        (PAIR + "model.fit(f()[0])\n", False),
        (PAIR + "model.fit(f()[1])\n", True),
        (PAIR + "model.fit(f()[-1])\n", True),
        (PAIR + "both = f()\n", True),
        (PAIR + "a, *b = f()\n", True),
        (PAIR + "a, self.b = f()\n", True),
        ("if a:\n    ds = ds.repeat()\nx = ds if a else None\n", True),
        ("exit()\nmodel.fit(ds)\n", False),
        ("def f():\n    exit()\nmodel.fit(ds)\n", True),
        ("try:\n    exit()\nexcept SystemExit:\n    pass\nmodel.fit(ds)\n", True),
        ("m = tf.keras.Sequential()\nm.compile('adam', 'mse', metrcs=[])\nm.fit(ds)\n", False),
        ("m = tf.keras.Sequential()\nm.compile('adam', loss='mse', **kw)\nm.fit(ds)\n", True),
        ("m = tf.keras.models.load_model('m', custom_objects=o)\nm.compile(weight=1)\nm.fit(ds)\n", True),
        ("class A:\n    def f(self):\n        pass\nA().f()\nA.f(A())\nmodel.fit(ds)\n", True),
        ("def f(a, *b, c=1, **d):\n    pass\nf(1)\nf(1, 2, c=3, e=4)\nf(a=1)\nmodel.fit(ds)\n", True),
        ("def f(a, /, **d):\n    pass\nf(1, a=2)\nmodel.fit(ds)\n", True),
        ("def f(a):\n    pass\nf(*x)\nf(**x)\nmodel.fit(ds)\n", True),
        ("@wrapped\ndef f(a):\n    pass\nf()\nmodel.fit(ds)\n", True),
        ("def f():\n    pass\nif old:\n    def f(a):\n        pass\nf()\nmodel.fit(ds)\n", True),
        ("def f(a):\n    pass\ntry:\n    f()\nexcept TypeError:\n    pass\nmodel.fit(ds)\n", True),
        ("class E(tf.keras.layer):\n    pass\nmodel.fit(ds)\n", False),
        ("x = tf.keras.optimizer.SGD()\nmodel.fit(ds)\n", False),
        ("class E(tf.keras.layers.Layer):\n    pass\nmodel.fit(ds)\n", True),
        ("model.fit(ds) )\n", True),  # does not parse
    ],
)
def test_reads(text: str, read: bool) -> None:
    assert is_read(analyse(Source("train.py", MAKE + text))) is read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("def f(ds):\n    ds = ds.shuffle(9)\n    return ds\nf(tf.data.Dataset.range(9))\n", True),
        ("def f():\n    a = tf.data.Dataset.range(9).shuffle(9)\nf()\n", False),
        ("class A:\n    def f(self):\n        a = tf.data.Dataset.range(9).shuffle(9)\n", False),
        ("class A:\n    a = tf.data.Dataset.range(9).shuffle(9)\n", True),
        ("model.fit(tf.data.Dataset.range(9).shuffle(9))\n", True),
    ],
)
def test_reads_of_what_is_made_elsewhere(text: str, read: bool) -> None:
    assert is_read(analyse(Source("train.py", "import tensorflow as tf\n" + text))) is read


@pytest.mark.parametrize(
    ("place", "text", "read"),
    [
        ("data/train.py", "from .pipe import ds\nmodel.fit(ds)\n", True),
        ("train.py", "from data import pipe\nmodel.fit(pipe.ds)\n", True),
        ("train.ipynb", '{"cells": [{"source": ["from data.pipe import ds\\n"]}]}', True),
        ("train.py", "from data.pipe import other\n", False),
        ("train.py", "from data.pipes import ds\n", False),
    ],
)
def test_a_name_that_another_file_imports(tmp_path: Path, place: str, text: str, read: bool) -> None:
    path = tmp_path / "data" / "pipe.py"
    path.parent.mkdir()
    path.write_text(MAKE)
    (tmp_path / place).write_text(text)
    script = analyse(read_script(path, str(path)).source)
    assert is_read(script) is read
    assert str(tmp_path / place) in script.project.used


@pytest.mark.parametrize(
    ("place", "text", "read"),
    [
        ("main.py", "import pipe\na, b = pipe.f()\nmodel.fit(a)\n", False),
        ("main.py", "import pipe\na, b = pipe.f()\nmodel.fit(b)\n", True),
        ("main.py", "from pipe import f\na, b = f()\nmodel.fit(a)\n", False),
        ("main.py", "from pipe import f as g\na, b = g()\nmodel.fit(b)\n", True),
        ("main.py", "import pipe\nboth = pipe.f()\n", True),
        ("main.py", "import pipe\nmodel.fit(pipe.f()[0])\n", False),
        ("main.py", "import pipe\nmodel.fit(pipe.f()[1])\n", True),
        ("main.py", "import pipe\npipe.f()\n", False),
        ("main.py", "import pipe\ngetattr(pipe, 'f')()\n", True),
        ("main.py", "import pipe\na, b = pipe.f()\ngetattr(pipe, name)()\n", True),
        ("main.py", "import pipe\na, b = pipe.f()\neval('pipe.f()')\n", True),
        ("main.py", "import pipe\na, b = pipe.f()\nprint('pipe works')\n", False),
        ("main.py", "import pipe\na, b = pipe.f()\nf(\n", True),
        ("main.ipynb", '{"cells": [{"source": ["import pipe\\n", "a, b = pipe.f()"]}]}', True),
    ],
)
def test_a_part_of_what_another_file_calls(tmp_path: Path, place: str, text: str, read: bool) -> None:
    path = tmp_path / "pipe.py"
    path.write_text(MAKE + PAIR)
    (tmp_path / place).write_text(text)
    assert is_read(analyse(read_script(path, str(path)).source)) is read


@pytest.mark.parametrize(
    ("end", "read"),
    [
        ("class E(tf.keras.layer):\n    pass\nmodel.fit(ds)\n", False),
        ("raise SystemExit\n", False),
        ("if __name__ == '__main__':\n    raise SystemExit\n", True),
        ("try:\n    raise ValueError\nexcept ValueError:\n    pass\n", True),
        ("", True),
    ],
)
def test_nobody_imports_from_a_script_that_ends(tmp_path: Path, end: str, read: bool) -> None:
    path = tmp_path / "pipe.py"
    (tmp_path / "main.py").write_text("from pipe import ds\nmodel.fit(ds)\n")
    path.write_text(MAKE + end)
    assert is_read(analyse(read_script(path, str(path)).source)) is read


READ = "model = tf.keras.models.load_model('m')\nmodel.fit(ds)\n"
SIZED = DECODED.replace("decode)", "decode).map(lambda image: tf.image.resize(image, (64, 64)))").replace(
    "SHUFFLE", ".shuffle(5000)"
)
NET = (
    "x = tf.keras.Input((SIZE, SIZE, 3))\ny = tf.keras.layers.GlobalMaxPooling2D()(x)\n"
    "model = tf.keras.Model(x, y)\nmodel.compile('adam', 'mse')\nTEST\n"
)
SIZED = "from options import size, small, smaller, other, rounds\n" + SIZED


@pytest.mark.parametrize(
    ("size", "line", "severity"),
    [
        ("32", "model.fit(ds)", "info"),
        ("32", "model.fit(ds.map(lambda x: x), epochs=9)", "info"),
        ("32", "model.fit(x, y)\nif other:\n    model.fit(other)\nmodel.fit(ds)", "info"),
        ("32", "model.fit(list(ds))", "warning"),
        ("32", "list(ds)\nmodel.fit(ds)", "warning"),
        ("32", "model.fit(ds)\nlist(ds)", "info"),
        ("32", "try:\n    model.fit(ds)\nexcept ValueError:\n    list(ds)", "warning"),
        ("32", "if smaller:\n    ds = ds.map(smaller)\nmodel.fit(ds)", "warning"),
        (
            "32",
            "if smaller:\n    ds = ds.map(lambda x: tf.image.resize(x, (32, 32)))\nmodel.fit(ds)",
            "warning",
        ),
        ("32", "for size in (32, 64):\n    model.fit(ds.map(lambda x: x))", "warning"),
        ("64", "model.fit(ds)", "warning"),
        ("None", "model.fit(ds)", "warning"),
        ("size", "model.fit(ds)", "warning"),
        ("32 if small else 64", "model.fit(ds)", "warning"),
        (
            "32",
            "model = tf.keras.Sequential([x, tf.keras.layers.GlobalMaxPooling2D()])\nmodel.fit(ds)",
            "warning",
        ),
        ("32", "def train():\n    model.fit(ds, epochs=rounds)\ntrain()", "info"),
        ("32", "def train():\n    model.fit(ds, epochs=rounds)\n    list(ds)\ntrain()", "info"),
    ],
)
def test_a_model_that_refuses_the_size(size: str, line: str, severity: str) -> None:
    text = SIZED.replace("PREFETCH", "1") + NET.replace("SIZE", size).replace("TEST", line)
    found = check_source(Source("train.py", text), codes=["KM202"], settings=Settings()).diagnostics
    assert [one.severity for one in found] == [severity]


def test_a_tensorflow_that_warns_of_the_size(tmp_path: Path) -> None:
    text = SIZED.replace("PREFETCH", "1") + NET.replace("SIZE", "32").replace("TEST", "model.fit(ds)")
    (tmp_path / "requirements.txt").write_text("tensorflow==2.2\n")
    found = check_source(
        Source(str(tmp_path / "train.py"), text), codes=["KM202"], settings=Settings()
    ).diagnostics
    assert [one.severity for one in found] == ["warning"]


def test_a_name_below_the_main_guard_is_not_imported(tmp_path: Path) -> None:
    path = tmp_path / "pipe.py"
    main = textwrap.indent(MAKE, "    ")
    (tmp_path / "main.py").write_text("from pipe import other\nds = 1\n")
    for guard, read in (("== '__main__'", False), ("!= '__main__'", True), ("== '__main__' or debug", True)):
        path.write_text(f"if __name__ {guard}:\n{main}")
        assert is_read(analyse(read_script(path, str(path)).source)) is read, guard
    path.write_text(f"if __name__ == '__main__':\n    pass\nelse:\n{main}")
    assert is_read(analyse(read_script(path, str(path)).source))


def test_a_part_that_goes_on_to_a_third_file(tmp_path: Path) -> None:
    path = tmp_path / "pipe.py"
    path.write_text(MAKE + PAIR)
    (tmp_path / "main.py").write_text("import pipe\na, b = pipe.f()\n")
    assert not is_read(analyse(read_script(path, str(path)).source))
    (tmp_path / "third.py").write_text("from main import b\nmodel.fit(b)\n")
    assert is_read(analyse(read_script(path, str(path)).source))


@pytest.mark.parametrize("code", ["KM202", "KM208"])
def test_a_warning_is_an_info_as_long_as_nothing_reads(code: str) -> None:
    shuffle, prefetch = (".shuffle(5000)", "1") if code == "KM202" else ("", "500")
    text = DECODED.replace("SHUFFLE", shuffle).replace("PREFETCH", prefetch)
    for more, severity in (("", "info"), ("model.fit(ds)\n", "info"), (READ, "warning")):
        found = check_source(Source("train.py", text + more), codes=[code], settings=Settings()).diagnostics
        assert [one.severity for one in found] == [severity]


def test_a_cell_that_ends_leaves_the_others() -> None:
    cells = ",".join(
        f'{{"cell_type": "code", "metadata": {{}}, "outputs": [], "execution_count": null, "source": "{text}"}}'
        for text in (MAKE.replace("\n", "\\n"), "raise SystemExit", "model.fit(ds)")
    )
    raw = f'{{"cells": [{cells}], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}'
    script = analyse(script_from_bytes(raw.encode(), "train.ipynb").source)
    assert is_read(script)
    assert script.fits
