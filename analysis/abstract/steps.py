"""The steps of an array's provenance that questions are asked about, by the first words of their notes.

A note is what a user reads: ``widened to float64``. Who asks what happened to an array names a kind of step from here
(``step.did(steps.WIDENED)``). Words that begin others hold for these, too: JOINED and REORDERED are COPIED.
tests/analysis/test_steps.py holds an expression for each that makes such a step.
"""

from __future__ import annotations

# Numbers of their own, in memory of their own.
COMPUTED = "computed"
CONVERTED = "converted"
COPIED = "copied"
PROJECTED = "projected"
REPEATED = "repeated"
RESIZED = "resized"
SCALED = "scaled"
WIDENED = "widened"
# The same numbers, seen otherwise.
EXCHANGED = "axes exchanged"
MIRRORED = "mirrored"
RESHAPED = "reshaped"
SLICED = "sliced"
TRANSPOSED = "transposed"
# Some of the numbers, copied.
PICKED = "picked"
PICKED_BY_INDEX = "picked by index"
REORDERED = "copied in another order"
SPLIT = "split"
# Where they come from.
DENSE = "made dense"
DRAWN = "drawn at once"
ENCODED = "encoded here"
FROM_ARCHIVE = "loaded whole from the archive"
IN_HDF5 = "a data set of the HDF5 file"
JOINED = "copied into one array"
LISTED = "listed here"
READ_WHOLE = "read whole"
SOME = "a slice"
WORDS = "a matrix of words"
