"""The report for a terminal: the answer first, aligned, and nothing that an encoding or a terminal would spoil."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import estimates
import pytest
from estimates import GIB, MIB, around, target
from hypothesis import given, settings
from keras_memlint.analysis.text.printable import width as columns
from keras_memlint.estimate.report import FORMATS, render, words
from keras_memlint.estimate.report.layout import bar, share_bar
from keras_memlint.estimate.result import TIERS, Batch, Breakdown, Estimate, Range, TargetEstimate, WhatIf

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def sections(text: str) -> dict[str, str]:
    """The report's parts by the first words of their headings; the verdict is the first."""
    parts = text.split("\n\n")
    return {part.split("\n")[0].split(" (")[0]: part for part in parts}


@pytest.mark.parametrize("width", [80, 60, 100, 120, 400, 1, 0])
@pytest.mark.parametrize("make", estimates.ALL.values(), ids=estimates.ALL)
def test_every_line_has_room(make: Callable[[], Estimate], width: int) -> None:
    text = render(make(), "text", width=width)
    longest = max(sum(map(columns, line)) for line in text.splitlines())
    assert longest <= max(width, 77)


def test_complete() -> None:
    text = render(estimates.complete(), "text")
    assert text.split("\n\n")[:2] == [
        "train.py at batch 64 needs about 5.6–5.7 GiB of GPU memory: fits T4 (9.4 of 15.0\n"
        "GiB left) and A100 40GB (34.3 of 40.0 GiB left); may not fit RTX 2060 (5.2–6.1\n"
        "of 6.0 GiB); does not fit P4 (1.6 GiB short).\n"
        "Predicted by the GPU compiler; batch 64, float32, Adam, tensorflow.",
        "GPU          memory    program peak    with context  fits        largest batch\n"
        "T4         15.0 GiB         5.2 GiB         5.6 GiB  yes         160\n"
        "                        4.9–5.4 GiB     5.2–6.1 GiB              confirmed\n"
        "  ██████████████▒▒░░░░░░░░░░░░░░░░░░░░░░░░│  37 %  predicted by the GPU compiler\n"
        "  note: the line through smaller batches was off by 1.2 % at the largest batch\n"
        "A100 40GB  40.0 GiB         5.3 GiB         5.7 GiB  yes         480\n"
        "                        5.0–5.5 GiB     5.3–6.2 GiB              not confirmed\n"
        "  █████▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░│  14 %  predicted by the GPU compiler\n"
        "RTX 2060    6.0 GiB         5.2 GiB         5.6 GiB  borderline  56\n"
        "                        4.9–5.4 GiB     5.2–6.1 GiB              confirmed\n"
        "  ██████████████████████████████████▒▒▒▒▒│▒  93 %  predicted by the GPU compiler\n"
        "  note: the line through smaller batches was off by 3.1 % at the largest batch\n"
        "  note: tensor cores are not used in float32\n"
        "P4          4.0 GiB         5.2 GiB         5.6 GiB  no          40\n"
        "                        4.9–5.4 GiB     5.2–6.1 GiB              confirmed\n"
        "  ██████████████████████████│███████▒▒▒▒▒▒  140 %  predicted by the GPU compiler\n"
        "  note: the line through smaller batches was off by 0.4 % at the largest batch",
    ]
    assert list(sections(text))[2:] == [
        "At the peak of the program",
        "Largest tensors there",
        "What if",
        "Host memory of the process",
        "TensorFlow's CPU allocator",
        "Buffers of tf.data when full",
        "Not covered",
        "Notes",
        "How the numbers were made",
    ]


def test_nothing_known_says_so_and_leaves_out_the_rest() -> None:
    text = render(estimates.minimal(), "text")
    assert text.startswith("What train.py needs on a GPU is not known.\nLower bound: parameters")
    assert list(sections(text))[1:] == ["How the numbers were made"]


@pytest.mark.parametrize("make", estimates.ALL.values(), ids=estimates.ALL)
def test_colours_change_nothing_else(make: Callable[[], Estimate]) -> None:
    plain, coloured = render(make(), "text"), render(make(), "text", colour=True)
    assert "\x1b" not in plain
    assert ESCAPE.sub("", coloured) == plain
    assert coloured != plain


def test_fits_has_its_colour() -> None:
    text = render(estimates.complete(), "text", colour=True)
    for word, code in (("yes", "1;32"), ("borderline", "1;33"), ("no", "1;31")):
        assert re.search(rf"\x1b\[{code}m{word} *\x1b\[0m", text)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "no-such-encoding"])
def test_bars_are_plain_where_the_encoding_lacks_the_characters(encoding: str) -> None:
    text = render(estimates.complete(), "text", encoding=encoding)
    assert "  ##############++........................|  37 %" in text
    if encoding != "no-such-encoding":
        text.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
def test_bars_are_drawn_where_the_encoding_has_them(encoding: str) -> None:
    text = render(estimates.complete(), "text", encoding=encoding)
    assert "█" in text
    assert "│" in text
    text.encode(encoding)


def test_every_tier_is_in_words() -> None:
    for tier, said in TIERS.items():
        gpu = replace(estimates.complete().targets[0], tier=tier)
        text = render(replace(estimates.complete(), tier=tier, targets=(gpu,)), "text")
        table, peak = text.split("\n\n")[1], sections(text)["At the peak of the program"]
        assert said in table
        assert said in peak


def test_changes_stand_by_what_they_save() -> None:
    lines = sections(render(estimates.complete(), "text"))["What if"].splitlines()[1:]
    assert [line.split("  ")[1].strip() for line in lines] == [
        "saves 3.4 GiB",
        "saves 2.4 GiB",
        "saves 2.2 GiB",
        "saves 195 MiB",
        "saves 188 MiB",
        "no change",
        "costs 2.4 GiB",
        "unknown",
    ]
    assert "(same results)" in lines[0]
    assert lines[-1].endswith("policy mixed_bfloat16: the T4 has no bfloat16")


def test_changes_are_ranked_for_each_gpu() -> None:
    changes = tuple(
        WhatIf("sgd", gpu, f"SGD {saved}", around(GIB), saved * MIB)
        for gpu, saved in (("A100 40GB", 1), ("T4", 2), ("A100 40GB", 3), ("T4", 4), ("H100", 9))
    )
    groups = words.by_target(replace(estimates.complete(), what_if=changes))
    said = [(gpu, [change.title for change in ranked]) for gpu, ranked in groups]
    assert said == [("T4", ["SGD 4", "SGD 2"]), ("A100 40GB", ["SGD 3", "SGD 1"]), ("H100", ["SGD 9"])]


def test_changes_are_not_called_measured() -> None:
    assert (
        words.recomputed(estimates.measured(), "NVIDIA H100 80GB HBM3")
        == "recomputed for NVIDIA H100 80GB HBM3"
    )
    assert words.recomputed(estimates.measured(), "L4") == "recomputed for L4, predicted by the GPU compiler"


def gpu(name: str, mib: int, low: int, mid: int, high: int, fits: str) -> TargetEstimate:
    return target(name, mib, Range(low * MIB, mid * MIB, high * MIB), Range(0, 0, 0), fits)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (
            (gpu("T4", 15360, 900, 1024, 1100, "yes"),),
            "1.0 GiB of GPU memory: fits T4 (14.0 of 15.0 GiB left).",
        ),
        (
            (gpu("T4", 1100, 900, 1000, 1100, "yes"),),
            "1000 MiB of GPU memory: fits T4 (100 MiB of 1.1 GiB left).",
        ),
        ((gpu("T4", 1024, 900, 1000, 1100, "borderline"),), "may not fit T4 (900 MiB–1.1 GiB of 1.0 GiB)."),
        ((gpu("T4", 1024, 1024, 1024, 1024, "borderline"),), "may not fit T4 (1.0 of 1.0 GiB)."),
        (
            (gpu("T4", 1024, 2000, 2048, 2100, "no"),),
            "2.0 GiB of GPU memory: does not fit T4 (1.0 GiB short).",
        ),
        (
            tuple(gpu(f"G{n}", 15360, 900, 1024, 1100, "yes") for n in range(6)),
            "fits G0 (14.0 of 15.0 GiB left), G1 (14.0 of 15.0 GiB left), G2 (14.0 of 15.0 GiB left) and 3 more.",
        ),
        (
            tuple(gpu(f"G{n}", 1024, 2000, 2048, 2100, "no") for n in range(4)),
            "does not fit G0 (1.0 GiB short), G1 (1.0 GiB short), G2 (1.0 GiB short) and G3 (1.0 GiB short).",
        ),
    ],
)
def test_verdict(targets: tuple[TargetEstimate, ...], said: str) -> None:
    verdict = words.verdict(replace(estimates.complete(), targets=targets))
    assert verdict.startswith("train.py at batch 64 needs about ")
    assert verdict.endswith(said)


def test_verdict_without_a_gpu_is_about_the_program() -> None:
    estimate = replace(estimates.unknown_batch(), targets=())
    assert (
        words.verdict(estimate) == "rnn.py needs about 74.0 MiB of GPU memory, without the GPU's own context."
    )


def test_verdict_says_how_sure_it_is() -> None:
    [measured, _] = estimates.measured().targets
    assert " needs 1.7 GiB " in words.verdict(replace(estimates.measured(), targets=(measured,)))
    bound = replace(measured, tier="bound")
    assert " needs at least 1.7 GiB " in words.verdict(replace(estimates.measured(), targets=(bound,)))


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Range(3 * GIB, 3 * GIB, 4 * GIB), "3.0–4.0 GiB"),
        (Range(900 * MIB, GIB, 4 * GIB), "900 MiB–4.0 GiB"),
        (Range(3 * GIB, 3 * GIB, 3 * GIB + 1), "3.0 GiB"),
        (Range(0, 0, 0), "0 bytes"),
        (Range(-5, 0, 5), "-5–5 bytes"),
    ],
)
def test_span(figure: Range, said: str) -> None:
    assert words.span(figure) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(1, 2, "50 %"), (1, 1000, "<1 %"), (0, 5, "0 %"), (3, 0, "unknown"), (30, 2, "1,500 %")],
)
def test_percent(part: int, whole: int, said: str) -> None:
    assert words.percent(part, whole) == said


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (None, ("unknown", "")),
        (Batch(1600, True), ("1,600", "confirmed")),
        (Batch(64, False), ("64", "not confirmed")),
        (Batch(0, True), ("none", "confirmed")),
    ],
)
def test_largest_batch(batch: Batch | None, said: tuple[str, str]) -> None:
    assert words.largest(batch) == said


def test_parts_of_the_peak_add_up() -> None:
    parts = words.peak_parts(estimates.complete())
    assert sum(number or 0 for _, number, _ in parts) == estimates.complete().program_peak_bytes.mid
    assert sum(share for _, _, share in parts) == pytest.approx(1)
    assert [part for part, _, _ in parts][-1] == words.REST


def test_unknown_parts_are_named_and_left_to_the_rest() -> None:
    parts = {part: number for part, number, _ in words.peak_parts(estimates.measured())}
    assert parts["activations"] is None
    assert parts[words.REST] == (1171 - 88 - 176 - 3) * MIB
    assert words.peak_parts(estimates.minimal()) == []


def test_parts_larger_than_the_peak_still_share_one_whole() -> None:
    estimate = replace(
        estimates.complete(), breakdown=Breakdown(parameters=8 * GIB), program_peak_bytes=around(GIB)
    )
    assert words.peak_parts(estimate)[0] == ("parameters", 8 * GIB, 1.0)


@pytest.mark.parametrize(
    ("total", "memory", "drawn"),
    [
        (Range(50, 50, 50), 100, ("█████░░░░░", "")),
        (Range(20, 30, 50), 100, ("██▒▒▒░░░░░", "")),
        (Range(150, 160, 200), 100, ("█████", "██▒▒▒")),
        (Range(1, 1, 1), 1000, ("█░░░░░░░░░", "")),
        (Range(0, 0, 0), 1000, ("░░░░░░░░░░", "")),
        (Range(100, 100, 100), 0, ("█", "█████████")),
        (Range(-5, 0, 0), -5, ("░", "")),
    ],
)
def test_bar(total: Range, memory: int, drawn: tuple[str, str]) -> None:
    assert bar(total, memory, 10) == drawn


def test_share_bar_shows_what_is_there() -> None:
    assert [share_bar(share, 10) for share in (0, 0.001, 0.5, 1)] == ["", "█", "█████", "█" * 10]


def test_names_cannot_drive_the_terminal_or_break_lines() -> None:
    estimate = replace(
        estimates.complete(),
        script="a\x1b[31m\nb\u202e.py",
        notes=("one\ntwo\x07",),
        targets=(replace(estimates.complete().targets[0], name="T4\r\x1b]0;title\x07"),),
        versions={"keras\x1b": "3\n4"},
    )
    text = render(estimate, "text")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert "one two␇" in text


def test_wide_characters_stay_aligned() -> None:
    estimate = replace(
        estimates.complete(),
        targets=(replace(estimates.complete().targets[0], name="日本"), estimates.complete().targets[1]),
    )
    lines = render(estimate, "text", colour=False).split("\n\n")[1].splitlines()
    ends = [
        sum(map(columns, line[: line.index("GiB") + 3]))
        for line in lines
        if line.startswith(("日本", "A100"))
    ]
    assert len(set(ends)) == 1


def test_a_line_break_behind_a_long_name_leaves_no_space() -> None:
    name = "T4" * 40
    gpu = replace(estimates.complete().targets[0], name=f"{name}\x85")
    assert name in render(replace(estimates.complete(), targets=(gpu,)), "text").split("\n")


@settings(deadline=None)
@given(estimates.any_estimate())
def test_any_estimate_can_be_shown(estimate: Estimate) -> None:
    for name in FORMATS:
        render(estimate, name).encode()
    plain, coloured = render(estimate, "text"), render(estimate, "text", colour=True)
    # Spaces at the end of a coloured text stay; nobody sees them.
    assert [line.rstrip(" ") for line in ESCAPE.sub("", coloured).splitlines()] == plain.splitlines()


def test_json_is_plain_ascii_and_comes_back() -> None:
    estimate = replace(estimates.complete(), script="größe\udcff.py")
    text = render(estimate, "json")
    assert text.isascii()
    assert text.endswith("}\n")
    assert Estimate.from_json(json.loads(text)) == estimate


def test_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        render(estimates.minimal(), "pdf")


def test_text_loads_neither_rich_nor_the_page() -> None:
    program = (
        "import sys; from keras_memlint.estimate.report import render\n"
        "sys.path.insert(0, sys.argv[1]); import keras_memlint.estimate.report.text\n"
        "print(sorted({'rich', 'libcst', 'pygls', 'keras_memlint.estimate.report.html'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program, "."], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
