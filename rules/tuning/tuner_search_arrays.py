"""KM903: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import UnknownValue
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import copied_in_words, reporter

RULE = Rule("KM903", "tuner-search-arrays", severity="warning", words=("search",))

_HELP = "give `search` a `{}` that slices the arrays, or files read by `tf.data`"


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or script.backend != "tensorflow" or script.slices_arrays:
        return
    for feed in script.feeds:
        if feed.method != "search" or reporter(script, feed) != "KM903":
            continue
        what, size = copied_in_words(script, feed)
        if what is not None:
            yield Finding(
                at=script.call_place(feed.call),
                site=script.place(feed.call.site),
                message=f"each trial {what}",
                bytes=size,
                help=_HELP.format(script.batch_class),
                related=script.trail(feed.array.origin),
            )
            return
    for fit in script.fits:
        if _gets_arrays(fit):
            yield Finding(
                at=script.call_place(fit.call),
                site=script.place(fit.call.site),
                message="each trial makes two copies of the arrays that `search` is given",
                help=_HELP.format(script.batch_class),
                severity="hint",
            )
            return


def _gets_arrays(fit: Fit) -> bool:
    """Whether it searches with data of which nothing is known but that labels stand beside it: arrays have these."""
    labels = "y" in fit.call.kwargs or len(fit.call.args) > 1
    return fit.method == "search" and labels and not fit.call.star and isinstance(fit.x, UnknownValue)
