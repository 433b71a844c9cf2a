"""KM308 mixed-float16-wrong-device: float16 arithmetic on a CPU, against float32 and bfloat16."""

from __future__ import annotations

from typing import Any

REASON = (
    "no memory effect of its own: the rule is about time, which depends on the device; here: that of this CPU"
)


def facts() -> dict[str, Any]:
    from km301_no_mixed_precision import _seconds

    seconds = {policy: _seconds(policy) for policy in ("float32", "mixed_bfloat16", "mixed_float16")}
    return {
        "mixed_float16_to_float32_on_a_CPU": round(seconds["mixed_float16"] / seconds["float32"]),
        "mixed_bfloat16_to_float32_on_a_CPU": round(seconds["mixed_bfloat16"] / seconds["float32"], 1),
    }
