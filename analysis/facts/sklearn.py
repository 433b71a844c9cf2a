"""scikit-learn: folds, scalers, vectorisers, decompositions and made-up data."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import UNKNOWN, Array, Items, Object, Origin, Scalar, Value
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "scikit-learn API reference"


def _folds(call: Call, _run: Machine) -> Value:
    receiver = call.receiver
    splits = (
        receiver.call.const("n_splits", 5)
        if isinstance(receiver, Object) and receiver.call is not None
        else None
    )
    index = Array("ndarray", "int64", shape=(None,), source="made", labels=True)
    return Items(
        "generator",
        None,
        Items("tuple", (index, index), length=2),
        splits if isinstance(splits, int) else None,
        origin=Origin(call.node, "folds"),
    )


def _transformed(call: Call, _run: Machine) -> Value:
    given = call.first()
    api = call.receiver.api if isinstance(call.receiver, Object) else ""
    if "Vectorizer" in api or api.endswith("TfidfTransformer"):
        return _words(call, api)
    if api.endswith(("OneHotEncoder",)):
        sparse = (
            isinstance(call.receiver, Object)
            and call.receiver.call is not None
            and not (
                call.receiver.call.const("sparse", True) is False
                or call.receiver.call.const("sparse_output", True) is False
            )
        )
        rows = given.shape[0] if isinstance(given, Array) and given.shape else None
        return Array(
            "sparse" if sparse else "ndarray",
            "float64",
            shape=(rows, None),
            source=given.source if isinstance(given, Array) else "",
            origin=Origin(call.node, "one-hot encoded"),
        )
    if api.endswith("LabelEncoder"):
        return Array(
            "ndarray",
            "int64",
            shape=given.shape if isinstance(given, Array) else None,
            source="made",
            labels=True,
            origin=Origin(call.node, "encoded"),
        )
    if api.endswith(("LabelBinarizer", "MultiLabelBinarizer")):
        return Array("ndarray", "int64", source="made", origin=Origin(call.node, "one-hot encoded"))
    if isinstance(given, Array):
        dtype = "float32" if given.dtype == "float32" else "float64"
        kind = "ndarray" if given.kind in ("frame", "series") else given.kind
        return Array(
            kind,
            dtype,
            shape=given.shape,
            source=given.source,
            origin=Origin(call.node, f"scaled to {dtype}", given.origin),
        )
    return UNKNOWN


def _words(call: Call, api: str) -> Value:
    """Counts of words: one column for each word of a vocabulary, of which only ``HashingVectorizer`` knows the size."""
    given = call.first()
    made = call.receiver.call if isinstance(call.receiver, Object) else None
    rows = given.length if isinstance(given, (Array, Items)) else None
    columns = made.const("n_features", 1 << 20) if made is not None and "Hashing" in api else None
    return Array(
        "sparse",
        "int64" if api.endswith("CountVectorizer") else "float64",
        shape=(rows, columns if isinstance(columns, int) else None),
        source="list",
        origin=Origin(call.node, "a sparse matrix"),
    )


def _made(call: Call, _run: Machine) -> Value:
    rows = call.const("n_samples", 100)
    columns = call.const("n_features")
    shape = (rows if isinstance(rows, int) else None, columns if isinstance(columns, int) else None)
    return Items(
        "tuple",
        (
            Array("ndarray", "float64", shape=shape, source="made"),
            Array("ndarray", "int64", shape=shape[:1], source="made", labels=True),
        ),
    )


def _shuffled(call: Call, _run: Machine) -> Value:
    parts = tuple(
        a.derived(call.node, "copied in another order") if isinstance(a, Array) else a for a in call.args
    )
    return parts[0] if len(parts) == 1 else Items("list", parts, length=len(parts))


def _self(call: Call, _run: Machine) -> Value:
    return call.receiver or UNKNOWN


def _dense(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if not isinstance(given, Array):
        return UNKNOWN
    return Array(
        "ndarray",
        given.dtype,
        shape=given.shape,
        source=given.source,
        origin=Origin(call.node, "made dense", given.origin),
    )


def _components(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    made = call.receiver.call if isinstance(call.receiver, Object) else None
    wanted = made.const("n_components") if made is not None else None
    dtype = "float32" if given.dtype == "float32" else "float64"
    return Array(
        "ndarray",
        dtype,
        shape=(given.length, wanted if isinstance(wanted, int) else None),
        source=given.source,
        origin=Origin(call.node, "projected", given.origin),
    )


_GROUPS = (
    "KFold",
    "StratifiedKFold",
    "GroupKFold",
    "ShuffleSplit",
    "StratifiedShuffleSplit",
    "RepeatedKFold",
    "RepeatedStratifiedKFold",
    "TimeSeriesSplit",
    "LeaveOneOut",
    "LeaveOneGroupOut",
    "StratifiedGroupKFold",
)
_DECOMPOSITIONS = ("FactorAnalysis", "FastICA", "IncrementalPCA", "KernelPCA", "NMF", "PCA", "TruncatedSVD")
_SCALERS = (
    "StandardScaler",
    "MinMaxScaler",
    "RobustScaler",
    "MaxAbsScaler",
    "Normalizer",
    "PowerTransformer",
    "QuantileTransformer",
    "LabelEncoder",
    "LabelBinarizer",
    "MultiLabelBinarizer",
    "OneHotEncoder",
    "OrdinalEncoder",
)


def _rows(
    prefix: str, names: tuple[str, ...], methods: tuple[tuple[str, Gives], ...]
) -> list[tuple[str, Gives]]:
    return [(f"{prefix}.{name}.{method}", gives) for name in names for method, gives in methods]


SKLEARN = table(
    fact("scipy.sparse.toarray", "", _dense, see="SciPy reference, sparse arrays"),
    fact("scipy.sparse.todense", "", _dense, see="SciPy reference, sparse arrays"),
    fact("scipy.sparse.tocsr", "", _self, see="SciPy reference, sparse arrays"),
    *(
        fact(f"sklearn.datasets.{name}", "n_samples n_features", _made, see=_DOCS)
        for name in ("make_blobs", "make_classification", "make_moons", "make_regression", "make_circles")
    ),
    *(
        fact(name, "", gives, see=_DOCS)
        for name, gives in _rows(
            "sklearn.feature_extraction.text",
            ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer", "TfidfTransformer"),
            (("fit_transform", _transformed), ("transform", _transformed), ("fit", _self)),
        )
    ),
    *(
        fact(name, "X y", gives, see=_DOCS)
        for name, gives in _rows(
            "sklearn.decomposition",
            _DECOMPOSITIONS,
            (("fit_transform", _components), ("transform", _components), ("fit", _self)),
        )
    ),
    *(fact(f"sklearn.model_selection.{name}.split", "X y groups", _folds, see=_DOCS) for name in _GROUPS),
    *(
        fact(name, "", gives, see=_DOCS)
        for name, gives in _rows(
            "sklearn.preprocessing",
            _SCALERS,
            (("fit_transform", _transformed), ("transform", _transformed), ("fit", _self)),
        )
    ),
    fact("sklearn.utils.shuffle", "", _shuffled, see=_DOCS),
    fact("sklearn.metrics.accuracy_score", "y_true y_pred", lambda _c, _r: Scalar("float"), see=_DOCS),
)
