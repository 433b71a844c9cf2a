"""Runs keras-memlint over public repositories, and holds its findings against the verdicts of readers.

``python benchmarks/ecosystem/run.py FOLDER`` expects the checkouts that ``repositories.tsv`` names in
``FOLDER/owner+name`` and writes ``findings.tsv`` (place, rule, severity, a fingerprint of the line; none of their code).
``verdicts.tsv`` holds what a person said of a finding after reading the code around it. The table of precision per rule goes
between the markers of ``README.md``. ``--unjudged N`` also prints N findings that nobody has judged, with the code around them.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FINDINGS, VERDICTS, README = HERE / "findings.tsv", HERE / "verdicts.tsv", HERE / "README.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


@dataclass(frozen=True, order=True)
class Key:
    """What a verdict is about: it survives lines that move, and ends when the line or the rule's code changes."""

    repository: str
    path: str
    code: str
    line: str


@dataclass(frozen=True)
class Found:
    """One finding of warning or error severity."""

    key: Key
    row: int
    severity: str
    message: str
    file: Path
    cell: int | None = None


def repositories(folder: Path) -> list[tuple[str, Path]]:
    """The checkouts at hand, by name."""
    with (HERE / "repositories.tsv").open(encoding="utf-8") as lines:
        names = [row["repository"] for row in csv.DictReader(lines, delimiter="\t")]
    return [
        (name, folder / name.replace("/", "+"))
        for name in names
        if (folder / name.replace("/", "+")).is_dir()
    ]


def fingerprint(file: Path, finding: dict[str, object]) -> str:
    """Eight hex digits of the finding's line, blanks aside; of cell and row for notebooks."""
    if finding["cell"] is not None:
        return hashlib.sha1(f"{finding['cell']}:{finding['location']}".encode()).hexdigest()[:8]
    lines = file.read_bytes().decode("utf-8", "replace").splitlines()
    row = finding["location"]["row"]  # type: ignore[index]
    text = "".join(lines[row - 1].split()) if row <= len(lines) else ""
    return hashlib.sha1(text.encode()).hexdigest()[:8]


def check(name: str, folder: Path) -> tuple[list[Found], str]:
    """The findings in one repository, and what the program said on standard error."""
    command = [
        sys.executable,
        "-m",
        "keras_memlint",
        "check",
        "--no-cache",
        "--output-format",
        "json",
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2) or "Traceback" in done.stderr:
        raise SystemExit(f"{name}: exit status {done.returncode}\n{done.stderr}")
    found = []
    for one in json.loads(done.stdout or "[]"):
        file = Path(one["filename"]).absolute()  # names in the current folder are short
        key = Key(name, file.relative_to(folder.absolute()).as_posix(), one["code"], fingerprint(file, one))
        found.append(Found(key, one["location"]["row"], one["severity"], one["message"], file, one["cell"]))
    return found, done.stderr


def verdicts() -> dict[Key, tuple[str, str]]:
    """The verdicts so far: ``right`` or ``wrong``, and why."""
    if not VERDICTS.exists():
        return {}
    with VERDICTS.open(encoding="utf-8") as lines:
        return {
            Key(row["repository"], row["path"], row["code"], row["line"]): (row["verdict"], row["reason"])
            for row in csv.DictReader(lines, delimiter="\t")
        }


def table(found: list[Found], judged: dict[Key, tuple[str, str]]) -> str:
    """Findings and precision per rule, warnings and errors only."""
    rows = ["| rule | warnings and errors | judged | right | precision |", "| --- | --- | --- | --- | --- |"]
    totals: Counter[str] = Counter()
    for code in sorted({one.key.code for one in found}):
        mine = [one for one in found if one.key.code == code]
        said = [judged[one.key][0] for one in mine if one.key in judged]
        right = said.count("right")
        totals.update(all=len(mine), judged=len(said), right=right)
        share = f"{right / len(said):.0%}" if said else "–"
        rows.append(f"| {code} | {len(mine)} | {len(said)} | {right} | {share} |")
    share = f"{totals['right'] / totals['judged']:.1%}" if totals["judged"] else "–"
    rows.append(f"| all | {totals['all']} | {totals['judged']} | {totals['right']} | {share} |")
    return "\n".join(rows)


def text_of(file: Path, cell: int | None) -> str:
    """The text a finding's row counts in: the file's, or that of one cell of a notebook."""
    text = file.read_bytes().decode("utf-8", "replace")
    if cell is None:
        return text
    notebook = json.loads(text)
    cells = notebook.get("cells") or [one for sheet in notebook["worksheets"] for one in sheet["cells"]]
    source = cells[cell].get("source", cells[cell].get("input", ""))
    return source if isinstance(source, str) else "".join(source)


def show(one: Found, around: int = 6) -> str:
    """A finding with the code around it, for a reader."""
    lines = text_of(one.file, one.cell).splitlines()
    first, last = max(one.row - around, 1), min(one.row + around, len(lines))
    code = "\n".join(
        f"{'>' if row == one.row else ' '} {row:5} {lines[row - 1]}" for row in range(first, last + 1)
    )
    key = one.key
    return (
        f"=== {key.repository}\t{key.path}\t{key.code}\t{key.line}\n{one.severity}: {one.message}\n{code}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the checkouts are")
    parser.add_argument(
        "--unjudged", type=int, default=0, metavar="N", help="print N findings without a verdict"
    )
    parser.add_argument("--code", help="only this rule, with --unjudged")
    parser.add_argument(
        "--per-repository", type=int, default=30, help="judge at most so many in one repository"
    )
    arguments = parser.parse_args()
    found: list[Found] = []
    notes: list[str] = []
    for name, folder in repositories(arguments.folder):
        mine, said = check(name, folder)
        found += [one for one in mine if one.severity in ("warning", "error")]
        notes += [f"{name}: {line}" for line in said.splitlines() if "bug" in line]
    judged = verdicts()
    if arguments.unjudged:
        open_ = [one for one in found if one.key not in judged and arguments.code in (None, one.key.code)]
        random.Random(0).shuffle(open_)
        count: Counter[str] = Counter(key.repository for key in judged)
        picked = []
        for one in open_:
            if count[one.key.repository] < arguments.per_repository and len(picked) < arguments.unjudged:
                count[one.key.repository] += 1
                picked.append(one)
        print("\n".join(show(one) for one in picked))
    with FINDINGS.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n")
        writer.writerow(["repository", "path", "code", "line", "severity"])
        for one in sorted(found, key=lambda one: one.key):
            writer.writerow([one.key.repository, one.key.path, one.key.code, one.key.line, one.severity])
    text = README.read_text(encoding="utf-8")
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    README.write_text(f"{head}{BEGIN}\n{table(found, judged)}\n{END}{tail}", encoding="utf-8")
    print(table(found, judged))
    print(f"{len(notes)} rules or analyses failed", *notes, sep="\n")


if __name__ == "__main__":
    main()
