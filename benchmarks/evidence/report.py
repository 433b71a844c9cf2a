"""Results as Markdown tables, and the README that holds them between two marker lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def with_tables(readme: str, results: dict[str, Any]) -> str:
    """The README's text with everything between the two markers replaced."""
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the README needs the lines {BEGIN} and {END}, in this order")
    return f"{before}{BEGIN}\n\n{tables(results)}\n{END}{after}"


def tables(results: dict[str, Any]) -> str:
    """What was used, one row a variant, then one row a checked fact."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    measured = [
        "| rule | variant | peak, MiB | kept, MiB | seconds | bad to good |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    checked = ["| rule | fact | found |", "| --- | --- | --- |"]
    for code, rule in results["rules"].items():
        measured += [_variant_row(code, rule, name) for name in rule["variants"]]
        if not rule["variants"]:
            measured.append(f"| {code} {rule['name']} | not measured: {rule['reason']} | | | | |")
        checked += [f"| {code} | {_cell(name)} | {_cell(found)} |" for name, found in rule["facts"].items()]
    return "\n".join(
        [f"{versions}; {results['machine']}.", "", *measured, "", "### Checked facts", "", *checked, ""]
    )


def update(readme: Path, results: dict[str, Any]) -> None:
    """Rewrites the tables of the README file."""
    readme.write_text(with_tables(readme.read_text(encoding="utf-8"), results), encoding="utf-8")


def _variant_row(code: str, rule: dict[str, Any], name: str) -> str:
    variant = rule["variants"][name]
    ratio = f"{rule['ratio']:g} × ({rule['ratio_of']})" if name == "bad" and rule["ratio"] else ""
    peak, kept = (_mebibytes(variant[field]) for field in ("peak_bytes", "resident_bytes"))
    return f"| {code} {rule['name']} | {name} | {peak} | {kept} | {variant['seconds']:.2f} | {ratio} |"


def _mebibytes(size: int) -> str:
    mebibytes = size / 2**20
    return f"{mebibytes:,.0f}" if mebibytes >= 10 else f"{mebibytes:.1f}"


def _cell(value: object) -> str:
    """One table cell: yes and no for booleans, code for text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return "`" + text.replace("|", "\\|").replace("`", "'").replace("\n", " ") + "`"
