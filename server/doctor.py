"""``keras-memlint doctor``: what this installation sees."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from keras_memlint import __version__
from keras_memlint.analysis.sizes.gpus import GPUS
from keras_memlint.analysis.text.cache_folder import folder
from keras_memlint.rules.catalogue import rows
from keras_memlint.server.cache import Cache
from keras_memlint.server.configuration import ConfigurationError, Configurations
from keras_memlint.server.run import detected

_OURS = (
    "libcst",
    "pygls",
    "lsprotocol",
    "pathspec",
    "rich",
    "watchfiles",
    "nvidia-ml-py",
    "jax-cuda12-plugin",
    "distributed",
)
_THEIRS = (
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "tf-keras",
    "keras-tuner",
    "tensorflow-model-optimization",
    "numpy",
    "jax",
    "torch",
)
_GIB = 1 << 30


Section = tuple[str, Iterable[str]]
"""A title and lines."""


def doctor() -> int:
    """Prints everything. 2 when the configuration of the current folder is wrong, else 0."""
    lines, wrong = configuration(Path.cwd())
    program, packages, *others = installation()
    theirs = "packages of training scripts in this environment", _packages(_THEIRS)
    known = "GPUs known to --target-gpu", _known()
    print(text([program, packages, theirs, *others, ("configuration", lines), known]), end="")
    return 2 if wrong else 0


def installation() -> Iterator[Section]:
    """What is the same wherever the program is asked: itself, what it uses, and this machine's GPUs."""
    yield "program", _program()
    yield "packages it uses", _packages(_OURS)
    yield "GPU", _gpus()


def text(sections: Iterable[Section]) -> str:
    """The sections as lines."""
    return "".join(
        f"{line}\n" for title, lines in sections for line in (f"{title}:", *(f"  {one}" for one in lines))
    )


def configuration(folder: Path) -> tuple[list[str], bool]:
    """The configuration in force in ``folder``, an absolute path, and whether it is wrong."""
    try:
        found = Configurations().above(str(folder))
    except ConfigurationError as error:
        return [str(error)], True
    if found.file is None:
        return ["no pyproject.toml with [tool.keras-memlint] at or above this folder: defaults"], False
    return [f"{key} = {value!r}  ({found.file})" for key, value in found.values.items()] or [
        f"empty ({found.file})"
    ], False


def _program() -> Iterator[str]:
    yield f"keras-memlint {__version__}, {len(rows())} rules, {Path(__file__).parent.parent}"
    yield f"Python {platform.python_version()}, {sys.executable}"
    yield platform.platform()
    try:
        yield f"cache {folder()}"
    except RuntimeError:
        yield "cache: none, there is no home folder"
    for name, value in sorted(os.environ.items()):
        if name.startswith("KERAS_MEMLINT_"):
            yield f"{name}={value}"


def _packages(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"{name}: not installed"


def _gpus() -> Iterator[str]:
    cache = Cache.of_user()
    found = detected(cache, afresh=True)
    cache.close()
    for gpu in found.gpus:
        major, minor = gpu.compute_capability
        yield f"{gpu.name}, {gpu.memory / _GIB:.1f} GiB, compute capability {major}.{minor}"
    if found.reason:
        yield f"none: {found.reason}"


def _known() -> Iterator[str]:
    for gpu in GPUS:
        major, minor = gpu.compute_capability
        cores = "tensor cores" if gpu.tensor_cores else "no tensor cores"
        yield f"{gpu.name}: {gpu.memory / _GIB:.1f} GiB, compute capability {major}.{minor}, {cores}"
