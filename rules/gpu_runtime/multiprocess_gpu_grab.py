"""KM705: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.gpu_runtime._sharing import is_limited, processes

RULE = Rule(
    "KM705",
    "multiprocess-gpu-grab",
    severity="warning",
    words=("multiprocessing", "joblib", "ProcessPoolExecutor", "n_jobs"),
    fix="unsafe",
)


def check(script: Script) -> Iterator[Finding]:
    if (
        script.backend == "torch"
        or script.cpu_only
        or script.project.has_no_gpu_build
        or script.is_test
        or is_limited(script)
    ):
        return
    for call, how in processes(script):
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"{how}: each takes nearly all memory of every GPU it sees, and the next finds none",
            help="train in one process, give each a GPU of its own, or a memory limit set in the process",
            fixes=_fixes(script, call),
            severity="info" if script.is_switched_off(call) else None,
        )


def _fixes(script: Script, call: Call) -> tuple[Fix, ...]:
    """One process, where the number is an argument; none for processes that the script starts itself."""
    argument = call.argument_node("n_jobs")
    if (
        not call.name.startswith("sklearn.")
        or argument is None
        or not argument.name
        or not script.own(call.node)
    ):
        return ()
    place = script.place(argument)  # the whole argument: the place of a negative number leaves its sign out
    edit = Edit(place.start, place.end, "n_jobs=1")
    return (Fix("train in one process with `n_jobs=1`", False, (edit,), "takes longer"),)
