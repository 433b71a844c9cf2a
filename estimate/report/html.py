"""An estimate as one HTML page that asks for nothing from anywhere: style, script and charts are in it."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from string import Template

from keras_memlint.estimate.report import sections, words
from keras_memlint.estimate.report.markup import Html, escaped, joined, tag
from keras_memlint.estimate.result import TIERS, Estimate

_SECTIONS = (
    ("gpus", "GPUs", sections.gpus),
    ("timeline", "Over the step", sections.timeline),
    ("breakdown", "At the peak", sections.breakdown),
    ("what-if", "What if", sections.what_if),
    ("tensors", "Tensors", sections.tensors),
    ("host", "Host memory", sections.host),
    ("limits", "Limits", sections.limits),
    ("made", "How made", sections.made),
)


def render(estimate: Estimate) -> str:
    """The page, to be written as UTF-8."""
    made = [(name, label, make(estimate)) for name, label, make in _SECTIONS]
    links = [tag("a", label, href=f"#{name}") for name, label, section in made if section is not None]
    style, script = _template("style.css"), _template("script.js")
    return Template(_template("page.html")).substitute(
        title=escaped(f"{words.name(estimate)}: memory estimate"),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        header=_header(estimate),
        links=joined(*links),
        sections=joined(*(section for _, _, section in made)),
    )


@cache
def _template(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    """What the page's own rule (CSP) calls the one style or script that it lets in."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _header(estimate: Estimate) -> Html:
    tiles = [_tile(*tile) for tile in _tiles(estimate)]
    return joined(
        tag("p", "keras-memlint estimate", class_="over"),
        tag("h1", words.name(estimate)),
        tag("p", words.verdict(estimate), class_="verdict"),
        tag("p", words.basis(estimate), class_="basis"),
        tag("ul", *tiles, class_="tiles") if tiles else None,
    )


def _tile(label: str, figure: str, about: str) -> Html:
    return tag(
        "li", tag("span", label, class_="label"), tag("strong", figure), tag("span", about, class_="about")
    )


def _tiles(estimate: Estimate) -> list[tuple[str, str, str]]:
    """The few figures that most people look for, as far as they are known."""
    program = estimate.program_peak_bytes
    tiles = []
    if program.high > 0:
        range_ = f"{words.span(program)}, " if program.low != program.high else ""
        tiles.append(("Program peak", words.size(program.mid), range_ + TIERS[estimate.tier]))
    if estimate.targets and (batch := estimate.targets[0].largest_batch) is not None:
        size, sure = words.largest(batch)
        about = f"{sure}, {TIERS[estimate.targets[0].tier]}"
        tiles.append((f"Largest batch on {estimate.targets[0].name}", size, about))
    best = next(iter(words.ranked(estimate.what_if)), None)
    if best is not None and (best.saved_bytes or 0) > 0:
        tiles.append(
            ("Best change", words.saving(best), f"{best.title}; {words.recomputed(estimate, best.target)}")
        )
    peak = dict(words.host_rows(estimate)).get("highest of all")
    if peak is not None:
        tiles.append(("Host memory, highest", words.size(peak), "resident, seen in this run"))
    return tiles
