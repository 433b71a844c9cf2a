"""Says which of the places that readers wrote down in public scripts the rules find.

``python benchmarks/ecosystem/recall.py FOLDER`` expects the checkouts that ``recall_scripts.tsv`` names in
``FOLDER/owner+name``, rewrites the column ``found`` of ``recall.tsv`` and prints the shares of each sample. A place is found
when its rule speaks within six lines of it, hints included. Why another was missed, a person wrote into ``missed``, and the
fact that decides it into ``because``; README.md explains the words.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS, PLACES = HERE / "recall_scripts.tsv", HERE / "recall.tsv"
NEAR = 6
FAULT, ELSEWHERE = "fault", "elsewhere"


def rows_of(table: Path) -> list[dict[str, str]]:
    """The rows of a table, by the names of its columns."""
    with table.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def findings(folder: Path, row: dict[str, str]) -> set[tuple[str, int]]:
    """The rules that speak of one script, and in which rows."""
    file = folder / row["repository"].replace("/", "+") / row["path"]
    command = [sys.executable, "-m", "keras_memlint", "check", "--no-cache", "--hints"]
    command += ["--output-format", "json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1, 2) or "Traceback" in done.stderr:
        raise SystemExit(f"{file}: exit status {done.returncode}\n{done.stderr}")
    return {(one["code"], one["location"]["row"]) for one in json.loads(done.stdout or "[]")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the checkouts are")
    folder = parser.parse_args().folder
    said = {(row["repository"], row["path"]): findings(folder, row) for row in rows_of(SCRIPTS)}
    places = rows_of(PLACES)
    for place in places:
        here = said[place["repository"], place["path"]]
        near = any(code == place["code"] and abs(row - int(place["row"])) <= NEAR for code, row in here)
        place["found"] = "yes" if near else "no"
        if near:
            place["missed"] = place["because"] = ""
    with PLACES.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(places[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(places)
    for sample in sorted({place["sample"] for place in places}, key=int):
        print(f"sample {sample}: {shares([place for place in places if place['sample'] == sample])}")


def shares(places: list[dict[str, str]]) -> str:
    """How many are found; and how many are told, be it elsewhere, of those that a rule claims to find."""
    found = [place for place in places if place["found"] == "yes"]
    missed = Counter(place["missed"] for place in places if place["found"] == "no")
    told = len(found) + missed[ELSEWHERE]
    claimed = told + missed[FAULT]
    parts = [f"{len(found)} of {len(places)} found ({len(found) / len(places):.0%})"]
    if "" not in missed:
        parts.append(f"{told} of {claimed} told that a rule claims ({told / claimed:.0%})")
        parts.append(", ".join(f"{word} {count}" for word, count in missed.most_common()))
    return "; ".join(parts)


if __name__ == "__main__":
    main()
