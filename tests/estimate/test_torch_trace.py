"""Peaks of PyTorch's training steps from a trace without a GPU: small steps, with sizes worked out by hand."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).parents[2] / "estimate" / "runner"
KIB, MIB = 1 << 10, 1 << 20
CUBLAS = 8 * MIB + 128 * KIB
"""Of each thread that multiplies, before Hopper."""

HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="PyTorch is not installed in this environment")


def runner(name: str) -> Any:
    """A module of the runner, loaded as in a user's Python: under a package of another name."""
    if "_traced_runner" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "_traced_runner", RUNNER / "__init__.py", submodule_search_locations=[str(RUNNER)]
        )
        assert spec is not None and spec.loader is not None
        package = importlib.util.module_from_spec(spec)
        sys.modules["_traced_runner"] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"_traced_runner.{name}")


def traced(step: Any, parameters: list[Any], **options: Any) -> dict[str, Any]:
    import torch

    arguments = [{"kind": "parameter", "name": "w", "bytes": p.nbytes} for p in parameters]
    found: dict[str, Any] = runner("torch_trace").torch_liveness(step, arguments, torch, **options)
    return found


def test_small_tensors_share_a_segment_of_two_mebibytes() -> None:
    allocator = runner("cuda_blocks").Allocator()
    for size in (1, 512, 513):
        allocator.allocate(size)
    assert (allocator.allocated, allocator.reserved) == (512 + 512 + 1024, 2 * MIB)


def test_large_tensors_share_a_segment_of_twenty() -> None:
    allocator = runner("cuda_blocks").Allocator()
    allocator.allocate(MIB + 1)
    allocator.allocate(9 * MIB)
    assert (allocator.allocated, allocator.reserved) == (10 * MIB + 512, 20 * MIB)


def test_a_rest_of_a_mebibyte_stays_with_the_tensor() -> None:
    allocator = runner("cuda_blocks").Allocator()
    allocator.allocate(19 * MIB)  # of ten and more, a segment of its own in steps of two
    assert (allocator.allocated, allocator.reserved) == (20 * MIB, 20 * MIB)


def test_free_neighbours_become_one_block() -> None:
    allocator = runner("cuda_blocks").Allocator()
    blocks = [allocator.allocate(9 * MIB) for _ in range(2)]
    for block in blocks:
        allocator.release(block)
    allocator.allocate(20 * MIB)
    assert (allocator.allocated, allocator.reserved) == (20 * MIB, 20 * MIB)


def test_a_freed_block_is_used_again() -> None:
    allocator = runner("cuda_blocks").Allocator()
    for _ in range(3):
        allocator.release(allocator.allocate(64 * MIB))
    assert (allocator.allocated, allocator.reserved) == (0, 64 * MIB)


def two_layers() -> tuple[Any, list[Any]]:
    """``relu(x @ a) @ b``, summed: the batch is 1 MiB, the hidden layer 2 MiB, the kernels 512 and 256 KiB."""
    import torch

    x = torch.zeros(1024, 256)
    a, b = (torch.nn.Parameter(torch.zeros(*shape)) for shape in ((256, 512), (512, 128)))

    def step() -> None:
        a.grad = b.grad = None
        loss = (torch.relu(x.to("cpu") @ a) @ b).sum()
        loss.backward()
        with torch.no_grad():
            for parameter in (a, b):
                parameter -= 0.1 * parameter.grad

    return step, [a, b]


@needs_torch
def test_two_layers_by_hand() -> None:
    step, parameters = two_layers()
    found = traced(step, parameters)
    kernels = 512 * KIB + 256 * KIB
    # When relu's gradient is there: the batch, relu's result and the gradients on both sides of it, the second
    # kernel's gradient, and the loss with its gradient, which ``backward`` holds until it ends.
    peak = kernels + 2 * CUBLAS + MIB + 3 * 2 * MIB + 256 * KIB + 2 * 512
    assert found["peak"] == peak
    assert found["persistent"] == kernels
    # The next step's first thing is to drop the gradients.
    assert found["left"] == 2 * kernels + 2 * CUBLAS
    assert found["breakdown"]["parameters"] == kernels
    assert found["breakdown"]["gradients"] == 256 * KIB
    assert found["breakdown"]["inputs"] == MIB
    assert found["breakdown"]["workspace"] == 2 * CUBLAS + 2 * (512 - 4)  # what scalars are rounded up by
    assert sum(found["breakdown"].values()) == peak
    assert max(size for _, size in found["timeline"]) == peak


@needs_torch
def test_hopper_gives_cublas_more() -> None:
    step, parameters = two_layers()
    hopper, others = (traced(step, parameters, capability=c)["peak"] for c in ((9, 0), (8, 9)))
    assert hopper - others == 2 * (32 * MIB - CUBLAS)


@needs_torch
def test_parameters_and_their_gradients_stay_as_they_were() -> None:
    import torch

    weight = torch.nn.Parameter(torch.ones(8, 8))
    weight.grad = before = torch.full((8, 8), 2.0)

    def step() -> None:  # in Keras's order
        loss = (weight * 3).sum()
        weight.grad = None
        loss.backward()
        with torch.no_grad():
            weight.sub_(weight.grad)

    traced(step, [weight])
    assert weight.grad is before
    assert bool((weight == 1).all()) and bool((before == 2).all())


@needs_torch
def test_no_gradient_without_contents_is_left_behind() -> None:
    step, parameters = two_layers()
    traced(step, parameters)
    assert [parameter.grad for parameter in parameters] == [None, None]


@needs_torch
def test_dropout_keeps_one_byte_an_element_as_on_a_gpu() -> None:
    import torch

    weight = torch.nn.Parameter(torch.zeros(1024, 1024))

    def step() -> None:
        weight.grad = None
        torch.nn.functional.dropout(weight, 0.5).sum().backward()

    # The mask and the gradient, which needs the expanded gradient of the sum no more than as one number.
    # Before it is there, the result of the forward pass is gone.
    assert traced(step, [weight])["peak"] == 4 * MIB + MIB + 4 * MIB + 2 * 512


@needs_torch
def test_lstm_runs_as_cudnn_does() -> None:
    import torch

    layer = torch.nn.LSTM(64, 64, batch_first=True)
    x = torch.zeros(32, 100, 64)

    def step() -> None:
        layer.zero_grad()
        layer(x)[0].sum().backward()

    found = traced(step, list(layer.parameters()))
    kept = 6 * 32 * 100 * 64 * 4
    assert any(row["op"] == "_cudnn_rnn" and row["bytes"] == kept for row in found["top"])
    assert found["operations"] < 60  # not a loop of a hundred


@needs_torch
def test_a_step_that_looks_at_a_number_goes_on() -> None:
    import torch

    weight = torch.nn.Parameter(torch.zeros(256, 256))

    def step() -> None:
        loss = weight.sum()
        loss.backward()
        float(loss.item())

    assert traced(step, [weight])["operations"] > 0


KERAS = """
import importlib, os, sys
os.environ["KERAS_BACKEND"] = "torch"
sys.path.insert(0, {tests!r})
import keras, torch
from test_torch_trace import runner

model = keras.Sequential([keras.Input((1024,)), keras.layers.Dense(1024, use_bias=False)])
model.compile("adam", "mse")
x = torch.zeros(64, 1024)
model.optimizer.build(model.trainable_variables)
model._symbolic_build(data_batch=(x, x))
held = [("parameter", model.variables), ("optimizer", model.optimizer.variables), ("state", model.metrics_variables)]
arguments = [dict(kind=kind, name=v.path, bytes=v.value.nbytes) for kind, group in held for v in group]
step = runner("torch_fit").fit_step(model, (x, x))
found = runner("torch_trace").torch_liveness(step, arguments, torch)
print("PEAK", found["peak"])
"""


@needs_torch
@pytest.mark.skipif(
    importlib.util.find_spec("keras") is None, reason="Keras is not installed in this environment"
)
def test_adam_of_keras_holds_eight_kernels_less_one() -> None:
    """The kernel, its gradient, two slots, and three copies of PyTorch's ``foreach`` operators at once."""
    script = KERAS.format(tests=str(Path(__file__).parent))
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    peak = int(ran.stdout.split("PEAK")[1])
    beside = peak - 7 * 4 * MIB - 2 * CUBLAS
    # Batches and the last output, of 256 KiB each, and scalars.
    assert 2 * 256 * KIB < beside < 16 * 256 * KIB
