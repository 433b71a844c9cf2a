"""The Python that a script runs with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from keras_memlint.estimate.errors import EstimateError

_OLDEST = (3, 8)
_SECONDS = 30


def find(named: str | None, script: Path | None) -> str:
    """The interpreter ``named``, else the active environment's, else one beside the script, else our own.

    Raises EstimateError when it does not run or is too old.
    """
    if named is not None:
        try:
            return _checked(named, "")
        except EstimateError as error:
            raise EstimateError(str(error), option="--python") from None
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if (active := os.environ.get(variable)) and (python := _in_environment(Path(active))):
            return _checked(str(python), f"{variable}: ")
    if script is not None:
        for folder in (script.parent, *script.parent.parents):
            for name in (".venv", "venv"):
                if python := _in_environment(folder / name):
                    return _checked(str(python), f"{folder / name}: ")
            # A project ends where its repository does.
            if (folder / ".git").exists() or (folder / "pyproject.toml").exists():
                break
    return sys.executable


def _in_environment(folder: Path) -> Path | None:
    for place in ("bin/python", "Scripts/python.exe", "python.exe"):
        if (folder / place).is_file():
            return folder / place
    return None


def _checked(python: str, whence: str) -> str:
    """``python``. Raises EstimateError, which begins with ``whence``."""
    code = "import sys; print(*sys.version_info[:2], sys.implementation.name)"
    try:
        ran = subprocess.run(
            [python, "-c", code], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise EstimateError(f"{whence}there is no Python `{python}`") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EstimateError(f"{whence}`{python}` does not run ({error})") from None
    words = ran.stdout.split()
    if ran.returncode or len(words) != 3:
        raise EstimateError(f"{whence}`{python}` is no Python that runs: {ran.stderr.strip()[-200:]}")
    if (int(words[0]), int(words[1])) < _OLDEST:
        raise EstimateError(f"{whence}`{python}` is Python {words[0]}.{words[1]}; 3.8 or newer is needed")
    return python
