"""NumPy and h5py: arrays read from files, whole or mapped."""

from __future__ import annotations

import re

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import (
    Array,
    Const,
    Dict,
    Object,
    Origin,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.arguments import dtype_of, shape_of
from keras_memlint.analysis.facts.table import Machine, fact, table

_DOCS = "NumPy reference, routines"
_TOY = re.compile(
    r"(?<![a-z])(fashion[_-]?mnist|k?e?mnist|cifar|iris|boston|reuters|imdb|california|diabetes|wine)"
)


def _path(given: Value | None, *, saves: bool = False) -> str | None:
    """The name of a file, given as a path or as the file opened; None when it is not known."""
    opened = isinstance(given, Object) and given.api == "builtins.file" and given.call is not None
    path = const(given.call.first() if opened else given)  # type: ignore[union-attr]
    if not isinstance(path, str):
        return None
    return f"{path}.npy" if saves and not opened and not path.endswith(".npy") else path


def _save(call: Call, run: Machine) -> Value:
    path, array = _path(call.arg("file"), saves=True), call.arg("arr")
    if path is not None and array is not None:
        run.save(path, array)
    return Const(None)


def _load(call: Call, run: Machine) -> Value:
    path = _path(call.arg("file"))
    size = run.path_size(path) if isinstance(path, str) else None
    source = "toy" if size is None and is_toy_file(call.arg("file")) else "disk"
    if isinstance(path, str) and path.endswith(".npz"):
        state: dict[str, Value] = {"\0source": Const(source)}
        return Object("numpy.NpzFile", call, state, origin=Origin(call.node, "opened here"))
    mode = call.arg("mmap_mode")
    mapped = mode is not None and not (isinstance(mode, Const) and mode.value is None)
    header = run.npy_header(path) if isinstance(path, str) and size is not None else None
    dtype: str | None
    shape: Shape | None
    dtype, shape = header if header is not None else (None, None)
    written = run.saved(path) if path is not None and size is None else None
    if isinstance(written, Array) and written.kind == "ndarray":
        dtype, shape = written.dtype, written.shape
        source = "toy" if written.source == "toy" else source
    return Array(
        "memmap" if mapped else "ndarray",
        dtype,
        shape=shape,
        source=source,
        size=size if header is None else None,
        origin=Origin(call.node, "mapped, not loaded" if mapped else "loaded whole"),
    )


def is_toy_file(path: Value | None) -> bool:
    """Whether a path, or what ``get_file`` fetches, is named after one of the small built-in data sets."""
    name = const(path.call.first() if isinstance(path, Object) and path.call is not None else path)
    return (
        isinstance(name, str) and _TOY.search(name.replace("\\", "/").rpartition("/")[2].lower()) is not None
    )


def _memmap(call: Call, run: Machine) -> Value:
    path = call.const("filename")
    size = run.path_size(path) if isinstance(path, str) else None
    shape = shape_of(call.arg("shape"))
    return Array(
        "memmap",
        dtype_of(call.arg("dtype"), "uint8"),
        shape=shape,
        source="disk",
        size=size if shape is None else None,
        origin=Origin(call.node, "mapped, not loaded"),
    )


def _text(call: Call, run: Machine) -> Value:
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), "float64"),
        source="disk",
        origin=Origin(call.node, "parsed whole"),
    )


def _file(call: Call, _run: Machine) -> Value:
    return Object("h5py.File", call, origin=Origin(call.node, "opened here"))


def _h5_get(call: Call, _run: Machine) -> Value:
    return Array("hdf5", source="disk", origin=Origin(call.node, "a data set of the HDF5 file"))


def _mat(call: Call, _run: Machine) -> Value:
    return Dict(element=Array("ndarray", source="disk", origin=Origin(call.node, "read from the file")))


NUMPY_FILES = table(
    fact("h5py.File", "name mode", _file, see="h5py documentation, File objects"),
    fact("h5py.File.get", "name", _h5_get, see="h5py documentation, groups"),
    fact("numpy.genfromtxt", "fname dtype", _text, see=_DOCS),
    fact("numpy.lib.format.open_memmap", "filename mode dtype shape", _memmap, see=_DOCS),
    fact("numpy.load", "file mmap_mode allow_pickle", _load, see=_DOCS),
    fact("numpy.loadtxt", "fname dtype", _text, see=_DOCS),
    fact("numpy.save", "file arr", _save, see=_DOCS),
    fact("scipy.io.loadmat", "file_name", _mat, see="SciPy reference, scipy.io"),
    fact("numpy.memmap", "filename dtype mode offset shape", _memmap, see=_DOCS),
)
