"""What out-of-memory messages look like: a row for each form, the most telling first."""

from __future__ import annotations

import re
from typing import NamedTuple

from keras_memlint.server.oom.failure import Memory
from keras_memlint.server.oom.sizes import SIZE


class Message(NamedTuple):
    """One form. Its groups are named like the fields of ``Failure`` that they fill, see ``reading``.

    ``kind`` is what the JSON calls it. ``words``: a line without any of them, in lower case, is not of this form. ``memory`` None: what the message names decides. ``sure``: it is about memory.
    """

    kind: str
    words: tuple[str, ...]
    reporter: str
    memory: Memory | None
    form: re.Pattern[str]
    sure: bool = True


KILLED = (
    "Killed",
    "Getötet",
    "Tué",
    "Processus arrêté",
    "Terminado (killed)",
    "Proceso terminado",
    "Matado",
    "Ucciso",
    "Morto",
    "Geëlimineerd",
    "Dödad",
    "Unicestwiony",
    "Zabity",
    "Убито",
    "強制終了",
    "已杀死",
    "已殺死",
    "죽었음",
)
"""What a shell says, in the language of its user, when somebody sent SIGKILL to what it runs. Only as a whole line."""


def _form(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("SIZE", SIZE))


_VICTIM = r"[Kk]ill(?:ed)? process \d+,? \((?P<process>.+?)\)(?: |,|$)(?:.*?anon-rss:(?P<held>[\d,]+ ?kB))?"
_WORD = f"(?:{'|'.join(map(re.escape, KILLED))}|Killed: 9)"

MESSAGES = (
    Message(
        "tensor",
        ("when allocating tensor",),
        "TensorFlow",
        None,
        _form(
            r"OOM when allocating tensor with shape(?:\[(?P<shape>[\d, ]*)\]|(?P<dims>(?:dim \{ size: \d+ \} ?)+))?"
            r"(?: and type (?P<dtype>\w+) on)?(?: (?P<device>/\S+))?(?: by allocator (?P<allocator>\w+))?"
            r"(?:.*?\[Op:(?P<op>\w+)\])?"
        ),
    ),
    Message(
        "array",
        ("unable to allocate",),
        "NumPy",
        "host",
        _form(
            r"Unable to allocate (?:(?P<said>SIZE) for an )?array(?: with shape (?P<shape>\([\d, ]*\)))?"
            r"(?: and data type (?P<dtype>\w+))?"
        ),
    ),
    Message(
        "torch",
        ("out of memory",),
        "PyTorch",
        "gpu",
        _form(
            r"(?P<device>CUDA|HIP|XPU|MPS backend) out of memory(?:.*?Tried to allocate (?P<said>SIZE))?"
            r"(?:.*?total capac?i?ty of (?P<limit>SIZE))?(?:.*?this process has (?P<held>SIZE) memory in use)?"
        ),
    ),
    Message(
        "torch-host",
        ("defaultcpuallocator",),
        "PyTorch",
        "host",
        _form(r"DefaultCPUAllocator: .*?you tried to allocate (?P<said>SIZE)"),
    ),
    Message(
        "xla-request",
        ("failed to allocate request",),
        "XLA",
        "gpu",
        _form(r"Failed to allocate request for [\d.]+\w+ \((?P<said>\d+B)\) on device ordinal"),
    ),
    Message(
        "xla-space",
        ("memory space",),
        "XLA",
        "gpu",
        _form(r"Ran out of memory in memory space \w+\. Used (?P<said>SIZE) of (?P<limit>SIZE)"),
    ),
    Message(
        "xla",
        ("out of memory",),
        "XLA",
        None,
        _form(r"[Oo]ut of memory (?:while trying to allocate|allocating) (?P<said>SIZE)"),
    ),
    Message("copy", ("dst tensor",), "TensorFlow", "gpu", _form(r"Dst tensor is not initialized")),
    Message(
        "allocator",
        ("out of memory",),
        "TensorFlow",
        None,
        _form(
            r"Allocator \((?P<allocator>\w+)\) ran out of memory trying to allocate (?P<said>SIZE)"
            r"(?: \(rounded to \d+\))?(?: ?requested by op (?P<node>[\w/.-]+))?(?!.*not a failure)"
        ),
    ),
    Message(
        "image",
        ("outofmemoryerror",),
        "OpenCV",
        "host",
        _form(r"Failed to allocate (?P<said>\d+ bytes)\) in function '?OutOfMemoryError"),
    ),
    Message(
        "arrow",
        ("memoryerror",),
        "Arrow",
        "host",
        _form(r"ArrowMemoryError(?:: malloc of size (?P<said>\d+) failed)?"),
    ),
    Message(
        "table",
        ("out of memory",),
        "pandas",
        "host",
        _form(r"Error tokenizing data\. C error: out of memory"),
    ),
    Message("python", ("memoryerror",), "Python", "host", _form(r"^MemoryError(?::|$)")),
    Message("bad-alloc", ("std::bad_alloc",), "the C++ library", "host", _form(r"std::bad_alloc")),
    Message(
        "cgroup",
        ("out of memory",),
        "the Linux kernel, for a group of processes",
        "host",
        _form(rf"[Mm]emory cgroup out of memory: {_VICTIM}"),
    ),
    Message("kernel", ("out of memory",), "the Linux kernel", "host", _form(rf"[Oo]ut of memory: {_VICTIM}")),
    Message(
        "cgroup-kill",
        ("oom-kill",),
        "the Linux kernel, for a group of processes",
        "host",
        _form(r"oom-kill:constraint=CONSTRAINT_MEMCG\b(?:.*?,task=(?P<process>[^,]+))?"),
    ),
    Message(
        "kernel-kill",
        ("oom-kill",),
        "the Linux kernel",
        "host",
        _form(r"oom-kill:constraint=\w+(?:.*?,task=(?P<process>[^,]+))?"),
    ),
    Message(
        "kernel-call",
        ("oom-kill",),
        "the Linux kernel",
        "host",
        _form(r"(?P<process>[\w./-]+) invoked oom-killer"),
    ),
    Message(
        "systemd",
        (
            "systemd-oomd",
            "oom killer",
        ),
        "systemd",
        "host",
        _form(r"systemd-oomd\b.*?[Kk]illed (?P<process>\S+)|killed by the OOM killer"),
    ),
    Message(
        "slurm",
        (
            "oom-kill",
            "oom_kill",
            "oom kill",
            "out-of-memory",
            "out of memory",
            "memory limit",
        ),
        "Slurm",
        "host",
        _form(
            r"[Dd]etected \d+ oom[-_ ]kill event|cgroup out-of-memory handler|task \d+: Out Of Memory"
            r"|[Ee]xceeded (?:job|step) memory limit"
        ),
    ),
    Message(
        "slurm-limit",
        ("memory limit",),
        "Slurm",
        "host",
        _form(r"exceeded (?:\w+ )?memory limit \((?P<held_kib>\d+) > (?P<limit_kib>\d+)\)"),
    ),
    Message(
        "batch",
        (
            "term_memlimit",
            "exceeded limit",
            "resource limits",
        ),
        "the batch system",
        "host",
        _form(
            r"TERM_MEMLIMIT|job killed: v?mem (?P<held>\d+kb) exceeded limit (?P<limit>\d+kb)"
            r"|job violates resource limits: memory"
        ),
    ),
    Message(
        "kubernetes",
        ("oomkilled",),
        "the container runtime",
        "host",
        _form(r"\bOOMKilled\b(?!\"?\s*[:=]\s*\"?[Ff]alse)"),
    ),
    Message(
        "notebook",
        (
            "available ram",
            "more memory than",
        ),
        "the notebook service",
        "host",
        _form(r"crashed after using all available RAM|tried to allocate more memory than is available"),
    ),
    Message(
        "system",
        (
            "cannot allocate memory",
            "[winerror",
            "0xc0000017",
            "0xc000012d",
            "paging file",
        ),
        "the operating system",
        "host",
        _form(
            r"(?i:cannot allocate memory)(?! in static TLS)|\[WinError (?:8|14|1455)\]|0xC0000017|0xC000012D"
            r"|The paging file is too small"
        ),
    ),
    Message(
        "driver",
        (
            "out_of_memory",
            "errormemoryallocation",
            "status_alloc_failed",
        ),
        "the CUDA driver",
        "gpu",
        _form(
            r"failed to allocate [\d.]+\w* \((?P<said>\d+ bytes)\) from device: (?:CUDA_ERROR_)?OUT_OF_MEMORY"
            r"|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|CU(?:DNN|BLAS)_STATUS_ALLOC_FAILED"
        ),
    ),
    Message(
        "exhausted",
        ("exhausted",),
        "TensorFlow",
        None,
        _form(
            r"(?:ResourceExhausted(?:Error)?|RESOURCE_EXHAUSTED|Resource exhausted)\b"
            r"(?=.*(?:OOM|[Oo]ut of memory|alloca|Graph execution error))(?:.*?\[Op:(?P<op>\w+)\])?"
        ),
    ),
    Message(
        "exit",
        ("exit",),
        "an exit status",
        "host",
        _form(r"(?i:\bexit(?:ed)?(?:[ _]?(?:with|code|status))*\"?[ :=(]*)137\b"),
        sure=False,
    ),
    Message(
        "signal",
        ("sigkill",),
        "whoever started it",
        "host",
        _form(
            r"<Signals\.SIGKILL: 9>|\bSIGKILL\b.*\bsignal 9|signal 9\b.*\bSIGKILL\b|SIGKILL\(-9\)|signal SIGKILL"
        ),
        sure=False,
    ),
    Message(
        "shell",
        tuple(word.lower() for word in KILLED),
        "the shell",
        "host",
        _form(
            rf"^(?:{_WORD}|.*: line \d+: +\d+ {_WORD}(?: .*)?|\[\d+\][+-]?\s+(?:\d+ )?{_WORD}(?: .*)?|zsh: killed +\S.*)\s*$"
        ),
        sure=False,
    ),
)
