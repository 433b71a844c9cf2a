"""KM703 env-var-set-too-late: when Keras reads which backend it is to use."""

from __future__ import annotations

from typing import Any

import fresh

REASON = "the effect on GPU memory exists on a GPU only and was not measured; checked here: when Keras reads its variable"

SET = "import os; os.environ['KERAS_BACKEND'] = 'jax'\n"
IN_TURN = {
    "KERAS_BACKEND_before_import_keras": SET + "import keras; print(keras.backend.backend())",
    "KERAS_BACKEND_after_import_keras": "import keras\n" + SET + "print(keras.backend.backend())",
    "KERAS_BACKEND_after_from_tensorflow_import_keras": "from tensorflow import keras\n"
    + SET
    + "print(keras.backend.backend())",
    "KERAS_BACKEND_after_from_tensorflow.keras_import_layers": "from tensorflow.keras import layers\n"
    + SET
    + "import keras; print(keras.backend.backend())",
}


def facts() -> dict[str, Any]:
    return dict(fresh.outcomes(IN_TURN))
