"""Which memory each rule is about: what helps when the host runs out does not help a GPU."""

from __future__ import annotations

from typing import Literal

Use = Literal["host", "gpu", "step", "data"]
"""What memory is used for: ``step`` is what one training step needs, on the GPU or, without one, on the host; ``data`` is
a whole data set as one tensor."""

# By the first digit of the code, which is its family.
_FAMILIES: dict[str, tuple[Use, ...]] = {
    "KM1": ("host",),
    "KM2": ("host",),
    "KM3": ("gpu",),
    "KM4": ("step",),
    "KM5": ("step",),
    "KM6": ("host", "gpu"),
    "KM7": ("gpu",),
    "KM9": ("host", "gpu"),
}
_OTHERWISE: dict[str, tuple[Use, ...]] = {
    "KM103": ("host", "data"),
    "KM201": ("host", "data"),
    "KM207": (),
    "KM209": (),
    "KM212": (),
    "KM306": ("host", "step"),
    "KM412": ("host", "step"),
    "KM504": ("host",),
    "KM505": ("host", "gpu"),
    "KM508": ("host",),
    "KM512": (),
    "KM513": ("host",),
    "KM514": ("step",),
    "KM601": ("host",),
    "KM607": ("host",),
    "KM608": ("host",),
    "KM705": ("host", "gpu"),
    "KM708": (),
    "KM803": ("step",),
    "KM806": ("step",),
    "KM901": (),
    "KM903": ("host",),
}


def uses_of(code: str) -> tuple[Use, ...]:
    """What the rule's findings are about; nothing for time, the size of an artefact, and broken code."""
    return _OTHERWISE.get(code, _FAMILIES.get(code[:3], ()))
