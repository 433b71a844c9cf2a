"""The measure of all: ``libcst.parse_module`` over the files that keras-memlint would analyse."""

import sys
from pathlib import Path

import libcst
from keras_memlint.analysis.projects.relevance import RELEVANT

for name in sys.stdin.read().splitlines():
    text = Path(name).read_text(encoding="utf-8", errors="replace")
    if RELEVANT.search(text):
        try:
            libcst.parse_module(text)
        except Exception:
            print(f"{name}: not parsed", file=sys.stderr)
