"""Whether a script has anything to do with Keras or TensorFlow, told before it is parsed."""

from __future__ import annotations

import re

from keras_memlint.analysis.projects.project import Project
from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.text.source import Source

# A script without any of these words has nothing to do with Keras or TensorFlow by itself.
RELEVANT = re.compile(r"keras|tensorflow|tfmot|kerastuner|\btf\b")
_WORDS = ("keras", "tensorflow")
# Whoever imports one of these, and no Keras, may speak of Keras in a comment.
_OTHERS = ("theano", "torch", "mxnet")
_OTHER = re.compile(rf"^[ \t]*(?:from|import)[ \t]+(?:{'|'.join(_OTHERS)})\b", re.M)
# It may still train a model that a module of its own project makes.
_TRAINS = re.compile(r"\.\s*(?:fit|predict|evaluate|train_on_batch|predict_on_batch)\s*\(")
_IMPORTS = re.compile(r"^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import\b([^\n#]*)|import[ \t]+([\w.]+))", re.M)


def relevance(source: Source, workspace: Workspace | None) -> tuple[bool, frozenset[str]]:
    """Whether to analyse ``source``, and the files that had a part in the answer."""
    if RELEVANT.search(source.text) and not _only_names(source.text):
        return True, frozenset()
    if workspace is None or not _TRAINS.search(source.text):
        return False, frozenset()
    project = Project(source, workspace, lambda _source, _parsed, _module: None)
    for dots, origin, names, module in _IMPORTS.findall(source.text):
        project.locate(origin or module, len(dots), None)
        for name in re.findall(r"\w+", names):  # which may be a module of the package
            project.locate(f"{origin}.{name}".lstrip("."), len(dots), None)
    return project.mentions(*_WORDS), frozenset(project.used)


def _only_names(text: str) -> bool:
    """Whether ``text`` imports another framework, and no line that imports names Keras or TensorFlow."""
    if not any(one in text for one in _OTHERS) or _OTHER.search(text) is None:
        return False
    imports = (line for line in text.splitlines() if "import" in line and not line.lstrip().startswith("#"))
    return not any(RELEVANT.search(line) for line in imports)
