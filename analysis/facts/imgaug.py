"""imgaug: what its augmenters give, whatever their class."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import UNKNOWN, Array, Value
from keras_memlint.analysis.facts.table import Machine, fact, table

AUGMENTERS = "imgaug.augmenters."
# Stands for all of its classes.
ANY = f"{AUGMENTERS}Augmenter."
_DOCS = "imgaug documentation, Augmenter"


def _augmented(call: Call, _run: Machine) -> Value:
    """As many images as before, of the same dtype, but perhaps of another size."""
    given = call.args[0] if call.args else call.arg(call.params[0])
    if not isinstance(given, Array):
        return UNKNOWN
    return given.derived(call.node, "changed", kind="ndarray", shape=None, size=None)


def _same(call: Call, _run: Machine) -> Value:
    given = call.receiver
    return UNKNOWN if given is None or call.args or call.kwargs else given


IMGAUG = table(
    fact(f"{ANY}augment_image", "image", _augmented, see=_DOCS),
    fact(f"{ANY}augment_images", "images", _augmented, see=_DOCS),
    fact(f"{ANY}to_deterministic", "n", _same, see=_DOCS),
)
