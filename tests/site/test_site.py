"""The documentation site's own code: examples as they are shown, and what counts as a bad link."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

SITE = Path(__file__).parents[2] / "scripts" / "site"


@pytest.fixture
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module of scripts/site, which is no package."""
    monkeypatch.syspath_prepend(str(SITE))
    yield import_module(request.param)
    del sys.modules[request.param]


@pytest.mark.parametrize("module", ["rule_page"], indirect=True)
def test_lines_of_findings_are_highlighted_and_their_marks_are_gone(module: ModuleType) -> None:
    page = "text\n\n```py\nx = 1\ny = 2  # expect: KM203\n```\n\n```py fixed\nx = 1\n```\n"
    assert module.shown(page) == (
        'text\n\n```py hl_lines="2"\nx = 1\ny = 2\n```\n\n```py title="fixed"\nx = 1\n```\n'
    )


@pytest.mark.parametrize("module", ["links"], indirect=True)
@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="other.html">', None),
        ('<a href="other.html#here">', None),
        ('<a href="folder/">', None),
        ('<a href="https://example.org">', None),
        ('<img src="data:image/png;base64,AAAA">', None),
        ('<a href="gone.html">', "index.html: gone.html leads nowhere"),
        ('<a href="other.html#gone">', "index.html: other.html#gone leads nowhere"),
        ('<img src="gone.png">', "index.html: gone.png leads nowhere"),
        ('<script src="https://example.org/x.js">', "index.html: fetches https://example.org/x.js"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "index.html: fetches //example.org/x.css"),
    ],
)
def test_dead_ends_and_outside_requests_are_found(
    module: ModuleType, tmp_path: Path, html: str, problem: str | None
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").write_text("")
    (tmp_path / "other.html").write_text('<h1 id="here">Here</h1>')
    (tmp_path / "index.html").write_text(html)
    assert module.problems(tmp_path) == ([problem] if problem else [])
