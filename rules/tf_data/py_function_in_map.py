"""KM212: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.facts.images import READERS
from keras_memlint.analysis.pipelines.buffers import image_read
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM212", "py-function-in-map", severity="hint", words=("py_function", "numpy_function", "from_generator")
)
_FUNCTIONS = ("py_function", "numpy_function")

# What TensorFlow's own operations do as well.
_NATIVE = {
    **dict.fromkeys(READERS, "`tf.io.decode_image`"),
    "cv2.cvtColor": "`tf.image`",
    "cv2.resize": "`tf.image.resize`",
    "keras.utils.img_to_array": "`tf.cast`",
}


def check(script: Script) -> Iterator[Finding]:
    yield from _mapped(script)
    yield from _generated(script)


def _generated(script: Script) -> Iterator[Finding]:
    """Images that a Python generator reads and decodes for a pipeline."""
    for call, dataset in script.dataset_ops("from_generator"):
        read = image_read(dataset)
        if read is None:
            continue
        own = _NATIVE.get(read.name, "")
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="the generator reads and decodes images in Python, under the interpreter's lock, one at a time",
            help="make a dataset of the file names and read them in a `map` with `num_parallel_calls=tf.data.AUTOTUNE`"
            + (f"; {own} decodes as well" if own else ""),
            related=(("decoded here", script.call_place(read)),),
            severity="info",
        )


def _mapped(script: Script) -> Iterator[Finding]:
    """Python functions in a ``map``."""
    reported: set[int] = set()
    for call, dataset in script.dataset_ops("map"):
        if "python" not in dataset.traits:
            continue
        for inner in call.inner:
            name = inner.name.rpartition(".")[2]
            if name not in _FUNCTIONS or not reported.isdisjoint((id(inner.node), id(inner.site))):
                continue
            reported |= {id(inner.node), id(inner.site)}
            native = dict.fromkeys(_NATIVE[one.name] for one in inner.inner if one.name in _NATIVE)
            operations = " and ".join(native)
            yield Finding(
                at=script.call_place(inner),
                site=script.place(inner.site),
                message=f"`{name}` in `map` runs Python under the interpreter's lock, one element at a time",
                help=f"{operations} does what is done here without Python"
                if native
                else "do what TensorFlow has operations for outside of it, and keep it short",
                related=(("mapped here", script.call_place(call)),),
                severity="info" if native else "hint",
            )
