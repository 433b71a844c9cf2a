"""Configuration in JSON and YAML files: what a script reads of it, and what is left unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from keras_memlint.analysis.projects.data_files import read_data
from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.source import Source

SCRIPT = """import json
import keras
import yaml

with open({file!r}) as file:
    settings = {reader}
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(settings["model"]["units"])])
model.compile("adam", "mse")
model.fit(x, y, batch_size=settings.get("batch_size"))
"""


def read(folder: Path, file: str, reader: str, workspace: Workspace | None = None) -> tuple[object, object]:
    """Batch size and parameters of the model in a script that reads ``file``."""
    text = SCRIPT.format(file=file, reader=reader)
    script = analyse(Source(str(folder / "train.py"), text), workspace=workspace)
    (fit,) = script.fits
    assert fit.model is not None
    return fit.batch_size, fit.model.parameters


@pytest.mark.parametrize(
    "reader",
    [
        "yaml.safe_load(file)",
        "yaml.load(file, Loader=yaml.FullLoader)",
        "yaml.full_load(file)",
        "yaml.unsafe_load(file)",
    ],
)
def test_yaml(tmp_path: Path, reader: str) -> None:
    (tmp_path / "settings.yaml").write_text("batch_size: 48  # samples\nmodel:\n  units: 7\n")
    assert read(tmp_path, "settings.yaml", reader) == (48, 77)


def test_json(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"batch_size": 48, "model": {"units": 7}}))
    assert read(tmp_path, "settings.json", "json.load(file)") == (48, 77)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "batch_size: [",
        "- just\n- a list\n",
        "!!python/object/apply:os.system ['exit 1']",
        "batch_size: 2001-01-01\nmodel: {units: yes please}\n",
        "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c, *c]\n",
        "&self [*self]",
        "x: " + "y" * 70_000,
        "[" * 5_000,
        "\x00",
    ],
)
def test_what_is_no_configuration_is_unknown(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.yaml").write_text(text)
    assert read(tmp_path, "settings.yaml", "yaml.safe_load(file)") == (None, None)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert read(tmp_path, "settings.yaml", "yaml.safe_load(file)") == (None, None)


def test_a_script_that_changes_its_settings_does_not_change_them_for_others(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"batch_size": 48, "model": {"units": 7}}))
    workspace = Workspace()
    changed = "json.load(file)\nsettings['batch_size'] = 5"
    assert read(tmp_path, "settings.json", changed, workspace) == (5, 77)
    assert read(tmp_path, "settings.json", "json.load(file)", workspace) == (48, 77)


def test_the_file_is_one_that_the_findings_depend_on(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("batch_size: 48\n")
    text = SCRIPT.format(file="settings.yaml", reader="yaml.safe_load(file)")
    script = analyse(Source(str(tmp_path / "train.py"), text))
    assert str(tmp_path / "settings.yaml") in script.project.used


def test_numbers_and_anchors_that_yaml_advises_against_are_read_without_a_word(
    recwarn: pytest.WarningsRecorder,
) -> None:
    assert read_data("rate: 1e-3\na: &x 1\nb: &x 2\n", yaml=True) == {"rate": 0.001, "a": 1, "b": 2}
    assert not recwarn.list
