"""The real server with a cache of its own, and a stand-in for ``keras-memlint estimate`` (``stand_in_estimate.py``)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from keras_memlint.server.lsp import start

if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        os.environ["KERAS_MEMLINT_CACHE_DIR"] = folder
        stand_in = str(Path(__file__).with_name("stand_in_estimate.py"))
        status = start.serve(sys.argv[1:], estimator=(sys.executable, stand_in))
    sys.exit(status)
