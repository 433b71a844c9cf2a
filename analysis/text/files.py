"""Files on disk as scripts: which bytes are text, in which encoding, and what of them is Python."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from keras_memlint.analysis.text.notebook import CodeCell, NotANotebookError, join_cells, read_notebook
from keras_memlint.analysis.text.source import Source

# The longer mark first: that of UTF-16 is the beginning of that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)?[^\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


class UnreadableError(Exception):
    """A file that cannot be read as a script. ``reason`` continues a sentence that starts with ``path``."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FileText:
    """One file: the script in it, and what is needed to write a changed script back.

    ``raw`` are all its bytes, ``bom`` the byte order mark they start with. ``cells`` are the code cells of a
    notebook, None for any other file.
    """

    source: Source
    raw: bytes
    encoding: str
    bom: bytes = b""
    cells: tuple[CodeCell, ...] | None = None

    @property
    def text(self) -> str:
        """All characters of the file: for a notebook its JSON text."""
        if self.cells is None:
            return self.source.text
        return self.raw[len(self.bom) :].decode(self.encoding)


def read_script(path: Path, shown_as: str) -> FileText:
    """The script in the file ``path``, named ``shown_as`` in everything that is reported. Raises UnreadableError."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableError(shown_as, "no such file") from None
    except OSError as error:
        # Windows calls opening a folder a lack of permission.
        reason = "is a folder" if path.is_dir() else (error.strerror or "cannot be read").lower()
        raise UnreadableError(shown_as, reason) from None
    except ValueError:
        raise UnreadableError(shown_as, "no file can have this name") from None
    return script_from_bytes(raw, shown_as)


def script_from_bytes(raw: bytes, shown_as: str) -> FileText:
    """The script in the bytes ``raw`` of a file, or of standard input, named ``shown_as``. Raises UnreadableError."""
    text, encoding, bom = decode(raw, shown_as)
    if not is_notebook(shown_as):
        return FileText(Source(shown_as, text), raw, encoding, bom)
    cells = _cells(text, shown_as)
    return FileText(_join(shown_as, cells), raw, encoding, bom, cells)


def is_notebook(path: str) -> bool:
    """Whether the name says that the file is a Jupyter notebook."""
    return path.lower().endswith(".ipynb")


def _cells(text: str, path: str) -> tuple[CodeCell, ...]:
    try:
        return read_notebook(text)
    except NotANotebookError as error:
        raise UnreadableError(path, str(error)) from None


def _join(path: str, cells: tuple[CodeCell, ...]) -> Source:
    return join_cells(path, ((cell.index, cell.source) for cell in cells))


def decode(raw: bytes, path: str) -> tuple[str, str, bytes]:
    """The characters of ``raw``, their encoding, and the byte order mark that was left out. Raises UnreadableError."""
    bom, encoding = next(((mark, name) for mark, name in _MARKS if raw.startswith(mark)), (b"", "utf-8"))
    cookie = None if encoding != "utf-8" or is_notebook(path) else _cookie(raw, path)
    try:
        text = raw[len(bom) :].decode(cookie or encoding)
    except (UnicodeError, LookupError) as error:
        if cookie or bom:
            raise UnreadableError(
                path, f"is not text in {cookie or encoding}, the encoding it declares"
            ) from None
        where = f" ({_line(raw, error.start)})" if isinstance(error, UnicodeDecodeError) else ""
        raise UnreadableError(path, f"is not UTF-8 text and declares no other encoding{where}") from None
    if "\0" in text:
        where = _line(text, text.index("\0"))
        raise UnreadableError(path, f"is not text, it holds NUL bytes ({where})")
    if _SURROGATE.search(text) or (cookie and "coding" not in text):
        raise UnreadableError(path, f"is not text in {cookie}, the encoding it declares")
    return text, cookie or encoding, bom


def _line(text: bytes | str, at: int) -> str:
    """The line of offset ``at``, for a message."""
    before = text[:at]
    breaks = before.count(b"\n") if isinstance(before, bytes) else before.count("\n")
    return f"line {breaks + 1}"


def _cookie(raw: bytes, path: str) -> str | None:
    """The encoding declared in one of the first two lines, as Python reads it; None without a declaration."""
    lines = _FIRST_LINES.match(raw)
    if lines is None or b"coding" not in lines[0]:
        return None
    from tokenize import detect_encoding

    try:
        encoding, _ = detect_encoding(iter(lines[0].splitlines(keepends=True)).__next__)
    except SyntaxError as error:
        raise UnreadableError(
            path, f"declares an encoding that Python does not accept ({error.msg})"
        ) from None
    return encoding if encoding not in ("utf-8", "utf-8-sig") else None
