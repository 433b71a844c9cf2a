"""Models that a script compiles and nothing trains: their optimizers never keep a value for any weight."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keras_memlint.analysis.projects.importers import ANY
from keras_memlint.analysis.text.words import words_of

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.networks import Model
    from keras_memlint.analysis.script import Script

# Words of what may train a model: methods, tapes, and functions that are called so.
_TRAINS = re.compile(
    r"getattr|exec|fit(?:_\w+)?|\w+_fit|GradientTape|apply_gradients|apply|minimize|gradients|search|optimize|cross_\w+|"
    r"(?i:train|learn)(?:er|ing_?loop|_(?:\w*_)?(?:and|batch|epoch|fn|function|loop|model|net|network|on|one|op|step)\w*)?|"
    r"\w*[a-z](?:Train|Learn)\w*|(?:do|run|start|self)_(?:train|learn)\w*|"
    r"\w*(?:Trainer|Learner|Estimator|Classifier|Regressor|Search\w*|CV|_estimator|_scores?)"
)
_OWN = ("keras.", "builtins.", "def ", "class ")


def may_be_trained(script: Script) -> bool:
    """Whether a word of the script, of its modules or of the files that import it is one of what trains."""
    project = script.project
    around = project.imported_words
    if around is None or project.is_installed:
        return True
    words = words_of(script.source.text) | project.module_words | around
    return ANY in words or any(map(_TRAINS.fullmatch, words))


def is_handed_on(script: Script, model: Model) -> bool:
    """Whether a function that is not read gets ``model``, and may train it."""
    return any(
        value is model
        for call in script.all_calls
        if not call.name.startswith(_OWN)
        for value in (*call.args, *call.kwargs.values())
    )
