"""KM515 metrics-heavy: a confusion matrix has the square of the number of classes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

CLASSES = 4000
BATCH = 64


def bad() -> Any:
    """`MeanIoU` of 4,000 classes, updated twice."""
    return _updated(keras.metrics.MeanIoU(num_classes=CLASSES), np.zeros(BATCH, "int32"))


def good() -> Any:
    """`SparseCategoricalAccuracy` of as many classes."""
    metric = keras.metrics.SparseCategoricalAccuracy()
    for _ in range(2):
        metric.update_state(np.zeros(BATCH, "int32"), np.zeros((BATCH, CLASSES), "float32"))
    return metric


def one_class() -> Any:
    """`IoU` of one of 4,000 classes: the whole matrix all the same."""
    return _updated(keras.metrics.IoU(CLASSES, target_class_ids=[1]), np.zeros(BATCH, "int32"))


def auc_of_many_labels() -> Any:
    """`AUC(num_thresholds=1000, multi_label=True)` of 1,000 labels."""
    return _labels(keras.metrics.AUC(num_thresholds=1000, multi_label=True, num_labels=1000))


def auc_of_many_labels_listed_thresholds() -> Any:
    """The same with 1,000 thresholds listed that lie unevenly."""
    given = (np.linspace(0, 1, 1000) ** 2).tolist()
    return _labels(keras.metrics.AUC(thresholds=given, multi_label=True, num_labels=1000))


def auc() -> Any:
    """`AUC()` of as many labels taken together."""
    return _labels(keras.metrics.AUC())


def facts() -> dict[str, Any]:
    metric = keras.metrics.MeanIoU(num_classes=100)
    return {
        "bytes_of_the_matrix_of_100_classes": int(np.asarray(metric.total_cm).nbytes),
        "dtype_of_the_matrix": str(np.asarray(metric.total_cm).dtype),
    }


def _updated(metric: Any, labels: Any) -> Any:
    for _ in range(2):
        metric.update_state(labels, labels)
    return metric


def _labels(metric: Any) -> Any:
    numbers = np.random.default_rng(0).random((BATCH, 1000), dtype="float32")
    for _ in range(2):
        metric.update_state((numbers > 0.5).astype("float32"), numbers)
    return metric
