"""The real server as the VS Code extension starts it: by its own ``start.py``, with a Python that has no packages.

The libraries beside that are copies of those installed here, not the wheels that the extension packs, which
``tests/editor/test_bundle.py`` looks at. The Python has another ``keras_memlint``, which nobody may import.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
OURS = ("analysis", "estimate", "fixes", "rules", "server")
LIBRARIES = (
    "libcst",
    "pygls",
    "lsprotocol",
    "cattrs",
    "cattr",
    "attr",
    "attrs",
    "typing_extensions",
    "pathspec",
)
OLD_PYTHON = ("exceptiongroup", "tomli")  # before 3.11


def bundle(folder: Path) -> Path:
    """Fills ``folder``, and says what to start."""
    libs = folder / "libs"
    package = libs / "keras_memlint"
    for name in OURS:
        shutil.copytree(ROOT / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "__init__.py", package)
    for name in (*LIBRARIES, *(OLD_PYTHON if sys.version_info < (3, 11) else ())):
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None, name
        if spec.submodule_search_locations:
            shutil.copytree(
                Path(spec.origin).parent, libs / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(spec.origin, libs)
    return Path(shutil.copy(ROOT / "vscode-client" / "bundled" / "start.py", folder))


def bare_python(folder: Path) -> Path:
    """A Python that has nothing but a wrong ``keras_memlint``."""
    venv.create(folder, with_pip=False)
    (places,) = folder.glob("lib/python*/site-packages")
    other = places / "keras_memlint"
    other.mkdir()
    (other / "__init__.py").write_text("raise ImportError('this is the wrong one')\n")
    return folder / "bin" / "python"


if __name__ == "__main__":
    with TemporaryDirectory(prefix="memlint bündel ") as name:
        folder = Path(name)
        command = [bare_python(folder / "bare"), "-I", bundle(folder / "bundled"), *sys.argv[1:]]
        environment = {**os.environ, "KERAS_MEMLINT_CACHE_DIR": str(folder / "cache")}
        status = subprocess.call([*map(str, command), "server"], env=environment)
    sys.exit(status)
