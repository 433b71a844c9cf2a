"""What the runner costs a script that it does not catch: ``python benchmarks/estimate/overhead.py [PYTHON] [RUNS]``.

The script imports TensorFlow, trains nothing, and times itself. With and without the runner take turns; the median of the
pairs' ratios counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNNER = Path(__file__).parents[2] / "estimate" / "runner"
SCRIPT = """
import pathlib, time
started = time.perf_counter()
import tensorflow
tensorflow.reduce_sum(tensorflow.random.normal((1000, 1000)))
pathlib.Path({result!r}).write_text(str(time.perf_counter() - started))
"""


def main() -> int:
    """Print the ratio of each pair, and their median."""
    python = sys.argv[1] if len(sys.argv) > 1 else sys.executable
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    with tempfile.TemporaryDirectory() as folder:
        script, request, result = (Path(folder) / name for name in ("train.py", "request.json", "seconds"))
        script.write_text(SCRIPT.format(result=str(result)))
        asked = {"script": str(script), "module": None, "notebook": False, "arguments": [], "cwd": folder}
        request.write_text(
            json.dumps(
                {**asked, "fit_index": 0, "steps": 1, "step_seconds": 20, "out": folder, "policy": None}
            )
        )
        plain, watched = [python, str(script)], [python, str(RUNNER), str(request)]
        ratios = [_seconds(watched, result) / _seconds(plain, result) for _ in range(runs)]
    print(*(f"{ratio:.3f}" for ratio in ratios))
    print(f"median {statistics.median(ratios):.3f}")
    return 0


def _seconds(command: list[str], result: Path) -> float:
    """What the script says of itself. Its standard input stays open: the runner ends when that does."""
    result.unlink(missing_ok=True)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        process.wait()
    return float(result.read_text())


if __name__ == "__main__":
    sys.exit(main())
