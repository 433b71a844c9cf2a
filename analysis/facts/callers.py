"""Who calls functions and methods that no line of a script calls: decorators, frameworks, and what finds any by its name."""

from __future__ import annotations

import sys

from keras_memlint.analysis.facts.dynamic import BY_TEXT

# Decorators that leave it to others to call what they are given.
PLAIN_DECORATORS = frozenset(
    [
        "abstractmethod",
        "cache",
        "classmethod",
        "lru_cache",
        "override",
        "property",
        "staticmethod",
    ]
)
# What reaches functions whose names stand nowhere, where it is called as a function: methods have these names, too, as
# `tensor.eval()`.
CALLED = frozenset([*BY_TEXT, "vars"])
# All that does.
FINDERS = CALLED | {"CLI", "Fire", "__dict__", "auto_cli", "getmembers"}
# What finds functions of a module that it is not told of, from another that the first one imports.
INTRUDERS = frozenset(
    [
        "__import__",
        "_getframe",
        "currentframe",
        "import_module",
        "importlib",
        "inspect",
        "modules",
        "runpy",
    ]
)
# Functions that TFX, SageMaker and AWS Lambda call by these names.
HOOKS = (
    "input_fn",
    "lambda_handler",
    "model_fn",
    "output_fn",
    "predict_fn",
    "preprocessing_fn",
    "run_fn",
    "trainer_fn",
)
# Libraries that make no object of a class only because it derives from one of theirs.
QUIET_LIBRARIES = sys.stdlib_module_names | {
    "gym",
    "gymnasium",
    "keras",
    "keras_tuner",
    "kerastuner",
    "numpy",
    "sklearn",
    "tensorflow",
    "tensorflow_probability",
    "tf_keras",
    "torch",
}
# What lets a class know all that derive from it.
REGISTERS = frozenset(["__init_subclass__", "__subclasses__"])
