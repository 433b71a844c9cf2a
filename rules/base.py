"""What a rule is, and what it reports to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.diagnostic import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """The fixed facts of a rule. ``code`` and ``name`` are rows of ``rules.tsv``.

    ``severity`` is what a finding has unless it says otherwise. ``words``: a script without any of them cannot
    have a finding. Names only: spaces or comments may stand between a name and its bracket. ``fix`` is the safety of
    the rule's fixes, None when it has none.
    """

    code: str
    name: str
    severity: Severity
    words: tuple[str, ...]
    fix: Literal["safe", "unsafe", "both"] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, one finding. ``message`` is lower case, without full stop, and complete when seen alone.

    ``bytes`` is what it costs, None when unknown; the engine appends it to the message, or ``cost`` where bytes alone do
    not say it. ``help`` says what to do.
    ``related`` says where the value comes from. ``fixes`` are alternatives, best first. ``severity`` overrides the
    rule's own. ``site`` is where the script led to a cause that stands in another module.
    """

    at: Place
    message: str
    bytes: int | None = None
    help: str = ""
    related: tuple[tuple[str, Place], ...] = ()
    fixes: tuple[Fix, ...] = ()
    site: Place | None = None
    severity: Severity | None = None
    cost: str = ""
