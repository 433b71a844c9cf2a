"""What the runner costs a script that it does not catch: ``python benchmarks/estimate/overhead.py [PYTHON] [RUNS]``.

The script imports TensorFlow and ends. With and without the runner take turns; the median of the pairs' ratios counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNNER = Path(__file__).parents[2] / "estimate" / "runner"
SCRIPT = "import tensorflow\ntensorflow.constant(1)\n"


def main() -> int:
    """Print the ratio of each pair, and their median."""
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    with tempfile.TemporaryDirectory() as folder:
        script, request = Path(folder) / "train.py", Path(folder) / "request.json"
        script.write_text(SCRIPT)
        asked = {"script": str(script), "module": None, "notebook": False, "arguments": [], "cwd": folder}
        request.write_text(
            json.dumps({**asked, "fit_index": 0, "steps": 1, "step_seconds": 20, "out": folder})
        )
        plain, watched = [python, str(script)], [python, str(RUNNER), str(request)]
        ratios = [_seconds(watched) / _seconds(plain) for _ in range(runs)]
    print(*(f"{ratio:.3f}" for ratio in ratios))
    print(f"median {statistics.median(ratios):.3f}")
    return 0


def _seconds(command: list[str]) -> float:
    """Wall clock of a whole process."""
    started = time.perf_counter()
    subprocess.run(command, stdin=subprocess.PIPE, capture_output=True, check=False)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
