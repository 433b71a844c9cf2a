"""The concrete tree of a text: this module alone calls libcst's parser."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import libcst as cst

_validate = cst.CSTNode.__post_init__


def _unchecked(node: object) -> None:
    """Stands for the validation of a node that the parser makes."""


def statements_of(code: str, indent: str) -> Sequence[Any]:
    """The statements of ``code``, which stands behind ``indent``.

    Raises libcst.ParserSyntaxError, and TypeError and others on odd but valid text.
    """
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(max(limit, 6_000))
        # Each node would check what it is made of, which the parser has done: a tenth of the time.
        cst.CSTNode.__post_init__ = _unchecked  # type: ignore[assignment,method-assign]
        statements: Any = cst.parse_module(f"if 1:\n{code}" if indent else code).body
        found: Sequence[Any] = statements[0].body.body if indent else statements
        return found
    finally:
        cst.CSTNode.__post_init__ = _validate  # type: ignore[method-assign]
        sys.setrecursionlimit(limit)
