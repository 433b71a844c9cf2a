"""KM109 sparse-to-dense: a dense array holds every zero of a matrix of word counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from fresh import error_of
from sklearn.feature_extraction.text import TfidfVectorizer

TEXTS, WORDS, BATCH = 2500, 8000, 32


def prepare(folder: Path) -> Any:
    """2,500 texts of 40 words out of 8,000, as a sparse matrix."""
    words = np.random.default_rng(0).integers(0, WORDS, (TEXTS, 40))
    texts = [" ".join(f"word{word}" for word in text) for text in words]
    return TfidfVectorizer().fit_transform(texts)


def bad(matrix: Any) -> None:
    x = matrix.toarray()
    _model(matrix).fit(x, np.zeros(TEXTS), batch_size=BATCH, verbose=0)


def made_dense_sliced_in_memory(matrix: Any) -> None:
    x = matrix.toarray()
    _model(matrix).fit(_Rows(x), verbose=0)


def sparse_to_fit(matrix: Any) -> None:
    """`fit` takes the sparse matrix as it is."""
    _model(matrix).fit(matrix, np.zeros(TEXTS), batch_size=BATCH, verbose=0)


def good(matrix: Any) -> None:
    """Each batch is made dense when it is needed."""
    _model(matrix).fit(_Rows(matrix), verbose=0)


def facts(matrix: Any) -> dict[str, Any]:
    import tf_keras

    part, y = matrix[:64], np.zeros(64)
    x = part.toarray()
    dense, sparse, rows = _model(matrix), _model(matrix), _model(matrix)
    sparse.set_weights(dense.get_weights())
    rows.set_weights(dense.get_weights())
    dense.fit(x, y, shuffle=False, verbose=0)
    rows.fit(_Rows(part), shuffle=False, verbose=0)
    found = {
        "dtype_of_toarray": str(matrix.toarray()[:1].dtype),
        "weights_of_dense_batches_are_the_same": _same(dense, rows),
        "fit_of_a_sparse_matrix": error_of(lambda: sparse.fit(part, y, shuffle=False, verbose=0)),
        "fit_of_a_sparse_matrix_shuffled": error_of(lambda: _model(matrix).fit(part, y, verbose=0)),
        "predict_of_a_sparse_matrix": error_of(lambda: sparse.predict(part, verbose=0)),
        "fit_of_a_sparse_matrix_with_validation_split": error_of(
            lambda: _model(matrix).fit(part, y, validation_split=0.5, verbose=0)
        ),
    }
    found["weights_of_a_sparse_matrix_are_the_same"] = _same(dense, sparse)
    old = tf_keras.Sequential([tf_keras.Input((part.shape[1],)), tf_keras.layers.Dense(1)])
    old.compile("sgd", "mse")
    found["fit_of_a_sparse_matrix_tf_keras"] = error_of(lambda: old.fit(part, y, shuffle=False, verbose=0))
    return found


def _same(first: Any, second: Any) -> bool:
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x

    def __len__(self) -> int:
        return -(-self.x.shape[0] // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self.x[index * BATCH : (index + 1) * BATCH]
        dense = rows if isinstance(rows, np.ndarray) else rows.toarray()
        return dense, np.zeros(len(dense), "float32")


def _model(matrix: Any) -> Any:
    model = keras.Sequential([keras.Input((matrix.shape[1],)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
