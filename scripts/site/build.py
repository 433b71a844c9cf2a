"""Builds the documentation site: ``python scripts/site/build.py [--out dist/site]``.

The site has the layout of the repository, so that the links between its Markdown files hold in both. Fails on links that
lead nowhere and on anything that a page would fetch from elsewhere.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import catalogue_page
import links
import navigation
import rule_page
from keras_memlint.rules import catalogue

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

WRITTEN = (
    "README.md",
    "CHANGELOG.md",
    "docs/**/*.md",
    "benchmarks/**/README.md",
    "vscode-client/DEVELOPING.md",
)
DRAWN = ("docs/**/*.svg", "docs/**/*.png", "benchmarks/*/*.svg", "vscode-client/media/*.png")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "site", help="default: dist/site")
    out: Path = parser.parse_args().out.resolve()
    with tempfile.TemporaryDirectory(prefix="site-") as folder:
        stage(Path(folder, "pages"))
        if not build(Path(folder)):
            return 1
        if problems := links.problems(Path(folder, "site")):
            print("\n".join(problems), file=sys.stderr)
            return 1
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(Path(folder, "site"), out)
    print(f"{len(list(out.rglob('*.html')))} pages in {out}")
    return 0


def stage(pages: Path) -> None:
    """Gathers what the site is made of: files as they are, pages of rules with their pictures, the list of rules."""
    for pattern in WRITTEN + DRAWN:
        for path in ROOT.glob(pattern):
            write(pages / path.relative_to(ROOT), path.read_bytes())
    home = (ROOT / "README.md").read_text(encoding="utf-8").replace("](rules)", "](rules/README.md)")
    write(pages / "README.md", home.encode())  # what is a folder in the repository is a page here
    for row in catalogue.rows() + catalogue.reserved():
        write(pages / rule_page.place(row), rule_page.text(row).encode())
    write(pages / "rules" / "README.md", catalogue_page.text(catalogue.rows()).encode())


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def build(folder: Path) -> bool:
    """Runs the generator; its output is shown when it fails."""
    settings = (HERE / "zensical.toml").read_text(encoding="utf-8")
    pages = [path.relative_to(folder / "pages") for path in sorted((folder / "pages").rglob("*.md"))]
    Path(folder, "zensical.toml").write_text(f"{navigation.toml(pages)}{settings}", encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "-f", "zensical.toml"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    if done.returncode != 0:
        print(done.stdout, done.stderr, file=sys.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
