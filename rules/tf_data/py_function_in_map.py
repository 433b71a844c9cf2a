"""KM212: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM212", "py-function-in-map", severity="hint", words=("py_function", "numpy_function"))

# What TensorFlow's own operations do as well.
_NATIVE = {
    "PIL.Image.open": "`tf.io.decode_image`",
    "cv2.imread": "`tf.io.decode_image`",
    "cv2.cvtColor": "`tf.image`",
    "cv2.resize": "`tf.image.resize`",
    "keras.utils.img_to_array": "`tf.cast`",
    "keras.utils.load_img": "`tf.io.decode_image`",
    "plt.imread": "`tf.io.decode_image`",
}


def check(script: Script) -> Iterator[Finding]:
    reported: set[int] = set()
    for call, dataset in script.dataset_ops("map"):
        if "python" not in dataset.traits:
            continue
        for inner in call.inner:
            name = inner.name.rpartition(".")[2]
            if name not in RULE.words or not reported.isdisjoint((id(inner.node), id(inner.site))):
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
