"""The server as the VS Code extension starts it, with a Python that has no packages: it lints, and it estimates."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.asyncio(loop_scope="module")
COMMAND = "keras-memlint.estimate"
SCRIPT = """\
import json, os, sys
from pathlib import Path
seen = {"path": sys.path, "PYTHONPATH": os.environ.get("PYTHONPATH")}
Path(__file__).with_name("seen.json").write_text(json.dumps(seen))
import numpy as np
import keras

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
model.compile("adam", "mse")
model.fit(np.zeros((64, 8)), np.zeros((64, 4)), batch_size=16)
"""


async def estimate(editor, uri, **options):
    params = types.ExecuteCommandParams(COMMAND, [uri, options])
    return await editor.workspace_execute_command_async(params)


async def test_it_lints(bundled, script):
    assert [mark.code for mark in await bundled.marks(bundled.open("linted.py", script))] == ["KM209"]


async def test_it_shows_reports_and_pages(bundled):
    assert (await bundled.ask("rulePage", {"code": "KM209"}))["title"] == "map-sequential (KM209)"
    assert "bundled/libs/keras_memlint" in (await bundled.ask("information"))["text"]


async def test_it_starts_the_estimate_of_its_own_package(bundled):
    uri = bundled.write("no_tensorflow.py", "import keras\n")
    with pytest.raises(
        JsonRpcException, match="needs `keras`, which .* does not have .*/bare/bin/python.: choose"
    ):
        await estimate(bundled, uri)


@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed here")
async def test_it_estimates_in_the_users_python(bundled):
    # Where the estimate runs: nothing of the user's may be taken for a module of Python's.
    bundled.write("argparse.py", "raise SystemExit('the argparse of somebody else')\n")
    uri = bundled.write("scripts/train.py", SCRIPT)
    found = await estimate(bundled, uri, python=sys.executable, targets="t4", whatIf="none")
    assert (found["batch_size"], found["targets"][0]["name"]) == (16, "T4")
    seen = json.loads((bundled.root / "scripts/seen.json").read_text())
    assert not any("bundled" in place for place in seen["path"])
    assert "bundled" not in (seen["PYTHONPATH"] or "")
    assert (await bundled.ask("lastEstimate", {"uri": uri}))["batch_size"] == 16
