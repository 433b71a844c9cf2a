"""A log as lines: encodings, prefixes, progress bars, pieces that are skipped, and bounded memory."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from keras_memlint.server.oom.lines import Line, lines


def all_of(raw: bytes, worth: Callable[[bytes], bool] = lambda _piece: True) -> list[Line]:
    return list(lines(io.BytesIO(raw), worth))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_encodings(encoding: str) -> None:
    assert [line.text for line in all_of("Getötet\nx".encode(encoding))] == ["Getötet", "x"]


def test_utf_16_big_end_first() -> None:
    assert all_of(b"\xfe\xff" + "Getötet".encode("utf-16-be")) == [Line(1, "Getötet")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(encoding: str) -> None:
    assert all_of("Epoch 1/10\nGetötet\n".encode(encoding))[-1] == Line(2, "Getötet")


@pytest.mark.parametrize(
    "prefix",
    [
        "2024-05-01T12:00:00.123456789Z stderr F ",
        "2024-05-01 12:00:00,123 ",
        "May 15 23:09:30 ubuntu-s-1vcpu kernel: [  518.050606] ",
        "Mär 15 23:09:30 host python[123]: ".replace("ä", "a"),
        "[Sun Mar 30 08:24:00 2025] ",
        "[18026.221140] ",
        "[rank0]: ",
        "train-1  | ",
        "0: ",
        "\x1b[31m",
        "2024-05-01T12:00:00Z train-1  | [rank0]: ",
    ],
)
def test_prefixes(prefix: str) -> None:
    assert all_of(f"{prefix}Killed\n".encode()) == [Line(1, "Killed")]


def test_what_is_no_prefix_stays() -> None:
    texts = ['  File "a.py", line 1, in <module>', "ValueError: 3", "12: 30", "a | b"]
    assert [line.text for line in all_of("\n".join(texts).encode())] == [texts[0], *texts[1:3], "b"]


def test_object_of_docker() -> None:
    raw = json.dumps({"log": '  File "train.py", line 3, in <module>\n', "stream": "stderr", "time": "x"})
    assert all_of(raw.encode()) == [Line(1, '  File "train.py", line 3, in <module>')]
    assert all_of(raw[:20].encode()) == [Line(1, raw[:20])]
    assert all_of(b'{"log": 3}') == [Line(1, '{"log": 3}')]


def test_object_with_many_lines() -> None:
    raw = json.dumps({"severity": "ERROR", "message": "Traceback:\n  x = 1\nMemoryError"})
    assert all_of(raw.encode()) == [Line(1, "Traceback:"), Line(1, "  x = 1"), Line(1, "MemoryError")]


def test_rows_are_counted_as_editors_do() -> None:
    raw = b"1/10\r2/10\r3/10\r\nKilled\r\n\r\nend"
    assert [(line.number, line.text) for line in all_of(raw)] == [
        (1, "1/10"),
        (1, "2/10"),
        (1, "3/10"),
        (2, "Killed"),
        (4, "end"),
    ]


def test_rows_are_counted_where_nothing_is_read() -> None:
    raw = b"nothing here\n" * 100_000 + b"Killed\n" + b"nothing here\n" * 100_000 + b"end\n"
    found = all_of(raw, lambda piece: b"Killed" in piece or b"end" in piece)
    assert Line(100_001, "Killed") in found
    assert Line(200_002, "end") in found
    assert len(found) < 100_000


def test_a_line_without_end_is_cut() -> None:
    assert max(len(line.text) for line in all_of(b"x" * 3_000_000)) <= 1 << 16
    bar = b"".join(b"\r%d/100000 [====>]" % number for number in range(100_000))
    assert all_of(bar)[-1] == Line(1, "99999/100000 [====>]")


@pytest.mark.parametrize("raw", [b"", b"\n", b"\xff\xfe", b"\xff", b"\x00" * 100, bytes(range(256)) * 50])
def test_any_bytes(raw: bytes) -> None:
    assert "\x00" not in "".join(line.text for line in all_of(raw))
