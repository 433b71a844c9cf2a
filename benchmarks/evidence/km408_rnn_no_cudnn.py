"""KM408 rnn-no-cudnn: an LSTM or GRU that cuDNN cannot compute runs step by step."""

from __future__ import annotations

import importlib
from typing import Any

import keras

REASON = "the kernel exists on a GPU only and was not measured; checked here: which layers Keras gives it"


def facts() -> dict[str, Any]:
    """Which layers ask for cuDNN's kernel, on a machine that is told that it had a GPU."""
    rnn: Any = importlib.import_module("keras.src.backend.tensorflow.rnn")
    tried: list[str] = []

    def kernel(*_: Any, **__: Any) -> Any:
        tried.append("asked")
        raise NotImplementedError

    rnn._is_gpu_available = lambda: True
    rnn._cudnn_lstm = rnn._cudnn_gru = kernel
    lstm, gru = keras.layers.LSTM, keras.layers.GRU
    made = {
        "LSTM": lstm(4),
        "LSTM_dropout_return_sequences": lstm(4, return_sequences=True, dropout=0.2),
        "LSTM_recurrent_dropout": lstm(4, recurrent_dropout=0.2),
        "LSTM_activation_relu": lstm(4, activation="relu"),
        "LSTM_recurrent_activation_hard_sigmoid": lstm(4, recurrent_activation="hard_sigmoid"),
        "LSTM_use_bias_False": lstm(4, use_bias=False),
        "LSTM_unroll": lstm(4, unroll=True),
        "RNN_of_LSTMCell": keras.layers.RNN(keras.layers.LSTMCell(4)),
        "GRU": gru(4),
        "GRU_reset_after_False": gru(4, reset_after=False),
    }
    found: dict[str, Any] = {}
    for name, layer in made.items():
        tried.clear()
        layer(keras.ops.ones((2, 3, 4)), training=True)
        found[f"{name}_asks_for_the_kernel"] = bool(tried)
    return found
