"""Optimizers of keras.optimizers: order of their parameters, copies of the trainable weights they keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from keras_memlint.analysis.facts.sizing import Config, Dim, flag, given, plus

Slots: TypeAlias = Callable[[Config], Dim]


class OptimizerRow(NamedTuple):
    """One optimizer: positional parameters in Keras 3 and 2, its own slots, the fewest slots in Keras 2."""

    params: tuple[str, ...]
    keras2: tuple[str, ...]
    slots: Slots
    keras2_least: int


def optimizer_slots(name: str, config: Config, *, keras2: bool = False) -> int | None:
    """Values kept per trainable weight beside the weight itself; None when not known.

    ``name`` is a class (``AdamW``) or what ``compile`` takes (``adamw``). Adafactor keeps two short vectors
    for each matrix on top, Muon a second value for the weights it leaves to Adam.
    """
    row = OPTIMIZERS.get(name) or OPTIMIZERS.get(_LOWER.get(name.lower(), ""))
    average = flag(config, "use_ema", False)
    accumulates = _nonzero(config, "gradient_accumulation_steps")
    if row is None or average is None or accumulates is None:
        return None
    own = row.slots(config)
    if keras2 and own is not None:
        own = max(own, row.keras2_least)
    return plus(own, average, accumulates)


def _adam(config: Config) -> Dim:
    return plus(2, flag(config, "amsgrad", False))


def _sgd(config: Config) -> Dim:
    return plus(_nonzero(config, "momentum"))


def _rmsprop(config: Config) -> Dim:
    return plus(1, _nonzero(config, "momentum"), flag(config, "centered", False))


def _one(_config: Config) -> Dim:
    return 1


def _two(_config: Config) -> Dim:
    return 2


def _not_told(_config: Config) -> Dim:
    """The optimizers inside decide."""
    return None


def _nonzero(config: Config, name: str) -> bool | None:
    """Whether a number is given and not 0; None when it is not known."""
    if not given(config, name):
        return False
    value = config[name]
    return value != 0 if isinstance(value, (int, float)) else None


_CLIP = "clipnorm clipvalue global_clipnorm use_ema ema_momentum ema_overwrite_frequency"
_END = f"weight_decay {_CLIP} loss_scale_factor gradient_accumulation_steps name"
_END_2 = f"weight_decay {_CLIP} jit_compile name"


def _row(parameters: str, slots: Slots, keras2: str | None = None, keras2_least: int = 0) -> OptimizerRow:
    """``keras2`` None: ``parameters`` are followed by what ends the list in each version."""
    names = f"{parameters} {_END}" if keras2 is None else parameters
    legacy = f"{parameters} {_END_2}" if keras2 is None else keras2
    return OptimizerRow(tuple(names.split()), tuple(legacy.split()), slots, keras2_least)


_ADAMW = "learning_rate weight_decay beta_1 beta_2 epsilon amsgrad"

OPTIMIZERS: dict[str, OptimizerRow] = {
    "Adadelta": _row("learning_rate rho epsilon", _two),
    "Adafactor": _row("learning_rate beta_2_decay epsilon_1 epsilon_2 clip_threshold relative_step", _one),
    "Adagrad": _row("learning_rate initial_accumulator_value epsilon", _one),
    "Adam": _row(
        f"learning_rate beta_1 beta_2 epsilon amsgrad {_END}",
        _adam,
        keras2=f"learning_rate beta_1 beta_2 epsilon adaptive_epsilon amsgrad {_END_2}",
    ),
    "AdamW": _row(
        f"{_ADAMW} {_CLIP} loss_scale_factor gradient_accumulation_steps name",
        _adam,
        keras2=f"{_ADAMW} {_CLIP} jit_compile name",
    ),
    "Adamax": _row("learning_rate beta_1 beta_2 epsilon", _two),
    "Ftrl": _row(
        "learning_rate learning_rate_power initial_accumulator_value l1_regularization_strength "
        "l2_regularization_strength l2_shrinkage_regularization_strength beta",
        _two,
    ),
    "Lamb": _row("learning_rate beta_1 beta_2 epsilon", _two),
    "Lion": _row("learning_rate beta_1 beta_2", _one),
    "LossScaleOptimizer": _row(
        "inner_optimizer initial_scale dynamic_growth_steps name", _not_told, keras2=""
    ),
    "MultiOptimizer": _row("optimizer_map loss_scale_factor name", _not_told, keras2=""),
    "Muon": _row(
        f"learning_rate adam_beta_1 adam_beta_2 adam_weight_decay epsilon {_END} exclude_layers "
        "exclude_embeddings muon_a muon_b muon_c adam_lr_ratio momentum ns_steps nesterov rms_rate",
        _one,
        keras2="",
    ),
    "Nadam": _row("learning_rate beta_1 beta_2 epsilon", _two),
    "RMSprop": _row("learning_rate rho momentum epsilon centered", _rmsprop),
    # Keras 2 makes the momentum even when it is 0.
    "SGD": _row("learning_rate momentum nesterov", _sgd, keras2_least=1),
    "ScheduleFreeAdamW": _row("learning_rate beta_1 beta_2 epsilon warmup_steps", _two),
}

_LOWER: dict[str, str] = {name.lower(): name for name in OPTIMIZERS}


def class_name(word: str) -> str | None:
    """The class that ``compile`` makes of ``word``, with its usual settings; None when there is none."""
    return _LOWER.get(word.lower())


def takes(api: str, parameter: str) -> bool:
    """Whether the optimizer with the canonical name ``api`` has that parameter in Keras 3."""
    module, _, name = api.rpartition(".")
    row = OPTIMIZERS.get(name)
    return module == "keras.optimizers" and row is not None and parameter in row.params
