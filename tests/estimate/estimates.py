"""Estimates for tests, with figures such as real scripts give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from keras_memlint.estimate.result import (
    SCHEMA_VERSION,
    Batch,
    Breakdown,
    Buffer,
    Estimate,
    Host,
    NotCovered,
    Range,
    TargetEstimate,
    Tensor,
    Tier,
    WhatIf,
)

MIB = 1 << 20
GIB = 1 << 30


def around(mid: int, share: float = 0.05) -> Range:
    """``mid``, give or take ``share`` of it."""
    return Range(round(mid * (1 - share)), mid, round(mid * (1 + share)))


def target(name: str, mib: int, program: Range, context: Range, fits: str, **more: object) -> TargetEstimate:
    """A GPU of ``mib`` MiB."""
    total = Range(program.low + context.low, program.mid + context.mid, program.high + context.high)
    tier: Tier = more.pop("tier", "compiler")  # type: ignore[assignment]
    route = str(more.pop("route", "TensorFlow step to StableHLO, compiled for the GPU"))
    return TargetEstimate(name, mib * MIB, tier, route, program, context, total, fits, **more)  # type: ignore[arg-type]


def step(base: int, peak: int, points: int = 200) -> tuple[tuple[float, int], ...]:
    """Memory over a step: up in the forward pass, down in the backward pass, a little more at the update."""
    heights = []
    for number in range(points):
        at = number / (points - 1)
        if at < 0.4:
            height = (at / 0.4) ** 0.8
        elif at < 0.9:
            height = 1 - ((at - 0.4) / 0.5) ** 1.3
        else:
            height = 0.12
        wave = 0.0 if at in (0.0, 1.0) else 0.03 * ((number * 7) % 5) / 5
        heights.append((at, min(height + wave, 1.0)))
    return tuple((round(at, 4), base + round((peak - base) * height)) for at, height in heights)


def complete() -> Estimate:
    """ResNet50 at batch 64 for four GPUs: fits two, one hardly, one not. Everything is known."""
    program = around(5396 * MIB)
    t4, a100 = around(5290 * MIB), program
    context = Range(280 * MIB, 450 * MIB, 700 * MIB)
    targets = (
        target("T4", 15360, t4, context, "yes", largest_batch=Batch(160, True, 0.012)),
        target("A100 40GB", 40960, a100, context, "yes", largest_batch=Batch(480, False)),
        target(
            "RTX 2060",
            6144,
            t4,
            context,
            "borderline",
            largest_batch=Batch(56, True, 0.031),
            note="tensor cores are not used in float32",
        ),
        target("P4", 4096, t4, context, "no", largest_batch=Batch(40, True, 0.004)),
    )
    what_if = (
        WhatIf("batch_size=32", "T4", "batch size 32", around(2873 * MIB), 2417 * MIB),
        WhatIf("mixed_bfloat16", "T4", "policy mixed_bfloat16", None, None, problem="the T4 has no bfloat16"),
        WhatIf("mixed_float16", "T4", "policy mixed_float16", around(3010 * MIB), 2280 * MIB),
        WhatIf("sgd", "T4", "SGD in place of Adam", around(5095 * MIB), 195 * MIB),
        WhatIf("adafactor", "T4", "Adafactor in place of Adam", around(5102 * MIB), 188 * MIB),
        WhatIf(
            "accumulation=4",
            "T4",
            "4 steps of batch 16, accumulated",
            around(1850 * MIB),
            3440 * MIB,
            safe=True,
        ),
        WhatIf("lion", "T4", "Lion in place of Adam", around(5290 * MIB), 0),
        WhatIf("batch_size=96", "T4", "batch size 96", around(7780 * MIB), -2490 * MIB),
    )
    tensors = tuple(
        Tensor(size * MIB, f"f32[64,{side},{side},{depth}]", kind, layer, op, source)
        for size, side, depth, kind, layer, op, source in (
            (196, 112, 64, "activation", "conv1_conv", "conv_general_dilated", "train.py:31"),
            (196, 112, 64, "activation", "conv1_bn", "add", "train.py:31"),
            (
                196,
                56,
                256,
                "activation",
                "conv2_block1_3_conv",
                "conv_general_dilated",
                "models/resnet.py:118",
            ),
            (196, 56, 256, "activation", "conv2_block1_add", "add", "models/resnet.py:124"),
            (196, 56, 256, "gradient", "conv2_block2_add", "select", None),
            (98, 28, 512, "activation", "conv3_block1_out", None, None),
            (49, 56, 64, "workspace", None, "custom-call", None),
        )
    )
    return Estimate(
        script="train.py",
        script_hash="sha256:7d1a2b9cb6f64a1e8f0c",
        line=41,
        hook="fit",
        backend="tensorflow",
        versions={"python": "3.11.9", "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.3.4"},
        tier="compiler",
        batch_size=64,
        steps=3,
        policy="float32",
        optimizer="Adam",
        host_peak_bytes=6120 * MIB,
        host=Host(
            imports_bytes=612 * MIB,
            before_training_bytes=1840 * MIB,
            peak_before_training_bytes=3590 * MIB,
            peak_bytes=6120 * MIB,
            buffers=(
                Buffer("shuffle", 1000, 574 * MIB),
                Buffer("prefetch", 2, 73 * MIB, "AUTOTUNE: 2 were seen"),
                Buffer("cache", None, None, "elements of unknown shape"),
            ),
        ),
        cpu_allocator_peak_bytes=5740 * MIB,
        breakdown=Breakdown(
            parameters=98 * MIB,
            gradients=98 * MIB,
            optimizer=195 * MIB,
            activations=4470 * MIB,
            inputs=37 * MIB,
            workspace=332 * MIB,
        ),
        program_peak_bytes=t4,
        targets=targets,
        what_if=what_if,
        timeline=step(330 * MIB, 5290 * MIB),
        tensors=tensors,
        not_covered=(
            NotCovered("validation", "validation_data at batch 64 was left out"),
            NotCovered("callbacks", "ModelCheckpoint, TensorBoard"),
        ),
        notes=("XLA is on where a GPU is visible: Keras 3 decides so for this model.",),
        seconds={"import": 5.9, "script": 3.4, "trace": 9.0, "step 1": 16.9, "compile": 31.25},
    )


def minimal() -> Estimate:
    """The least that an estimate can hold: a lower bound, nothing known besides."""
    return Estimate(
        script="train.py",
        script_hash="",
        line=None,
        hook="",
        backend="",
        versions={},
        tier="bound",
        batch_size=None,
        steps=0,
        policy="",
        optimizer="",
        host_peak_bytes=None,
        host=Host(),
        cpu_allocator_peak_bytes=None,
        breakdown=Breakdown(),
        program_peak_bytes=Range(0, 0, 0),
        targets=(),
    )


def measured() -> Estimate:
    """A Transformer in bfloat16 under JAX, measured on the GPU at hand and predicted for another."""
    here = Range(1171 * MIB, 1171 * MIB, 1171 * MIB)
    targets = (
        target(
            "NVIDIA H100 80GB HBM3",
            81559,
            here,
            Range(529 * MIB, 529 * MIB, 529 * MIB),
            "yes",
            tier="measured",
            route="the framework's allocator, 3 steps after warm-up",
        ),
        target(
            "L4",
            23034,
            around(1204 * MIB),
            Range(250 * MIB, 400 * MIB, 600 * MIB),
            "yes",
            route="JAX step, compiled for the GPU",
        ),
    )
    return Estimate(
        script="/home/ada/translate/train_transformer.py",
        script_hash="sha256:00ff",
        line=212,
        hook="jax loop",
        backend="jax",
        versions={"python": "3.12.3", "keras": "3.15.1", "jax": "0.10.2"},
        tier="measured",
        batch_size=128,
        steps=5,
        policy="mixed_bfloat16",
        optimizer="AdamW",
        host_peak_bytes=2210 * MIB,
        host=Host(before_training_bytes=1400 * MIB, peak_bytes=2210 * MIB),
        cpu_allocator_peak_bytes=None,
        breakdown=Breakdown(parameters=88 * MIB, optimizer=176 * MIB, inputs=3 * MIB),
        program_peak_bytes=here,
        targets=targets,
        not_covered=(NotCovered("multi-gpu"),),
        seconds={"import": 8.0},
    )


def unknown_batch() -> Estimate:
    """A loop of the script's own, predicted by liveness; the batch size was not seen."""
    program = around(74 * MIB, 0.2)
    return Estimate(
        script="rnn.py",
        script_hash="sha256:abc",
        line=88,
        hook="tf.function loop",
        backend="tensorflow",
        versions={"python": "3.10.14", "tensorflow": "2.16.2"},
        tier="liveness",
        batch_size=None,
        steps=3,
        policy="float32",
        optimizer="RMSprop",
        host_peak_bytes=900 * MIB,
        host=Host(imports_bytes=580 * MIB, peak_bytes=900 * MIB),
        cpu_allocator_peak_bytes=126 * MIB,
        breakdown=Breakdown(5 * MIB, 5 * MIB, 10 * MIB, 52 * MIB, None, None),
        program_peak_bytes=program,
        targets=(
            target(
                "T4",
                15360,
                program,
                Range(280 * MIB, 450 * MIB, 700 * MIB),
                "yes",
                tier="liveness",
                route="liveness of the TensorFlow graph",
            ),
        ),
        what_if=(WhatIf("sgd", "T4", "SGD in place of RMSprop", around(64 * MIB, 0.2), 10 * MIB),),
        timeline=((0.0, 20 * MIB), (0.5, 74 * MIB), (1.0, 20 * MIB)),
        tensors=(Tensor(16 * MIB, "f32[128,32,1024]", "activation"),),
        notes=("32 tensors have dimensions that are not known; they count as nothing.",),
    )


ALL = {"complete": complete, "minimal": minimal, "measured": measured, "unknown_batch": unknown_batch}


def any_estimate() -> st.SearchStrategy[Estimate]:
    """Whatever the dataclasses allow and JSON can carry, sensible or not."""
    return anything_as(Estimate)


def anything_as(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type that occurs in an estimate."""
    origin, options = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        parts = {name: anything_as(kind) for name, kind in get_type_hints(hint).items()}
        if "schema_version" in parts:
            parts["schema_version"] = st.just(SCHEMA_VERSION)
        return st.builds(hint, **parts)
    if origin is UnionType:
        return st.one_of(*map(anything_as, reversed(options)))
    if origin is Literal:
        return st.sampled_from(options)
    if origin is tuple and options[-1] is Ellipsis:
        return st.lists(anything_as(options[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(anything_as, options))
    if origin is Mapping:
        return st.dictionaries(st.text(), anything_as(options[1]), max_size=3)
    return SIMPLE[hint]


SIMPLE = {
    int: st.integers(-(1 << 40), 1 << 62),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(),
    bool: st.booleans(),
    type(None): st.none(),
}
