"""Whether anything runs a function: the script itself, or a file of the project that imports it."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.projects import importers
from keras_memlint.analysis.script import Script, analyse
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.files import read_script
from keras_memlint.rules.engine import check_source

HERE = "import tensorflow as tf\ndef f():\n    tf.keras.backend.clear_session()\n"
METHOD = (
    "import tensorflow as tf\nclass A{bases}:\n    def f(self):\n        tf.keras.backend.clear_session()\n"
)


def written(folder: Path, text: str, *, place: str = "train.py", root: bool = True) -> Script:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if root:
        (folder / "README.md").write_text("# Training\n")
    return analyse(read_script(path, str(path)).source)


def is_run(script: Script) -> bool:
    return script.is_run(next(script.calls("keras.backend.clear_session")))


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("", False),
        ("f()\n", True),
        ("if __name__ == '__main__':\n    f()\n", True),
        ("if __name__ == '__main__':\n    pass  # f()\n", False),
        ("def g():\n    f()\n", False),
        ("def g():\n    f()\ng()\n", True),
        ("def g():\n    h()\ndef h():\n    g()\n    f()\n", False),
        ("use(f)\n", True),
        ("steps = {'f': 1}\n", True),
        ("getattr(module, 'f')()\n", True),
        ("globals()[name]()\n", True),
        ("f(\n", True),  # does not parse
        ("class B:\n    def g(self):\n        f()\n", False),
        ("class B:\n    def __init__(self):\n        f()\nB()\n", True),
        ("class B:\n    f()\n", True),
        ("def g(x=f()):\n    pass\n", True),
        ("assert data, f()\n", True),
        ("match data:\n    case x if f(x):\n        pass\n", True),
        ("class B(f()):\n    pass\n", True),
        ("class B(metaclass=f):\n    pass\n", True),
        ("from fire import Fire as main\nmain()\n", True),
        ("import sys\ngetattr(sys.modules[__name__], sys.argv[1])()\n", True),
        ("import sys\ngetattr(sys.modules[__name__], 'load_' + sys.argv[1])()\n", False),
        ("import keras\ngetattr(keras.optimizers, name)()\n", False),
    ],
)
def test_a_function(tmp_path: Path, text: str, run: bool) -> None:
    assert is_run(written(tmp_path, HERE + text)) is run


@pytest.mark.parametrize(
    ("bases", "text", "run"),
    [
        ("", "", False),
        ("", "A()\n", False),
        ("", "A().f()\n", True),
        ("", "x.f()\n", False),  # of another class
        ("(object)", "A()\n", False),
        ("(tf.keras.Model)", "A()\n", True),  # Keras calls it
        ("(tf.keras.Model)", "", False),
        ("(TestCase)", "", True),
        ("(B)", "A()\n", True),
    ],
)
def test_a_method(tmp_path: Path, bases: str, text: str, run: bool) -> None:
    assert is_run(written(tmp_path, METHOD.format(bases=bases) + text)) is run


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("Task()\n", False),
        ("import sys\ngetattr(Task(), f'run_{sys.argv[1]}')()\n", True),
        ("import sys\ngetattr(Task(), 'load_' + sys.argv[1])()\n", False),
    ],
)
def test_a_name_that_is_put_together(tmp_path: Path, text: str, run: bool) -> None:
    method = METHOD.format(bases="").replace("class A", "class Task").replace("f(self)", "run_gan(self)")
    assert is_run(written(tmp_path, method + text)) is run


@pytest.mark.parametrize(
    ("bases", "text", "run"),
    [
        ("(luigi.Task)", "import luigi\n", True),
        ("(BaseCommand)", "from django.core.management.base import BaseCommand\n", True),
        ("(nn.Module)", "import torch.nn as nn\n", False),
        ("(threading.Thread)", "import threading\n", False),
        ("(B)", "class B:\n    pass\n", False),
        ("(B)", "class B:\n    def __init_subclass__(cls):\n        KNOWN.append(cls)\n", True),
        ("(B)", "class B:\n    pass\n[one().f() for one in B.__subclasses__()]\n", True),
        ("(metaclass=Known)", "from tools import Known\n", True),
        ("(metaclass=ABCMeta)", "from abc import ABCMeta\n", False),
    ],
)
def test_classes_that_others_find(tmp_path: Path, bases: str, text: str, run: bool) -> None:
    assert (
        is_run(written(tmp_path, text + METHOD.format(bases=bases).replace("f(self)", "__call__(self)")))
        is run
    )


def test_a_method_that_an_imported_module_calls(tmp_path: Path) -> None:
    text = "from tools import use\n" + METHOD.format(bases="") + "use(A())\n"
    (tmp_path / "tools.py").write_text("def use(one):\n    one.g()\n")
    assert not is_run(written(tmp_path, text))
    (tmp_path / "tools.py").write_text("def use(one):\n    one.f()\n")
    assert is_run(written(tmp_path, text))


@pytest.mark.parametrize(
    ("module", "run"),
    [
        ("def use(one):\n    print(one.__dict__, vars(one))\n", False),
        ("import inspect\ndef use(one):\n    inspect.currentframe().f_back.f_globals['f']()\n", True),
        ("import sys\ndef use(one):\n    print(vars(sys.modules['__main__']))\n", True),
    ],
)
def test_a_module_knows_functions_only_by_their_names(tmp_path: Path, module: str, run: bool) -> None:
    (tmp_path / "tools.py").write_text(module)
    assert is_run(written(tmp_path, "from tools import use\n" + HERE + "use(1)\n")) is run


def test_a_module_may_call_any_method_of_what_it_is_given(tmp_path: Path) -> None:
    text = "from tools import use\n" + METHOD.format(bases="") + "use(A())\n"
    (tmp_path / "tools.py").write_text("def use(one):\n    [f(one) for f in vars(type(one)).values()]\n")
    assert is_run(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("def g():\n    f()\n", False),
        ("def g():\n    f()\ng()\n", True),
        ("def g():\n    h()\ndef h():\n    f()\n", False),
    ],
)
def test_who_calls_the_caller(tmp_path: Path, text: str, run: bool) -> None:
    assert is_run(written(tmp_path, HERE + text)) is run


def test_one_of_several_callers(tmp_path: Path) -> None:
    """``f`` is run, and what it does for a function that nobody calls is not."""
    text = (
        "import tensorflow as tf\ndef f(reset=False):\n    if reset:\n        tf.keras.backend.clear_session()\n"
        "f(False)\ndef g():\n    f(reset=True)\n"
    )
    assert not is_run(written(tmp_path, text))
    assert is_run(written(tmp_path, text + "g()\n"))


@pytest.mark.parametrize("name", ["run_fn", "lambda_handler", "model_fn"])
def test_names_that_services_call(tmp_path: Path, name: str) -> None:
    assert is_run(written(tmp_path, HERE.replace("def f", f"def {name}")))


def test_a_method_of_a_class_below_the_script_s_own(tmp_path: Path) -> None:
    text = (
        "import tensorflow as tf\nclass B(object):\n    pass\n"
        + METHOD.format(bases="(B)").partition("\n")[2]
    )
    assert not is_run(written(tmp_path, text + "A()\n"))


@pytest.mark.parametrize(
    ("decorator", "run"),
    [
        ("@tf.function", False),
        ("@tf.function(jit_compile=True)", False),
        ("@app.function(gpu='H100')", True),
        ("@app.route('/')", True),
        ("@register", True),
    ],
)
def test_what_a_decorator_is_given(tmp_path: Path, decorator: str, run: bool) -> None:
    assert is_run(written(tmp_path, HERE.replace("def", f"{decorator}\ndef"))) is run


def test_what_stands_at_the_top(tmp_path: Path) -> None:
    assert is_run(written(tmp_path, "import tensorflow as tf\ntf.keras.backend.clear_session()\n"))


def test_a_test(tmp_path: Path) -> None:
    assert is_run(written(tmp_path, HERE + "import pytest\n", place="test_train.py"))


@pytest.mark.parametrize(
    ("place", "text", "run"),
    [
        ("main.py", "from tools.work import f\n", True),
        ("main.py", "from tools.work import g\n", False),
        ("main.py", "from tools import work\nwork.f()\n", True),
        ("main.py", "from tools import (\n    other,\n    work,\n)\nwork.f()\n", True),
        ("main.py", "from tools import \\\n    other, \\\n    work\nwork.f()\n", True),
        ("main.py", "from tools import other\nother.f()\n", False),
        ("main.py", "from tools.work import *\nf()\n", True),
        ("main.py", "importlib.import_module('tools.work').f()\n", True),
        ("deep/er/main.py", "from ...tools.work import f\n", True),
        ("main.ipynb", '{"cells": [{"source": "x = 1\\nfrom tools.work import f"}]}', True),
        ("tools/__init__.py", "from .work import f\n", True),
        ("conf.yaml", "_target_: tools.work.f\n", True),
        ("conf.yaml", "f: work\n", False),
        ("setup.sh", "python -c 'import tools.work; tools.work.f()'\n", True),
        ("docs.md", "```py\nfrom tools.work import f\n```\n", True),
        ("docs.md", "It can f and work.\n", False),
        ("large.ipynb", "f" * 4_000_001, True),  # nobody reads that
        ("Makefile", "train:\n\tpython -c 'from tools.work import f; f()'\n", True),
        ("setup.py", "setup(entry_points={'console_scripts': ['go = tools.work:f']})\n", True),
        ("main.py", "importlib.import_module('tools.' + name).f()\n", True),
        ("main.py", "importlib.import_module(f'tools.{name}').f()\n", True),
        ("main.py", "importlib.import_module('tools.other', package=name).f()\n", False),
        ("main.py", "__import__(name).f()\n", True),
        ("main.py", "exec(open('tools/work.py').read())\nf()\n", True),
        ("main.py", "import runpy\nrunpy.run_path('tools/work.py')['f']()\n", True),
        ("main.ipynb", '{"cells": [{"source": "%run tools/work.py\\nf()"}]}', True),
        ("main.py", "from tools import work\ngetattr(work, name)()\n", True),
        ("main.py", "from tools import work\ngetattr(work, 'g')()\n", False),
        ("main.py", "from tools import work\nwork.__dict__[name]()\n", True),
        ("env/main.py", "from tools.work import f\n", True),
        ("main.py", "from tools import work, another\nwork.f()\n", False),  # there is no such module
        ("main.py", "from tools import work\nwork.f()\nfrom tools import another\n", True),
        (
            "main.py",
            "from tools import work\ntry:\n    import tools.another\nexcept ImportError:\n    work.f()\n",
            True,
        ),
        ("main.py", "from tools import work\nfrom tools.other import g\nwork.f()\n", True),
        ("main.py", "from tools.other import i\nfrom tools import work\nwork.f()\n", False),
        ("main.py", "from tools import work\neval(name)\n", True),
        ("main.py", "from tools import work\nscore = tensor.eval()  # eval\n", False),
    ],
)
def test_another_file(tmp_path: Path, place: str, text: str, run: bool) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "tools").mkdir(exist_ok=True)
    (tmp_path / "tools/other.py").write_text("g = h = 1\n")
    (tmp_path / place).write_text(text)
    script = written(tmp_path, HERE, place="tools/work.py")
    assert is_run(script) is run
    assert str(tmp_path / place) in script.project.used
    assert str(tmp_path / "tools") in script.project.used


def test_an_environment_is_none_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "mine" / "lib").mkdir(parents=True)
    (tmp_path / "mine" / "lib" / "main.py").write_text("from tools.work import f\n")
    (tmp_path / "mine" / "main.py").write_text("from tools.work import f\n")
    (tmp_path / "mine" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert not is_run(written(tmp_path, HERE, place="tools/work.py"))


@pytest.mark.parametrize("hands_on", ["from .work import *\n", "from . import work\n"])
def test_a_package_hands_it_on(tmp_path: Path, hands_on: str) -> None:
    package = tmp_path / "tools"
    package.mkdir()
    (package / "__init__.py").write_text(hands_on)
    script = written(tmp_path, HERE, place="tools/work.py")
    assert not is_run(script)
    (tmp_path / "main.py").write_text("import tools\ntools.f()\n")
    assert is_run(written(tmp_path, HERE, place="tools/work.py"))


def test_an_installed_package(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("setup()\n")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("")
    assert is_run(written(tmp_path, HERE, place="tools/work.py"))
    assert not is_run(written(tmp_path, HERE, place="examples/work.py"))


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    """All below it, and the files one folder above, are asked; those of folders beside it are not."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "main.py").write_text("from work import f\n")
    assert not is_run(written(tmp_path, HERE, place="tools/work.py", root=False))
    (tmp_path / "main.py").write_text("from tools.work import f\n")
    assert is_run(written(tmp_path, HERE, place="tools/work.py", root=False))


FLAG = """import tensorflow as tf
class Config:
    flag = False
class A:
    def __init__(self, config):
        self.flag = config.flag
    def f(self):
        if self.flag:
            tf.keras.backend.clear_session()
A(Config()).f()
"""


@pytest.mark.parametrize(
    ("text", "run"),
    [
        (FLAG, False),
        (FLAG.replace("flag = False", "flag: bool = False"), False),
        (FLAG.replace("flag = False", "def __init__(self):\n        self.flag = False"), False),
        (FLAG.replace("if self.flag:", "if not self.flag:"), True),
        (FLAG.replace("if self.flag:", "if self.flag or x:"), True),
        (FLAG.replace("if self.flag:\n", "if self.flag:\n            pass\n        else:\n"), True),
        (FLAG.replace("flag = False", "flag = True"), True),
        (FLAG.replace("flag = False", "flag = read('flag')"), True),
        (FLAG.replace("flag = False", "pass"), True),
        (FLAG + "Config.flag = x\n", True),
        (FLAG + "Config.flag, y = x\n", True),
        (FLAG + "Config.flag |= x\n", True),
        (FLAG + "Config(flag=True)\n", True),
        (FLAG + "parser.add_argument('--flag')\n", True),
        (FLAG + "def load(flag):\n    pass\n", True),
        (FLAG + "for x.flag in (0, 1):\n    pass\n", True),
        (FLAG + "f(\n", True),
        (FLAG + "with x as Config.flag:\n    pass\n", True),
        (FLAG + "(Config.flag, y), z = x\n", True),
        (FLAG + "for Config.flag, y in x:\n    pass\n", True),
        (FLAG + "class B(Config):\n    def flag(self):\n        return x\n", True),
        (FLAG + "for name in x:\n    setattr(Config, name, x)\n", True),
        (FLAG + "vars(Config).update(x)\n", True),
        (FLAG + "print(vars(x))\n", False),
        (FLAG.replace("class Config:", "@dataclass\nclass Config:"), True),
        (FLAG.replace("class Config:", "class Config(BaseSettings):"), True),
    ],
)
def test_what_a_flag_switches_off(tmp_path: Path, text: str, run: bool) -> None:
    assert is_run(written(tmp_path, text)) is run


@pytest.mark.parametrize(
    ("place", "text", "run"),
    [
        ("main.py", "import train\n", False),
        ("main.py", "import train\nprint(train.Config.flag)\n", False),
        ("main.py", "import train\ntrain.Config.flag = True\n", True),
        ("main.ipynb", '{"cells": [{"source": ["import train\\n", "train.Config.flag = True"]}]}', True),
        ("main.py", "import train\nfor name in names:\n    setattr(train.Config, name, True)\n", True),
    ],
)
def test_another_file_and_a_flag(tmp_path: Path, place: str, text: str, run: bool) -> None:
    (tmp_path / place).write_text(text)
    assert is_run(written(tmp_path, FLAG)) is run


def test_an_imported_module_and_a_flag(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text("def change(config):\n    config.other = True\n")
    assert not is_run(written(tmp_path, "import tools\n" + FLAG + "tools.change(Config)\n"))
    (tmp_path / "tools.py").write_text("def change(config):\n    config.flag = True\n")
    assert is_run(written(tmp_path, "import tools\n" + FLAG + "tools.change(Config)\n"))


def test_a_flag_in_an_imported_module(tmp_path: Path) -> None:
    """What the script is told of a module is where that module's own flag is False."""
    head, body = FLAG.split("A(Config())")
    text = f"import tools\ntools.A(tools.Config()){body}"
    (tmp_path / "tools.py").write_text(head)
    assert not is_run(written(tmp_path, text))
    assert is_run(written(tmp_path, text + "tools.Config.flag = True\n"))
    (tmp_path / "tools.py").write_text(head.replace("False", "True"))
    assert is_run(written(tmp_path, text))


def test_a_module_that_is_not_read_and_a_flag(tmp_path: Path) -> None:
    (tmp_path / "patch.py").write_text("from train import Config\nConfig.flag = True\n")
    assert is_run(written(tmp_path, FLAG + "import patch\n"))


def test_a_flag_of_an_installed_package(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("setup()\n")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("")
    assert is_run(written(tmp_path, FLAG, place="tools/work.py"))


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.py").write_text("")
    assert not is_run(written(tmp_path, HERE))
    monkeypatch.setattr(importers, "_FILES", 1)
    assert is_run(written(tmp_path, HERE))


def test_an_error_is_an_info_in_what_nothing_runs(tmp_path: Path) -> None:
    old = (
        "import tensorflow as tf\ndef f():\n    tf.keras.mixed_precision.experimental.set_policy('float32')\n"
    )
    for text, severity in ((old, "info"), (old + "f()\n", "error")):
        source = written(tmp_path, text).source
        found = check_source(source, codes=["KM307"], settings=Settings()).diagnostics
        assert [one.severity for one in found] == [severity]


def test_files_that_are_asked_are_none_that_the_script_imports(tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("from train import g\nimport torch\n")
    script = written(tmp_path, HERE)
    assert not is_run(script)
    assert not script.project.mentions("torch")
