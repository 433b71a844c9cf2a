"""How much is said of a pipeline that nothing reads."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.rules.diagnostic import Severity


def if_read(script: Script, call: Call, severity: Severity) -> Severity:
    """``severity``, at most an info where nothing reads what ``call`` gives: no buffer of it is ever filled."""
    return severity if severity in ("info", "hint") or script.is_read(call) else "info"
