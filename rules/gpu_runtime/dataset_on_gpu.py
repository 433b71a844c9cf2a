"""KM707: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Items, Object, Value, const
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM707",
    "dataset-on-gpu",
    severity="warning",
    words=("constant", "convert_to_tensor", "from_tensor_slices", "from_tensors"),
)

_TENSORS = ("tf.constant", "tf.convert_to_tensor")
_DATASETS = ("tf.data.Dataset.from_tensor_slices", "tf.data.Dataset.from_tensors")
# Without a word about the device, what takes one part in so many of a GPU that was chosen.
_SHARE = 4


def check(script: Script) -> Iterator[Finding]:
    if script.backend != "tensorflow" or script.cpu_only or script.is_test or script.slices_arrays:
        return
    for call in script.calls(*_TENSORS, *_DATASETS):
        size = _bytes(call.first())
        if not script.large(size) or call.mapped or call.streamed:
            continue
        device = _device(call)
        if device is None and (call.name in _DATASETS or not _fills(script, size)):
            continue  # KM201 is about data sets
        if device is not None and "gpu" not in device.lower():
            continue
        where = f"under `tf.device({device!r})`" if device is not None else "by default"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{call.name.rpartition('.')[2]}` puts the whole array into GPU memory {where}, where it stays beside the"
            " model",
            bytes=size,
            help='make it under `tf.device("/CPU:0")`, or read it in batches: the GPU needs one batch at a time',
            related=script.trail(call.first().origin),
        )


def _bytes(given: Value) -> int | None:
    """Bytes of an array, or of those in a tuple; None when one is not known, or a tensor already."""
    if isinstance(given, Items) and given.items:
        sizes = [_bytes(item) for item in given.items]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None
    return (
        given.bytes if isinstance(given, Array) and given.kind != "tensor" and given.source != "toy" else None
    )


def _device(call: Call) -> str | None:
    """The device that the innermost ``with tf.device(…)`` names; None outside of one. Unknown names count as CPU."""
    for context in reversed(call.contexts):
        if isinstance(context, Object) and context.api == "tf.device" and context.call is not None:
            name = const(context.call.first())
            return name if isinstance(name, str) else "CPU"
    return None


def _fills(script: Script, size: int | None) -> bool:
    memory = script.settings.target.gpu_memory
    return memory is not None and size is not None and size * _SHARE >= memory
