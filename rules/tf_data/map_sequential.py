"""KM209: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import autotune
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM209", "map-sequential", severity="info", words=("map", "interleave"), fix="both")

_SEEDS = (
    "tf.random.set_seed",
    "tf.set_random_seed",
    "tf.random.set_random_seed",
    "keras.utils.set_random_seed",
)


def check(script: Script) -> Iterator[Finding]:
    for call, dataset in script.dataset_ops("map", "interleave"):
        if call.given("num_parallel_calls") or call.name.endswith("interleave"):
            continue
        if "works" not in dataset.traits or "python" in dataset.traits:
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="`map` reads, decodes or augments one element at a time on one core",
            help="let tf.data choose the number of parallel calls; the order of elements stays the same",
            fixes=_fixes(script, call),
        )


def _fixes(script: Script, call: Call) -> tuple[Fix, ...]:
    spelt = autotune(script, call.node) if script.own(call.node) else None
    if spelt is None:
        return ()
    name, imports = spelt
    edit = set_argument(script, call.node, "num_parallel_calls", name)
    if edit is None:
        return ()
    title = f"map in parallel with `num_parallel_calls={name}`"
    if _draws_seeded(script):
        return (Fix(title, False, (edit, *imports), "elements get other random numbers"),)
    return (Fix(title, True, (edit, *imports)),)


def _draws_seeded(script: Script) -> bool:
    """Whether a mapped function may draw numbers from a seed: in parallel, who draws which is left to chance."""
    drawn = [c for c in script.all_calls if c.mapped and "random" in c.name and "stateless" not in c.name]
    seeded = script.uses(*_SEEDS) or any(c.given("seed") for c in drawn)
    return seeded and (bool(drawn) or any(c.name.startswith("keras.layers.Random") for c in script.all_calls))
