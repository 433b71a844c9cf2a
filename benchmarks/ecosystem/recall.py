"""Says which of the places that readers wrote down in public scripts the rules find.

``python benchmarks/ecosystem/recall.py FOLDER`` expects the checkouts that ``recall_scripts.tsv`` names in
``FOLDER/owner+name``, rewrites the column ``found`` of ``recall.tsv`` and prints the share of each sample. A place is found
when its rule speaks within six lines of it, hints included.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS, PLACES = HERE / "recall_scripts.tsv", HERE / "recall.tsv"
NEAR = 6


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
    with PLACES.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(places[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(places)
    for sample in sorted({place["sample"] for place in places}):
        mine = [place["found"] for place in places if place["sample"] == sample]
        print(
            f"sample {sample}: {mine.count('yes')} of {len(mine)} found ({mine.count('yes') / len(mine):.0%})"
        )


if __name__ == "__main__":
    main()
