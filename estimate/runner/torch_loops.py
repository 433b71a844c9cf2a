"""Loops around ``step`` of an optimizer of PyTorch's own."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .loops import Loops
from .run import Run


def install(run: Run, loops: Loops) -> None:
    """Waits for PyTorch's optimizers."""
    run.hooks.after("torch.optim.optimizer", lambda module: _listen(run, loops, module))


def _listen(run: Run, loops: Loops, module: ModuleType) -> None:
    register = vars(module).get("register_optimizer_step_post_hook")
    if register is None:  # PyTorch before 2.0.
        return

    def stepped(optimizer: Any, _arguments: Any, _options: Any) -> None:
        if run.watching:
            groups = optimizer.param_groups
            loops.updated(optimizer, [weight for group in groups for weight in group["params"]], ())

    register(stepped)
