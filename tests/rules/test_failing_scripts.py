"""What stands behind a line that surely fails is an info that names the line; where in doubt, the script goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source

HEAD = "import keras\nimport numpy as np\nmodel = keras.models.load_model('m.keras')\n"
END = "x = np.ones((60000, 128, 128, 3), 'uint8') / 255\nmodel.fit(x, np.ones(60000))\n"
FLAT = "z = keras.Input((8, 8))\nz = keras.layers.Flatten()(z)\n"
MODEL = (
    "import keras\nmodel = keras.Sequential([keras.Input((64, 64, 256)), keras.layers.Flatten(), keras.layers.Dense(100)])\n"
    "model.compile('adam', 'mse')\n"
)


def findings(text: str, folder: Path, **modules: str) -> dict[str, Diagnostic]:
    for name, module in modules.items():
        (folder / f"{name}.py").write_text(module)
    report = check_source(
        Source(str(folder / "train.py"), text), codes={"KM102", "KM103", "KM401"}, settings=Settings()
    )
    assert not report.problems
    return {one.code: one for one in report.diagnostics}


def reasons(one: Diagnostic) -> list[str]:
    start = "the script fails here: "
    return [note.message.removeprefix(start) for note in one.related if note.message.startswith(start)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("print(settings)\n", "`settings` is not defined"),
        ("shapes = [size for size in sizes]\n", "`sizes` is not defined"),
        ("with open(path) as file:\n    text = file.read()\n", "`path` is not defined"),
        ("def start():\n    print(settings)\nstart()\n", "`settings` is not defined"),
        ("def start():\n    return settings\nit = start()\n", "`settings` is not defined"),
        ("def load(path, size): ...\nload('a')\n", "`load` is called without `size`"),
        ("def load(path, size): ...\nload('a', 1, path='b')\n", "`load` gets `path` twice"),
        ("def load(path, /, *, size=1): ...\nload('a', sise=2)\n", "`load` has no parameter `sise`"),
        ("def load(path): ...\nload('a', 1)\n", "`load` takes at most 1 argument by position and gets 2"),
        ("class Data:\n    def __init__(self, path): ...\nData()\n", "`Data` is called without `path`"),
        ("class Data:\n    def read(self): ...\ndata = Data()\ndata.load()\n", "`data` has no `load`"),
        ("import tools\ntools.load()\n", "`tools` has no `load`"),
        ("import tools\ntools.read()\n", "`read` is called without `path`"),
        ("from tools import read as get\nget()\n", ""),
        ("from tools import load\n", "`tools` has no `load`"),
        ("from .tools import read\n", ""),
        ("from .tool import read\n", "there is no module `.tool`"),
        (FLAT + "keras.layers.Conv2D(9, 3)(z)\n", "`Conv2D` takes tensors of 4 axes and gets one of 2"),
        (
            "def build():\n    "
            + FLAT.replace("\n", "\n    ")
            + "z = keras.layers.LSTM(9)(z)\n    return z\nbuild()\n",
            "`LSTM` takes tensors of 3 axes and gets one of 2",
        ),
        (FLAT.replace("Flatten()", "LSTM(9, **model.options)") + "keras.layers.Conv1D(9, 3)(z)\n", ""),
    ],
)
def test_what_fails(line: str, reason: str, tmp_path: Path) -> None:
    found = findings(HEAD + line + END, tmp_path, tools="def read(path): ...\n")
    for code in ("KM102", "KM103"):
        assert reasons(found[code]) == ([reason] if reason else [])
        assert found[code].severity == ("info" if reason else "warning")


@pytest.mark.parametrize(
    "lines",
    [
        "try:\n    print(settings)\nexcept NameError:\n    pass\n",
        "import contextlib\nwith contextlib.suppress(NameError):\n    print(settings)\n",
        "if model:\n    print(settings)\n",
        "for n in range(n_files()):\n    print(settings)\ndef n_files(): ...\n",
        "size = model and settings\n",
        "size = settings if model else 1\n",
        "sizes = [settings for one in model.layers]\n",
        "show = lambda: settings\n",
        "def show():\n    print(settings)\n",
        "def show():\n    yield settings\nshow()\n",
        "def show(n):\n    if n:\n        return 1\n    print(settings)\nshow(1)\n",
        "from tools import *\nprint(settings)\n",
        "exec(open('settings.py').read())\nprint(settings)\n",
        "print(settings)\nif model:\n    settings = 1\n",
        "def later():\n    global settings\nprint(settings)\n",
        "print(reduce, unicode, __file__)\n",
        "def load(path, *more, **words): ...\nload('a', 1, size=2)\n",
        "def load(path): ...\nload(*[1, 2])\n",
        "import functools\n@functools.cache\ndef load(path): ...\nload()\n",
        "def load(path): ...\nload = functools.partial(load, 'a')\nimport functools\nload()\n",
        "if model:\n    def load(path): ...\nelse:\n    def load(): ...\nload()\n",
        "try:\n    from tools import read\nexcept ImportError:\n    from other import read\nread()\n",
        "import tools\ntools.load = print\ntools.load()\n",
        "class Data:\n    def __getattr__(self, name): ...\ndata = Data()\ndata.load()\n",
        "class Data:\n    def __init__(self, **given):\n        for name in given:\n            object.__setattr__(self, name, print)\n"
        "data = Data(load=1)\ndata.load()\n",
        "import contextlib\nwith contextlib.suppress(ValueError):\n    raise ValueError\n",
        "async def leave():\n    raise ValueError\nleave()\n",
        "class scope:\n    def __exit__(self, *error): return True\nwith scope():\n    print(settings)\n",
        "from safe import open\nwith open('data') as file:\n    print(settings)\n",
        "def load(path): ...\nload.__defaults__ = ('a',)\nload()\n",
        "import tools\ntools.__dict__['load'] = print\ntools.load()\n",
        "import tools\nfrom unittest import mock\nmock.patch.object(tools, 'read').start()\ntools.read()\n",
        "match model.options:\n    case {'lr': rate, **settings}:\n        print(settings)\n",
        "class Data(keras.utils.PyDataset):\n    def read(self): ...\ndata = Data()\ndata.load()\n",
        "class Data:\n    def read(self): ...\n    def all(self):\n        self.read(1)\n",
        "class Data:\n    def read(self): ...\ndata = Data()\nif model:\n    data = model\ndata.load()\n",
    ],
)
def test_what_may_go_on(lines: str, tmp_path: Path) -> None:
    found = findings(HEAD + lines + END, tmp_path, tools="def read(path): ...\n")
    for code in ("KM102", "KM103"):
        assert found[code].severity == "warning" and not reasons(found[code])


@pytest.mark.parametrize(
    ("patch", "severity"),
    [
        ("import tools\ntools.load = print\n", "warning"),
        ("import tools\nfor name in names:\n    setattr(tools, name, print)\n", "warning"),
        ("import tools\ntools.read('a')\n", "info"),
    ],
)
def test_another_module_gives_what_is_missing(patch: str, severity: str, tmp_path: Path) -> None:
    lines = "import patch\nimport tools\ntools.load()\n"
    found = findings(HEAD + lines + END, tmp_path, tools="def read(path): ...\n", patch=patch)
    assert found["KM103"].severity == severity


@pytest.mark.parametrize(
    ("launch", "severity"),
    [
        ("import train\ntrain.settings = 1\n", "warning"),
        ("exec(open('train.py').read(), {'settings': 1})\n", "warning"),
        ("import train\n", "info"),
    ],
)
def test_a_launcher_may_define_what_is_missing(launch: str, severity: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Training\n")
    found = findings(HEAD + "print(settings)\n" + END, tmp_path, launch=launch)
    assert found["KM103"].severity == severity


LINES = "with open('x', 'rb') as file:\n    for line in file:\n        print(line.strip().split('\\t'))\n"


@pytest.mark.parametrize(
    ("lines", "fails"),
    [
        (LINES, True),
        (
            LINES.replace("with open('x', 'rb') as file", "file = open('x', mode='rb')\nif 1"),
            False,
        ),  # may be empty
        (
            "file = open('x', mode='rb')\nfor line in file:\n    a, b = line.rstrip().lower().split(' ')\n",
            True,
        ),
        ("for line in open('x', 'rb'):\n    a, b = line.split(' ')\n", True),
        ("for line in open('x', 'rb'):\n    a, b = line.startswith(' '), 1\n", True),
        (LINES.replace("'rb'", "'r'"), False),
        (LINES.replace("'rb'", "model.mode"), False),
        (LINES.replace("'\\t'", "b'\\t'"), False),
        (LINES.replace("'\\t'", ""), False),
        (LINES.replace(".strip()", ".decode()"), False),
        ("from codecs import open\n" + LINES, False),
        (LINES + "line = input()\n", False),
        (LINES + "file = open('x')\n", False),
        (
            "for line in open('x', 'rb'):\n    try:\n        line.split(' ')\n    except TypeError:\n        pass\n",
            False,
        ),
        ("for line in open('x', 'rb'):\n    if line:\n        line.split(' ')\n", False),
    ],
)
def test_bytes_that_get_text(tmp_path: Path, lines: str, fails: bool) -> None:
    (tmp_path / "Pipfile").write_text('[requires]\npython_version = "3.7"\n')
    assert (findings(HEAD + lines + END, tmp_path)["KM102"].severity == "info") is fails


@pytest.mark.parametrize(
    ("name", "text", "fails"),
    [
        ("environment.yml", "dependencies:\n  - python=3.9\n", True),
        ("environment.yml", "dependencies:\n  - python=2.7\n", False),
        ("requirements.txt", "tensorflow==2.3.0\n", True),
        ("requirements.txt", "tensorflow==1.15\n", False),
        ("setup.py", "setup(python_requires='>=3.6')\n", True),
        ("setup.py", "setup(python_requires='>=2.7')\n", False),
        ("notes.txt", "", False),
    ],
)
def test_bytes_that_get_text_on_python_3(tmp_path: Path, name: str, text: str, fails: bool) -> None:
    (tmp_path / name).write_text(text)
    assert (findings(HEAD + LINES + END, tmp_path)["KM102"].severity == "info") is fails


def test_a_script_that_python_2_cannot_read_and_bytes(tmp_path: Path) -> None:
    assert findings(HEAD + LINES + END + "print(f'{model}')\n", tmp_path)["KM102"].severity == "info"


def test_of_two_imports_both_are_to_be_mended(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("def read(path): ...\n")
    text = "from tools import load\nfrom tensorflow.keras.mixed_precision import experimental\n"
    report = check_source(Source(str(tmp_path / "train.py"), text), codes={"KM307"}, settings=Settings())
    assert [one.severity for one in report.diagnostics] == ["error"]


def test_what_only_runs_behind_the_line(tmp_path: Path) -> None:
    """A function that is called behind the line that fails is found where nobody calls it; that it is not run is known."""
    text = (
        "import tensorflow as tf\nclass Data:\n    def __init__(self, paths): self.paths = paths\n    def build(self):\n"
        "        files = tf.data.Dataset.from_tensor_slices(self.paths)\n"
        "        images = files.map(lambda f: tf.image.resize(tf.io.decode_png(tf.io.read_file(f)), (512, 512)))\n"
        "        return images.shuffle(1000)\n    def train(self):\n        for image in self.build(): print(image)\n"
        "if __name__ == '__main__':\n    data = Data({})\n    data.train()\n"
    )
    (tmp_path / "README.md").write_text("# Training\n")
    for given, severity in (("paths", "warning"), ("", "info")):
        source = Source(str(tmp_path / "train.py"), "paths = input()\n" + text.format(given))
        report = check_source(source, codes={"KM202"}, settings=Settings())
        assert [one.severity for one in report.diagnostics] == [severity]


def test_cells_run_in_any_order(tmp_path: Path) -> None:
    text = HEAD + "get_ipython().run_line_magic('run', 'settings.py')\nprint(settings)\n" + END
    assert findings(text, tmp_path)["KM103"].severity == "warning"


def test_memory_taken_before_stays_a_warning(tmp_path: Path) -> None:
    found = findings(HEAD + END.replace("np.ones(60000))", "labels)"), tmp_path)
    assert {code: one.severity for code, one in found.items()} == {"KM102": "warning", "KM103": "info"}


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        ("model.fit(range(9), range(9))\n", "warning"),
        ("model.fit(*data)\n", "info"),
        ("model.fit(range(9), range(9))\nprint(history)\n", "warning"),
        ("model.fit_generator(range(9), 9, steps_per_epoch=9)\n", "info"),
        ("model.fit_generator(range(9), steps_per_epoch=9)\n", "warning"),
    ],
)
def test_a_model_that_is_never_trained(lines: str, severity: str, tmp_path: Path) -> None:
    assert findings(MODEL + lines, tmp_path)["KM401"].severity == severity


def test_a_function_that_exits_ends_the_script(tmp_path: Path) -> None:
    text = "import sys\ndef leave(why):\n    print(why)\n    sys.exit(1)\n"
    assert findings(HEAD + text + "leave('no')\n" + END, tmp_path) == {}
    assert findings(HEAD + text + "if model:\n    leave('no')\n" + END, tmp_path)


def test_an_error_in_an_open_file_ends_the_script(tmp_path: Path) -> None:
    assert findings(HEAD + "with open('log') as file:\n    raise ValueError\n" + END, tmp_path) == {}


def test_a_part_of_a_function_is_run(tmp_path: Path) -> None:
    text = "import functools\ndef load(kind, n):\n    return np.ones((n, 128, 128, 3), kind)\nget = functools.partial(load, 'f')\n"
    assert "KM103" in findings(HEAD + text + "x = get(n=60000)\nmodel.fit(x, x)\n", tmp_path)


def test_a_method_that_subclasses_define_otherwise_may_go_on(tmp_path: Path) -> None:
    text = "class Base:\n    def read(self):\n        raise NotImplementedError\n    def all(self):\n        self.read(1)\n"
    code = "".join(f"        {line}\n" for line in END.splitlines())
    assert findings(HEAD + text + code, tmp_path)["KM103"].severity == "warning"
