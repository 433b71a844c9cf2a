"""What ``oom`` has to say of a log: plain data for both forms of output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from keras_memlint.analysis.sizes.bill import Part
from keras_memlint.server.cache import Cache
from keras_memlint.server.oom.failure import Failure, Frame
from keras_memlint.server.oom.parts import parts_of
from keras_memlint.server.oom.reading import read
from keras_memlint.server.oom.remedies import Remedy, remedies
from keras_memlint.server.oom.scripts import Named, checked, named_script, scripts_of
from keras_memlint.server.oom.tying import Tie, tensor_of, ties
from keras_memlint.server.run import Options, Plans


@dataclass(frozen=True, slots=True)
class Report:
    """The failure that ended the log and ``others`` in it; the rest is of the scripts, which are none where none is here.

    ``row`` is the last row of theirs that the log names. ``missing`` is the last of the user's own rows whose file is not
    here. ``parts`` are what takes most of the memory, where the message names no tensor. ``untied``: there is a tensor and there are scripts, and nothing in them has its shape.
    """

    log: str
    failure: Failure
    others: tuple[Failure, ...]
    scripts: tuple[str, ...]
    row: Named | None
    missing: Frame | None
    ties: tuple[Tie, ...]
    parts: tuple[Part, ...]
    remedies: tuple[Remedy, ...]

    @property
    def untied(self) -> bool:
        """Whether nothing in the scripts has the shape of the tensor."""
        return bool(self.scripts) and tensor_of(self.failure) is not None and not self.ties


def report_on(stream: IO[bytes], name: str, script: str | None) -> Report | None:
    """What the log ``name`` tells; None when it tells of no failure. Raises UserError for a script it cannot read."""
    log = read(stream)
    if log is None:
        return None
    failure = log.main
    frames = failure.frames
    sources, row = scripts_of(frames) if script is None else named_script(script, frames)
    cache = Cache.of_user()
    found = checked(sources, Plans(Options(hints=True), cache))
    cache.close()
    at = None if row is None else row.at
    own = [frame for frame in frames if frame.file]
    return Report(
        name,
        failure,
        tuple(log.others),
        tuple(source.path for source in sources),
        row,
        own[-1] if own and not sources else None,
        tuple(dict.fromkeys(tie for one in found for tie in ties(one.script, failure))),
        () if tensor_of(failure) else tuple(parts_of([one.script for one in found], failure, at)),
        tuple(remedies(found, failure, at)),
    )
