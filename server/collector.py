"""How often Python looks for garbage."""

from __future__ import annotations

import atexit
import gc

_YOUNG_OBJECTS = 100_000  # a look takes some 10 ms, which a keystroke may wait for


def look_seldom(objects: int = _YOUNG_OBJECTS) -> None:
    """Makes the collector wait for more ``objects`` than it does by itself.

    A parsed file is a great many objects, nearly all of which live until the next. At Python's own threshold the
    collector looks at each several times, which was a tenth of the time, and frees hardly any. At the end of the
    process it would look at all of them once more, which was a seventh.
    """
    gc.set_threshold(objects)
    atexit.register(gc.freeze)
