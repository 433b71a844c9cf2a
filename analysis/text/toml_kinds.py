"""What a value of a TOML file is called in messages."""

from __future__ import annotations

_NAMES = {
    bool: "a truth value",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a table",
}


def kind(value: object) -> str:
    """The kind of ``value`` with its article, such as ``a list``."""
    return _NAMES.get(type(value), "a date")
