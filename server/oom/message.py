"""What a form of an out-of-memory message is: a row of the tables in the two modules beside this one."""

from __future__ import annotations

import re
from typing import NamedTuple

from keras_memlint.server.oom.failure import Memory
from keras_memlint.server.oom.sizes import SIZE


class Message(NamedTuple):
    """One form. Its groups are named like the fields of ``Failure`` that they fill; ``_2`` marks an alternative, ``_kib`` a
    number of KiB.

    ``kind`` is what the JSON calls it. ``words``: a line without any of them, in lower case, is not of this form. ``memory`` None: what the message names decides. ``sure``: it is about memory.
    """

    kind: str
    words: tuple[str, ...]
    reporter: str
    memory: Memory | None
    form: re.Pattern[str]
    sure: bool = True


def form(text: str) -> re.Pattern[str]:
    """``text`` compiled, with a size in place of ``SIZE``."""
    return re.compile(text.replace("SIZE", SIZE))
