"""A real editor: Neovim without a window opens a script, looks, suppresses, fixes and writes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = Path(__file__).with_name("probe.lua")


def test_neovim_marks_explains_suppresses_and_fixes(tmp_path: Path, script: str) -> None:
    editor = shutil.which(os.environ.get("NVIM", "nvim"))
    if editor is None:
        pytest.fail("Neovim 0.7.2 or newer is needed (apt-get install neovim), or NVIM must name one")
    target = tmp_path / "train.py"
    # Another finding, and a character of two UTF-16 units before the first.
    again = "more = tf.data.Dataset.list_files('b/*.jpg').map(decode).batch(8)\nmore = more.prefetch(2)\n"
    text = script.replace("ds = ds.map", 'note = "🙂"; ds = ds.map') + again
    target.write_text(text, encoding="utf-8")
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
    server = json.dumps([sys.executable, "-m", "keras_memlint", "server"])
    done = subprocess.run(
        [editor, "--headless", "--clean", f"+luafile {PROBE}"],
        env={**os.environ, **home, "LC_ALL": "C.UTF-8", "SERVER": server, "TARGET": str(target)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok: goodbye" in done.stdout
