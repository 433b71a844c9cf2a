"""KM703 env-var-set-too-late: when Keras reads which backend it is to use."""

from __future__ import annotations

from typing import Any

import fresh

REASON = "the effect on GPU memory exists on a GPU only and was not measured; checked here: when Keras reads its variable"

SET = "import os; os.environ['KERAS_BACKEND'] = 'jax'\n"
PRINT = "import keras; print(keras.config.backend())"
IN_TURN = {
    "KERAS_BACKEND_before_import_keras": SET + PRINT,
    "KERAS_BACKEND_after_import_keras": "import keras\n" + SET + PRINT,
    "KERAS_BACKEND_after_import_tensorflow": "import tensorflow\n" + SET + PRINT,
    "KERAS_BACKEND_before_import_tensorflow": SET + "import tensorflow\n" + PRINT,
    "import_tensorflow_loads_keras": "import sys, tensorflow; print('keras' in sys.modules)",
}


def facts() -> dict[str, Any]:
    return dict(fresh.outcomes(IN_TURN))
