"""Reads the examples of rule pages and runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from keras_memlint.analysis.settings import Settings, Target
from keras_memlint.analysis.source import Source
from keras_memlint.fixes.edits import apply
from keras_memlint.rules import catalogue
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source
from keras_memlint.rules.positions import to_edit

CODES = frozenset(row.code for row in catalogue.rows())
TESTS = Path(__file__).parent
PAGES = [row.page for row in catalogue.rows()] + sorted(TESTS.glob("*/KM*.md"))
_FENCE = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"#\s*expect:\s*((?:KM\d{3}[,\s]*)+)")
_STRIP = re.compile(r"[ \t]*#\s*expect:[^\n]*")
_SIZE = re.compile(r"^`([^`]+)` is (\d+) (KiB|MiB|GiB)\b", re.MULTILINE)
_UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_TARGET = re.compile(r"target=(\S+)")


@dataclass(frozen=True)
class Case:
    """One section of a page: its Python text, what a fix makes of it, and further files of the example.

    A fence ``py settings gpu=t4`` etc. is not needed: ``target=T4`` behind ``py`` names the GPU. Prose that starts a line with
    "`x.npy` is 300 MiB" puts a file of that size beside the example, a fence ``txt requirements.txt`` a text of that name: ``files``
    holds texts, or sizes in bytes.
    """

    rule: str
    page: Path
    heading: str
    text: str
    fixed: str | None
    files: dict[str, str | int] = field(default_factory=dict, hash=False)
    target: str | None = None

    def __str__(self) -> str:
        return f"{self.rule}-{self.heading}"


def cases(page: Path) -> list[Case]:
    """The sections of a page that hold examples: the first block, the ``fixed`` one, and named files."""
    text = page.read_text(encoding="utf-8")
    rule = re.search(r"KM\d{3}", text.splitlines()[0])
    assert rule, f"{page}: the title has no code"
    found = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading = section.splitlines()[0]
        main: str | None = None
        fixed: str | None = None
        target: str | None = None
        files: dict[str, str | int] = {
            name: int(number) * _UNITS[unit] for name, number, unit in _SIZE.findall(section)
        }
        for match in _FENCE.finditer(section):
            info, code = match.group(2).strip(), match.group(3)
            if match.group(1) == "txt" and info:
                files[info] = code
            if match.group(1) != "py":
                continue
            if info == "fixed":
                fixed = code
            elif info.endswith(".py"):
                files[info] = code
            else:
                assert main is None, f"{page}: two examples under {heading!r}"
                main = code
                named = _TARGET.search(info)
                target = named.group(1) if named else None
        if main is not None:
            found.append(Case(rule.group(), page, heading, main, fixed, files, target))
    assert found, f"{page}: no examples"
    return found


def expected(text: str) -> list[tuple[int, str]]:
    """The marks of an example: row and code."""
    return [
        (row, code)
        for row, line in enumerate(text.splitlines(), 1)
        for mark in _MARK.findall(line)
        for code in re.findall(r"KM\d{3}", mark)
    ]


def strip_marks(text: str) -> str:
    """An example as a user would have it."""
    return _STRIP.sub("", text)


def settings(case: Case) -> Settings:
    """The settings of an example: its target, if it names one."""
    if case.target is None:
        return Settings()
    from keras_memlint.analysis.gpus import find

    gpu = find(case.target)
    assert gpu is not None, case.target
    return Settings(Target(gpu.name, gpu.memory, gpu.compute_capability))


def check(case: Case, folder: Path, only: str | None = None) -> list[Diagnostic]:
    """The findings of an example: of its own rule, or of all."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            with path.open("wb") as file:
                file.truncate(content)  # sparse: it takes no room
    source = Source(str(folder / "train.py"), strip_marks(case.text))
    report = check_source(source, codes={only} if only else CODES, settings=settings(case))
    assert not report.problems, report.problems
    return report.diagnostics


def fix_first(case: Case, folder: Path) -> str:
    """The text after the first fix of each of the rule's findings, one at a time."""
    text = strip_marks(case.text)
    for _ in range(10):
        current = Case(case.rule, case.page, case.heading, text, None, case.files, case.target)
        fixes = [d.fixes[0] for d in check(current, folder, only=case.rule) if d.fixes]
        if not fixes:
            return text
        source = Source("train.py", text)
        text = apply(text, [to_edit(source, edit) for edit in fixes[0].edits])
    raise AssertionError(f"{case}: no end of fixes")
