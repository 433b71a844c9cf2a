"""What every report says in the same words: sizes, shares, the verdict, and which rows there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields

from keras_memlint.analysis.sizes.measurement import VERDICTS
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.estimate.result import TIERS, Batch, Buffer, Estimate, Range, TargetEstimate, WhatIf

UNKNOWN = "unknown"
REST = "not attributed"
"""The part of the peak that the breakdown leaves open."""

_MOST_NAMED = 3


def size(number: int | None) -> str:
    """Bytes in words."""
    if number is None:
        return UNKNOWN
    return f"-{format_bytes(-number)}" if number < 0 else format_bytes(number)


def span(figure: Range) -> str:
    """``3.2–3.7 GiB``; one figure where both ends read the same."""
    return _joined(figure.low, figure.high, "–")


def part_of(part: int, whole: int) -> str:
    """``11.1 of 15.0 GiB``."""
    return _joined(part, whole, " of ", always=True)


def _joined(first: int, second: int, between: str, *, always: bool = False) -> str:
    one, other = size(first), size(second)
    if one == other and not always:
        return other
    number, unit = one.split(" ")
    return f"{number if unit == other.split(' ')[1] else one}{between}{other}"


def percent(part: int | float, whole: int | float) -> str:
    """``part`` as a share of ``whole``; unknown without a whole."""
    if whole <= 0:
        return UNKNOWN
    share = 100 * part / whole
    return "<1 %" if 0 < share < 1 else f"{share:,.0f} %"


def name(estimate: Estimate) -> str:
    """The script without its folder."""
    return re.split(r"[\\/]", estimate.script)[-1] or "the script"


def verdict(estimate: Estimate) -> str:
    """The sentence that answers the user's question: how much, and which GPUs are enough."""
    who = name(estimate)
    if estimate.batch_size is not None:
        who += f" at batch {estimate.batch_size}"
    tiers = {target.tier for target in estimate.targets} or {estimate.tier}
    about = "at least " if "bound" in tiers else "" if tiers == {"measured"} else "about "
    if not estimate.targets:
        if estimate.program_peak_bytes.high <= 0:
            return f"What {who} needs on a GPU is not known."
        need = size(estimate.program_peak_bytes.mid)
        return f"{who} needs {about}{need} of GPU memory, without the GPU's own context."
    likely = [target.device_total_bytes.mid for target in estimate.targets]
    need = _joined(min(likely), max(likely), "–")
    return f"{who} needs {about}{need} of GPU memory: {'; '.join(_fits(estimate.targets))}."


def _fits(targets: tuple[TargetEstimate, ...]) -> Iterator[str]:
    for fits, words in VERDICTS.items():
        named = [f"{target.name} ({margin(target)})" for target in targets if target.fits == fits]
        if len(named) > _MOST_NAMED + 1:
            named[_MOST_NAMED:] = [f"{len(named) - _MOST_NAMED} more"]
        if named:
            yield f"{words} {_listed(named)}"


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def margin(target: TargetEstimate) -> str:
    """How much memory of the GPU is left, or short, or in doubt."""
    total, memory = target.device_total_bytes, target.memory_bytes
    if target.fits == "borderline":
        doubt, whole = span(total), size(memory)
        one_unit = doubt.count(" ") == 1
        return f"{doubt.removesuffix(' ' + whole.split(' ')[1]) if one_unit else doubt} of {whole}"
    if total.mid <= memory:
        return f"{part_of(memory - total.mid, memory)} left"
    return f"{size(total.mid - memory)} short"


def setting(estimate: Estimate) -> list[str]:
    """Batch, policy, optimizer and backend, as far as they are known."""
    batch = f"batch {estimate.batch_size}" if estimate.batch_size is not None else "batch size unknown"
    return [batch, *(word for word in (estimate.policy, estimate.optimizer, estimate.backend) if word)]


def basis(estimate: Estimate) -> str:
    """One sentence: how the figures came about, and for which setting."""
    tiers = list(dict.fromkeys([target.tier for target in estimate.targets] or [estimate.tier]))
    how = " or ".join(TIERS[tier] for tier in tiers)
    said = ", as each GPU says" if len(tiers) > 1 else ""
    return f"{how[0].upper()}{how[1:]}{said}; {', '.join(setting(estimate))}."


def largest(batch: Batch | None) -> tuple[str, str]:
    """The largest batch, and how sure it is."""
    if batch is None:
        return UNKNOWN, ""
    if batch.size < 1:
        return "none", "confirmed" if batch.confirmed else "not confirmed"
    return f"{batch.size:,}", "confirmed" if batch.confirmed else "not confirmed"


def line_error(batch: Batch | None) -> str | None:
    """How far the search's straight line through smaller batches was off at this one. None when that is not known."""
    if batch is None or batch.line_error is None:
        return None
    return f"{100 * abs(batch.line_error):.1f} %"


def peak_parts(estimate: Estimate) -> list[tuple[str, int | None, float]]:
    """The parts of the peak with their bytes and shares, known ones largest first; empty when none is known."""
    parts = [(field.name, getattr(estimate.breakdown, field.name)) for field in fields(estimate.breakdown)]
    known = sum(max(number, 0) for _, number in parts if number is not None)
    if not known:
        return []
    peak = estimate.program_peak_bytes.mid
    # A difference of rounding is not worth a row.
    if peak - known > peak * 0.005:
        parts.append((REST, peak - known))
    whole = max(peak, known)
    parts.sort(key=lambda part: (part[0] == REST, part[1] is None, -(part[1] or 0)))
    return [(part, number, max(number or 0, 0) / whole) for part, number in parts]


def host_rows(estimate: Estimate) -> list[tuple[str, int]]:
    """What is known of the process' resident memory, in the order of the run."""
    host = estimate.host
    peak = host.peak_bytes if host.peak_bytes is not None else estimate.host_peak_bytes
    rows = (
        ("after the imports", host.imports_bytes),
        ("highest before training", host.peak_before_training_bytes),
        ("when training began", host.before_training_bytes),
        ("highest of all", peak),
    )
    return [(label, number) for label, number in rows if number is not None]


def buffer_elements(buffer: Buffer) -> str:
    """How many elements a full buffer holds."""
    if buffer.elements is None:
        return "elements unknown"
    return f"{buffer.elements:,} element{'' if buffer.elements == 1 else 's'}"


def ranked(changes: Iterable[WhatIf]) -> list[WhatIf]:
    """The changes, most bytes saved first; those that could not be computed last."""
    return sorted(changes, key=lambda change: (change.saved_bytes is None, -(change.saved_bytes or 0)))


def by_target(estimate: Estimate) -> list[tuple[str, list[WhatIf]]]:
    """The changes ranked for each GPU, GPUs in the order asked for."""
    order = list(
        dict.fromkeys([*(target.name for target in estimate.targets), *(w.target for w in estimate.what_if)])
    )
    groups = [(gpu, ranked(change for change in estimate.what_if if change.target == gpu)) for gpu in order]
    return [(gpu, changes) for gpu, changes in groups if changes]


def saving(change: WhatIf) -> str:
    """What a change does to the likely peak."""
    if change.saved_bytes is None:
        return UNKNOWN
    if change.saved_bytes == 0:
        return "no change"
    return f"{'saves' if change.saved_bytes > 0 else 'costs'} {size(abs(change.saved_bytes))}"


def misfit(change: WhatIf) -> str:
    """Said where it is no good news: most changes are tried to make it fit."""
    said = VERDICTS.get(change.fits or "") if change.fits != "yes" else None
    return f"{said}: " if said else ""


def recomputed(estimate: Estimate, gpu: str) -> str:
    """For which GPU the changes were recomputed, and how. What was measured cannot have been the changed program."""
    tiers = {target.tier for target in estimate.targets if target.name == gpu} - {"measured"}
    where = f"recomputed for {gpu}" if gpu else "recomputed"
    return ", ".join([where, *(TIERS[tier] for tier in sorted(tiers))])


def first_gpu(estimate: Estimate) -> str:
    """Whose figures the breakdown, the timeline and the tensors are: the first GPU's, with the tier in words."""
    where = f"on {estimate.targets[0].name}, " if estimate.targets else ""
    return where + TIERS[estimate.tier]


def made(estimate: Estimate) -> list[tuple[str, str]]:
    """How the numbers came about, as labels and words."""
    place = f"{estimate.script}:{estimate.line}" if estimate.line is not None else estimate.script
    steps = f"{estimate.steps:,} step{'' if estimate.steps == 1 else 's'} run"
    rows = [
        ("script", place),
        ("caught at", f"{estimate.hook}, {steps}" if estimate.hook else steps),
        ("tier", TIERS[estimate.tier]),
        *_routes(estimate),
        ("setting", ", ".join(setting(estimate))),
        ("versions", ", ".join(f"{package} {version}" for package, version in estimate.versions.items())),
        ("time", ", ".join(f"{stage}: {seconds:.1f} s" for stage, seconds in estimate.seconds.items())),
        ("text hash", estimate.script_hash),
    ]
    return [(label, words) for label, words in rows if words]


def _routes(estimate: Estimate) -> Iterator[tuple[str, str]]:
    routes: dict[str, list[str]] = {}
    for target in estimate.targets:
        routes.setdefault(target.route, []).append(target.name)
    for route, names in routes.items():
        yield "route", route if len(routes) == 1 else f"{route} ({_listed(names)})"
