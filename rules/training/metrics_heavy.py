"""KM515: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM515", "metrics-heavy", severity="info", words=("IoU",))

_MATRICES = ("MeanIoU", "IoU", "OneHotMeanIoU", "OneHotIoU")


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for call in script.calls(*(f"keras.metrics.{name}" for name in _MATRICES)):
        classes = call.const("num_classes")
        size = (
            classes * classes * (4 if call.flavour == "tf_keras" else 8) if isinstance(classes, int) else None
        )
        if not script.large(size):
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"the confusion matrix of {classes:,} classes is kept on the device, and a second one made at each update",
            bytes=size,
            help="count over groups of classes, or compute it from the predictions after training",
        )
