"""Branches that wait for a flag which is False by default and which no call of the program gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.files import read_script

FUNCTION = """\
import tensorflow as tf

def f(x, flag=False, other=True):
    if {test}:
        tf.keras.backend.clear_session()
    else:
        print(x)

"""
CLASS = """\
import tensorflow as tf

class Steps:
    def __init__(self, x, flag=False):
        self.x = x
        self.flag = flag

    def run(self):
        if self.flag:
            tf.keras.backend.clear_session()

"""


def is_off(folder: Path, text: str, **others: str) -> bool:
    (folder / "README.md").write_text("# Steps\n")
    for name, other in others.items():
        suffix = "sh" if name == "shell" else "py"
        (folder / f"{name}.{suffix}").write_text(other)
    path = folder / "steps.py"
    path.write_text(text)
    script = analyse(read_script(path, str(path)).source)
    return script.is_switched_off(next(script.calls("keras.backend.clear_session")))


@pytest.mark.parametrize(
    ("test", "calls", "off"),
    [
        ("flag and x", "f(1)\n", True),
        ("flag and x", "f(1)\nf(2, flag=False)\nf(3, False)\n", True),
        ("flag and x", "", False),  # for others
        ("flag and x", "f(1, True)\n", False),
        ("flag and x", "f(1, flag=True)\n", False),
        ("flag and x", "f(1, flag=debug)\n", False),
        ("flag and x", "f(1)\nf(*given)\n", False),
        ("flag and x", "f(1)\nf(2, **given)\n", False),
        ("flag and x", "f(1)\nrun(f)\n", False),
        ("flag and x", "f(1)\ng = f\n", False),
        ("flag and x", "f(1)\nsetattr(module, name, 1)\n", False),
        ("flag and x", "f(1)\ngetattr(module, 'f')(1, True)\n", False),
        ("flag and x", "f(1)\nx = (\n", False),  # does not parse
        ("not other", "f(1)\n", True),
        ("not other", "f(1, False, False)\n", False),
        ("not other and x", "f(1)\n", True),
        ("not other or x", "f(1)\n", False),
        ("flag and other", "f(1)\n", True),
        ("other", "f(1)\n", False),
        ("x", "f(1)\n", False),
    ],
)
def test_flag_of_a_function(tmp_path: Path, test: str, calls: str, off: bool) -> None:
    assert is_off(tmp_path, FUNCTION.format(test=test) + calls) is off


@pytest.mark.parametrize(
    ("text", "off"),
    [
        (f"{CLASS}Steps(1).run()\n", True),
        (f"{CLASS}Steps(1, True).run()\n", False),
        (f"{CLASS}steps = Steps(1)\nsteps.flag = True\nsteps.run()\n", False),
        (f"{CLASS}class More(Steps):\n    pass\nSteps(1).run()\n", False),
        (CLASS.replace("class", "@made\nclass") + "Steps(1).run()\n", False),
        (
            CLASS.replace("self.flag = flag", "flag = flag or x\n        self.flag = flag")
            + "Steps(1).run()\n",
            False,
        ),
        (CLASS.replace("self.flag = flag", "self.flag = flag or debug") + "Steps(1).run()\n", False),
    ],
)
def test_flag_of_a_class(tmp_path: Path, text: str, off: bool) -> None:
    assert is_off(tmp_path, text) is off


@pytest.mark.parametrize(
    ("other", "off"),
    [
        ("from steps import Steps\nSteps(2)\n", True),
        ("from steps import Steps\nSteps(2, flag=True)\n", False),
        ("import steps\nsteps.Steps(2, True)\n", False),
        ("from steps import Steps as S\nS(2, True)\n", False),
        ("from elsewhere import Steps\nSteps(2, True)\n", True),
    ],
)
def test_other_files_give_it(tmp_path: Path, other: str, off: bool) -> None:
    assert is_off(tmp_path, f"{CLASS}Steps(1).run()\n", other=other) is off


def test_a_shell_script_gives_it(tmp_path: Path) -> None:
    shell = 'python -c "from steps import Steps; Steps(1, flag=True).run()"\n'
    assert not is_off(tmp_path, f"{CLASS}Steps(1).run()\n", shell=shell)
