"""KM106: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import count
from keras_memlint.analysis.abstract.values import Array, Instance, Items, Object
from keras_memlint.analysis.arrays.feeds import Feed, arrays
from keras_memlint.analysis.facts.numpy_files import is_toy_file
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.training.fits import Fit
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._files import FLOW
from keras_memlint.rules.input_data._whole import (
    SAMPLE,
    is_selection,
    places,
    reporter,
    trains_on_large_samples,
    whole_read,
)

RULE = Rule("KM106", "hdf5-read-all", severity="warning", words=("h5py",))
# Bytes of a number of the widest dtype in use.
_WIDEST = 8
_HELP = "keep the file open and slice the data set batch by batch, in a `{}` or a generator"


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    opened: dict[int, tuple[Call, list[Feed]]] = {}
    for feed in script.feeds:
        if feed.role == "y" or reporter(script, feed) != "KM106":
            continue
        file = script.maker(feed.array)
        if file is not None and file.name == "h5py.File":
            opened.setdefault(id(file.node), (file, []))[1].append(feed)
    for file, feeds in opened.values():
        size = _file_size(script, file)
        severity = _severity(script, file, feeds, size)
        if severity is None:
            continue
        reads = {id(step.node): step.node for feed in feeds if (step := whole_read(feed.array))}
        first, *others = [script.place(node) for node in reads.values()]
        what = f"a data set of an HDF5 file of {format_bytes(size)}" if size else "a whole HDF5 data set"
        yield Finding(
            at=first,
            site=script.place(file.site),
            message=f"this reads {what} into memory, and `{feeds[0].method}` copies it",
            bytes=feeds[0].array.bytes,
            help=_HELP.format(script.batch_class),
            related=(
                *(("read whole here, too", place) for place in others[:3]),
                *places(script, feeds),
            ),
            severity=severity,
        )
    yield from _in_batches(script, set(opened))


def _in_batches(script: Script, reported: set[int]) -> Iterator[Finding]:
    """Data sets read whole of which a generator or a sequence gives the model one batch after the other."""
    for fit in script.trainings:
        for array in _sliced(script, fit):
            step, file = whole_read(array), script.maker(array)
            if step is None or file is None or file.name != "h5py.File" or id(file.node) in reported:
                continue
            whole = script.made_at(step)
            feed = Feed(fit.call, "x", whole if isinstance(whole, Array) else array, fit, alone=False)
            size = _file_size(script, file)
            severity = _severity(script, file, [feed], size)
            numbers = count(fit.model.input) if fit.model is not None else None
            if severity == "hint" and (numbers or 0) >= SAMPLE:
                severity = "info"
            if severity in (None, "hint"):
                continue
            reported.add(id(file.node))
            what = f"a data set of an HDF5 file of {format_bytes(size)}" if size else "a whole HDF5 data set"
            yield Finding(
                at=script.place(step.node),
                site=script.place(file.site),
                message=f"this reads {what} into memory, though `{fit.method}` gets it batch by batch",
                bytes=feed.array.bytes,
                help=_HELP.format(script.batch_class),
                related=(("trained on here", script.call_place(fit.call)),),
                severity=severity,
            )


def _sliced(script: Script, fit: Fit) -> Iterator[Array]:
    """The inputs of a training that is given one batch after the other, or what the batches are taken from.

    Which of the arrays that a sequence holds are labels is known only where they are large.
    """
    x = fit.x
    if isinstance(x, Object) and x.call is not None and x.call.name == FLOW:
        yield from arrays(x.call.arg("x") or x.call.first())
    elif isinstance(x, Items) and x.kind == "generator":
        drawn = x.element
        yield from arrays(drawn.items[0] if isinstance(drawn, Items) and drawn.items else drawn)
    elif isinstance(x, Instance):
        for value in x.attributes.values():
            if isinstance(value, Array) and script.large(value.least):
                yield value


def _file_size(script: Script, file: Call) -> int | None:
    path = file.const("name")
    return script.project.path_size(path) if isinstance(path, str) else None


def _severity(script: Script, file: Call, feeds: list[Feed], size: int | None) -> Severity | None:
    """A warning where it is known to be large; without its size, what the model says about the samples."""
    if file.loops or file.mapped or file.streamed or is_toy_file(file.arg("name")):
        return None
    least = max((feed.array.least or 0 for feed in feeds if not is_selection(feed.array)), default=0)
    if script.large(size) or script.large(least):
        return "warning"
    if size is not None or (least and not script.large(least * _WIDEST)):
        return None
    if not any(feed.method.startswith("fit") for feed in feeds):
        return None
    return "info" if trains_on_large_samples(feeds) else "hint"
