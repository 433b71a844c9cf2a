"""What somebody who misspelt a word may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean `a` or `b`?)`` for the nearest of ``known``; empty when nothing is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(f'`{name}`' for name in near)}?)" if near else ""
