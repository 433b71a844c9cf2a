"""Remembered findings: what makes them valid, and that nothing about the cache can stop a run."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from keras_memlint.analysis.sizes.settings import Settings, Target
from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix, Position, RelatedPlace, TextEdit
from keras_memlint.rules.engine import Report
from keras_memlint.server import cache as module
from keras_memlint.server.cache import Cache, Entry

FINDING = Diagnostic(
    "KM203",
    "shuffle-full-buffer",
    "warning",
    "größe 'x' \udce4",
    "train.py",
    Position(3, 4),
    Position(3, 9),
    cell=2,
    bytes=1 << 40,
    related=(RelatedPlace("here", "data.py", Position(1, 1), Position(1, 2)),),
    fixes=(DiagnosticFix("unsafe", "fix", (TextEdit(Position(1, 1), Position(1, 2), "x", 2),)),),
    tags=("unnecessary",),
    last_row=7,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "findings.db"


def entry(
    content: bytes = b"x", codes: tuple[str, ...] = ("KM203", "KM101"), settings: Settings | None = None
) -> Entry:
    return Entry("train.py", content, codes, settings or Settings())


def test_findings_come_back_as_they_were(file: Path) -> None:
    Cache(file).store([(entry(), Report([FINDING]))])
    assert Cache(file).findings(entry()) == [FINDING]


def test_clean_files_are_remembered_too(file: Path) -> None:
    cache = Cache(file)
    assert cache.findings(entry()) is None
    cache.store([(entry(), Report())])
    assert cache.findings(entry()) == []


@pytest.mark.parametrize(
    "other",
    [
        entry(b"y"),
        entry(codes=("KM203",)),
        entry(settings=Settings(Target(gpu_memory=1))),
        entry(settings=Settings(size_threshold=1)),
        entry(settings=Settings(exclusive_gpu=True)),
        Entry("./train.py", b"x", ("KM203", "KM101"), Settings()),
    ],
)
def test_everything_that_matters_is_part_of_the_question(file: Path, other: Entry) -> None:
    cache = Cache(file)
    cache.store([(entry(), Report([FINDING]))])
    assert cache.findings(other) is None


def test_order_of_codes_does_not_matter(file: Path) -> None:
    cache = Cache(file)
    cache.store([(entry(), Report([FINDING]))])
    assert cache.findings(entry(codes=("KM101", "KM203"))) == [FINDING]


def test_current_folder_matters_because_names_are_kept_as_typed(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Cache(file).store([(entry(), Report([FINDING]))])
    monkeypatch.chdir("/")
    assert Cache(file).findings(entry()) is None


def test_another_program_does_not_believe_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Cache(file).store([(entry(), Report([FINDING]))])
    monkeypatch.setattr(module, "_program", "another version")
    assert Cache(file).findings(entry()) is None


def test_program_changes_with_its_own_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder in ("analysis", "fixes", "rules/tf_data", "server"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(tmp_path / "server" / "cache.py"))
    seen = set()
    for text in ("a", "bb"):
        (tmp_path / "rules" / "tf_data" / "rule.py").write_text(text)
        monkeypatch.setattr(module, "_program", None)
        seen.add(module.program())
    assert len(seen) == 2


def test_files_it_used_must_be_unchanged(file: Path, tmp_path: Path) -> None:
    used, absent, folder, big = (str(tmp_path / name) for name in ("data.py", "gone.py", "images", "big.npy"))
    Path(used).write_text("a")
    Path(folder).mkdir()
    with Path(big).open("wb") as stream:
        stream.truncate(5 << 20)
    report = Report([FINDING], used_files=(used, absent, folder, big))

    def valid_after(change: object) -> bool:
        Cache(file).store([(entry(), report)])
        if callable(change):
            change()
        return Cache(file).findings(entry()) is not None

    assert valid_after(None)
    assert valid_after(lambda: os.utime(used, (0, 0)))
    assert not valid_after(lambda: Path(used).write_text("b"))
    assert not valid_after(lambda: Path(absent).write_text(""))
    assert not valid_after(lambda: os.utime(big, (0, 0)))
    assert valid_after(lambda: os.utime(folder, (0, 0)))
    assert not valid_after(lambda: (Path(folder) / "new.jpg").touch())
    assert not valid_after(lambda: Path(used).unlink())


def test_result_with_problems_is_not_kept(file: Path) -> None:
    cache = Cache(file)
    cache.store([(entry(), Report([FINDING], problems=["KM203 failed"]))])
    assert cache.findings(entry()) is None


def test_old_entries_go(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(file)
    monkeypatch.setattr(module.time, "time", lambda: 1000.0)
    cache.store([(entry(), Report())])
    monkeypatch.setattr(module.time, "time", lambda: 1000.0 + 31 * 24 * 3600)
    cache.store([(entry(codes=("KM1",)), Report())])
    assert cache.findings(entry()) is None
    assert cache.findings(entry(codes=("KM1",))) == []


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_damaged_database_is_made_anew(file: Path, damage: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(damage)
    cache = Cache(file)
    assert cache.findings(entry()) is None
    cache.store([(entry(), Report([FINDING]))])
    assert Cache(file).findings(entry()) == [FINDING]


def test_database_damaged_in_the_middle(file: Path) -> None:
    cache = Cache(file)
    cache.store(
        [(Entry(f"{number}.py", b"x", ("KM1",), Settings()), Report([FINDING])) for number in range(500)]
    )
    cache.close()
    raw = bytearray(file.read_bytes())
    for at in range(200, len(raw), 97):
        raw[at] ^= 0xFF
    file.write_bytes(raw)
    again = Cache(file)
    answers = [again.findings(Entry(f"{number}.py", b"x", ("KM1",), Settings())) for number in range(500)]
    assert all(answer in (None, [FINDING]) or isinstance(answer[0], Diagnostic) for answer in answers)
    again.store([(entry(), Report([FINDING]))])
    again.close()


@pytest.mark.parametrize(
    "value", ["[", "[]", "[[1], {}]", '[[{"code": 1}], {}]', "null", "[[], []]", '[[], {"x": 1}]', "7"]
)
def test_damaged_entry_is_forgotten(file: Path, value: str) -> None:
    cache = Cache(file)
    cache.store([(entry(), Report([FINDING]))])
    cache.close()
    with sqlite3.connect(file) as db:
        db.execute(f"UPDATE findings_{module._LAYOUT} SET value = ?", (value,))
    db.close()
    assert Cache(file).findings(entry()) is None


def test_no_place_for_it(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    for place in (tmp_path / "taken" / "findings.db", tmp_path, None):
        cache = Cache(place)
        cache.store([(entry(), Report([FINDING]))])
        assert cache.findings(entry()) is None
        cache.remember("gpus", 1)
        assert cache.fact("gpus", 1000) is None


def test_many_at_once(file: Path) -> None:
    def work(number: int) -> list[Diagnostic] | None:
        mine = Entry(f"{number % 5}.py", b"x", ("KM1",), Settings())
        found = replace(FINDING, filename=f"{number % 5}.py")
        cache = Cache(file)
        cache.store([(mine, Report([found]))])
        answer = cache.findings(mine)
        cache.close()
        return answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(40)))
    assert [answer and answer[0].filename for answer in answers] == [
        f"{number % 5}.py" for number in range(40)
    ]


def test_facts_have_an_age(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(file)
    monkeypatch.setattr(module.time, "time", lambda: 1000.0)
    assert cache.fact("gpus", 60) is None
    cache.remember("gpus", {"gpus": []})
    assert cache.fact("gpus", 60) == {"gpus": []}
    monkeypatch.setattr(module.time, "time", lambda: 1061.0)
    assert cache.fact("gpus", 60) is None
