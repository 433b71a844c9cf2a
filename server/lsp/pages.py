"""The pages of the rules, as an editor shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from keras_memlint.rules.catalogue import Row, reserved, rows

# What a page's examples say to the tests.
_MARK = re.compile(r"[ \t]*# (?:expect|todo): .*")
_HEADING = re.compile(r"#+ (.*)")
_HEAD_ENDS = re.compile(r"^## ", re.MULTILINE)


@cache
def row_of(code: str) -> Row | None:
    """The rule of a code or name; None when there is none."""
    wanted = code.lower()
    return next((row for row in reserved() + rows() if wanted in (row.code.lower(), row.name)), None)


@cache
def page(code: str) -> str | None:
    """The page of a rule as Markdown, without the marks its tests read; None when there is no such page."""
    row = row_of(code)
    if row is None:
        return None
    try:
        text = row.page.read_text(encoding="utf-8")
    except OSError:
        return None
    return _MARK.sub("", text).strip()


@cache
def quiet_page(code: str) -> str | None:
    """The page with its headings in bold: in a small box, real ones shout."""
    text = page(code)
    return None if text is None else "".join(_quieter(text))


def _quieter(text: str) -> Iterator[str]:
    in_code = False
    for line in text.splitlines(keepends=True):
        if line.startswith("```"):
            in_code = not in_code
        heading = None if in_code else _HEADING.match(line)
        yield line if heading is None else f"**{heading[1]}**\n"


def head(code: str) -> str | None:
    """What the page says before its first example."""
    text = page(code)
    return None if text is None else _HEAD_ENDS.split(text, maxsplit=1)[0].strip()


def url(code: str) -> str | None:
    """An address that opens the page: the file that was installed with the rule."""
    row = row_of(code)
    return None if row is None else row.page.as_uri()
