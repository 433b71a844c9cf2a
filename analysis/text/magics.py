"""Lines that only IPython understands, made invisible to a Python parser without moving a character."""

from __future__ import annotations

import re

from keras_memlint.analysis.text.tokens import header_end, logical_line_end

_NEWLINE = r"(?:\r\n|\r|\n)"
# Together these miss no line handled below, and most texts have no such line: they are returned as they are. Each
# begins with few characters, which makes it several times faster than one expression for all.
_SUSPECT_START = re.compile(r"[ \t\f]*(?=[%!?pcm])(?:[%!?]|(?:pip3?|conda|mamba|cd)[ \t])")
_SUSPECTS = (
    re.compile(rf"\n{_SUSPECT_START.pattern}"),
    re.compile(rf"\r{_SUSPECT_START.pattern}"),
    re.compile(r"=[ \t]*[!%]"),
    re.compile(r"\?[ \t]*(?:[\r\n]|\Z)"),
)
_BLANK_LINES = re.compile(r"(?:[ \t\f]*[\r\n])*")
_INDENT = re.compile(r"[ \t\f]*")
_IPYTHON = re.compile(
    r"[%!?]"
    # Help: ``model.fit?``.
    r"|[\w.*\[\]]+\?\??[ \t]*(?:[\r\n]|\Z)"
    # Run without a sign in front; none of these spellings is Python.
    r"|(?:pip3?|conda|mamba)[ \t]+(?:install|uninstall)\b"
    r"|cd[ \t]+(?!(?:and|for|if|in|is|not|or)\b)(?:\.\.|~|\w)"
)
# No quotation mark outside a subscript: the first line of a docstring may hold ``= %s``.
_TARGET = re.compile(r"[^\W\d](?:[\w.,* \t]|\[[^\]\r\n#]*\])*=[ \t]*(?=[!%])")
# What follows is run as Python, in the notebook's own namespace.
_TIMED = re.compile(r"%time[ \t]+(?=[^\W\d]|[(\[{])(?!(?:async|class|def|for|if|try|while|with)\b)")
_CELL_MAGIC = re.compile(rf"[ \t\f\r\n]*%%(\S*)[^\r\n]*{_NEWLINE}?")
_PYTHON_CELLS = frozenset({"capture", "memit", "prun", "pyinstrument", "snakeviz", "time", "timeit", "wandb"})
_CONTINUED = re.compile(rf"(?:[^\r\n]*\\{_NEWLINE})*[^\r\n]*")
_LINE = re.compile(r"[^\r\n]*")
_VISIBLE = re.compile(r"[^\r\n]")


def neutralise_magics(text: str) -> str:
    """``text`` with its IPython lines replaced by Python of the same length that does nothing.

    Only lines at statement level count. ``x = !ls`` still assigns, a name that is bound nowhere; ``%time f()``
    still calls. Every other character and all line endings stay.
    """
    if not _SUSPECT_START.match(text) and not any(suspect.search(text) for suspect in _SUSPECTS):
        return text
    parts: list[str] = []
    copied = at = 0
    before: tuple[int, int] | None = None  # the last logical line that is Python
    while at < len(text):
        at = _past(_BLANK_LINES, text, at)
        first = _past(_INDENT, text, at)
        if _TIMED.match(text, first):
            end = _past(_TIMED, text, first)
            content = "pass".ljust(end - first - 2) + "; "
            start, after = first, logical_line_end(text, end, len(text))
        elif _TARGET.match(text, first):
            start = _past(_TARGET, text, first)
            after = end = _past(_CONTINUED, text, start)
            content = _first_line_as("_", text[start:end])
        elif _IPYTHON.match(text, first):
            start, after = first, _past(_CONTINUED, text, first)
            end = after
            opens_block = before is not None and header_end(text, *before) is not None
            content = _first_line_as("pass" if opens_block else "#", text[start:end])
        else:
            after = logical_line_end(text, first, len(text))
            if text[first : first + 1] not in ("", "#"):
                before = at, after
            at = after
            continue
        parts += (text[copied:start], content)
        copied, at, before = end, after, None
    return "".join([*parts, text[copied:]])


def neutralise_cell(text: str) -> str:
    """``neutralise_magics`` for the source of one notebook cell, where ``%%name`` may govern the whole cell."""
    at = _python_start(text)
    if at is None:
        return _hide(text)
    return _hide(text[:at]) + neutralise_magics(text[at:])


def is_python_cell(text: str) -> bool:
    """Whether IPython runs the source of this cell as Python: false for ``%%bash`` and the like."""
    return _python_start(text) is not None


def _python_start(text: str) -> int | None:
    """The offset after the cell magics at the top; None when one of them takes the rest for itself."""
    at = 0
    while magic := _CELL_MAGIC.match(text, at):
        if magic[1] not in _PYTHON_CELLS:
            return None
        at = magic.end()
    return at


def _hide(text: str) -> str:
    """Comments of the same length and line endings."""
    return _VISIBLE.sub("#", text)


def _first_line_as(what: str, text: str) -> str:
    """Comments of the same length and line endings, but for the first line, which is ``pass`` or all ``what``.

    Where ``pass`` does not fit, zeros have no effect either.
    """
    width = _past(_LINE, text, 0)
    if what != "pass":
        first = what * width
    elif width < len(what):
        first = "0" * width
    else:
        first = what.ljust(width, "#")
    return first + _hide(text[width:])


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """The offset after ``pattern`` at ``at``, which is known to match."""
    match = pattern.match(text, at)
    assert match is not None
    return match.end()
