"""KM111: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import file_bytes, reporter

RULE = Rule(
    "KM111",
    "pandas-whole-read",
    severity="warning",
    words=("read_csv", "read_json", "read_table", "read_fwf"),
)
_TABLES = ("pandas.read_csv", "pandas.read_json", "pandas.read_table", "pandas.read_fwf")
# Whoever gives one of these has thought about how much is read.
_CHOSEN = ("usecols", "nrows", "chunksize", "iterator", "dtype", "dtype_backend")


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or next(script.trainings, None) is None:
        return
    # A table that is given whole to `fit` or to a dataset is reported there.
    fed = {
        id(script.maker(feed.array))
        for feed in script.feeds
        if reporter(script, feed) in ("KM103", "KM201", "KM903")
    }
    reported: set[int] = set()
    for call in script.calls(*_TABLES):
        size = file_bytes(script, call)
        if size is None or not script.large(size) or not _is_whole(call) or id(call) in fed:
            continue
        if id(call.node) in reported:
            continue
        reported.add(id(call.node))
        name = call.name.rpartition(".")[2]
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{name}` reads all columns of {format_bytes(size)} of text at once, with 8 bytes for each number",
            help=_help(name),
        )


def _is_whole(call: Call) -> bool:
    return not (call.loops or call.mapped or call.streamed or any(call.given(name) for name in _CHOSEN))


def _help(name: str) -> str:
    chunks = "read it in parts with `chunksize`"
    if name == "read_json":
        return f"{chunks} and `lines=True`, and keep what the training needs"
    return f'read the columns that are used, as `dtype="float32"` where they are numbers (`usecols`), or {chunks}'
