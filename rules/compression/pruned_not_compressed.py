"""KM804: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.compression._wrappers import CONVERTS, made, saved

RULE = Rule("KM804", "pruned-not-compressed", severity="hint", words=("strip_pruning",))

# What makes zeros small, called or imported.
_PACKS = ("gzip", "zipfile", "zlib", "bz2", "lzma", "tarfile", "zstandard", "shutil.make_archive")


def check(script: Script) -> Iterator[Finding]:
    if any(one.dotted.startswith(_PACKS) for one in script.imports) or script.uses("shutil.make_archive"):
        return
    if script.uses("tf.lite.") or script.is_test:
        return  # a converted model can leave zeros out, and its quantized numbers
    for one in saved(script, "tfmot.sparsity.keras.strip_pruning"):
        if one.call.name == CONVERTS:
            continue
        parameters = one.model.parameters
        size = parameters * 4 if parameters is not None else None
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message="a pruned model is saved with all its zeros: the file is as large as before pruning",
            bytes=size,
            help="compress the file, or convert the model with TensorFlow Lite and `Optimize.EXPERIMENTAL_SPARSITY`",
            related=made(script, one.model, "stripped here"),
            severity="info" if script.large(size) else "hint",
        )
