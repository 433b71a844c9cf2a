"""The shipped hooks in the real pre-commit, installed from a clone as its users get them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOUND = """import tensorflow as tf


def decode(path):
    return tf.io.decode_jpeg(tf.io.read_file(path))


names = tf.data.Dataset.list_files("train/*.jpg")
images = names.map(decode)
"""
FIXED = FOUND.replace("map(decode)", "map(decode, num_parallel_calls=tf.data.AUTOTUNE)")
CONFIGURATION = """repos:
- repo: {clone}
  rev: {revision}
  hooks:
  - id: keras-memlint
    args: [--select, KM209]
  - id: keras-memlint-fix
    args: [--select, KM209]
"""


def run(*command: str, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Output and exit status of a command that sees no repository but the one it runs in."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))
    }
    environment |= {"PRE_COMMIT_HOME": str(home), "HOME": str(home), "PRE_COMMIT_COLOR": "never"}
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of a user that has the hooks of the commit that is checked out here."""
    base = tmp_path_factory.mktemp("pre-commit")
    clone, project = base / "keras-memlint", base / "project"
    project.mkdir()
    for command in (
        ["git", "clone", "--quiet", str(ROOT), str(clone)],
        ["git", "init", "--quiet", str(project)],
    ):
        made = run(*command, cwd=base, home=base)
        assert made.returncode == 0, made.stdout
    revision = run("git", "rev-parse", "HEAD", cwd=clone, home=base).stdout.strip()
    (project / ".pre-commit-config.yaml").write_text(CONFIGURATION.format(clone=clone, revision=revision))
    return project


def hook(project: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Runs one hook over everything that git knows of the project."""
    added = run("git", "add", "--all", cwd=project, home=project.parent)
    assert added.returncode == 0, added.stdout
    command = (sys.executable, "-m", "pre_commit", "run", name, "--all-files", "--verbose")
    return run(*command, cwd=project, home=project.parent)


def test_hooks_report_fix_and_pass(project: Path) -> None:
    assert shutil.which("git"), "git is needed"
    script = project / "train 1.py"
    script.write_text(FOUND)
    (project / "notes.txt").write_text(FOUND)
    (project / "pyproject.toml").write_text('[tool.keras-memlint]\nexclude = ["old"]\n')
    (project / "old").mkdir()
    excluded = project / "old" / "train.py"
    excluded.write_text(FOUND)

    failing = hook(project, "keras-memlint")
    assert failing.returncode == 1, failing.stdout
    assert "train 1.py:9:16 " in failing.stdout
    assert "KM209" in failing.stdout
    assert "notes.txt" not in failing.stdout
    assert "old" not in failing.stdout
    assert script.read_text() == FOUND

    fixing = hook(project, "keras-memlint-fix")
    assert fixing.returncode == 1, fixing.stdout
    assert "files were modified by this hook" in fixing.stdout
    assert script.read_text() == FIXED
    assert excluded.read_text() == FOUND

    for name in ("keras-memlint", "keras-memlint-fix"):
        passing = hook(project, name)
        assert passing.returncode == 0, passing.stdout
    assert script.read_text() == FIXED
