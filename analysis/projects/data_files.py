"""Configuration that a script reads from a JSON or YAML file, as values."""

from __future__ import annotations

import json
import warnings

from keras_memlint.analysis.abstract.values import UNKNOWN, Const, Dict, Items, Value

_LONGEST = 65_536  # characters; longer files are data, not configuration
_MOST = 2_000  # values; aliases in YAML may stand for far more than the text is long


def read_data(text: str, *, yaml: bool) -> object:
    """What the text of a JSON or YAML file says; None when it is none, or too long to be a configuration."""
    if len(text) > _LONGEST:
        return None
    try:
        return _yaml(text) if yaml else json.loads(text)
    except (ValueError, RecursionError):
        return None


def value_of(data: object) -> Value:
    """``data`` as a value that a script may change; unknown for None and for more than a configuration holds."""
    try:
        return _Values().of(data) if data is not None else UNKNOWN
    except (_TooManyError, RecursionError):
        return UNKNOWN


def _yaml(text: str) -> object:
    """Raises ValueError when the text is no YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)  # as PyYAML reads it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice on the style of numbers and anchors
            data: object = reader.load(text)
    except YAMLError as error:
        raise ValueError(str(error)) from error
    return data


class _TooManyError(Exception):
    pass


class _Values:
    """Turns data into values, up to a number of them."""

    def __init__(self) -> None:
        self._left = _MOST

    def of(self, data: object) -> Value:
        """Raises _TooManyError beyond the limit."""
        self._left -= 1
        if self._left < 0:
            raise _TooManyError
        if data is None or isinstance(data, bool | int | float | str):
            return Const(data)
        if isinstance(data, list):
            items = tuple(self.of(item) for item in data)
            return Items("list", items, length=len(items))
        if isinstance(data, dict):
            return Dict({key: self.of(value) for key, value in data.items() if isinstance(key, str | int)})
        return UNKNOWN  # a date, a set
