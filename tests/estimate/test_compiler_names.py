"""Layers, operations and kinds out of the names that TensorFlow and JAX give to instructions."""

from __future__ import annotations

import pytest
from keras_memlint.estimate.compiler import names
from keras_memlint.estimate.compiler.names import Names

ARGUMENTS = [
    {"kind": "parameter", "name": "functional/dense_4/kernel"},
    {"kind": "state", "name": "batch_normalization/moving_mean"},
    {"kind": "optimizer", "name": "adam/dense_4_kernel_velocity"},
    {"kind": "input", "name": ""},
]
LAYERS = ("re_lu", "conv1_conv", "conv1")


@pytest.mark.parametrize(
    ("name", "layer", "operation", "kind"),
    [
        ("jit(train_step)/jvp(dense_4)/dot_general", "dense_4", "dot_general", "activation"),
        ("jit(train_step)/transpose(jvp(dense_4))/abc,cde->abde/dot_general", "dense_4", "dot_general", "gradient"),
        ("jit(train_step)/adam_2/sub", None, "sub", "gradient"),
        ("jit(train_step)/jvp(re_lu_3)/max", "re_lu", "max", "activation"),
        ("functional_1/dense_4_1/Gelu/mul_2", "dense_4", "mul", "activation"),
        ("gradient_tape/functional_1/dense_4_1/MatMul/MatMul_1", "dense_4", "MatMul", "gradient"),
        ("functional_1/conv1_conv_1/convolution;functional_1/dense_4/BiasAdd", "conv1_conv", "convolution", "activation"),
        ("adam/AssignSubVariableOp_20", None, "AssignSubVariableOp", "gradient"),
        ("functional_1/conv1_1/Relu", "conv1", "Relu", "activation"),
        ("AddN_2", None, "AddN", "activation"),
        ("", None, None, "activation"),
    ],
)  # fmt: skip
def test_name(name: str, layer: str | None, operation: str | None, kind: str) -> None:
    known = Names(LAYERS, ARGUMENTS)
    assert (known.layer(name), names.operation(name), known.kind(name)) == (layer, operation, kind)


@pytest.mark.parametrize(
    ("file", "users"),
    [
        ("/home/me/train.py", True),
        ("train.py", True),
        ("/env/lib/python3.11/site-packages/keras/src/layers/core/dense.py", False),
        ("/usr/lib/python3/dist-packages/jax/a.py", False),
        ("/usr/lib/python3.11/runpy.py", False),
        ("<string>", False),
        ("", False),
    ],
)
def test_whose_file(file: str, users: bool) -> None:
    assert names.is_users(file) is users


@pytest.mark.parametrize(
    ("target", "library"),
    [
        ("__cudnn$convForward", "convolution"),
        ("__cublas$lt$matmul", "gemm"),
        ("__cublas$gemm", "gemm"),
        ("__cudnn$fmhaSoftmax", "attention"),
        ("cudnn_rnn", "rnn"),
        ("cu_threefry2x32_ffi", None),
    ],
)
def test_library_calls(target: str, library: str | None) -> None:
    assert names.library(target) == library
