"""HTML that is escaped as it is made: text becomes text, and only what was made here counts as markup."""

from __future__ import annotations

import html
from typing import Final

from keras_memlint.analysis.text.printable import one_line

_VOID: Final = {"br", "link", "meta"}


class Html(str):
    """Markup that is escaped already."""

    __slots__ = ()


def tag(name: str, *children: str | Html | None, **attributes: str | float | bool | None) -> Html:
    """An element. Children that are plain text are escaped, None is left out.

    ``class_`` gives ``class`` and ``aria_label`` gives ``aria-label``. An attribute that is None or False is left out,
    True stands without a value.
    """
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: str | Html | None) -> Html:
    """Children without an element around them."""
    return Html("".join(escaped(child) for child in children if child is not None))


def escaped(text: str) -> Html:
    """``text`` as markup, on one line, without characters that HTML cannot carry."""
    return text if isinstance(text, Html) else Html(html.escape(one_line(text)))
