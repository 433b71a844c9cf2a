"""Whether statements that do not parse are of Python 2."""

from __future__ import annotations

import re
from collections.abc import Iterable

from keras_memlint.analysis.syntax.pieces import Piece

# Numbers such as 007 and 10L are dates and amounts in files that are no code at all.
_STATEMENT = re.compile(
    r"""
      ^[ \t]*print[ \t]+(?:["'\w`%-]|>>)
    | ^[ \t]*exec[ \t]+["'\w]
    | ^[ \t]*raise[ \t]+[\w.]+[ \t]*,
    | [\w)][ \t]*<>[ \t]*[\w("']
    """,
    re.MULTILINE | re.VERBOSE,
)


def is_python_2(broken: Iterable[Piece]) -> bool:
    """Whether two statements at least are set aside because they are of Python 2: one may be a slip."""
    found = [piece for piece in broken if _STATEMENT.search(piece.text)]
    return len(found) > 1
