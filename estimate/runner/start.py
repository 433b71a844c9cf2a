"""Puts the parts together: channel, hooks, what is kept from being written, the script."""

from __future__ import annotations

import os
import threading
import time
from types import ModuleType
from typing import NoReturn

from . import host
from .asked import read
from .channel import Channel
from .hooks import Hooks
from .run import Run

FRAMEWORKS = ("keras", "tensorflow", "tf_keras", "jax", "torch")


def start(request: str) -> NoReturn:
    """Never returns: the process ends with the script, or when the client has asked enough."""
    asked = read(request)
    channel = Channel(os.path.join(asked.out, "output.txt"))
    hooks = Hooks()
    run = Run(asked, channel, hooks)
    from . import automatic_jit, gpu, keep, keras_fit, launch, loop_hooks, policies, quiet

    quiet.environment(run)
    gpu.environment()
    quiet.install(run)
    run.keeper = keep.install(run)
    policies.install(run)
    automatic_jit.install(run)
    keras_fit.install(run)
    loop_hooks.install(run)
    for name in FRAMEWORKS:
        hooks.after(name, lambda module: _imported(run, module))
    hooks.install()
    threading.Thread(target=_watch_memory, args=(run,), daemon=True).start()
    launch.launch(run)


def _imported(run: Run, _module: ModuleType) -> None:
    """The import of a framework is over, and with it the largest part of the process that is no data."""
    if run.before_training is None:
        run.imports = host.resident()
        run.seconds["import"] = run.elapsed()


def _watch_memory(run: Run) -> None:
    """Repeats the stage when memory has grown by a tenth: the last reading is what is left if the process is killed."""
    told = 0
    while True:
        time.sleep(0.5)
        now = host.resident()
        if now > told * 1.1:
            told = now
            run.report_memory()
