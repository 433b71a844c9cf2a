"""What is said of a process that was killed or refused memory: a row for each form, the most telling first."""

from __future__ import annotations

import re

from keras_memlint.server.oom.message import Message, form

KILLED = (
    "Killed",
    "Abgebrochen (Killed)",
    "Getötet",
    "Tué",
    "Processus arrêté",
    "Matado",
    "Terminado (killed)",
    "Proceso terminado",
    "Morto",
    "Morto (Killed)",
    "Ucciso",
    "Geëlimineerd",
    "Dödad",
    "Dræbt",
    "Slået ihjel",
    "Drept",
    "Tapettu",
    "Unicestwiony",
    "Zabity",
    "Zabit",
    "Zabit (SIGKILL)",
    "Zabitý",
    "Ubijen",
    "Убијен",
    "Uničen",
    "Pobit",
    "Kilőve",
    "Omorât",
    "Mort",
    "Matat",
    "Убит",
    "Убито",
    "Вбитий",
    "Вбито",
    "Забіты",
    "Безусловно прекъснат",
    "Σκοτώθηκε",
    "Öldürüldü",
    "Süreç durduruldu",
    "Bị giết",
    "Bị buộc kết thúc",
    "Dibunuh",
    "Terbunuh",
    "強制終了",
    "已杀死",
    "已殺死",
    "強制結束",
    "죽었음",
)
"""What Bash and glibc say, in the language of their user, when somebody sent SIGKILL to what a shell runs.

Only as a whole line, behind the line of a script and the number of a process, or behind a progress bar.
"""

_VICTIM = r"[Kk]ill(?:ed)? process \d+,? \((?P<process>.+?)\)(?: |,|$)(?:.*?anon-rss:(?P<held>[\d,]+ ?kB))?"
_WORD = f"(?:{'|'.join(map(re.escape, KILLED))}|Killed: 9)"
_SAID = rf"(?:{_WORD}|\[\d+\] *[+-]?\s+(?:\d+ )?(?:{_WORD}|killed)(?: .*)?|zsh: killed +\S.*)"
# What the last figure of a progress bar may be, or its end in tqdm: the cursor stands behind it when the process is killed.
_FIGURE = (
    r"(?:(?<![^\s:=/,(])[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?(?:%|[mun\u00b5]?s(?:/step|/sample|/epoch)?)?|nan|inf)"
    r"|[=>.]\]|\u2501|(?:/s|\ds/\w+)(?:, [^\]]*)?\])"
)
# A bar of Keras, which puts spaces behind its figures where the longer ones of before stood.
_BAR = rf"(?<!\S)\d+/(?:\d+|Unknown) *(?:\[[=>.]+\]|\u2501|- \d).*?{_FIGURE} +"

SYSTEM = (
    Message(
        "cgroup",
        ("out of memory",),
        "the Linux kernel, for a group of processes",
        "host",
        form(rf"[Mm]emory cgroup out of memory: {_VICTIM}"),
    ),
    Message("kernel", ("out of memory",), "the Linux kernel", "host", form(rf"[Oo]ut of memory: {_VICTIM}")),
    # Older kernels say who gets killed and who was in two lines.
    Message(
        "kernel-victim",
        ("total-vm",),
        "the Linux kernel",
        "host",
        form(
            r"^Killed process \d+,? \((?P<process>.+?)\),? .*?total-vm:[\d,]+ ?kB(?:.*?anon-rss:(?P<held>[\d,]+ ?kB))?"
        ),
    ),
    Message(
        "cgroup-kill",
        ("oom-kill",),
        "the Linux kernel, for a group of processes",
        "host",
        form(r"oom-kill:constraint=CONSTRAINT_MEMCG\b(?:.*?,task=(?P<process>[^,]+))?"),
    ),
    Message(
        "kernel-kill",
        ("oom-kill",),
        "the Linux kernel",
        "host",
        form(r"oom-kill:constraint=\w+(?:.*?,task=(?P<process>[^,]+))?"),
    ),
    Message(
        "kernel-call",
        ("oom-kill",),
        "the Linux kernel",
        "host",
        form(r"(?P<process>[\w./-]+) invoked oom-killer"),
    ),
    Message(
        "systemd",
        ("systemd-oomd", "oom killer"),
        "systemd",
        "host",
        form(r"systemd-oomd\b.*?[Kk]illed (?P<process>\S+)|killed by the OOM killer"),
    ),
    Message(
        "slurm",
        ("oom-kill", "oom_kill", "oom kill", "out-of-memory", "out of memory", "memory limit"),
        "Slurm",
        "host",
        form(
            r"[Dd]etected \d+ oom[-_ ]kill event|cgroup out-of-memory handler|task \d+: Out Of Memory"
            r"|[Ee]xceeded (?:job|step) memory limit"
        ),
    ),
    Message(
        "slurm-limit",
        ("memory limit",),
        "Slurm",
        "host",
        form(r"exceeded (?:\w+ )?memory limit \((?P<held_kib>\d+) > (?P<limit_kib>\d+)\)"),
    ),
    Message(
        "batch",
        ("term_memlimit", "exceeded limit", "resource limits", "memory limits"),
        "the batch system",
        "host",
        form(
            r"TERM_MEMLIMIT|job killed: v?mem (?P<held>\d+kb) exceeded limit (?P<limit>\d+kb)"
            r"|job violates resource limits: memory"
            r"|exceeding memory limits\. (?P<held_2>SIZE) of (?P<limit_2>SIZE) physical memory used"
        ),
    ),
    Message(
        "kubernetes",
        ("oomkilled", "low on resource: memory"),
        "the container runtime",
        "host",
        form(
            r"\bOOMKilled\b(?!\"?\s*[:=]\s*\"?[Ff]alse)|node was low on resource: memory(?:.*? was using (?P<held>SIZE))?"
        ),
    ),
    Message(
        "notebook",
        ("available ram", "more memory than", "out-of-memory and exited"),
        "the notebook service",
        "host",
        form(
            r"crashed after using all available RAM|tried to allocate more memory than is available|ran out-of-memory and exited"
        ),
    ),
    Message(
        "system",
        ("cannot allocate memory", "[winerror", "0xc0000017", "0xc000012d", "paging file"),
        "the operating system",
        "host",
        form(
            r"(?i:cannot allocate memory)(?! in static TLS)|\[WinError (?:8|14|1455)\]|0xC0000017|0xC000012D"
            r"|The paging file is too small"
        ),
    ),
    Message(
        "exit",
        ("exit",),
        "an exit status",
        "host",
        form(r"(?i:\bexit(?:ed)?(?:[ _]?(?:with|code|status))*\"?[ :=(]*)137\b"),
        sure=False,
    ),
    Message(
        "signal",
        ("sigkill", "killed by signal"),
        "the program that started it",
        "host",
        form(
            r"<Signals\.SIGKILL: 9>|\bSIGKILL\b.*\bsignal 9|signal 9\b.*\bSIGKILL\b|SIGKILL\(-9\)|signal SIGKILL|is killed by signal: Killed"
        ),
        sure=False,
    ),
    Message(
        "shell",
        tuple(word.lower() for word in KILLED),
        "the shell",
        "host",
        form(
            rf"^.*[:,] \D{{0,12}}\d+\D{{0,10}}[:：] *\d+ {_WORD}(?: .*)?$|(?:^|{_FIGURE}|{_BAR}){_SAID}\s*$"
        ),
        sure=False,
    ),
)
