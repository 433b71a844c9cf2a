"""What is wrong with the links of a built site: dead ends, and anything a page fetches from elsewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"src", "srcset", "poster", "data", "action"}
# A link of these is fetched with the page; one in <a> only when somebody follows it.
FETCHING_TAGS = {"link", "use", "image"}


class Page(HTMLParser):
    """The addresses and anchors of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.followed: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sorts the attributes of a tag."""
        canonical = ("rel", "canonical") in attrs
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif value is None or canonical:
                continue
            elif name in FETCHED or (name in ("href", "xlink:href") and tag in FETCHING_TAGS):
                self.fetched.append(value)
            elif name == "href":
                self.followed.append(value)


def problems(site: Path) -> list[str]:
    """One line for each link that leads nowhere and each outside request; empty when all is well."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        here = path.relative_to(site)
        found += [f"{here}: fetches {link}" for link in page.fetched if _outside(link)]
        for link in page.followed + page.fetched:
            if not _outside(link) and not _leads_somewhere(link, path, site, pages):
                found.append(f"{here}: {link} leads nowhere")
    return found


def _outside(link: str) -> bool:
    parts = urlsplit(link)
    return bool(parts.netloc) or parts.scheme not in ("", "data", "mailto")


def _leads_somewhere(link: str, page: Path, site: Path, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return True
    name = unquote(parts.path)
    if name.startswith("/"):  # the page of a missing address does not know where it is shown
        target = site / name.lstrip("/")
    else:
        target = (page.parent / name).resolve() if name else page
    if target.is_dir():
        target /= "index.html"
    if target in pages and parts.fragment:
        return unquote(parts.fragment) in pages[target].anchors
    return target.exists()
