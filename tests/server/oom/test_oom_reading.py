"""Messages, tracebacks and details put together; and that no log, however broken, makes the reading raise."""

from __future__ import annotations

import io
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.server.oom.as_json import as_json
from keras_memlint.server.oom.failure import Frame, Log
from keras_memlint.server.oom.messages import MESSAGES
from keras_memlint.server.oom.reading import read
from keras_memlint.server.oom.report import report_on
from keras_memlint.server.oom.text import as_text

TENSOR = "OOM when allocating tensor with shape[{}] and type float on /job:localhost/device:GPU:0 by allocator GPU_0_bfc\n"


def log_of(text: str) -> Log:
    found = read(io.BytesIO(text.encode()))
    assert found is not None
    return found


def test_the_last_of_several() -> None:
    log = log_of(TENSOR.format("64,8") + "Trial 2\n" * 40 + TENSOR.format("32,8"))
    assert log.main.shape == (32, 8)
    assert [other.shape for other in log.others] == [(64, 8)]


def test_told_twice_is_told_once() -> None:
    log = log_of(TENSOR.format("64,8") * 3)
    assert (log.main.line, log.others) == (3, [])


def test_the_failing_node_is_the_first() -> None:
    log = log_of(
        "  (0) Resource exhausted: " + TENSOR.format("64,8") + "\t [[{{node resnet/conv1/Conv2D}}]]\n"
        "Hint: more\n\n\t [[Mean_1/_1047]]\n  (1) Resource exhausted: "
        + TENSOR.format("64,8")
        + "\t [[{{node resnet/conv1/Conv2D}}]]\n0 successful operations.\n"
    )
    assert log.main.node == "resnet/conv1/Conv2D"
    assert log.others == []


def test_old_nodes() -> None:
    log = log_of(
        TENSOR.format("64,8")
        + '\t [[Node: replica_1/xception/bn/FusedBatchNorm = FusedBatchNorm[T=DT_FLOAT, data_format="NHWC"](x, y)]]\n'
    )
    assert log.main.node == "replica_1/xception/bn/FusedBatchNorm"
    log = log_of(
        TENSOR.format("64,8") + "\t [[node G/Tile (defined at D:\\me\\training\\networks.py:66) ]]\n"
    )
    assert log.main.node == "G/Tile"
    assert log.main.frames == (Frame("D:\\me\\training\\networks.py", 66),)


def test_node_of_another_failure_is_not_taken() -> None:
    log = log_of(
        TENSOR.format("64,8") + "\t [[{{node a/b/Conv2D}}]]\n" + "Trial 2\n" * 40 + TENSOR.format("32,8")
    )
    assert log.main.node is None


def test_traceback_of_something_else_is_not_taken() -> None:
    traceback = (
        'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    f()\nValueError: 3\n'
    )
    assert log_of(traceback + "going on\n" * 40 + "Killed\n").main.frames == ()


def test_a_log_that_ends_in_the_traceback() -> None:
    log = log_of(
        "W op_kernel.cc:1275] OP_REQUIRES failed at conv_ops.cc:682 : Resource exhausted: "
        + TENSOR.format("64,8")
        + 'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\n    model.fit(x)\n  File "/usr/li'
    )
    assert log.main.frames == (Frame("a.py", 3, "model.fit(x)"),)


def test_platform_of_a_compiler() -> None:
    service = "service.cc:153] XLA service 0x7f initialized for platform {} (this does not guarantee that XLA will be used).\n"
    message = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 4294967296 bytes.\n"
    assert log_of(service.format("CUDA") + message).main.memory == "gpu"
    assert log_of(service.format("Host") + message).main.memory == "host"
    assert log_of(message).main.memory is None


def test_very_many_failures_take_little_memory() -> None:
    log = log_of("".join(TENSOR.format(f"{number},8") for number in range(1, 2000)))
    assert log.main.shape == (1999, 8)
    assert len(log.others) < 300


def test_statistics_of_the_gpu_are_not_those_of_the_host() -> None:
    log = log_of(
        "Limit:                     14611120128\nInUse:                     13851281408\n"
        + TENSOR.format("64,8")
        + "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 23.4 GiB for an array with shape (3, 5) and data type"
        " float64\n"
    )
    assert (log.main.kind, log.main.limit, log.main.held) == ("array", None, None)
    assert [other.limit for other in log.others] == [14611120128]


def test_a_kill_after_a_failure_that_was_told() -> None:
    log = log_of(TENSOR.format("64,8") + "train-1 exited with code 137\n")
    assert (log.main.kind, [other.kind for other in log.others]) == ("tensor", ["exit"])
    log = log_of(
        "Unable to allocate 23.4 GiB for an array\nOut of memory: Killed process 1 (python) anon-rss:4kB\n"
    )
    assert (log.main.kind, log.main.process, [other.kind for other in log.others]) == (
        "array",
        None,
        ["kernel"],
    )


PIECES = [
    *(word.encode() for message in MESSAGES for word in message.words),
    *(
        b"OOM when allocating tensor with shape[",
        b"32,512",
        b"]",
        b" and type float on ",
        b"/device:GPU:0",
        b" by allocator ",
    ),
    *(
        b"Unable to allocate ",
        b"2.00GiB",
        b"117. GiB",
        b" for an array with shape (",
        b"9" * 40,
        b")",
        b" and data type ",
    ),
    *(
        b"Traceback (most recent call last)",
        b'  File "',
        b'", line ',
        b"Cell In[3], line 3",
        b"----> 3 x",
        b"[[{{node a/b}}]]",
    ),
    *(
        b"Buffer 1:",
        b"Size: ",
        b"Shape: f32[",
        b"Limit:    ",
        b"InUse:    ",
        b"memory: usage 3kB, limit 4kB",
        b"Killed",
    ),
    *(
        b"Killed process 1 (",
        b"anon-rss:",
        b"kB",
        b"\n",
        b"\n",
        b"\r",
        b" ",
        b"\x1b[31m",
        b"\xff",
        b"\x00",
        b'{"log":"',
        b'"}',
    ),
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=4)), max_size=30))
def test_no_bytes_make_it_raise(pieces: list[bytes]) -> None:
    report = report_on(io.BytesIO(b"".join(pieces)), "x.log", None)
    if report is not None:
        json.loads(as_json(report))
        assert "\n" not in "".join(as_text(report, colour=False))


@pytest.mark.parametrize(
    "piece",
    [piece.decode("latin-1") for piece in PIECES] + ["dim { size: 1 } ", "exit code ", ": line 1: 1 "],
)
def test_long_lines_take_little_time(piece: str) -> None:
    started = time.process_time()
    read(io.BytesIO((piece * (60_000 // len(piece)) + "\n").encode() * 5))
    assert time.process_time() - started < 1
