"""The page of one rule as the site shows it: marked lines, its picture, and what is known of it beside the text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from keras_memlint.rules.base import Rule
from keras_memlint.rules.catalogue import Row
from keras_memlint.rules.registry import load

ROOT = Path(__file__).resolve().parent.parent.parent
MARK = re.compile(r"[ \t]*# *(?:expect|todo): .*$")
SAFETY = {
    "safe": "a safe fix: the same results",
    "unsafe": "an unsafe fix: read what it changes",
    "both": "safe and unsafe fixes",
    None: "no fix",
}


def place(row: Row) -> Path:
    """Where a page lies in the repository, and on the site."""
    return Path("rules", row.page.parent.name, row.page.name)


def family_title(family: str) -> str:
    """A family as a heading; names of modules keep their case."""
    return family if "." in family.split()[0] else family[0].upper() + family[1:]


def text(row: Row) -> str:
    """The Markdown of the page for the site."""
    written = row.page.read_text(encoding="utf-8")
    if row.family == "reserved":
        return shown(written)
    head, rest = written.split("\n", 1)
    return f"{head}\n\n{summary(load(row.code).rule)}\n{with_picture(shown(rest), row)}"


def summary(rule: Rule) -> str:
    """Severity and fix in a line."""
    return f"*{rule.severity.capitalize()}*, {SAFETY[rule.fix]}.\n"


def shown(written: str) -> str:
    """Examples as people read them: the lines of findings are highlighted, fixed code says that it is."""
    return re.sub(r"^```py( fixed)?\n(.*?)^```$", _example, written, flags=re.M | re.S)


def _example(found: re.Match[str]) -> str:
    lines = found.group(2).splitlines()
    marked = [str(number) for number, line in enumerate(lines, 1) if MARK.search(line)]
    head = "```py" + (' title="fixed"' if found.group(1) else "")
    if marked:
        head += f' hl_lines="{" ".join(marked)}"'
    return "\n".join([head, *(MARK.sub("", line) for line in lines), "```"])


def with_picture(written: str, row: Row) -> str:
    """The bars of what was measured, after the paragraph that tells of it."""
    picture = ROOT / "docs" / "evidence" / f"{row.code}.svg"
    if not picture.exists():
        return written
    image = f"![What was measured: {row.name}](../../docs/evidence/{picture.name})\n\n"
    start = written.find("**Measured.**")
    end = written.find("\n\n", start) + 2
    if start < 0:
        raise ValueError(f"{row.page.name} has a picture and no paragraph that tells of it")
    return written[:end] + image + written[end:]


def results(code: str) -> dict[str, Any]:
    """What was measured for a rule, see benchmarks/evidence."""
    path = ROOT / "benchmarks" / "evidence" / "results" / f"{code}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
