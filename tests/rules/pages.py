"""Reads the examples of rule pages and runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from keras_memlint.analysis.sizes.gpus import find
from keras_memlint.analysis.sizes.measurement import Measurement, OnGpu
from keras_memlint.analysis.sizes.settings import Settings, Target
from keras_memlint.analysis.text.source import Source, text_hash
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
_ESTIMATE = re.compile(
    r"^An estimate for (\S+) says ([\d.]+) GiB at batch (\d+)(.*?)^$", re.MULTILINE | re.DOTALL
)
_SAVES = re.compile(r"`([^`]+)`\s+saves\s+(-?[\d.]+)\s+GiB")
_LARGEST = re.compile(r"a\s+batch\s+of\s+(\d+)\s+fits")
_KEPT = re.compile(r"([\d.]+)\s+GiB\s+of\s+weights\s+and\s+([\d.]+)\s+GiB\s+of\s+optimizer\s+slots")
_POLICY = re.compile(r"under\s+the\s+policy\s+`(\w+)`")


@dataclass(frozen=True)
class Case:
    """One section of a page: its Python text, what a fix makes of it, and further files of the example.

    A fence ``py settings gpu=t4`` etc. is not needed: ``target=T4`` behind ``py`` names the GPU. Prose that starts a line with
    "`x.npy` is 300 MiB" puts a file of that size beside the example, a fence ``txt requirements.txt`` a text of that name: ``files``
    holds texts, or sizes in bytes. A paragraph "An estimate for T4 says 18 GiB at batch 512" gives the first ``fit`` an estimate;
    it may go on with "`mixed_float16` saves 6 GiB", "a batch of 256 fits", "0.4 GiB of weights and 0.8 GiB of optimizer slots",
    "under the policy `mixed_float16`".
    """

    rule: str
    page: Path
    heading: str
    text: str
    fixed: str | None
    files: dict[str, str | int] = field(default_factory=dict, hash=False)
    target: str | None = None
    estimate: Measurement | None = None

    def with_text(self, text: str) -> Case:
        """The example in another style of text, of which its estimate is just as true."""
        estimate = self.estimate and replace(self.estimate, text=text_hash(text))
        return replace(self, text=text, fixed=None, estimate=estimate)

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
            estimate = estimate_of(section, strip_marks(main))
            found.append(Case(rule.group(), page, heading, main, fixed, files, target, estimate))
    assert found, f"{page}: no examples"
    return found


def estimate_of(section: str, text: str) -> Measurement | None:
    """The estimate that a section's prose speaks of; None when it speaks of none."""
    found = _ESTIMATE.search(section)
    if found is None:
        return None
    name, size, batch, more = found.groups()
    gpu = find(name)
    assert gpu is not None, name
    gib = 1 << 30
    low, likely, high = (int(float(size) * factor * gib) for factor in (0.95, 1, 1.05))
    fits = "no" if low > gpu.memory else "borderline" if high > gpu.memory else "yes"
    largest, kept, policy = _LARGEST.search(more), _KEPT.search(more), _POLICY.search(more)
    figures = OnGpu(
        gpu.name,
        gpu.memory,
        "compiler",
        "predicted by the GPU compiler",
        low,
        likely,
        high,
        fits,
        int(largest[1]) if largest else None,
        tuple((change, int(float(saved) * gib)) for change, saved in _SAVES.findall(more)),
    )
    rows = [row for row, line in enumerate(text.splitlines(), 1) if ".fit(" in line]
    return Measurement(
        text_hash(text),
        rows[0],
        int(batch),
        policy[1] if policy else "float32",
        (figures,),
        int(float(kept[1]) * gib) if kept else None,
        int(float(kept[2]) * gib) if kept else None,
    )


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
    """The settings of an example: its target, if it names one, and its estimate."""
    if case.target is None:
        return Settings(measurement=case.estimate)
    gpu = find(case.target)
    assert gpu is not None, case.target
    return Settings(Target(gpu.name, gpu.memory, gpu.compute_capability), measurement=case.estimate)


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
        current = Case(case.rule, case.page, case.heading, text, None, case.files, case.target, case.estimate)
        fixes = [d.fixes[0] for d in check(current, folder, only=case.rule) if d.fixes]
        if not fixes:
            return text
        source = Source("train.py", text)
        text = apply(text, [to_edit(source, edit) for edit in fixes[0].edits])
    raise AssertionError(f"{case}: no end of fixes")
