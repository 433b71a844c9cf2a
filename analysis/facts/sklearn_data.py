"""The data sets scikit-learn ships or fetches, with their sizes, and how it splits arrays."""

from __future__ import annotations

from math import ceil

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Items,
    Object,
    Origin,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "scikit-learn API reference"
# Shape and dtype of ``data``, dtype of ``target``. The forest covers take 239 MiB, which every machine has.
_DATA: dict[str, tuple[Shape, str, str]] = {
    "fetch_california_housing": ((20640, 8), "float64", "float64"),
    "fetch_covtype": ((581012, 54), "float64", "int32"),
    "fetch_olivetti_faces": ((400, 4096), "float32", "int64"),
    "load_boston": ((506, 13), "float64", "float64"),
    "load_breast_cancer": ((569, 30), "float64", "int64"),
    "load_diabetes": ((442, 10), "float64", "float64"),
    "load_digits": ((1797, 64), "float64", "int64"),
    "load_iris": ((150, 4), "float64", "int64"),
    "load_wine": ((178, 13), "float64", "int64"),
}
_IMAGES: dict[str, Shape] = {"fetch_olivetti_faces": (400, 64, 64), "load_digits": (1797, 8, 8)}
# What gives the rows of each array it is given again, and in how many parts.
PARTS = {"sklearn.model_selection.train_test_split": 2, "sklearn.utils.shuffle": 1}


def _data_set(name: str) -> Gives:
    shape, dtype, labels = _DATA[name]
    source = "toy"

    def gives(call: Call, _run: Machine) -> Value:
        frame = call.const("as_frame", False) is True
        origin = Origin(call.node, "a small built-in data set")
        if call.given("n_class"):
            rows: Shape = (None,)
        else:
            rows = shape[:1]
        data = Array(
            "frame" if frame else "ndarray", dtype, shape=(*rows, *shape[1:]), source=source, origin=origin
        )
        target = Array(
            "series" if frame else "ndarray", labels, shape=rows, source=source, labels=True, origin=origin
        )
        if call.const("return_X_y") is True:
            return Items("tuple", (data, target), length=2)
        bunch = Object("sklearn.utils.Bunch", call, {"data": data, "target": target})
        if name in _IMAGES:
            images = (*rows, *_IMAGES[name][1:])
            bunch.state["images"] = Array(
                "ndarray", dtype, shape=images, source=source, pixels=True, origin=origin
            )
        return bunch

    return gives


def split(call: Call, _run: Machine) -> Value:
    """``train_test_split``: copies of two parts of each argument, train first."""
    parts: list[Value] = []
    for given in call.args:
        if isinstance(given, Array):
            for part in part_sizes(given.length, call.arg("test_size"), call.arg("train_size")):
                shape = (part, *given.shape[1:]) if given.shape else None
                half = given.derived(
                    call.node,
                    "split: a copy",
                    kind=given.kind if given.kind != "memmap" else "ndarray",
                    shape=shape,
                    size=None,
                    part=False,
                )
                parts.append(half)
        elif isinstance(given, Items):
            for part in part_sizes(given.length, call.arg("test_size"), call.arg("train_size")):
                parts.append(Items("list", None, any_item(given), part, origin=given.origin))
        else:
            parts += [given, given]
    return Items("list", tuple(parts), length=len(parts))


def part_sizes(
    rows: int | None, test_size: Value | None, train_size: Value | None
) -> tuple[int | None, int | None]:
    """Rows of the training and the test part, as scikit-learn rounds them; None when they are not known."""
    test, train = const(test_size), const(train_size)
    unknown = (test is None and not _absent(test_size)) or (train is None and not _absent(train_size))
    if rows is None or unknown:
        return None, None
    if test is None and train is None:
        test = 0.25
    tests, trains = _rows(rows, test, up=True), _rows(rows, train, up=False)
    if trains is None and tests is not None:
        trains = rows - tests
    elif tests is None and trains is not None:
        tests = rows - trains
    if trains is None or tests is None or min(trains, tests) < 0:
        return None, None
    return trains, tests


def _absent(value: Value | None) -> bool:
    return value is None or (isinstance(value, Const) and value.value is None)


def _rows(rows: int, part: object, *, up: bool) -> int | None:
    if isinstance(part, float):
        return ceil(rows * part) if up else int(rows * part)
    return part if isinstance(part, int) and not isinstance(part, bool) else None


def _openml(call: Call, _run: Machine) -> Value:
    """Only MNIST is known among what OpenML offers."""
    if call.const("name") not in ("mnist_784", "Fashion-MNIST"):
        return UNKNOWN
    origin = Origin(call.node, "a small built-in data set")
    data = Array("ndarray", shape=(70000, 784), source="toy", origin=origin)
    target = Array("ndarray", shape=(70000,), source="toy", labels=True, origin=origin)
    if call.const("return_X_y") is True:
        return Items("tuple", (data, target), length=2)
    return Object("sklearn.utils.Bunch", call, {"data": data, "target": target})


SKLEARN_DATA = table(
    *(fact(f"sklearn.datasets.{name}", "", _data_set(name), see=_DOCS) for name in _DATA),
    fact("sklearn.datasets.fetch_openml", "name version", _openml, see=_DOCS),
    fact("sklearn.model_selection.train_test_split", "", split, see=_DOCS),
)
