"""What ``estimate`` says of the cases that were measured, without a GPU: ``python benchmarks/estimate/predict.py``.

Needs the extra ``gpu-predict``, Keras and TensorFlow. Cases that are in ``results/predicted.json`` already are kept.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from keras_memlint.estimate import devices
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.estimating import estimate
from keras_memlint.estimate.request import Request
from models import MODELS, TUNING

HERE = Path(__file__).parent
MEASURED = HERE / "results" / "h100.json"
PREDICTED = HERE / "results" / "predicted.json"
BACKENDS = {"jax": "jax", "steps": "tensorflow"}
"""The backend that a measured route is predicted with: ``steps`` are TensorFlow's, run by XLA."""

SCRIPT = """
import sys
sys.path.insert(0, {here!r})
import keras
from models import MODELS
keras.mixed_precision.set_global_policy({policy!r})
model, x, y = MODELS[{model!r}].build(keras, {batch})
model.fit(x, y, batch_size={batch})
"""


def main() -> int:
    """Write the file after each case."""
    measured = json.loads(MEASURED.read_text())
    found: dict[str, Any] = json.loads(PREDICTED.read_text()) if PREDICTED.exists() else {}
    for key, value in measured.items():
        model, batch, policy, route = key.split()
        if route in BACKENDS and "peak" in value and "mid" not in found.get(key, {}):
            os.environ["KERAS_BACKEND"] = BACKENDS[route]
            split = "tuning" if model in TUNING else "held-out"
            found[key] = {"split": split} | _predicted(model, int(batch), policy)
            PREDICTED.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n")
            print(key, found[key], flush=True)
    return 0


def _predicted(model: str, batch: int, policy: str) -> dict[str, Any]:
    assert model in MODELS
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "train.py"
        script.write_text(SCRIPT.format(here=str(HERE), policy=policy, model=model, batch=batch))
        request = Request(
            script=script,
            module=None,
            python=sys.executable,
            cwd=script.parent,
            steps=0,
            local=False,
            targets=(devices.get("h100"),),
            search=False,
            what_if=(),
        )
        try:
            result = estimate(request)
        except EstimateError as error:
            return {"error": str(error)[:300]}
    peak = result.program_peak_bytes
    return {"tier": result.tier, "low": peak.low, "mid": peak.mid, "high": peak.high}


if __name__ == "__main__":
    sys.exit(main())
