"""Where a script compiles and trains, and what is known of each training's memory: plain data, as editors show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.sizes.measurement import OnGpu
from keras_memlint.analysis.text.source import Location

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.training.fits import Fit


_NEAR = 3
"""Lines between a ``compile`` and its training in which one of them is enough to speak of both."""


@dataclass(frozen=True, slots=True)
class Training:
    """What is known of a training. ``figures`` are for the target GPU, of an estimate's run where there was one.

    ``batch``: the batch they are for. ``index`` counts the trainings of a run from 0. None means unknown.
    """

    figures: OnGpu | None
    batch: int | None
    index: int | None

    @property
    def measured(self) -> bool:
        """Whether the figures are those of an estimate that ran the script."""
        return self.figures is not None and self.figures.tier != "static"


@dataclass(frozen=True, slots=True)
class Spot:
    """A call in the script's own text that trains, or compiles a model that is trained further down.

    ``at`` is where it starts.
    """

    at: Location
    training: Training


@dataclass(frozen=True, slots=True)
class Trainings:
    """All of a script. ``spots`` in the order of the text; ``gpu``: the target."""

    gpu: str | None = None
    spots: tuple[Spot, ...] = ()
    all: tuple[Training, ...] = ()

    @property
    def total(self) -> OnGpu | None:
        """What the script needs: the most of its trainings; None when one is not known and none was run."""
        known = [one.figures for one in self.all if one.figures is not None]
        if len(known) < len(self.all) and not any(one.measured for one in self.all):
            return None
        return max(known, key=lambda one: one.likely, default=None)


NO_TRAININGS = Trainings()


def trainings_of(script: Script) -> Trainings:
    """The trainings of a script; none in a test file, whose sizes are of no concern."""
    target = script.settings.target
    if script.is_test:
        return Trainings(target.gpu)
    indices = _indices(script)
    known = [(fit, _training(script, fit, indices.get(id(fit)))) for fit in script.trainings]
    found: _Found = {}
    for fit, training in known:
        _note(script, found, fit.call, training)
    compiling: _Found = {}
    for call in script.calls("keras.Model.compile"):
        model = call.receiver
        mine = [one for one in known if isinstance(model, Model) and one[0].model is model]
        # A model that is compiled again is trained again.
        after = [one for one in mine if one[0].call.order > call.order]
        if mine:
            _note(script, compiling, call, (after or mine)[0][1])
    apart = {
        start: (at, trainings)
        for start, (at, trainings) in compiling.items()
        if not any(_speaks_for(at, trainings, *trained) for trained in found.values())
    }
    spots = (Spot(at, _agreed(trainings)) for _, (at, trainings) in sorted((found | apart).items()))
    return Trainings(target.gpu, tuple(spots), tuple(training for _, training in known))


_Found = dict[int, tuple[Location, list[Training]]]
"""Where calls start, by their offset, and the trainings they are or lead to."""


def _note(script: Script, found: _Found, call: Call, training: Training) -> None:
    place = script.place(call.node)
    if place.source is script.source:
        found.setdefault(place.start, (script.source.location(place.start), []))[1].append(training)


def _speaks_for(at: Location, trainings: list[Training], trained: Location, there: list[Training]) -> bool:
    """Whether the training at ``trained`` stands beside the ``compile`` at ``at`` and is the one it leads to."""
    if trained.cell != at.cell or abs(trained.row - at.row) > _NEAR:
        return False
    same = all(any(one is other for other in there) for one in trainings)
    return same and _agreed(trainings) == _agreed(there)


def _agreed(trainings: list[Training]) -> Training:
    """What holds whenever the same place is reached; nothing is known where that differs."""
    first = trainings[0]
    if all((one.figures, one.batch) == (first.figures, first.batch) for one in trainings):
        return first
    return Training(None, None, first.index)


def _training(script: Script, fit: Fit, index: int | None) -> Training:
    target = script.settings.target
    measurement = script.measurement_of(fit)
    if measurement is not None:
        return Training(measurement.on(target.gpu), measurement.batch_size, index)
    static = script.static_estimate(fit)
    if static is None:
        return Training(None, None, index)
    return Training(static.on(target.gpu, target.gpu_memory), static.batch, index)


def _indices(script: Script) -> dict[int, int]:
    """How many trainings a run makes before each; missing where a loop, a branch or training by hand decides."""
    return dict(_counted(script)) if not script.uses("tf.GradientTape", "keras.Model.train_on_batch") else {}


def _counted(script: Script) -> Iterator[tuple[int, int]]:
    for at, fit in enumerate(script.trainings):
        if not script.reached(fit.call):
            return
        yield id(fit), at
        if fit.call.loops or fit.call.conditional or fit.method == "search":
            return
