"""Nothing that the script would have saved is written: savers of the frameworks and trackers do nothing, and are counted."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any, Callable

from .run import Run

_ENVIRONMENT = {
    "WANDB_MODE": "disabled",
    "WANDB_SILENT": "true",
    "NEPTUNE_MODE": "debug",
    "COMET_MODE": "disabled",
    "CLEARML_OFFLINE_MODE": "1",
    "TRACKIO_MODE": "disabled",
    "MPLBACKEND": "Agg",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}

_METHODS = {
    "keras.src.models.model": {"Model": ("save", "save_weights", "export")},
    "keras.src.models.sequential": {"Sequential": ("save",)},
    "tf_keras.src.engine.training": {"Model": ("save", "save_weights", "export")},
    "keras.src.engine.training": {"Model": ("save", "save_weights", "export")},
    "keras.engine.training": {"Model": ("save", "save_weights", "export")},
    "tensorflow.python.keras.engine.training": {"Model": ("save", "save_weights")},
    "tensorflow.python.checkpoint.checkpoint": {
        "Checkpoint": ("save", "write"),
        "CheckpointV1": ("save", "write"),
    },
    "tensorflow.python.checkpoint.checkpoint_management": {"CheckpointManager": ("save",)},
    "tensorflow.python.training.saver": {"Saver": ("save",)},
    "torch.utils.tensorboard.writer": {
        "SummaryWriter": (
            "add_scalar",
            "add_scalars",
            "add_graph",
            "add_image",
            "add_images",
            "add_histogram",
            "flush",
        ),
    },
    "matplotlib.figure": {"Figure": ("savefig",)},
}
"""Methods that write, by module and class."""

_FUNCTIONS = {
    "keras.src.saving.saving_api": ("save_model", "save_weights"),
    "keras.src.saving.legacy.save": ("save_model",),
    "keras.src.saving.legacy.legacy_h5_format": ("save_model_to_hdf5",),
    "keras.src.utils.model_visualization": ("plot_model",),
    "tf_keras.src.saving.saving_api": ("save_model", "save_weights"),
    "tf_keras.src.utils.vis_utils": ("plot_model",),
    "keras.saving.save": ("save_model",),
    "tensorflow.python.saved_model.save": ("save", "save_and_return_nodes"),
    "torch.serialization": ("save",),
    "torch.jit._serialization": ("save",),
    "matplotlib.pyplot": ("show", "pause"),
}
"""Functions that write or open windows, by module."""

_QUIET = ("show", "pause")


def environment(run: Run) -> None:
    """Settings for libraries that are not there yet. Trackers write into the runner's own folder if they write at all."""
    os.environ.update(_ENVIRONMENT)
    os.environ["MLFLOW_TRACKING_URI"] = "file://" + os.path.join(run.asked.out, "tracking")
    os.environ["WANDB_DIR"] = run.asked.out


def install(run: Run) -> None:
    """Waits for the modules that can write."""
    for home, classes in _METHODS.items():
        run.hooks.after(home, lambda module, c=classes: _methods(run, module, c))  # type: ignore[misc]
    for home, names in _FUNCTIONS.items():
        run.hooks.after(home, lambda module, n=names: _functions(run, module, n))  # type: ignore[misc]
    run.hooks.after("tensorflow.python.ops.summary_ops_v2", lambda module: _summaries(run, module))


def _methods(run: Run, module: ModuleType, classes: dict[str, tuple[str, ...]]) -> None:
    for class_name, names in classes.items():
        kind = vars(module).get(class_name)
        for name in names:
            if kind is not None and callable(getattr(kind, name, None)):
                setattr(kind, name, _nothing(run, f"{class_name}.{name}"))


def _functions(run: Run, module: ModuleType, names: tuple[str, ...]) -> None:
    for name in names:
        if callable(vars(module).get(name)):
            label = name if name in _QUIET else f"{module.__name__.split('.')[0]}.{name}"
            setattr(module, name, _nothing(run, label))


def _nothing(run: Run, label: str) -> Callable[..., None]:
    def nothing(*_arguments: Any, **_options: Any) -> None:
        if label not in _QUIET:
            run.blocks(label)

    return nothing


def _summaries(run: Run, module: ModuleType) -> None:
    """Writers of TensorBoard's files are replaced by TensorFlow's own that write nothing."""
    names = vars(module)
    for name in ("create_file_writer_v2", "create_file_writer"):
        if name not in names or "create_noop_writer" not in names:
            continue

        def writer(*_arguments: Any, **_options: Any) -> Any:
            run.blocks("tf.summary.create_file_writer")
            return names["create_noop_writer"]()

        setattr(module, name, writer)
