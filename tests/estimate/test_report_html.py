"""The page stands alone, escapes what it shows, and says in tables what its charts draw."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import estimates
import pytest
from estimates import GIB, MIB, around
from hypothesis import given, settings
from keras_memlint.estimate.report import charts, html, render, words
from keras_memlint.estimate.report.markup import Html, joined, tag
from keras_memlint.estimate.result import TIERS, Buffer, Estimate, NotCovered, Tensor, WhatIf

VOID = {"meta", "link", "br"}
NASTY = "<script>alert(1)</script>&amp;\"'`</style>{{x}}$title"


@dataclass
class Node:
    """An element with what is in it."""

    name: str
    attributes: dict[str, str | None]
    parent: Node | None = None
    children: list[Node | str] = field(default_factory=list)

    def all(self, name: str = "") -> list[Node]:
        """The elements of a name in here, in their order; all without a name."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                found += [child] if child.name == name or not name else []
                found += child.all(name)
        return found

    def text(self) -> str:
        """What a reader sees."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def inside(self, name: str) -> bool:
        """Whether an element of that name is around this one."""
        return self.parent is not None and (self.parent.name == name or self.parent.inside(name))


class Reader(HTMLParser):
    """Reads a page that must be well formed: every element ends, in the right order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.at = Node("", {})

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len({key for key, _ in attributes}) == len(attributes), f"{name} has an attribute twice"
        node = Node(name, dict(attributes), self.at)
        self.at.children.append(node)
        if name not in VOID:
            self.at = node

    def handle_endtag(self, name: str) -> None:
        assert self.at.name == name, f"{name} ends in {self.at.name}"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def in_editor(estimate: Estimate) -> html.Webview:
    """An editor that can make every other change."""
    return html.Webview("n0nce+/n0nce==", "'self' https://*.example", frozenset(names(estimate)[::2]))


def names(estimate: Estimate) -> list[str]:
    return [change.change for change in estimate.what_if]


def page(estimate: Estimate, webview: html.Webview | None = None) -> Node:
    reader = Reader()
    reader.feed(html.render(estimate, webview) if webview else render(estimate, "html"))
    reader.close()
    assert reader.at is reader.root, f"{reader.at.name} does not end"
    return reader.root


def nasty() -> Estimate:
    """An estimate whose every text tries to become markup."""
    sample = estimates.complete()
    return replace(
        sample,
        script="dir/<b>&\"'.py",
        hook=NASTY,
        backend=NASTY,
        policy=NASTY,
        optimizer=NASTY,
        script_hash=NASTY,
        versions={NASTY: NASTY},
        seconds={NASTY: 1.0},
        targets=tuple(
            replace(target, name=NASTY + target.name, route=NASTY, note=NASTY) for target in sample.targets
        ),
        what_if=(
            WhatIf(NASTY, NASTY, NASTY, around(GIB), GIB),
            WhatIf(NASTY, NASTY, NASTY, None, None, problem=NASTY),
        ),
        tensors=(Tensor(MIB, NASTY, NASTY, NASTY, NASTY, NASTY),),
        host=replace(sample.host, buffers=(Buffer(NASTY, 1, 1, NASTY),)),
        not_covered=(NotCovered(NASTY, NASTY),),
        notes=(NASTY,),
    )


SAMPLES = estimates.ALL | {"nasty": nasty}


@pytest.fixture(params=[*SAMPLES, *(f"{name}, in an editor" for name in SAMPLES)])
def sample(request: pytest.FixtureRequest) -> Node:
    name, _, where = request.param.partition(", ")
    make: Callable[[], Estimate] = SAMPLES[name]
    return page(make(), in_editor(make()) if where else None)


def test_nothing_is_asked_for_from_outside(sample: Node) -> None:
    for node in sample.all():
        for key, value in node.attributes.items():
            if key in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
                assert value is not None
                assert value.startswith(("#", "data:,")), f"{node.name} {key}={value}"
            assert key != "style", "the page's own rule forbids styles in attributes"
            assert not key.startswith("on"), "the page's own rule forbids scripts in attributes"
    assert not {node.name for node in sample.all()} & {"iframe", "object", "embed", "img", "base", "form"}
    for name in ("style.css", "script.js", "page.html", "webview.css", "webview.js"):
        text = Path(html.__file__).with_name(name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|url\(|@import|fetch\(|XMLHttp", text.replace("// ", ""))


def test_only_the_page_s_own_style_and_script_are_let_in(sample: Node) -> None:
    [policy] = [
        str(meta.attributes["content"])
        for meta in sample.all("meta")
        if meta.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    [style] = sample.all("style")
    [script] = [node for node in sample.all("script") if node.attributes.get("type") is None]
    if "nonce" in style.attributes:
        assert style.attributes == script.attributes == {"nonce": "n0nce+/n0nce=="}
        assert (
            "style-src 'self' https://*.example 'nonce-n0nce+/n0nce=='; script-src 'nonce-n0nce+/n0nce=='; img"
            in policy
        )
        return
    for node in (style, script):
        digest = base64.b64encode(hashlib.sha256(node.text().encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_ids_are_unique_and_links_lead_somewhere(sample: Node) -> None:
    ids = [node.attributes["id"] for node in sample.all() if "id" in node.attributes]
    assert len(set(ids)) == len(ids)
    for node in sample.all("a"):
        assert str(node.attributes["href"]).removeprefix("#") in ids
    for node in sample.all():
        for name in (node.attributes.get("aria-labelledby") or "").split():
            assert name in ids


def test_every_chart_has_a_table(sample: Node) -> None:
    outer = [svg for svg in sample.all("svg") if not svg.inside("svg")]
    for svg in outer:
        assert svg.attributes.get("aria-hidden") == "true" or svg.attributes.get("role") == "img"
        section = svg
        while section.name != "section" and section.parent is not None:
            section = section.parent
        assert section.all("table"), "no table beside the chart"
        if svg.attributes.get("role") == "img":
            assert "aria-labelledby" in svg.attributes


def test_tables_can_be_read_aloud(sample: Node) -> None:
    for table in sample.all("table"):
        [caption] = table.all("caption")
        assert caption.text()
        [head] = table.all("thead")
        heads = head.all("th")
        assert all(cell.attributes.get("scope") == "col" and cell.text() for cell in heads)
        for row in table.all("tbody")[0].all("tr"):
            cells = [child for child in row.children if isinstance(child, Node)]
            assert len(cells) == len(heads)


def test_landmarks_and_headings(sample: Node) -> None:
    for name in ("header", "nav", "main", "footer", "h1", "title"):
        assert len([node for node in sample.all(name) if not node.inside("svg")]) == 1, name
    assert sample.all("html")[0].attributes["lang"] == "en"
    for section in sample.all("section"):
        assert len(section.all("h2")) == 1
        assert "aria-labelledby" in section.attributes


def test_whatever_a_text_holds_it_stays_text() -> None:
    shown = page(nasty())
    plain = page(estimates.complete())
    assert {node.name for node in shown.all()} == {node.name for node in plain.all()}
    assert len(shown.all("script")) == len(plain.all("script"))
    assert shown.text().count("<script>alert(1)</script>") > 20
    assert shown.all("title")[0].text() == "<b>&\"'.py: memory estimate"


def test_characters_that_html_cannot_carry_are_replaced() -> None:
    estimate = replace(estimates.complete(), script="a\x00\x1b\udcff\u202eb.py", notes=("x\x0cy",))
    text = render(estimate, "html")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff\u202e]", text)


def test_says_what_the_text_says() -> None:
    shown = page(estimates.complete()).text()
    estimate = estimates.complete()
    for said in (
        words.verdict(estimate),
        *(target.name for target in estimate.targets),
        *(words.span(target.device_total_bytes) for target in estimate.targets),
        *(change.title for change in estimate.what_if),
        "the T4 has no bfloat16",
        *(tensor.source for tensor in estimate.tensors if tensor.source),
        *(str(tensor.layer) for tensor in estimate.tensors if tensor.layer),
        *(part for part, _, _ in words.peak_parts(estimate)),
        *(label for label, _ in words.host_rows(estimate)),
        "1,000 elements",
        *(missing.detail for missing in estimate.not_covered),
        *estimate.notes,
        *(text for row in words.made(estimate) for text in row),
        "line off by 1.2 %",
        "not confirmed",
        "tensor cores are not used in float32",
    ):
        assert said in shown


def test_every_section_with_figures_names_their_tier() -> None:
    sections = {str(node.attributes["id"]): node.text() for node in page(estimates.complete()).all("section")}
    assert set(sections) == {name for name, _, _ in html._SECTIONS}
    for name in ("gpus", "timeline", "breakdown", "tensors", "what-if", "made"):
        assert TIERS["compiler"].casefold() in sections[name].casefold(), name
    assert "read in this run" in sections["host"]


def test_sections_without_anything_to_say_are_left_out() -> None:
    assert [node.attributes["id"] for node in page(estimates.minimal()).all("section")] == ["made"]
    names = [node.attributes["id"] for node in page(estimates.measured()).all("section")]
    assert names == ["gpus", "breakdown", "host", "limits", "made"]


def test_data_for_the_pointer_is_what_is_drawn() -> None:
    [data] = [
        node
        for node in page(estimates.complete()).all("script")
        if node.attributes.get("id") == "timeline-data"
    ]
    points = json.loads(data.text())
    assert len(points) == len(estimates.complete().timeline)
    assert points[0] == [0.0, "330 MiB"]


def rects(svg: str) -> dict[str, tuple[float, float]]:
    """Where each kind of bar begins and ends, in percent."""
    found = re.findall(r'class="([\w -]+)" x="([\d.]+)%" width="([\d.]+)%"', svg)
    return {kind: (float(x), float(x) + float(width)) for kind, x, width in found}


def test_gpu_bar_is_to_scale() -> None:
    [fits, _, _, short] = estimates.complete().targets
    drawn = rects(charts.gpu_bar(fits))
    scale = charts.MEMORY_AT / fits.memory_bytes
    assert drawn["program"] == pytest.approx((0, fits.program_peak_bytes.mid * scale), abs=0.02)
    assert drawn["context"][1] == pytest.approx(fits.device_total_bytes.mid * scale, abs=0.02)
    assert "beyond" not in drawn
    drawn = rects(charts.gpu_bar(short))
    assert drawn["program"] == (0, charts.MEMORY_AT)
    assert drawn["beyond"] == (charts.MEMORY_AT, 100)


def test_stacked_parts_fill_the_bar() -> None:
    svg = charts.stacked(words.peak_parts(estimates.complete()))
    ends = list(rects(svg).values())
    assert ends[0][0] == 0
    assert ends[-1][1] == pytest.approx(100, abs=0.05)
    assert all(one[1] == pytest.approx(other[0], abs=0.05) for one, other in pairwise(ends))


def test_changes_start_at_one_line() -> None:
    saved, cost = charts.change(30, 30, 10), charts.change(-10, 30, 10)
    assert rects(saved) == {"saves": (25, 100)}
    assert rects(cost) == {"costs": (0, 25)}
    assert rects(charts.change(0, 0, 0)) == {}


@pytest.mark.parametrize(
    ("most", "steps"),
    [
        (5 * GIB, [0, 2 * GIB, 4 * GIB]),
        (4 * GIB, [0, GIB, 2 * GIB, 3 * GIB, 4 * GIB]),
        (100 * MIB, [0, 25 * MIB, 50 * MIB, 75 * MIB, 100 * MIB]),
        (3, [0, 1, 2, 3]),
        (1, [0, 1]),
    ],
)
def test_ticks_are_round(most: int, steps: list[int]) -> None:
    assert charts.ticks(most) == steps


def test_points_that_cannot_be_drawn_are_left_out() -> None:
    estimate = replace(
        estimates.complete(), timeline=((1.0, 5), (0.5, -3), (2.0, 1), (float("nan"), 1), (0.0, 1), (-1.0, 9))
    )
    assert charts.points(estimate) == [(0.0, 1), (0.5, 0), (1.0, 5)]


def test_timeline_shows_the_gpu_s_end_only_when_it_is_near() -> None:
    near = replace(estimates.complete(), targets=estimates.complete().targets[2:3])
    assert "memory of the RTX 2060" in charts.timeline(near)
    assert "memory of the" not in charts.timeline(estimates.complete())


@settings(deadline=None)
@given(estimates.any_estimate())
def test_any_estimate_gives_a_sound_page(estimate: Estimate) -> None:
    page(estimate)
    assert "nan" not in re.sub(
        r">[^<]*<", "><", "".join(charts.gpu_bar(target) for target in estimate.targets)
    )


def test_markup_escapes_text_and_nothing_twice() -> None:
    inner = tag("b", "a < b", title='"')
    assert inner == '<b title="&quot;">a &lt; b</b>'
    assert tag("p", inner, " & ", None, hidden=True, id=None) == f"<p hidden>{inner} &amp; </p>"
    assert tag("br") == "<br>"
    assert isinstance(joined(inner, "<"), Html)
    assert isinstance("".join(inner), str)


def test_a_page_in_an_editor_says_the_same_with_buttons() -> None:
    estimate = estimates.complete()
    alone, shown = page(estimate), page(estimate, in_editor(estimate))
    assert [button.text() for button in shown.all("button")[:2]] == ["Save as HTML", "Save as JSON"]
    assert [button.attributes["id"] for button in shown.all("button")[:2]] == ["save-html", "save-json"]
    rows = {
        str(row.attributes["data-change"]): [button.attributes["aria-label"] for button in row.all("button")]
        for row in shown.all("tr")
        if "data-change" in row.attributes
    }
    assert set(rows) == set(names(estimate))
    titles = {change.change: change.title for change in estimate.what_if}
    assert {change: labels for change, labels in rows.items() if labels} == {
        change: [f"Apply: {titles[change]}"] for change in names(estimate)[::2]
    }
    [verdict] = [node for node in shown.all("p") if node.attributes.get("id") == "verdict"]
    assert verdict.text() == words.verdict(estimate)
    assert not alone.all("button")
    for one, other in zip(alone.all("section"), shown.all("section"), strict=True):
        assert one.attributes == other.attributes
        if one.attributes["id"] != "what-if":
            assert one.text() == other.text()


def test_what_cannot_be_applied_has_no_button_and_no_column() -> None:
    estimate = estimates.complete()
    shown = page(estimate, html.Webview("n0nce+/n0nce==", "'self'"))
    assert len(shown.all("button")) == 2
    assert "Apply" not in shown.text().replace(shown.all("script")[-1].text(), "")


@pytest.mark.parametrize(
    ("nonce", "source"),
    [
        ("", "'self'"),
        ("short", "'self'"),
        ("12345678' 'unsafe-inline", "'self'"),
        ("12345678", ""),
        ("12345678", "'self'; script-src *"),
        ("12345678", "'self'\"><script>"),
        ("12345678\n", "'self'"),
    ],
)
def test_a_nonce_or_source_cannot_widen_the_page_s_own_rule(nonce: str, source: str) -> None:
    with pytest.raises(ValueError, match="a nonce is|a source of"):
        html.Webview(nonce, source)


def test_an_editor_s_theme_gives_every_colour() -> None:
    own, theirs = (
        Path(html.__file__).with_name(name).read_text(encoding="utf-8")
        for name in ("style.css", "webview.css")
    )
    [root] = re.findall(r"^:root \{(.*?)^\}", theirs, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"(--[\w-]+): #", own)) == set(re.findall(r"(--[\w-]+): (?:var|color-mix)", root))
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb\(", theirs)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_what_is_behind_them(scheme: int) -> None:
    style = Path(html.__file__).with_name("style.css").read_text(encoding="utf-8")
    root = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", root))
    for text, behind in (("ink", "page"), ("ink", "card"), ("muted", "page"), ("muted", "card")):
        assert contrast(colours[text], colours[behind]) >= 4.5, text
    for fits in ("yes", "borderline", "no"):
        assert contrast(colours[fits], colours[f"{fits}-page"]) >= 4.5, fits
    for mark in ("accent", "beyond", "saves", "costs", "parameters", "activations", "inputs", "workspace"):
        assert contrast(colours[mark], colours["card"]) >= 3, mark
