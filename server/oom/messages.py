"""All forms of out-of-memory messages, the most telling first."""

from __future__ import annotations

from keras_memlint.server.oom.framework_messages import FRAMEWORKS
from keras_memlint.server.oom.system_messages import SYSTEM

MESSAGES = (*FRAMEWORKS, *SYSTEM)
