"""What stands in grid.toml, what it means, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.request import WHAT_IFS
from keras_memlint.estimate.sweep.cases import Case, cases_of
from keras_memlint.estimate.sweep.grid import Grid, read_grid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    for name in ("train.py", "models/resnet.py", "models/unet.ipynb", "models/notes.txt", "models/[old].py"):
        (tmp_path / name).write_text("# fine\n")
    return tmp_path


def grid(folder: Path, text: str) -> Grid:
    file = folder / "grid.toml"
    file.write_text(text, encoding="utf-8")
    return read_grid(file)


def cases(folder: Path, text: str) -> list[Case]:
    return cases_of(grid(folder, text))


def test_scripts_are_files_and_patterns_from_the_folder_of_the_grid(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    read = grid(folder, 'scripts = ["models/*", "train.py", "models/resnet.py", "models/[old].py"]')
    assert [script.name for script in read.scripts] == [
        "models/[old].py",
        "models/resnet.py",
        "models/unet.ipynb",
        "train.py",
    ]
    assert [script.path for script in read.scripts] == [folder / script.name for script in read.scripts]


def test_scripts_elsewhere_keep_their_path(folder: Path) -> None:
    read = grid(folder / "models", 'scripts = ["../train.py"]')
    assert [script.name for script in read.scripts] == [(folder / "train.py").as_posix()]


def test_what_is_left_out_is_the_script_s_own(folder: Path) -> None:
    [case] = cases(folder, 'scripts = ["train.py"]')
    assert (case.arguments, case.batch_size, case.policy, case.targets, case.python) == (
        (),
        None,
        None,
        (),
        None,
    )
    assert case.cwd == folder
    assert list(case.rows.values()) == [None]


def test_every_combination_is_a_case_and_every_target_a_row(folder: Path) -> None:
    made = cases(
        folder,
        """
        scripts = ["train.py", "models/resnet.py"]
        batch-sizes = [16, 32, 16]
        policies = ["float32", "mixed_bfloat16"]
        targets = ["t4", "NVIDIA T4", "a100-40"]
        what-if = ["sgd"]
        steps = 5
        time-limit = 7.5
        [arguments]
        "models/*" = [["--depth", "50"], ["--depth", "101"]]
        """,
    )
    assert [(case.name, case.arguments, case.batch_size, case.policy) for case in made] == [
        (name, arguments, batch, policy)
        for name, lines in (
            ("train.py", [()]),
            ("models/resnet.py", [("--depth", "50"), ("--depth", "101")]),
        )
        for arguments in lines
        for batch in (16, 32)
        for policy in ("float32", "mixed_bfloat16")
    ]
    assert {case.targets for case in made} == {("T4", "A100 40GB")}
    assert {(case.steps, case.what_if, case.time_limit) for case in made} == {(5, ("sgd",), 7.5)}
    keys = [key for case in made for key in case.rows]
    assert len(set(keys)) == len(keys) == 24


def test_keys_depend_on_what_is_asked_and_on_nothing_else(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = 'scripts = ["train.py"]\nbatch-sizes = [16]\ntargets = ["t4"]\n'
    [[key]] = [case.rows for case in cases(folder, text)]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "train.py").write_text("other")
    same = (text.replace("t4", "Tesla T4"), text + "time-limit = 3")
    assert all([*cases(elsewhere, other)[0].rows] == [key] for other in same)
    others = (
        text.replace("16", "17"),
        text.replace("t4", "l4"),
        text + "steps = 4",
        text + 'policies = ["float32"]',
        text + 'python = "python3"',
        text + 'what-if = ["sgd"]',
        text + '[arguments]\n"*" = ["--x"]',
    )
    assert all(key not in cases(folder, other)[0].rows for other in others)


def test_one_command_line_or_several(folder: Path) -> None:
    def lines(value: str) -> tuple[tuple[str, ...], ...]:
        return grid(folder, f'scripts = ["train.py"]\n[arguments]\n"train.py" = {value}').scripts[0].arguments

    assert lines('["--epochs", "1"]') == (("--epochs", "1"),)
    assert lines('[["--epochs", "1"], []]') == (("--epochs", "1"), ())
    assert lines("[]") == ((),)


def test_the_first_pattern_that_matches_gives_the_arguments(folder: Path) -> None:
    read = grid(
        folder,
        'scripts = ["train.py", "models/resnet.py"]\n[arguments]\n"models/*" = ["a"]\n"*.py" = ["b"]',
    )
    assert [script.arguments for script in read.scripts] == [(("b",),), (("a",),)]


def test_python_is_a_name_or_a_path_from_the_folder_of_the_grid(folder: Path) -> None:
    assert grid(folder, 'scripts = ["train.py"]\npython = "python3"').python == "python3"
    assert grid(folder, 'scripts = ["train.py"]\npython = "venv/bin/python"').python == str(
        folder / "venv/bin/python"
    )


def test_all_what_ifs(folder: Path) -> None:
    assert grid(folder, 'scripts = ["train.py"]\nwhat-if = ["all"]').what_if == WHAT_IFS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scripts = [", ["is no valid TOML"]),
        ("", ["`scripts` is missing"]),
        ("scripts = []", ["`scripts` is empty"]),
        ('scripts = "train.py"', ["`scripts` must be a list of strings, not a string"]),
        ("scripts = [1]", ["`scripts` must be a list of strings, but holds a number"]),
        ('scripts = ["tarin.py"]', ["`tarin.py` is not there", "did you mean `train.py`"]),
        ('scripts = ["models"]', ["`models` is a folder", "`models/*.py`"]),
        ('scripts = ["models/*.txt"]', ["`models/*.txt` matches no .py or .ipynb file"]),
        ("batch-size = [1]", ["`batch-size` is no key of a grid", "did you mean `batch-sizes`"]),
        ("batch-sizes = 16", ["`batch-sizes` must be a list of whole numbers, not a number"]),
        ("batch-sizes = [0]", ["`batch-sizes`", "1 or more, but holds 0"]),
        ("batch-sizes = [true]", ["but holds a truth value"]),
        ("batch-sizes = [1.5]", ["but holds 1.5"]),
        ('policies = ["mixed_bf16"]', ["`policies`: `mixed_bf16` is none", "did you mean `mixed_bfloat16`"]),
        ('targets = ["t5"]', ["`targets`: `t5` is no known GPU", "`T4`"]),
        ('targets = "t4"', ["`targets` must be a list of strings"]),
        ('what-if = ["adam"]', ["`what-if`: `adam` is none", "adafactor"]),
        ("steps = 0", ["`steps` must be a whole number of 1 or more"]),
        ("steps = true", ["`steps` must be"]),
        ('time-limit = "1 h"', ["`time-limit` must be a number of seconds"]),
        ("time-limit = nan", ["`time-limit` must be a number of seconds"]),
        ("python = 3", ["`python` must be a string, not a number"]),
        ('python = ""', ["`python` must be a string that is not empty"]),
        ('arguments = ["--x"]', ["`arguments` must be a table"]),
        ('[arguments]\n"train.py" = "--x"', ["`arguments`: `train.py` must be a list of strings"]),
        ('[arguments]\n"train.py" = ["--epochs", 1]', ["`train.py`", "but holds a number"]),
        ('[arguments]\n"train.py" = [["--x"], "--y"]', ["`train.py`", "but holds a list"]),
        ('[arguments]\n"trian.py" = ["--x"]', ["`trian.py` matches none of the scripts", "`train.py`"]),
    ],
)
def test_mistake_is_told_with_file_and_key(folder: Path, text: str, words: list[str]) -> None:
    if "scripts" not in text and text:
        text = f'scripts = ["train.py"]\n{text}'
    with pytest.raises(EstimateError) as told:
        grid(folder, text)
    assert str(told.value).startswith(f"{folder / 'grid.toml'}: ")
    assert all(word in str(told.value) for word in words), str(told.value)


def test_grid_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EstimateError, match="grid.toml: cannot be read: No such file"):
        read_grid(tmp_path / "grid.toml")
