"""The rows of the user's own files that tracebacks in a log name."""

from __future__ import annotations

import re

from keras_memlint.server.oom.failure import Frame

WORDS = ('file "', ".py:", "most recent call last", "cell in", "input in", "<ipython-input", "(defined at")
"""A line without any of them, in lower case, starts nothing of a traceback."""

_MOST = 64
_NEAR = 30
"""Lines between the end of a traceback and the message it belongs to: TensorFlow puts the nodes of a graph between."""

_STARTS = ("Traceback (most recent call last)", "defined at (most recent call last)")
_FRAME = re.compile(r'^\s*(?:\d+:\s*)?File "(?P<file>[^"]+)", line (?P<row>\d{1,9})\b')
_IPYTHON = re.compile(r"^File (?P<file>\S.*?\.py):(?P<row>\d{1,9})\b")
_DEFINED = re.compile(r"\(defined at (?P<file>[^()]+?\.py):(?P<row>\d{1,9})\)")
_CELL = re.compile(r"^(?:Cell In ?\[\d+\]|<ipython-input-\d+-[^>]*> in |Input In \[\d+\])")
_ARROW = re.compile(r"^-+> ?(?P<row>\d{1,9}) (?P<text>.*)$")
_NEIGHBOUR = re.compile(r"^\s*\d{1,9}(?: |$)")
_LIBRARIES = re.compile(
    r"site-packages|dist-packages|[/\\][Ll]ib(?:64)?[/\\]python\d|[Pp]ython\d*[/\\][Ll]ib[/\\]|[Aa]naconda\d?[/\\][Ll]ib[/\\]|^<"
    r"|autograph_generated"
)


class Frames:
    """Collects frames line by line."""

    def __init__(self) -> None:
        self._rows: list[Frame] = []
        self._before: list[Frame] = []
        self._open: Frame | None = None
        self._listed = False  # neighbours of the row are shown with it
        self.latest = 0
        """The line in which the last frame stands, of whatever file."""

    def line(self, number: int, text: str) -> None:
        """Looks at one more line of the log."""
        opened, self._open = self._open, None
        if any(start in text for start in _STARTS):
            self._keep(opened)
            self._before = self._rows if number - self.latest <= _NEAR else []
            self._rows, self.latest = [], number
        elif found := _FRAME.match(text):
            self._keep(opened)
            self._start(number, found["file"], int(found["row"]))
        elif found := _IPYTHON.match(text):
            self._keep(opened)
            self._start(number, found["file"], int(found["row"]), listed=True)
        elif _CELL.match(text):
            self._keep(opened)
            self._start(number, "", 0, listed=True)
        elif found := _DEFINED.search(text):
            self._keep(opened)
            self._start(number, found["file"], int(found["row"]))
        elif opened is not None:
            self._show(opened, text)

    def _start(self, number: int, file: str, row: int, *, listed: bool = False) -> None:
        self.latest, self._listed = number, listed
        if not _LIBRARIES.search(file):
            self._open = Frame(file, row)

    def _show(self, opened: Frame, text: str) -> None:
        """The row itself: below its place and further in, or with an arrow among its neighbours."""
        if arrow := _ARROW.match(text):
            self._keep(Frame(opened.file, opened.row or int(arrow["row"]), arrow["text"].strip()))
        elif self._listed and _NEIGHBOUR.match(text):
            self._open = opened
        else:
            shown = text.strip() if text.startswith("  ") and not self._listed else ""
            self._keep(Frame(opened.file, opened.row, shown))

    def _keep(self, frame: Frame | None) -> None:
        if frame is not None and frame.row and frame not in self._rows and len(self._rows) < _MOST:
            self._rows.append(frame)

    def at(self, number: int) -> tuple[Frame, ...]:
        """The user's own frames of the traceback that the message in line ``number`` belongs to, outermost first.

        Where TensorFlow says besides where a node was defined, those of both.
        """
        if number - self.latest > _NEAR:
            return ()
        return self.found

    @property
    def is_open(self) -> bool:
        """Whether the next line may show the row of a frame."""
        return self._open is not None

    @property
    def found(self) -> tuple[Frame, ...]:
        """The user's own frames of the last traceback."""
        self._keep(self._open)
        self._open = None
        rows: dict[tuple[str, int], Frame] = {}
        for frame in (*self._before, *self._rows):
            if not (known := rows.get((frame.file, frame.row))) or not known.text:
                rows[frame.file, frame.row] = frame
        return tuple(rows.values())
