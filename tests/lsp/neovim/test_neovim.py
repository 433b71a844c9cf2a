"""A real editor: Neovim without a window opens a script, looks, suppresses, fixes and writes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ESTIMATED = """\
import keras

model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64)
"""


def run(probe: str, target: Path, *server: str) -> str:
    """What a probe printed, which must have gone well."""
    editor = shutil.which(os.environ.get("NVIM", "nvim"))
    if editor is None:
        pytest.fail("Neovim 0.7.2 or newer is needed (apt-get install neovim), or NVIM must name one")
    folder = target.parent
    home = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
    command = json.dumps([sys.executable, *server])
    done = subprocess.run(
        [editor, "--headless", "--clean", f"+luafile {HERE / probe}"],
        env={**os.environ, **home, "LC_ALL": "C.UTF-8", "SERVER": command, "TARGET": str(target)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_neovim_marks_explains_suppresses_and_fixes(tmp_path: Path, script: str) -> None:
    target = tmp_path / "train.py"
    # Another finding, and a character of two UTF-16 units before the first.
    again = "more = tf.data.Dataset.list_files('b/*.jpg').map(decode).batch(8)\nmore = more.prefetch(2)\n"
    text = script.replace("ds = ds.map", 'note = "🙂"; ds = ds.map') + again
    target.write_text(text, encoding="utf-8")
    assert "ok: goodbye" in run("probe.lua", target, "-m", "keras_memlint", "server")


def test_neovim_estimates(tmp_path: Path) -> None:
    target = tmp_path / "train.py"
    target.write_text(ESTIMATED, encoding="utf-8")
    assert "ok: goodbye" in run("estimate.lua", target, str(HERE.parent / "estimating_server.py"))
