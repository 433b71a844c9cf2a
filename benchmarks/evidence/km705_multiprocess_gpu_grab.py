"""KM705 multiprocess-gpu-grab: every process that trains reserves GPU memory for itself."""

from __future__ import annotations

REASON = "the effect exists on a GPU only and was not measured; the page names issues of scikit-learn users"
