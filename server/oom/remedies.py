"""What would make a script fit, the largest saving first: smaller batches, smaller numbers, and what the rules found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.analysis.training.fits import Fit
from keras_memlint.rules.diagnostic import Diagnostic, Severity
from keras_memlint.server.oom.failure import Failure
from keras_memlint.server.oom.rule_memory import Use, uses_of
from keras_memlint.server.oom.scripts import Checked
from keras_memlint.server.oom.tying import has_batch, tensor_of, ties

IN_A_STEP = frozenset(
    (
        "tensor",
        "torch",
        "torch-host",
        "xla",
        "xla-request",
        "xla-space",
        "copy",
        "allocator",
        "exhausted",
        "driver",
    )
)
"""Failures of a framework's own allocator, which holds what a training step needs, on the host too without a GPU."""

_BATCH, _PRECISION = "KM501", "KM301"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change; ``bytes`` None when what it saves is not known. ``finding`` is what a rule says, None for other changes.

    ``at_least``: it saves more, of which the text does not tell how much.
    """

    what: str
    bytes: int | None
    at: Place | None = None
    finding: Diagnostic | None = None
    at_least: bool = False


def remedies(found: Iterable[Checked], failure: Failure, row: Place | None) -> list[Remedy]:
    """The changes, largest saving first, unknown ones last and of those the severest first."""
    made: list[Remedy] = []
    for one in found:
        changes = list(_changes(one.script, failure, row)) if failure.kind in IN_A_STEP else []
        told = {_BATCH} if changes and one.script.measurement is None else set()
        wanted = _wanted(one.script, failure)
        findings = [item for item in one.findings if item.code not in told and _concerns(item, wanted)]
        if any(item.code == _PRECISION for item in findings):
            changes = [change for change in changes if change.what is not _MIXED]
        made += [*changes, *(Remedy(item.message, item.bytes, finding=item) for item in findings)]
    return sorted(dict.fromkeys(made), key=_order)


def _order(remedy: Remedy) -> tuple[bool, int, int]:
    severity = _SEVEREST.index(remedy.finding.severity) if remedy.finding is not None else 0
    return remedy.bytes is None, -(remedy.bytes or 0), severity


_SEVEREST: tuple[Severity, ...] = ("error", "warning", "info", "hint")


def _wanted(script: Script, failure: Failure) -> set[Use]:
    """What the memory that ran out is used for."""
    wanted: set[Use] = {failure.memory} if failure.memory is not None else {"gpu", "host"}
    if failure.kind in IN_A_STEP:
        wanted.add("step")
    whole = failure.shape is not None and any(feed.array.shape == failure.shape for feed in script.feeds)
    if failure.kind == "copy" or whole:
        wanted.add("data")
    return wanted


def _concerns(finding: Diagnostic, wanted: set[Use]) -> bool:
    """Whether a finding is about one of these uses. What may matter on other hardware only does so with bytes."""
    known = finding.bytes is not None or finding.severity != "hint"
    return known and not wanted.isdisjoint(uses_of(finding.code))


_MIXED = "mixed precision, which halves the activations; set the policy before the model is built"


def _changes(script: Script, failure: Failure, row: Place | None) -> Iterator[Remedy]:
    """Half the batch, and half the bytes of each number, where the failure may be of a training step."""
    kinds = {tie.kind for tie in ties(script, failure)}
    if "array" in kinds and not kinds & {"layer", "input"}:
        return  # a whole data set, or a table of the user's own
    fits = _fits(script, failure, row)
    for fit in fits:
        yield from _of_fit(script, fit, failure)
    if not fits and "batch" in kinds and kinds & {"layer", "input"} and failure.shape and failure.exact:
        for tie in ties(script, failure):
            if tie.kind == "batch":
                yield from _halves(
                    script, failure, failure.shape[0], failure.exact // 2, tie.at, at_least=True
                )


def _of_fit(script: Script, fit: Fit, failure: Failure) -> Iterator[Remedy]:
    static = script.static_estimate(fit) if fit.method not in _WITHOUT_TRAINING else None
    batch, at = (fit.batch_size if static is None else static.batch), script.call_place(fit.call)
    if batch is None:
        yield Remedy("a smaller batch; how large it is now, the text does not tell", None, at)
    elif static is not None:
        yield from _halves(script, failure, batch, static.sample * batch // 2, at)
    elif failure.exact is not None and has_batch(fit, failure.shape):
        yield from _halves(script, failure, batch, failure.exact // 2, at, at_least=True)
    else:
        yield from _halves(script, failure, batch, None, at)


_WITHOUT_TRAINING = ("predict", "evaluate", "predict_generator", "evaluate_generator")


def _halves(
    script: Script, failure: Failure, batch: int, saved: int | None, at: Place, *, at_least: bool = False
) -> Iterator[Remedy]:
    if batch > 1:
        what = f"a batch of {batch // 2:,} instead of {batch:,}, which halves the activations"
        yield Remedy(what, saved, at, at_least=at_least)
    floats = failure.dtype in (None, "float32")
    if floats and failure.memory != "host" and not script.precision_is_chosen and not script.cpu_only:
        yield Remedy(_MIXED, saved, at, at_least=at_least)


def _fits(script: Script, failure: Failure, row: Place | None) -> list[Fit]:
    """The call in the row that failed; else the trainings whose tensor it is; else all trainings."""
    trainings, shape = list(script.trainings), tensor_of(failure)
    in_row = [fit for fit in script.fits if row is not None and overlap(script.place(fit.call.node), row)]
    found = in_row or [fit for fit in trainings if has_batch(fit, shape)] or trainings
    return list({(id(fit.call.node), fit.batch_size): fit for fit in found}.values())


def overlap(one: Place, other: Place) -> bool:
    """Whether two places of the same file have something in common."""
    return one.source.path == other.source.path and one.start < other.end and other.start < one.end
