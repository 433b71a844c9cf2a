"""Who makes layers that a script does not make: Keras numbers them together with the script's own."""

from __future__ import annotations

import re
import sys

# Libraries that make no layers; others may make some of their own, which are counted, too. None of them needs Keras to run, as its
# metadata says (tests/facts/test_live_layer_makers.py); `tensorflow_datasets` gives data (its API reference).
MAKE_NO_LAYERS = sys.stdlib_module_names | {
    *(
        "keras",
        "tensorflow",
        "tf_keras",
        "tensorflow_datasets",
        "numpy",
        "scipy",
        "pandas",
        "sklearn",
        "skimage",
        "cv2",
        "PIL",
        "imageio",
    ),
    *("matplotlib", "seaborn", "plotly", "tqdm", "h5py", "yaml", "absl", "requests"),
}
# Classes that Keras makes none of by itself, as it does of Dropout, Softmax and Add (the same test makes some that have others inside).
MADE_BY_USERS = re.compile(
    r"(?:Separable|Depthwise)?Conv[123]D(?:Transpose)?|(?:Max|Average)Pool(?:ing)?[123]D|UpSampling[123]D|ZeroPadding[123]D"
    r"|Dense|Embedding|LSTM|GRU|SimpleRNN|BatchNormalization|LayerNormalization|MultiHeadAttention"
)
