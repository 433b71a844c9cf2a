"""What reads and sets names and attributes by their text, so that one which stands nowhere may be meant."""

from __future__ import annotations

import re

# What hands on the names of a scope.
NAMESPACES = ("globals", "locals")
# What reads any name of a script by its text.
BY_TEXT = (*NAMESPACES, "eval", "exec")
# What does so where it is given nothing.
WITHOUT_ARGUMENTS = ("dir", "vars")
# What gives an object attributes that are named nowhere.
SETTERS = frozenset(["setattr", "__setattr__", "__dict__"])
# A pattern of what may give a module or an object names that stand nowhere in it.
GIVES = (
    r"\bimport\s*\(?\s*\*|\bsys\.modules\b"
    rf"|\b(?:{'|'.join(NAMESPACES)}|{'|'.join(sorted(SETTERS))}|exec|execfile|vars|__getattr__)\b"
)
# Setters as they are written, with what does so by a text or a namespace.
SETS = re.compile(rf"\b(?:{'|'.join(sorted(SETTERS))}|exec)\b|\bvars\([^()]*\)\s*(?:\.update\b|\[)")
