"""What the pages of rules say was measured is what benchmarks/evidence measured: every figure, not just one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from keras_memlint.rules import catalogue

EVIDENCE = Path(__file__).parent.parent / "benchmarks" / "evidence"
RULES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (EVIDENCE / "results").glob("*.json")
}
MEASURED = {
    row.code: found.group(1)
    for row in catalogue.rows()
    if row.code in RULES
    for found in re.finditer(
        r"^\*\*Measured\.\*\* (.*?)\n\n", row.page.read_text(encoding="utf-8"), re.M | re.S
    )
}
# Code and versions hold numbers that nobody measured.
NO_FIGURES = re.compile(
    r"`[^`]*`|KM\d{3}|\b(?:Python|TF|TensorFlow|Keras|[kK]eras-tuner|tf-keras|tfmot|NumPy) \d+(?:\.\d+)*|\w*[a-zA-Z]\d+"
)
FIGURE = re.compile(r"(\d[\d,]*(?:\.\d+)?)(?: (MiB|GiB|ms|s|M)\b)?")


def figures(text: str) -> list[tuple[str, str]]:
    """Numbers and their units, ``""`` for a count."""
    found = FIGURE.findall(NO_FIGURES.sub(" ", " ".join(text.split())))
    return [(number.replace(",", ""), unit) for number, unit in found]


def is_measured(number: str, unit: str, code: str) -> bool:
    """Whether a figure is one of the results of ``code``, rounded, or a size or count its script names."""
    rule = RULES[code]
    script = re.sub(r"(?<=\d)_(?=\d)", "", (EVIDENCE / rule["script"]).read_text(encoding="utf-8"))
    if (number, unit) in figures(script):
        return True
    facts = [value for value in rule["facts"].values() if isinstance(value, int | float)]
    variants = rule["variants"].values()
    if unit in ("MiB", "GiB"):
        each = 1 << (20 if unit == "MiB" else 30)
        exact = [v[field] / each for v in variants for field in ("peak_bytes", "resident_bytes")]
        exact += [fact / each for fact in facts]
    elif unit in ("s", "ms"):
        exact = [v["seconds"] * (1 if unit == "s" else 1000) for v in variants]
    else:
        exact = [fact / (1e6 if unit == "M" else 1) for fact in facts]
        named = [script, *(name.replace("_", " ") for name in rule["facts"])]
        if not unit and float(number) in {float(n) for text in named for n, _unit in figures(text)}:
            return True
    digits = len(number.partition(".")[2])
    return number in [f"{value:.{digits}f}" for value in exact]


@pytest.mark.parametrize("code", MEASURED)
def test_page_names_its_evidence(code: str) -> None:
    assert "`benchmarks/evidence`" in MEASURED[code]
    assert code in MEASURED[code]


@pytest.mark.parametrize("code", MEASURED)
def test_every_figure_of_a_page_was_measured(code: str) -> None:
    wrong = [figure for figure in figures(MEASURED[code]) if not is_measured(*figure, code)]
    assert wrong == []


@pytest.mark.parametrize("code", [code for code in MEASURED if RULES[code]["variants"]])
def test_page_quotes_the_bad_and_the_good(code: str) -> None:
    rule = RULES[code]
    field, unit, each = (
        ("seconds", "s", 1) if rule["ratio_of"] == "seconds" else ("peak_bytes", "MiB", 1 << 20)
    )
    quoted = {number for number, found in figures(MEASURED[code]) if found == unit}
    for variant in ("bad", "good"):
        value = rule["variants"][variant][field] / each
        if value >= 0.05:  # less is "nothing", in words
            assert quoted & {f"{value:.{digits}f}" for digits in range(3)}, (variant, value)


def test_pages_without_a_gpu_claim_nothing_about_one() -> None:
    for code, text in MEASURED.items():
        assert "GPU" not in text or text.startswith("Not measured"), code


GUIDE = Path(__file__).parent.parent / "docs" / "out-of-memory.md"
PAIR = re.compile(r"([\d.,]+ (?:MiB|s)) against ([\d.,]+ (?:MiB|s))\b[^.]*?\[(KM\d{3})\]")
PAIRS = PAIR.findall(" ".join(GUIDE.read_text(encoding="utf-8").split()))


@pytest.mark.parametrize(("bad", "good", "code"), PAIRS)
def test_the_guide_quotes_the_bad_and_the_good_of_a_rule(bad: str, good: str, code: str) -> None:
    for variant, quoted in (
        (RULES[code]["variants"][name], text) for name, text in (("bad", bad), ("good", good))
    ):
        number, unit = quoted.replace(",", "").split()
        value = variant["seconds"] if unit == "s" else variant["peak_bytes"] / (1 << 20)
        assert number == f"{value:.{len(number.partition('.')[2])}f}"


def test_the_guide_has_pairs_of_figures() -> None:
    assert (
        len(PAIRS)
        == len(re.findall(r"\bagainst [\d.,]+ (?:MiB|s)\b", GUIDE.read_text(encoding="utf-8")))
        > 15
    )


def test_a_wrong_figure_is_noticed() -> None:
    assert figures("takes 1,125 MiB and 0.15 s, twice 7 (TF 2.21, `Dense(4)`, float32)") == [
        ("1125", "MiB"),
        ("0.15", "s"),
        ("7", ""),
    ]
    assert not is_measured("1125", "MiB", "KM103")
