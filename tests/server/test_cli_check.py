"""``keras-memlint check``, from the outside: findings, exit status, what is printed where."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keras_memlint.rules.catalogue import rows
from keras_memlint.server.cache import Cache

Cli = Callable[..., Any]

FORMATS = ("full", "concise", "json", "sarif", "github", "gitlab")


def json_of(cli: Cli, *arguments: str) -> list[str]:
    return cli("check", "--output-format", "json", *arguments).codes


def test_finding_is_printed_and_counts(cli: Cli, sequential: str) -> None:
    Path("train.py").write_text(sequential)
    result = cli("check", "--output-format", "json", "train.py")
    assert result.status == 1
    assert result.err == ""
    (finding,) = result.findings
    assert (finding["code"], finding["name"], finding["severity"]) == ("KM209", "map-sequential", "info")
    assert (finding["filename"], finding["location"], finding["cell"]) == (
        "train.py",
        {"row": 9, "column": 9},
        None,
    )
    assert finding["fix"]["applicability"] == "safe"


def test_nothing_found(cli: Cli, clean: str) -> None:
    Path("train.py").write_text(clean)
    result = cli("check", "--output-format", "json", "train.py")
    assert (result.status, result.findings, result.err) == (0, [], "")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format(cli: Cli, sequential: str, name: str) -> None:
    Path("train.py").write_text(sequential)
    result = cli("check", "--output-format", name, "train.py")
    assert (result.status, result.err) == (1, "")
    assert "KM209" in result.out
    assert "\033" not in result.out


def test_no_path_means_the_current_folder(cli: Cli, sequential: str) -> None:
    Path("sub").mkdir()
    Path("sub/train.py").write_text(sequential)
    Path("a.py").write_text(sequential)
    result = cli("check", "--output-format", "json")
    assert [finding["filename"] for finding in result.findings] == ["a.py", f"sub{os.sep}train.py"]


def test_a_module_that_was_read_before_has_its_name_of_the_run(cli: Cli, sequential: str) -> None:
    Path("sub").mkdir()
    Path("a.py").write_text("import tensorflow as tf\nfrom sub.data import ds\nprint(ds)\n")
    Path("sub/data.py").write_text(sequential)
    above = f"../{Path.cwd().name}"
    result = cli("check", "--output-format", "json", "--jobs", "1", "--no-cache", above)
    assert [finding["filename"] for finding in result.findings] == [f"{above}/sub/data.py"]


def test_names_stay_as_typed(cli: Cli, sequential: str, tmp_path: Path) -> None:
    Path("a.py").write_text(sequential)
    for typed in ("a.py", str(tmp_path / "a.py"), "../" + tmp_path.name + "/a.py"):
        result = cli("check", "--output-format", "json", typed)
        assert [finding["filename"] for finding in result.findings] == [typed]


@pytest.mark.parametrize("jobs", ["1", "2", "5"])
def test_order_does_not_depend_on_jobs(cli: Cli, sequential: str, jobs: str) -> None:
    for number in range(12):
        Path(f"t{number:02}.py").write_text("\n" * number + sequential * 2)
    result = cli("check", "--no-cache", "--output-format", "json", "--jobs", jobs)
    places = [(finding["filename"], finding["location"]["row"]) for finding in result.findings]
    assert places == [(f"t{number:02}.py", number + row) for number in range(12) for row in (9, 18)]


def test_cache_gives_the_same_answer(cli: Cli, sequential: str, own_cache: Path) -> None:
    for name in ("a.py", "b.py"):
        Path(name).write_text(sequential + "x = 1  # noqa: KM209\n")
    cold = cli("check", "--output-format", "json")
    assert (own_cache / "findings.db").exists()
    warm = cli("check", "--output-format", "json")
    assert cold == warm
    assert cold.codes == ["KM209", "KM001"] * 2
    Path("a.py").write_text("x = 1\n")
    assert json_of(cli) == ["KM209", "KM001"]


def test_cache_knows_where_a_missing_module_was_looked_for(cli: Cli) -> None:
    script = Path("a/b/train.py")
    script.parent.mkdir(parents=True)
    Path("a/pkg").mkdir()
    for name in ("__init__", "one"):
        Path(f"a/pkg/{name}.py").touch()
    script.write_text(
        "from keras.models import load_model\nfrom pkg.two import read\n"
        'for path in "abcdefghijklmnop":\n'
        '    model = load_model("model.keras")\n'
        "    print(model.predict(read(path)))\n"
    )
    arguments = ("check", "--output-format", "json", "--select", "KM604", str(script))
    severities = [[one["severity"] for one in cli(*arguments).findings]]
    Path("a/pkg/two.py").write_text("def read(path): ...\n")
    severities.append([one["severity"] for one in cli(*arguments).findings])
    assert severities == [["info"], ["warning"]]


def test_no_cache_leaves_nothing(cli: Cli, sequential: str, own_cache: Path) -> None:
    Path("a.py").write_text(sequential)
    assert json_of(cli, "--no-cache") == ["KM209"]
    assert list(own_cache.iterdir()) == []


def test_same_file_twice_is_checked_once(cli: Cli, sequential: str) -> None:
    Path("a.py").write_text(sequential)
    assert json_of(cli, "a.py", ".", "./a.py") == ["KM209"]


class TestSelection:
    def test_typed(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        assert json_of(cli, "--select", "KM209") == ["KM209"]
        assert json_of(cli, "--select", "KM0,map-sequential") == ["KM209"]
        assert json_of(cli, "--select", "KM207") == []
        assert json_of(cli, "--ignore", "KM207,KM209") == []
        assert json_of(cli, "--select", "KM2", "--ignore", "map-sequential") == []
        assert cli("check", "--ignore", "KM2").status == 0

    def test_in_the_file(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        Path("pyproject.toml").write_text('[tool.keras-memlint]\nignore = ["KM209"]\n')
        assert json_of(cli) == []
        assert json_of(cli, "--select", "KM2") == ["KM209"]

    def test_for_some_files(self, cli: Cli, sequential: str) -> None:
        for folder in ("tests", "src"):
            Path(folder).mkdir()
            (Path(folder) / "a.py").write_text(sequential)
        Path("pyproject.toml").write_text(
            '[tool.keras-memlint.per-file-ignores]\n"tests/" = ["map-sequential"]\n'
        )
        result = cli("check", "--output-format", "json")
        assert [finding["filename"] for finding in result.findings] == ["src/a.py"]
        assert json_of(cli, "tests/a.py") == ["KM209"]
        assert json_of(cli, "--force-exclude", "tests/a.py") == []


class TestHints:
    TEXT = 'import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile("adam", "mse")\nmodel.fit([0.0], [0.0])\n'

    def hints(self, cli: Cli, *arguments: str) -> tuple[int, list[str]]:
        Path("a.py").write_text(self.TEXT)
        result = cli("check", "--output-format", "json", *arguments)
        assert all(finding["severity"] == "hint" for finding in result.findings)
        return result.status, result.codes

    def test_are_silent_unless_asked_for(self, cli: Cli) -> None:
        assert self.hints(cli) == (0, [])
        assert self.hints(cli, "--select", "KM7") == (0, [])
        assert self.hints(cli, "--fail-on", "hint") == (0, [])

    def test_are_shown_all_together(self, cli: Cli) -> None:
        status, codes = self.hints(cli, "--hints")
        assert status == 0
        assert "KM701" in codes
        assert self.hints(cli, "--hints", "--fail-on", "hint") == (1, codes)

    def test_are_shown_for_a_rule_selected_by_its_own_code_or_name(self, cli: Cli) -> None:
        (name,) = (row.name for row in rows() if row.code == "KM701")
        assert self.hints(cli, "--select", "KM701") == (0, ["KM701"])
        assert self.hints(cli, "--select", f"KM2,{name}") == (0, ["KM701"])
        Path("pyproject.toml").write_text('[tool.keras-memlint]\nselect = ["KM701"]\n')
        assert self.hints(cli) == (0, ["KM701"])
        assert self.hints(cli, "--select", "KM7") == (0, [])


class TestTarget:
    TEXT = """\
import keras
from data import x, y
model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=512)
"""

    def severities(self, cli: Cli, *arguments: str) -> list[str]:
        Path("a.py").write_text(self.TEXT)
        found = cli("check", "--select", "KM301", "--output-format", "json", *arguments).findings
        return [finding["severity"] for finding in found]

    def test_is_typed_or_configured(self, cli: Cli) -> None:
        assert self.severities(cli, "--target-gpu", "a100-40") == ["warning"]
        assert self.severities(cli, "--target-gpu", "NVIDIA A100-SXM4-40GB") == ["warning"]
        Path("pyproject.toml").write_text('[tool.keras-memlint]\ntarget-gpu = "A100-40"\n')
        assert self.severities(cli) == ["warning"]
        assert self.severities(cli, "--target-gpu", "P100") == []

    def test_of_this_machine_is_remembered(self, cli: Cli, own_cache: Path) -> None:
        cache = Cache.of_user()
        cache.remember("gpus", {"gpus": [["NVIDIA A100-SXM4-40GB", 40 << 30, [8, 0]]], "reason": ""})
        cache.close()
        assert self.severities(cli) == ["warning"]
        assert self.severities(cli, "--no-cache") == ["hint"]


class TestSuppression:
    def test_on_the_line(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential.replace("(decode)", "(decode)  # noqa: KM209"))
        result = cli("check", "--output-format", "json")
        assert (result.status, result.findings) == (0, [])

    def test_on_the_last_line_of_the_statement(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(
            sequential.replace("(decode)", "(\n    decode\n)  # memlint: ignore[map-sequential]")
        )
        assert json_of(cli) == []

    def test_unused_one_is_found_and_never_fails(self, cli: Cli, clean: str) -> None:
        Path("a.py").write_text(clean + "x = 1  # noqa: KM209\n")
        result = cli("check", "--output-format", "json", "--fail-on", "hint")
        assert (result.status, result.codes) == (0, ["KM001"])
        assert json_of(cli, "--ignore", "unused-suppression") == []
        assert json_of(cli, "--select", "KM207,KM001") == []

    def test_whole_file(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text("# memlint: skip-file\nprint 'x'\n" + sequential)
        assert json_of(cli) == []


class TestBrokenCode:
    def test_rest_is_checked_and_it_never_fails_alone(self, cli: Cli, sequential: str, clean: str) -> None:
        Path("a.py").write_text("print 'x'\n" + sequential)
        result = cli("check", "--output-format", "json")
        assert (result.status, result.codes) == (1, ["KM000", "KM209"])
        Path("a.py").write_text("print 'x'\n" + clean)
        result = cli("check", "--output-format", "json", "--fail-on", "hint")
        assert (result.status, result.codes) == (0, ["KM000"])

    def test_only_what_is_selected(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text("print 'x'\n" + sequential)
        assert json_of(cli, "--select", "KM209") == ["KM209"]


@pytest.mark.parametrize(("least", "status"), [("hint", 1), ("info", 1), ("warning", 0), ("error", 0)])
def test_fail_on(cli: Cli, sequential: str, least: str, status: int) -> None:
    Path("a.py").write_text(sequential)
    result = cli("check", "--output-format", "json", "--fail-on", least)
    assert (result.status, result.codes) == (status, ["KM209"])


def test_paths_and_options_in_any_order(cli: Cli, sequential: str) -> None:
    for name in ("a.py", "b.py", "-c.py"):
        Path(name).write_text(sequential)
    result = cli("check", "a.py", "--output-format", "json", "b.py", "--no-cache", "--", "-c.py")
    assert [finding["filename"] for finding in result.findings] == ["-c.py", "a.py", "b.py"]


class TestStatistics:
    def test_replaces_the_list_in_text(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential * 2)
        result = cli("check", "--statistics")
        lines = [line.split() for line in result.out.splitlines()]
        assert result.status == 1
        assert lines[0] == ["count", "rule", "name", "fixable", "bytes", "time"]
        assert lines[1][:4] == ["2", "KM209", "map-sequential", "2"]
        assert "a.py" not in result.out

    def test_replaces_the_list_in_json(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        (row,) = json.loads(cli("check", "--statistics", "--output-format", "json", "--no-cache").out)
        assert row.pop("seconds") > 0
        assert row == {"code": "KM209", "name": "map-sequential", "count": 1, "fixable": 1, "bytes": None}

    def test_nothing_found(self, cli: Cli) -> None:
        Path("a.py").write_text("")
        assert cli("check", "--statistics") == cli("check", "--statistics", "--jobs", "1")
        assert cli("check", "--statistics").out == ""
        assert json.loads(cli("check", "--statistics", "--output-format", "json").out) == []

    def test_has_no_form_elsewhere(self, cli: Cli) -> None:
        result = cli("check", "--statistics", "--output-format", "sarif")
        assert (result.status, result.out) == (2, "")


class TestBaseline:
    def test_written_once_then_read(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        first = cli("check", "--baseline", "base.json", "--output-format", "json")
        assert (first.status, first.findings) == (0, [])
        assert first.err == "note: base.json: wrote a baseline of 1 finding; they are hidden from now on\n"
        assert cli("check", "--baseline", "base.json").out == "No new findings in 1 file.\n"
        before = Path("base.json").read_bytes()

        Path("a.py").write_text("# moved\n" + sequential)
        again = cli("check", "--baseline", "base.json", "--output-format", "json")
        assert (again.status, again.findings, again.err) == (0, [], "")

        Path("a.py").write_text(sequential + "ds = ds.map(decode)\n")
        more = cli("check", "--baseline", "base.json", "--output-format", "json")
        assert (more.status, [finding["location"]["row"] for finding in more.findings]) == (1, [10])
        assert Path("base.json").read_bytes() == before

    def test_from_another_folder(self, cli: Cli, sequential: str, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("sub").mkdir()
        Path("sub/a.py").write_text(sequential)
        cli("check", "--baseline", "base.json")
        monkeypatch.chdir("sub")
        assert cli("check", "--baseline", "../base.json", "a.py").status == 0

    def test_half_a_baseline_is_never_left(
        self, cli: Cli, sequential: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("a.py").write_text(sequential)

        def full(path: Path, text: str, encoding: str) -> None:
            path.write_bytes(text.encode(encoding)[:9])
            raise OSError(28, "No space left on device", str(path))

        monkeypatch.setattr(Path, "write_text", full)
        result = cli("check", "--baseline", "base.json")
        assert (result.status, os.listdir()) == (2, ["a.py"])
        assert "base.json: the baseline cannot be written: No space left" in result.err

    def test_damaged(self, cli: Cli, sequential: str) -> None:
        Path("a.py").write_text(sequential)
        Path("base.json").write_text("{")
        result = cli("check", "--baseline", "base.json")
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("error: base.json: is no baseline")


def test_cause_in_another_file_is_found_again_when_that_file_changes(cli: Cli) -> None:
    Path("data.py").write_text(
        "import tensorflow as tf\n\ndef decode(path):\n    return tf.image.decode_jpeg(tf.io.read_file(path))\n"
    )
    Path("train.py").write_text(
        'import tensorflow as tf\nfrom data import decode\nds = tf.data.Dataset.list_files("x").map(decode)\n'
    )
    assert json_of(cli, "train.py") == ["KM209"]
    assert json_of(cli, "train.py") == ["KM209"]
    Path("data.py").write_text("def decode(path):\n    return path\n")
    assert json_of(cli, "train.py") == []


def test_module_that_appears_later_is_seen(cli: Cli) -> None:
    Path("train.py").write_text(
        'import tensorflow as tf\nfrom data import decode\nds = tf.data.Dataset.list_files("x").map(decode)\n'
    )
    assert json_of(cli, "train.py") == []
    Path("data.py").write_text(
        "import tensorflow as tf\n\ndef decode(path):\n    return tf.image.decode_jpeg(tf.io.read_file(path))\n"
    )
    assert json_of(cli, "train.py") == ["KM209"]


def test_package_wins_over_a_module_of_its_name(cli: Cli) -> None:
    Path("train.py").write_text(
        'import tensorflow as tf\nfrom data import decode\nds = tf.data.Dataset.list_files("x").map(decode)\n'
    )
    Path("data.py").write_text("def decode(path):\n    return path\n")
    Path("data").mkdir()
    assert json_of(cli, "train.py") == []
    Path("data/__init__.py").write_text(
        "import tensorflow as tf\n\ndef decode(path):\n    return tf.image.decode_jpeg(tf.io.read_file(path))\n"
    )
    assert json_of(cli, "train.py") == ["KM209"]


def test_data_file_that_changes_is_seen(cli: Cli) -> None:
    Path("train.py").write_text(
        'import keras\nimport numpy as np\nx = np.load("x.npy")\ny = np.load("y.npy")\n'
        'model = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile("adam", "mse")\nmodel.fit(x, y)\n'
    )
    write_array(Path("x.npy"), 100_000)
    assert "KM104" in json_of(cli, "train.py")
    write_array(Path("x.npy"), 10)
    assert "KM104" not in json_of(cli, "train.py")


class TestCauseInAnotherFileOfTheRun:
    """The file with the cause may not know what it costs: only the script that trains on it does."""

    TRAIN = (
        "import keras\nfrom data import load\nx = load()\nmodel = keras.Sequential([keras.layers.Dense(1)])\n"
        'model.compile("adam", "mse")\nmodel.fit(x, x)\n'
    )
    LOAD = 'import numpy as np\n\ndef load():\n    x = np.load("x.npy")\n    return x\n'

    def test_is_told_at_its_use_when_its_own_file_says_nothing(self, cli: Cli) -> None:
        write_array(Path("x.npy"), 100_000)
        Path("data.py").write_text(self.LOAD)
        Path("train.py").write_text(self.TRAIN)
        for _ in ("cold", "warm"):
            (finding,) = cli("check", "--output-format", "json").findings
            assert (finding["code"], finding["filename"]) == ("KM104", "train.py")
            assert finding["related"][0]["filename"] == "data.py"

    @pytest.mark.parametrize("comment", ["", "  # noqa: KM104"])
    def test_is_told_once_when_its_own_file_tells_it(self, cli: Cli, comment: str) -> None:
        write_array(Path("x.npy"), 100_000)
        load = self.LOAD.replace('"x.npy")', f'"x.npy"){comment}')
        Path("data.py").write_text(load + self.TRAIN.replace("from data import load\n", ""))
        Path("train.py").write_text(self.TRAIN)
        assert [f["filename"] for f in cli("check", "--output-format", "json", "train.py").findings] == [
            "train.py"
        ]
        for _ in ("cold", "warm"):
            found = cli("check", "--output-format", "json").findings
            assert [f["filename"] for f in found] == ([] if comment else ["data.py"])


def write_array(file: Path, rows: int) -> None:
    """A float32 array of 1000 columns on disk, all holes."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 1000), }}".ljust(117) + "\n"
    with file.open("wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
        stream.truncate(10 + len(header) + rows * 4000)


_MODEL = """\
from tensorflow import keras


def build(size=8):
    model = keras.Sequential([keras.Input((size, size, 3)), keras.layers.Conv2D(64, 3), keras.layers.Flatten()])
    model.add(keras.layers.Dense(512))
    model.compile("adam", "mse")
    return model
"""


def test_cause_in_a_checked_file_is_told_there_or_where_its_use_makes_it_one(cli: Cli) -> None:
    Path("model.py").write_text(_MODEL)
    Path("train.py").write_text(
        "from tensorflow import keras\nfrom model import build\n"
        "model = build(128)\n"
        "for fold in range(5):\n    again = build()\n    again.fit(x, y)\n"
    )
    both = cli("check", "--output-format", "json", "--select", "KM401,KM602").findings
    assert [(f["filename"], f["location"]["row"], f["code"]) for f in both] == [
        ("train.py", 3, "KM401"),
        ("train.py", 5, "KM602"),
    ]
    Path("model.py").write_text(_MODEL.replace("size=8", "size=128"))
    both = cli("check", "--output-format", "json", "--select", "KM401").findings
    assert [(f["filename"], f["location"]["row"]) for f in both] == [("model.py", 6)]
