"""The float policy that the client asks for, in place of the script's own."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from .run import Run

_HOMES = {
    "keras.src.dtype_policies.dtype_policy": ("keras", "set_dtype_policy"),
    "tf_keras.src.mixed_precision.policy": ("tf_keras", "set_global_policy"),
}
"""Where the function lives that sets the policy, with the package whose import must be over before it is called."""


def install(run: Run) -> None:
    """Sets the policy when Keras has been imported, and makes the script's own calls do nothing."""
    policy = run.asked.policy
    if policy is None:
        return
    for home, (package, name) in _HOMES.items():
        run.hooks.after(home, lambda module, p=package, n=name: _take_over(run, module, p, n, policy))  # type: ignore[misc]


def _take_over(run: Run, module: ModuleType, package: str, name: str, policy: str) -> None:
    original = getattr(module, name)

    def ignored(*_arguments: Any, **_options: Any) -> None:
        return None

    setattr(module, name, ignored)
    run.hooks.after(package, lambda _package: original(policy))


def current(package: str) -> str:
    """The name of Keras's global policy; ``float32`` where it cannot be told."""
    import sys

    keras: Any = sys.modules.get(package)
    try:
        return str(
            keras.mixed_precision.global_policy().name
            if package == "tf_keras"
            else keras.config.dtype_policy().name
        )
    except Exception:
        return "float32"
