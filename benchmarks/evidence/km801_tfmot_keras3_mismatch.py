"""KM801 tfmot-keras3-mismatch: tfmot prunes models of Keras 2 only; imports decide which Keras it is.

`tf.keras` becomes Keras 2 or 3 when an attribute of it is first read; `tensorflow.keras` in an import statement when
TensorFlow itself is imported.
"""

from __future__ import annotations

from typing import Any

import fresh

REASON = "no memory effect: the rule is about an error"

PRUNE = (
    "\nmodel = keras.Sequential([keras.layers.Dense(4, input_shape=(3,))])"
    "\nprint('works:', type(tfmot.sparsity.keras.prune_low_magnitude(model)).__module__.split('.')[0])"
)
TF = "import tensorflow as tf\n"
TFMOT = "import tensorflow_model_optimization as tfmot\n"
LEGACY = "import os; os.environ['TF_USE_LEGACY_KERAS'] = '1'\n"
FROM_TF = "from tensorflow import keras\n"
PARTS = (
    "from tensorflow.keras import layers, Sequential\nclass keras: layers = layers; Sequential = Sequential\n"
)

IN_TURN = {
    "tf, tfmot, tf.keras": TF + TFMOT + "keras = tf.keras",
    "from tensorflow import keras, tfmot": FROM_TF + TFMOT,
    "tfmot, from tensorflow import keras": TFMOT + FROM_TF,
    "from tensorflow.keras import layers, tfmot": "from tensorflow.keras import layers\n"
    + TF
    + TFMOT
    + "keras = tf.keras",
    "tfmot, from tensorflow.keras import layers, Sequential": TFMOT + PARTS,
    "tfmot, from tensorflow.keras import layers, tf.keras": TFMOT
    + "from tensorflow.keras import layers\n"
    + TF
    + "keras = tf.keras",
    "tf, TF_USE_LEGACY_KERAS, from tensorflow.keras import layers, Sequential, tfmot": TF
    + LEGACY
    + PARTS
    + TFMOT,
    "TF_USE_LEGACY_KERAS, tf, from tensorflow.keras import layers, Sequential, tfmot": LEGACY
    + TF
    + PARTS
    + TFMOT,
    "import tensorflow.keras as keras, tfmot": "import tensorflow.keras as keras\n" + TFMOT,
    "tf, tf.keras named only, tfmot": TF + "tf.keras\n" + TFMOT + "keras = tf.keras",
    "tf, tf.keras.layers read, tfmot": TF + "tf.keras.layers\n" + TFMOT + "keras = tf.keras",
    "from tensorflow import keras, keras.layers read, tfmot": FROM_TF + "keras.layers\n" + TFMOT,
    "tf, keras.__version__ read, tfmot": TF + "tf.keras.__version__\n" + TFMOT + "keras = tf.keras",
    "tf, tf.optimizers.Adam read, tfmot": TF + "tf.optimizers.Adam\n" + TFMOT + "keras = tf.keras",
    "tf, tf.constant and tf.data used, tfmot": TF
    + "tf.constant(1); tf.data.Dataset.range(3)\n"
    + TFMOT
    + "keras = tf.keras",
    "TF_USE_LEGACY_KERAS, from tensorflow.keras import layers, tfmot": LEGACY
    + "from tensorflow.keras import layers\nfrom tensorflow import keras\n"
    + TFMOT,
    "tf, TF_USE_LEGACY_KERAS, tf.keras.layers read, tfmot": TF
    + LEGACY
    + "tf.keras.layers\n"
    + TFMOT
    + "keras = tf.keras",
    "from tensorflow.keras import layers, TF_USE_LEGACY_KERAS, tfmot": "from tensorflow.keras import layers\n"
    + LEGACY
    + FROM_TF
    + TFMOT,
    "import keras, tfmot": "import keras\n" + TFMOT,
    "tfmot, import keras": TFMOT + "import keras",
    "import keras, tf, tfmot, tf.keras": "import keras as standalone\n" + TF + TFMOT + "keras = tf.keras",
    "keras_tuner, tfmot, from tensorflow import keras": "import keras_tuner\n" + TFMOT + FROM_TF,
    "tf_keras, tfmot": "import tf_keras as keras\n" + TFMOT,
    "from tensorflow.keras import layers, tfmot, tf_keras": "from tensorflow.keras import layers\n"
    + TFMOT
    + "import tf_keras as keras",
}


def facts() -> dict[str, Any]:
    """For every order of imports, whether pruning a Sequential of the Keras it leads to works."""
    found = fresh.outcomes({order: code + PRUNE for order, code in IN_TURN.items()})
    errors = {outcome for outcome in found.values() if not outcome.startswith("works")}
    after = TF + TFMOT + "import os; print(os.environ.get('TF_USE_LEGACY_KERAS'))"
    return {
        **{order: "fails" if outcome in errors else outcome for order, outcome in found.items()},
        "message of every failure": " / ".join(sorted(errors)),
        "TF_USE_LEGACY_KERAS after importing tfmot": fresh.outcome(after),
    }
