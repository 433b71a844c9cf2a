"""An estimate as one HTML page that asks for nothing from anywhere: style, script and charts are in it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
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
_NONCE = re.compile(r"[\w+/=-]{8,128}", re.ASCII)
_CSP_SOURCE = re.compile(r"[\w '*./:-]{1,300}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Webview:
    """The page as a part of an editor, which gives it colours and answers its buttons.

    ``nonce``: what lets in the page's style and script. ``csp_source``: where the editor's own resources come from.
    ``applicable``: the changes that get a button, by name. Raises ValueError for what no page's rule (CSP) can hold.
    """

    nonce: str
    csp_source: str
    applicable: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not _NONCE.fullmatch(self.nonce):
            raise ValueError("a nonce is 8 to 128 letters and digits")
        if not _CSP_SOURCE.fullmatch(self.csp_source):
            raise ValueError("a source of a page's own rule (CSP) is an address or a word in quotes")


def render(estimate: Estimate, webview: Webview | None = None) -> str:
    """The page, to be written as UTF-8; for an editor when ``webview`` says so."""
    made = [(name, label, make(estimate)) for name, label, make in _sections(webview)]
    links = [tag("a", label, href=f"#{name}") for name, label, section in made if section is not None]
    style, script = _template("style.css"), _template("script.js")
    if webview is None:
        nonce = ""
        policy = f"style-src 'sha256-{_hash(style)}'; script-src 'sha256-{_hash(script)}'"
    else:
        style, script = f"{style}\n{_template('webview.css')}", f"{script}\n{_template('webview.js')}"
        nonce = f' nonce="{webview.nonce}"'
        policy = f"style-src {webview.csp_source} 'nonce-{webview.nonce}'; script-src 'nonce-{webview.nonce}'"
    return Template(_template("page.html")).substitute(
        title=escaped(f"{words.name(estimate)}: memory estimate"),
        policy=policy,
        nonce=nonce,
        style=style,
        script=script,
        header=_header(estimate, webview),
        links=joined(*links),
        sections=joined(*(section for _, _, section in made)),
    )


def _sections(webview: Webview | None) -> Iterator[tuple[str, str, Callable[[Estimate], Html | None]]]:
    for name, label, make in _SECTIONS:
        if webview is not None and make is sections.what_if:
            yield name, label, partial(sections.what_if, applicable=webview.applicable)
        else:
            yield name, label, make


@cache
def _template(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    """What the page's own rule (CSP) calls the one style or script that it lets in."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _header(estimate: Estimate, webview: Webview | None) -> Html:
    tiles = [_tile(*tile) for tile in _tiles(estimate)]
    return joined(
        tag("p", "keras-memlint estimate", class_="over"),
        tag("h1", words.name(estimate)),
        tag("p", words.verdict(estimate), class_="verdict", id="verdict" if webview else None),
        tag("p", words.basis(estimate), class_="basis"),
        _tools() if webview else None,
        tag("ul", *tiles, class_="tiles") if tiles else None,
    )


def _tools() -> Html:
    buttons = [
        tag("button", f"Save as {name.upper()}", id=f"save-{name}", type="button", data_format=name)
        for name in ("html", "json")
    ]
    return tag("div", *buttons, class_="tools")


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
