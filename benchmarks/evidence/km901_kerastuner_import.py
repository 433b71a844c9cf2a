"""KM901 kerastuner-import: the old module name works through a shim only, which warns."""

from __future__ import annotations

from typing import Any

import fresh

REASON = "no memory effect: the rule is about a deprecated name"

IN_TURN = {
    "import_kerastuner": "import kerastuner, keras_tuner; print(kerastuner.RandomSearch is keras_tuner.RandomSearch)",
    "from_kerastuner_import_HyperParameters": "from kerastuner import HyperParameters; print(HyperParameters.__module__)",
    "from_kerastuner_tuners": "from kerastuner.tuners import RandomSearch; print(RandomSearch.__module__)",
    "from_kerastuner_engine_hyperparameters": (
        "from kerastuner.engine.hyperparameters import HyperParameters as H; print(H.__module__)"
    ),
    "kerastuner_applications": "from kerastuner.applications import HyperResNet; print(HyperResNet.__module__)",
    "from_keras_tuner_tuners": "from keras_tuner.tuners import RandomSearch; print(RandomSearch.__module__)",
    "from_keras_tuner_engine_hyperparameters": (
        "from keras_tuner.engine.hyperparameters import HyperParameters as H; print(H.__module__)"
    ),
    "keras_tuner_applications": "from keras_tuner.applications import HyperResNet; print(HyperResNet.__module__)",
    "warning": (
        "import warnings\nwith warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.simplefilter('always')\n    import kerastuner\n"
        "print('; '.join(sorted({f'{w.category.__name__}: {w.message}' for w in seen if 'tuner' in str(w.message)}))"
        " or 'no warning')"
    ),
}


def facts() -> dict[str, Any]:
    return dict(fresh.outcomes(IN_TURN))
