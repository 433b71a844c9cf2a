"""pandas: frames and what becomes of them."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.scopes import Growth, Loop
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Dataset,
    Dict,
    Function,
    Items,
    Object,
    Origin,
    Value,
)
from keras_memlint.analysis.facts.arguments import dtype_of
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "pandas API reference"


def _read(call: Call, run: Machine) -> Value:
    if call.arg("chunksize") is not None or call.arg("iterator") is not None:
        return Items("generator", None, Array("frame", source="disk", part=True))
    return Array("frame", source="disk", origin=Origin(call.node, "read whole"))


def _same(note: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        given = call.receiver
        if not isinstance(given, Array):
            return UNKNOWN
        return given.derived(call.node, note, shape=None, size=None, pixels=False)

    return gives


def _to_numpy(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if not isinstance(given, Array):
        return UNKNOWN
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype")),
        shape=given.shape,
        source=given.source,
        labels=given.kind == "series",
        origin=Origin(call.node, "converted to an array here", given.origin),
    )


def _apply(call: Call, run: Machine) -> Value:
    given = call.receiver
    function = call.first()
    if isinstance(function, Function):
        over = None
        if isinstance(given, Array) and given.kind == "series":
            over = Loop(call.node, "apply", given, None)
        made, call.inner = run.apply(function, (UNKNOWN,), call, mapped=False, over=over)
        if over is not None and isinstance(made, Array) and made.shape != () and not made.labels:
            grown = [Growth((*call.loops, over), False)]
            return Items("list", None, made, None, grown, origin=Origin(call.node, "collected here"))
    return Array("series", source=given.source if isinstance(given, Array) else "", labels=True)


def _pipe(call: Call, run: Machine) -> Value:
    """``frame.pipe(function)`` is ``function(frame)``."""
    function = call.arg("func")
    if function is None or len(call.args) > 1 or call.star:
        return UNKNOWN
    made, call.inner = run.apply(function, (call.receiver or UNKNOWN,), call, mapped=False)
    return made


def _groups(call: Call, _run: Machine) -> Value:
    return Object("pandas.GroupBy", call)


def _apply_to_groups(call: Call, run: Machine) -> Value:
    """What a function gives for each group; datasets are kept by the group's name, all else pandas joins."""
    function = call.arg("func")
    if function is None:
        return UNKNOWN
    made, call.inner = run.apply(function, (Array("frame", part=True),), call, mapped=False)
    return Dict(element=made) if isinstance(made, Dataset) else UNKNOWN


def _frame(call: Call, _run: Machine) -> Value:
    return Array("frame", origin=Origin(call.node, "made here"))


def _framed(call: Call, run: Machine) -> Value:
    given = call.arg("data")
    if not isinstance(given, Array) or given.kind != "ndarray":
        return _frame(call, run)
    return Array(
        "frame",
        given.dtype,
        shape=given.shape,
        source=given.source,
        origin=Origin(call.node, "made here", given.origin),
    )


def _dummies(call: Call, _run: Machine) -> Value:
    given = call.first()
    rows = given.shape[0] if isinstance(given, Array) and given.shape else None
    return Array(
        "frame",
        "bool",
        shape=(rows, None),
        source=given.source if isinstance(given, Array) else "",
        origin=Origin(call.node, "one column a class"),
    )


_F = "pandas.DataFrame."
PANDAS = table(
    fact("pandas.DataFrame", "data", _framed, see=_DOCS),
    *(
        fact(_F + name, "", _same(note), see=_DOCS)
        for name, note in (
            ("assign", "columns added"),
            ("astype", "converted"),
            ("copy", "copied"),
            ("drop", "columns dropped"),
            ("dropna", "rows dropped"),
            ("fillna", "filled"),
            ("head", "first rows"),
            ("iloc", "rows"),
            ("merge", "merged"),
            ("reset_index", "renumbered"),
            ("sample", "sampled"),
            ("set_index", "indexed"),
            ("sort_values", "sorted"),
        )
    ),
    fact(_F + "apply", "func axis", _apply, see=_DOCS),
    fact(_F + "as_matrix", "columns", _to_numpy, see="removed in pandas 1.0"),
    fact(_F + "groupby", "by", _groups, see=_DOCS),
    fact("pandas.GroupBy.apply", "func", _apply_to_groups, see=_DOCS),
    fact(_F + "map", "func", _apply, see=_DOCS),
    fact(_F + "pipe", "func", _pipe, see=_DOCS),
    fact(_F + "to_numpy", "dtype", _to_numpy, see=_DOCS),
    fact("pandas.concat", "objs axis", _frame, see=_DOCS),
    fact("pandas.get_dummies", "data", _dummies, see=_DOCS),
    fact("pandas.read_csv", "filepath_or_buffer sep", _read, see=_DOCS),
    fact("pandas.read_excel", "io sheet_name", _read, see=_DOCS),
    fact("pandas.read_feather", "path", _read, see=_DOCS),
    fact("pandas.read_hdf", "path_or_buf key", _read, see=_DOCS),
    fact("pandas.read_json", "path_or_buf", _read, see=_DOCS),
    fact("pandas.read_parquet", "path", _read, see=_DOCS),
    fact("pandas.read_pickle", "filepath_or_buffer", _read, see=_DOCS),
)
