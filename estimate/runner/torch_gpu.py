"""What PyTorch does on a GPU that it does not do on the CPU, as far as memory can tell."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any, Callable, Iterator, Sequence

MIB = 1 << 20
CUBLAS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm", "aten::addmv", "aten::dot", "aten::mv")
HOPPER = 32 * MIB
OTHERS = 8 * MIB + 128 * 1024
"""cuBLAS workspaces that PyTorch gives to each thread that multiplies: ``:4096:8`` from Hopper on, else ``:4096:2:16:8``."""

CONVOLUTIONS = ("aten::convolution", "aten::convolution_backward")
RNN_MODES = {"lstm": 2, "gru": 3, "rnn_tanh": 1, "rnn_relu": 0}


def cublas_workspace(capability: tuple[int, int]) -> int:
    return HOPPER if capability[0] in (9, 10) else OTHERS


def function_mode(torch: Any, arrived: Callable[[Any], None]) -> Any:
    """Calls that take another way on a GPU take it: copies of the batch, dropout, attention, recurrent layers.

    ``arrived`` is told each part of the batch that is now on the GPU.
    """
    base: Any = importlib.import_module("torch.overrides").TorchFunctionMode

    class OnGpu(base):  # type: ignore[misc]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            name = getattr(func, "__name__", "")
            if name in ("to", "cuda"):
                return moved(func, args, kwargs)
            if name == "dropout":
                return dropped(*args, **kwargs)
            if name == "scaled_dot_product_attention":
                return attention(torch, *args, **kwargs)
            if name in RNN_MODES and len(args) == 9 and isinstance(args[3], bool):
                return recurrent(torch, RNN_MODES[name], *args)
            device = kwargs.get("device")
            if device is not None and torch.device(device).type == "cuda":
                kwargs = dict(kwargs, device="cpu")
            return func(*args, **kwargs)

    def moved(func: Any, args: Any, kwargs: Any) -> Any:
        """``to``: a tensor that is not the trace's own and no parameter is part of the batch, and gets a copy."""
        args = tuple("cpu" if _is_cuda(torch, a) else a for a in args)
        if _is_cuda(torch, kwargs.get("device")):
            kwargs = dict(kwargs, device="cpu")
        result = args[0] if func.__name__ == "cuda" else func(*args, **kwargs)
        if result is args[0] and type(result) is torch.Tensor:
            result = torch.ops.aten._to_copy(result)
            arrived(result)
        return result

    def dropped(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
        if training and 0 < p < 1 and input.numel():
            return torch.ops.aten.native_dropout(input, p, True)[0]
        return input if not training or not p else input * 0

    return OnGpu()


def _is_cuda(torch: Any, value: Any) -> bool:
    if isinstance(value, torch.device):
        return bool(value.type == "cuda")
    return isinstance(value, str) and value.startswith("cuda")


def attention(
    torch: Any,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Any:
    """The kernel that a recent GPU takes: flash attention in half precision without a mask, else the efficient one."""
    aten = torch.ops.aten
    half = query.dtype in (torch.float16, torch.bfloat16)
    if attn_mask is None and half and query.shape[-1] <= 256:
        width = query.shape[-1]
        scale = width**-0.5 if scale is None else scale
        if width % 8:
            query, key, value = (torch.nn.functional.pad(t, (0, 8 - width % 8)) for t in (query, key, value))
        result = aten._scaled_dot_product_flash_attention(
            query, key, value, dropout_p, is_causal, False, scale=scale
        )
        return result[0][..., :width]
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = torch.zeros_like(attn_mask, dtype=query.dtype).masked_fill(~attn_mask, float("-inf"))
    if attn_mask is not None:
        attn_mask = attn_mask.expand(*query.shape[:-1], key.shape[-2])
    needed = torch.is_grad_enabled() and query.requires_grad
    result = aten._scaled_dot_product_efficient_attention(
        query, key, value, attn_mask, needed, dropout_p, is_causal, scale=scale
    )
    return result[0]


def recurrent(
    torch: Any,
    mode: int,
    input: Any,
    hidden: Any,
    weights: Sequence[Any],
    biases: bool,
    layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    """cuDNN's recurrent layers in place of the CPU's loop."""
    h, c = hidden if mode == 2 else (hidden, None)
    output, hy, cy, _, _ = torch._cudnn_rnn(
        input, list(weights), 4 if biases else 2, None, h, c, mode, h.shape[-1], 0, layers, batch_first, dropout,
        train, bidirectional, [], None,
    )  # fmt: skip
    return (output, hy, cy) if mode == 2 else (output, hy)


def rnn_forward(torch: Any, input: Any, weights: Any, _0: Any, _1: Any, hx: Any, cx: Any, mode: int, hidden: int,
                _2: Any, layers: int, batch_first: bool, *rest: Any) -> tuple[Any, ...]:  # fmt: skip
    """What ``aten::_cudnn_rnn`` returns. Its reserve keeps gates and cells of every step for backward."""
    directions = 2 if rest[2] else 1
    batch, time = (input.shape[0], input.shape[1]) if batch_first else (input.shape[1], input.shape[0])
    output = input.new_empty((time, batch, hidden * directions))
    if batch_first:
        output = output.transpose(0, 1)
    hy = torch.empty_like(hx)
    cy = torch.empty_like(cx) if cx is not None else input.new_empty(0)
    reserve = time * batch * hidden * directions * layers * RESERVED[mode] * input.element_size()
    kept = input.new_empty(reserve if rest[1] else 0, dtype=torch.uint8)
    buffer = input.new_empty(sum(w.numel() for w in weights))
    return output, hy, cy, kept, buffer


RESERVED = {2: 6, 3: 5, 1: 1, 0: 1}
"""Numbers that cuDNN keeps for each unit and step: gates, and cells or the candidate's recurrent part. Only the sum of it
and of what it works with was measured, on two LSTM layers."""

RNN_WORKSPACE = 11 * MIB
"""What cuDNN adds whatever the batch and the type: measured, for a reason that is not known."""

WORKED = {2: 3, 3: 3, 1: 1, 0: 1}
"""Numbers of workspace for each unit and step."""


def rnn_backward(
    torch: Any, input: Any, weights: Any, _0: Any, buffer: Any, hx: Any, cx: Any, *rest: Any
) -> tuple[Any, ...]:
    """Gradients of the input, the states and the weights; the latter are parts of one buffer."""
    gradients = torch.zeros_like(buffer)
    at, parts = 0, []
    for weight in weights:
        parts.append(gradients[at : at + weight.numel()].view(weight.shape))
        at += weight.numel()
    dcx = torch.empty_like(cx) if cx is not None else None
    return input.new_empty(input.shape), torch.empty_like(hx), dcx, parts


INSTEAD = {"aten::_cudnn_rnn": rnn_forward, "aten::_cudnn_rnn_backward": rnn_backward}


def scratch(name: str, args: Any) -> list[int]:
    """Bytes that an operator's kernel asks PyTorch for beside its results, and gives back at once."""
    if name == "aten::_cudnn_rnn":
        first, mode, hidden, layers, batch_first, bidirectional = (
            args[0],
            args[6],
            args[7],
            args[9],
            args[10],
            args[13],
        )
        copies = [_bytes(first)] if batch_first else []
    elif name == "aten::_cudnn_rnn_backward":
        first, mode, hidden, layers, batch_first, bidirectional = (
            args[0],
            args[10],
            args[11],
            args[13],
            args[14],
            args[17],
        )
        copies = [_bytes(first), _bytes(args[7])] if batch_first else []
    else:
        return []
    steps = first.shape[0] * first.shape[1]
    units = hidden * (2 if bidirectional else 1) * layers
    return copies + [steps * units * WORKED[mode] * first.element_size() + RNN_WORKSPACE]


def _bytes(tensor: Any) -> int:
    return 0 if tensor is None else int(tensor.numel() * tensor.element_size())


@contextlib.contextmanager
def cudnn_for_keras(torch: Any, fake_class: Any) -> Iterator[None]:
    """Keras takes cuDNN's recurrent layers when a tensor is on a GPU: for the module that asks, it is."""
    name = "keras.src.backend.torch.rnn"
    module: Any = sys.modules.get(name)
    if module is None or not hasattr(module, "_is_cuda_cudnn_available"):
        yield
        return
    device, available = fake_class.device, module._is_cuda_cudnn_available
    cuda = torch.device("cuda", 0)

    def told(tensor: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__") == name:
            return cuda
        return device.__get__(tensor)

    fake_class.device = property(told, device.fset)
    module._is_cuda_cudnn_available = lambda: True
    try:
        yield
    finally:
        fake_class.device, module._is_cuda_cudnn_available = device, available
