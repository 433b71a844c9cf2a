"""``[tool.keras-memlint]``: what is read, what is refused and how that is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.sizes.nvml import Detected, DetectedGpu
from keras_memlint.server.configuration import ConfigurationError, Configurations, load
from keras_memlint.server.target import settings_for


def write(folder: Path, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(f"[tool.keras-memlint]\n{body}\n", encoding="utf-8")
    return file


def test_every_key(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        select = ["KM2", "map-sequential"]
        ignore = ["KM207"]
        exclude = ["build/", "!build/keep.py"]
        target-gpu = "a100-80"
        host-memory = "64GiB"
        size-threshold = 1048576
        exclusive-gpu = true
        [tool.keras-memlint.per-file-ignores]
        "tests/**" = ["KM209"]
        """,
    )
    found = load(str(file))
    assert found is not None
    assert found.file == file
    assert found.select == ("KM2", "map-sequential")
    assert found.ignore == ("KM207",)
    assert found.exclude == ("build/", "!build/keep.py")
    assert found.per_file_ignores == (("tests/**", ("KM209",)),)
    assert found.target_gpu == "A100 80GB"
    assert found.host_memory == 64 << 30
    assert found.size_threshold == 1 << 20
    assert found.exclusive_gpu is True


@pytest.mark.parametrize(
    ("body", "key", "words"),
    [
        ('selct = ["KM2"]', "selct", "did you mean `select`"),
        ("hints = true", "hints", "is no setting"),
        ('select = "KM2"', "select", "must be a list of strings, not a string"),
        ("select = [2]", "select", "must be a list of strings, but holds a number"),
        ('select = ["KM2099"]', "select", "did you mean `KM209`"),
        ('ignore = ["map-sequental"]', "ignore", "did you mean `map-sequential`"),
        ("exclude = 3", "exclude", "must be a list of strings"),
        ('per-file-ignores = ["x"]', "per-file-ignores", "must be a table"),
        ('per-file-ignores = {"t/" = "KM2"}', "per-file-ignores", "pattern `t/`"),
        ('target-gpu = "T5"', "target-gpu", "did you mean `T4`"),
        ("target-gpu = 4", "target-gpu", "must be a string"),
        ('host-memory = "lots"', "host-memory", "`lots` is no size"),
        ("host-memory = -1", "host-memory", "is no size"),
        ("size-threshold = true", "size-threshold", "must be a size"),
        ("size-threshold = 1.5", "size-threshold", "must be a size"),
        ("exclusive-gpu = 1", "exclusive-gpu", "must be true or false, not a number"),
        ("exclusive-gpu = 1979-05-27", "exclusive-gpu", "not a date"),
    ],
)
def test_wrong_key_or_value_names_key_and_file(tmp_path: Path, body: str, key: str, words: str) -> None:
    file = write(tmp_path, body)
    with pytest.raises(ConfigurationError) as caught:
        load(str(file))
    message = str(caught.value)
    assert message.startswith(f"{file}: `{key}` in [tool.keras-memlint]")
    assert words in message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"[tool.keras-memlint]\nselect = [", "is no valid TOML"),
        (b"[tool.keras-memlint]\n# \xff\n", "is not UTF-8, as TOML must be: see line 2; save it as UTF-8"),
        ("[tool.keras-memlint]\n".encode("utf-16"), "is not UTF-8, as TOML must be: see line 1"),
        ("[tool.keras-memlint]\n".encode("utf-16-be"), "is no valid TOML"),
        (b"[tool.keras_memlint]\n", "`[tool.keras_memlint]` is not read; call it `[tool.keras-memlint]`"),
        (b"[tool]\nkeras-memlint = 3\n", "must be a table, not a number"),
        (b'x = "' + b"[" * 10 + b'"\n[tool.keras-memlint]\na = ' + b"[" * 5000, "is no valid TOML"),
    ],
)
def test_file_that_cannot_be_used_is_named(tmp_path: Path, raw: bytes, words: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(raw)
    with pytest.raises(ConfigurationError) as caught:
        load(str(file))
    assert str(file) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "raw", [b"", b"[tool.other]\n", b"no toml at all [", b"\xff\xfe", b'tool = "keras-memlint"\n']
)
def test_other_peoples_files_say_nothing(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(raw)
    assert load(str(tmp_path / "pyproject.toml")) is None


def test_nearest_table_wins_and_files_without_one_are_passed_over(tmp_path: Path) -> None:
    outer = write(tmp_path, 'ignore = ["KM209"]')
    inner = write(tmp_path / "a" / "b", 'ignore = ["KM207"]')
    (tmp_path / "a" / "c").mkdir()
    (tmp_path / "a" / "c" / "pyproject.toml").write_text("[project]\n")
    configurations = Configurations()
    assert configurations.above(str(tmp_path / "a" / "b" / "deeper")).file == inner
    assert configurations.above(str(tmp_path / "a" / "c")).file == outer
    assert configurations.above(str(tmp_path / "a")).file == outer


def test_wrong_file_is_wrong_for_everything_below_that_has_no_own(tmp_path: Path) -> None:
    write(tmp_path, "nonsense = 1")
    inner = write(tmp_path / "good", "")
    configurations = Configurations()
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            configurations.above(str(tmp_path / "bad" / "deeper"))
    assert configurations.above(str(tmp_path / "good")).file == inner


def never() -> Detected:
    raise AssertionError("the driver was asked although the GPU is configured")


def test_target_is_typed_or_configured_or_found_or_unknown(tmp_path: Path) -> None:
    file = write(
        tmp_path, 'target-gpu = "T4"\nhost-memory = "8GiB"\nsize-threshold = "1MiB"\nexclusive-gpu = true'
    )
    configured = load(str(file))
    assert configured is not None
    settings = settings_for(configured, never)
    assert (settings.target.gpu, settings.target.gpu_memory) == ("T4", 15360 << 20)
    assert settings.target.compute_capability == (7, 5)
    assert (settings.target.host_memory, settings.size_threshold, settings.exclusive_gpu) == (
        8 << 30,
        1 << 20,
        True,
    )

    typed = settings_for(configured, never, gpu="L4", host_memory=1)
    assert (typed.target.gpu, typed.target.host_memory) == ("L4", 1)

    nothing = Configurations().above(str(tmp_path.parent))
    machine = Detected((DetectedGpu("NVIDIA X", 5, (9, 9)), DetectedGpu("other", 6, (8, 0))))
    found = settings_for(nothing, lambda: machine, host_memory=3).target
    assert (found.gpu, found.gpu_memory, found.compute_capability, found.host_memory) == (
        "NVIDIA X",
        5,
        (9, 9),
        3,
    )
    unknown = settings_for(nothing, lambda: Detected((), "none")).target
    assert (unknown.gpu, unknown.gpu_memory, unknown.compute_capability, unknown.host_memory) == (None,) * 4
