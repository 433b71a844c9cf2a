"""A real editor: Emacs without a window, with Eglot and with lsp-mode, set up by what docs/editors/emacs.md prints."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from editor_pages import blocks, environment

HERE = Path(__file__).parent
SERVER = HERE.parent / "estimating_server.py"
TRAINING = """\
import keras

model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64)
"""


def run(probe: str, folder: Path, script: str, init: list[str]) -> str:
    """What a probe printed, which must have gone well."""
    editor = shutil.which("emacs")
    if editor is None:
        pytest.fail("Emacs 28 or newer is needed (apt-get install emacs-nox elpa-eglot elpa-lsp-mode)")
    target, training = folder / "train.py", folder / "resnet.py"
    text = script.replace("ds = ds.map", 'note = "🙂"; ds = ds.map').replace(
        ".prefetch(tf.data.AUTOTUNE)", ""
    )
    target.write_text(text + "model.fit(ds)\n", encoding="utf-8")
    training.write_text(TRAINING, encoding="utf-8")
    (folder / "init.el").write_text("\n".join(init), encoding="utf-8")
    variables = {"INIT": str(folder / "init.el"), "TARGET": str(target), "TRAINING": str(training)}
    done = subprocess.run(
        [editor, "-q", "--batch", "-f", "package-activate-all", "-l", str(HERE / probe)],
        env={**environment(folder, str(SERVER)), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_eglot_marks_fixes_on_save_and_estimates(tmp_path: Path, script: str) -> None:
    init = blocks("emacs.md", "lisp", "Eglot")
    (local,) = [text for text in init if text.startswith("((nil")]
    init.remove(local)
    (tmp_path / ".dir-locals.el").write_text(local, encoding="utf-8")
    assert "ok: goodbye" in run("eglot.el", tmp_path, script, init)


def test_lsp_mode_marks_fixes_and_estimates(tmp_path: Path, script: str) -> None:
    known = subprocess.run(
        ["emacs", "-q", "--batch", "-f", "package-activate-all", "--eval", "(require 'lsp-mode)"],
        capture_output=True,
    )
    if known.returncode and sys.platform != "linux":
        pytest.skip("lsp-mode is a package of Debian; other systems have none that is found here")
    assert "ok: goodbye" in run("lsp_mode.el", tmp_path, script, blocks("emacs.md", "lisp", "lsp-mode"))
