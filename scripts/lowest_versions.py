"""Prints the lowest version of each library that keras-memlint says it works with, as constraints for pip."""

from __future__ import annotations

from importlib.metadata import requires

from packaging.requirements import Requirement

for text in requires("keras-memlint") or []:
    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        continue
    lowest = [s.version for s in requirement.specifier if s.operator == ">="]
    if not lowest:
        raise SystemExit(f"pyproject.toml: `{text}` names no lowest version")
    print(f"{requirement.name}=={lowest[0]}")
