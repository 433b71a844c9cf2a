"""The ways in which a ``cache`` stands at the wrong place of its pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Dataset, Value, const
from keras_memlint.analysis.pipelines.buffers import cached_bytes
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.chains import move_before
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.diagnostic import Severity

_DRAWN_ONCE = "what is random before it is drawn once"
# What hands elements on one by one, and what hands on the same samples in whatever batches and order.
_ONE_BY_ONE = ("filter", "map", "prefetch", "with_options")
_SAME_SAMPLES = (*_ONE_BY_ONE, "batch", "padded_batch", "shuffle", "take", "skip", "shard")


@dataclass(frozen=True, slots=True)
class Misplaced:
    """``call`` is reported: what happens, its cause and the words for it, and what to do."""

    call: Call
    message: str
    cause: Call
    note: str
    help: str
    severity: Severity
    fix: Fix | None = None
    bytes: int | None = None


def repeated(script: Script, call: Call, cache: Dataset) -> Misplaced | None:
    """A cache behind ``repeat``, which keeps every sample once for each pass; None where that is little."""
    repeat = cache.earlier("repeat", _SAME_SAMPLES)
    if repeat is None or repeat.call is None or repeat.input is None or cache.input is None:
        return None
    if repeat.input.cardinality == 1 or repeat.call.const("count") == 1:
        return None
    size = cached_bytes(cache.input)[0]
    if not repeat.infinite and (cache.toy or (size is not None and not script.large(size))):
        return None
    near = cache.earlier("repeat", ("prefetch",)) is not None
    return Misplaced(
        call,
        f"`cache` after `repeat` keeps {'endless passes' if repeat.infinite else 'every pass'} over the data, each"
        " sample once for each",
        repeat.call,
        "repeated here",
        "cache before `repeat`: one pass is kept then, and read again by the others",
        "warning"
        if script.large(size) or (repeat.infinite and not _is_only_evaluated(script, cache))
        else "info",
        _moved(script, call, repeat.call, "cache before `repeat`", _DRAWN_ONCE) if near else None,
        size,
    )


def augmented(script: Script, call: Call, cache: Dataset) -> Misplaced | None:
    """A cache behind a random function, which gives each epoch what was drawn in the first; None without one.

    None, too, for what is only evaluated: the same samples each time make epochs comparable.
    """
    if _is_only_evaluated(script, cache):
        return None
    for op in cache.chain():
        if op.op == "repeat" or "network" in op.traits:
            return None
        if op.op == "map" and op.call is not None and "random" in op.traits:
            title = "cache before the random `map`"
            return Misplaced(
                call,
                "`cache` keeps what a random function drew in the first epoch: later epochs get the same",
                op.call,
                "random numbers are drawn here",
                "cache before the function that draws random numbers",
                "info",
                _moved(script, call, op.call, title, "it then runs in each epoch")
                if cache.input is op
                else None,
            )
    return None


def ordered(script: Script, call: Call, cache: Dataset) -> Misplaced | None:
    """A cache behind ``shuffle`` that several epochs of a training read, with no shuffle after it; else None."""
    shuffle = cache.earlier("shuffle", (*_ONE_BY_ONE, "batch", "padded_batch"))
    if shuffle is None or shuffle.call is None or shuffle.call.const("reshuffle_each_iteration") is False:
        return None
    if not _is_read_in_its_order(script, cache):
        return None
    return Misplaced(
        call,
        "`cache` after `shuffle` keeps the order of the first epoch: later epochs get the same",
        shuffle.call,
        "shuffled here",
        "cache before `shuffle`, or shuffle once more after it",
        "info",
    )


def cut_short(script: Script) -> Iterator[Misplaced]:
    """``cache().take(n)`` given to a training: the cache is never complete, so each epoch makes it anew."""
    skipped = {id(step) for _, skip in script.dataset_ops("skip") for step in skip.chain()}
    for fit in script.trainings:
        cached = False
        for take in fit.x.chain() if isinstance(fit.x, Dataset) else ():
            cached = cached or take.op == "cache"
            if cached or take.op != "take" or take.call is None:
                continue
            cache = take.earlier("cache", (*_ONE_BY_ONE, "shuffle", "batch"))
            if cache is None or cache.call is None or id(cache) in skipped:
                continue
            if cache.cardinality is not None and take.cardinality == cache.cardinality:
                continue
            yield Misplaced(
                take.call,
                "`take` stops before the `cache` is complete: what it holds is dropped and made again in each epoch",
                cache.call,
                "cached here",
                "take before `cache`",
                "info",
                _moved(script, take.call, cache.call, "take before `cache`", _DRAWN_ONCE)
                if take.input is cache
                else None,
            )


def shared_files(caches: list[tuple[Call, Dataset]]) -> Iterator[Misplaced]:
    """Two pipelines with one cache file, of which the second reads what the first wrote."""
    first: dict[str, tuple[Call, Dataset]] = {}
    for call, cache in caches:
        name = call.const("filename")
        if not isinstance(name, str) or not name or call.conditional or call.function is not None:
            continue
        other, known = first.setdefault(name, (call, cache))
        if other.node is not call.node and known.input is not cache.input:
            yield Misplaced(
                call,
                f"two pipelines share the cache file `{name}`: this one gives the elements of the other",
                other,
                "the other one is here",
                "give each pipeline a file of its own",
                "error",
            )


def _is_only_evaluated(script: Script, cache: Dataset) -> bool:
    """Whether models are evaluated on what ``cache`` gives, and none is trained on it."""
    held_out = [fit.call.arg("validation_data") for fit in script.trainings]
    held_out += [fit.x for fit in script.fits if fit.method in ("evaluate", "predict")]
    return _reads(held_out, cache) and not _reads([fit.x for fit in script.trainings], cache)


def _reads(given: Iterable[Value | None], cache: Dataset) -> bool:
    return any(step is cache for one in given if isinstance(one, Dataset) for step in one.chain())


def _moved(script: Script, later: Call, earlier: Call, title: str, price: str) -> Fix | None:
    edits = move_before(script, later.node, earlier.node)
    return Fix(title, False, edits, price) if edits is not None else None


def _is_read_in_its_order(script: Script, cache: Dataset) -> bool:
    """Whether a model is trained for several epochs on what ``cache`` gives, in the order in which it is kept."""
    for fit in script.trainings:
        steps = list(fit.x.chain()) if isinstance(fit.x, Dataset) else []
        if cache in steps and fit.call.given("epochs") and const(fit.call.arg("epochs")) != 1:
            return not any(step.op == "shuffle" for step in steps[: steps.index(cache)])
    return False
