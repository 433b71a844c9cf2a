"""Whatever is typed, the server's text is the editor's and it goes on answering; a bug of ours is told once."""

from __future__ import annotations

import hashlib
import random

import pytest
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

SNIPPETS = [
    "(", ")", "[", "]", '"', "'", '"""', "'''", "\\", "#", "\n", "\r\n", "\r", "\t", " ", ":", ",", "\f", "\x1c", "\u2028",
    "é", "🙂", "\x00", "%%time\n", "!ls\n", "def f(", "class A:\n    ", "tf.", "ds.map(", "lambda x: ", "import ", "f'{",
    "model.fit(x, y)\n", "for i in range(3):\n    ", "@", "=", "*", "**", "async ", "match x:\n  case ", "0x", "1e", "\ud83d",
]  # fmt: skip


def random_edits(text: str, seed: int, count: int) -> list[tuple[int, int, str]]:
    """Edits as a person makes them: mostly near the last one, mostly short."""
    chance = random.Random(seed)
    at = len(text) // 2
    edits = []
    for _ in range(count):
        if chance.random() < 0.3:
            at = chance.randrange(len(text) + 1)
        start = max(0, min(len(text), at + chance.randrange(-8, 9)))
        end = min(len(text), start + chance.choice([0, 0, 0, 1, 2, 5, 40]))
        start, end = (_editable(text, offset) for offset in (start, end))
        new = chance.choice(SNIPPETS) if chance.random() < 0.7 else text[end : end + chance.randrange(30)]
        edits.append((start, end, new))
        text = text[:start] + new + text[end:]
        at = start + len(new)
    return edits


def _editable(text: str, offset: int) -> int:
    """Editors cannot point between the two characters of one line end."""
    return offset + 1 if text[offset - 1 : offset + 1] == "\r\n" else offset


@pytest.mark.parametrize("seed", range(8))
async def test_the_servers_text_is_the_editors(scripted, script, seed):
    uri = scripted.open(f"fuzz_{seed}.py", f"{script}# 🙂\n" * 3 + "# @digest")
    for edit in random_edits(scripted.texts[uri].text, seed, 150):
        scripted.change(uri, edit)
    # An order of its own line, whatever the edits did to the one above.
    end = len(scripted.texts[uri].text)
    scripted.change(uri, (end, end, "\n# @digest"))
    marks = await scripted.marks(uri)
    digest = hashlib.sha256(scripted.texts[uri].text.encode("utf-8", "surrogatepass")).hexdigest()
    assert digest in [mark.message for mark in marks]


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_edits_findings_are_those_of_the_text_opened_afresh(vscode_pull, script, seed):
    uri = vscode_pull.open(f"edited_{seed}.py", script * 4)
    for number, edit in enumerate(random_edits(script * 4, 100 + seed, 60)):
        vscode_pull.change(uri, edit)
        if number % 10 == 0:
            await vscode_pull.pull(uri)
    edited = await vscode_pull.pull(uri)
    fresh = await vscode_pull.pull(vscode_pull.open(f"fresh_{seed}.py", vscode_pull.texts[uri].text))
    assert [(one.code, one.range) for one in edited.items] == [(one.code, one.range) for one in fresh.items]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "\ud83d tf.keras",
        "\ufeffimport tensorflow as tf\n",
        "import tensorflow as tf\nx = [" + "1," * 10_000 + "]\n",
        "import tensorflow as tf\nx = " + "(" * 5_000,
        "import tensorflow as tf\nx = " + "-" * 20_000 + "1\n",
        "import tensorflow as tf\nx = '" + "é" * 900_000 + "'\n",
        "import tensorflow as tf\n" + ("# prose\n" * 9 + "x = 1\n") * 5_000,
        "import tensorflow as tf\n" + "'''\n" * 501,
        "print 'keras'\nexec code in ns\n",
    ],
    ids=[
        "empty",
        "nul",
        "surrogate",
        "bom",
        "huge-line",
        "brackets",
        "minus",
        "huge-string",
        "50000-lines",
        "quotes",
        "python-2",
    ],
)
async def test_odd_texts_are_answered(vscode, script, text):
    uri = vscode.open("odd.py", text)
    await vscode.marks(uri)
    end = types.Range(*[vscode.texts[uri].position(len(text))] * 2)
    await vscode.actions(uri, end)
    after = vscode.open("after_odd.py", script)
    assert [mark.code for mark in await vscode.marks(after)] == ["KM209"]
    assert [one.message for one in vscode.log_messages if one.type == types.MessageType.Error] == []


async def test_a_rule_that_fails_is_named_once_and_the_others_go_on(scripted):
    text = "x = 1  # @problem KM101 failed (KeyError: 0); this is a bug\ny = 2  # @finding {}\n"
    uri = scripted.open("failing.py", text)
    assert len(await scripted.marks(uri)) == 1
    for _ in range(3):
        scripted.change(uri, (0, 0, "\n"))
        assert len(await scripted.marks(uri)) == 1
    told = [one for one in scripted.log_messages if one.message.startswith("KM101 failed")]
    assert [one.type for one in told] == [types.MessageType.Error]


async def test_an_engine_that_fails_is_told_and_the_server_goes_on(scripted):
    failing = scripted.open("raising.py", "x = 1  # @raise\n")
    assert await scripted.marks(failing) == []
    assert any("RuntimeError: as ordered" in one.message for one in scripted.log_messages)
    scripted.replace(failing, "@raise", "@finding {}")
    assert len(await scripted.marks(failing)) == 1


async def test_severities_tags_and_related_places(scripted):
    related = {
        "message": "loaded here",
        "filename": str(scripted.root / "other.py"),
        "location": {"row": 2, "column": 3},
        "end_location": {"row": 2, "column": 4},
        "cell": None,
    }
    scripted.write("other.py", "\n🙂🙂x\n")
    import json

    orders = [
        {"severity": "error", "related": [related]},
        {"severity": "warning", "tags": ["deprecated"], "bytes": 5},
        {"severity": "info", "tags": ["unnecessary", "no such tag"]},
        {"severity": "hint", "help": "do it"},
    ]
    text = "".join(f"x = {number}  # @finding {json.dumps(order)}\n" for number, order in enumerate(orders))
    marks = await scripted.marks(scripted.open("parts.py", text))
    assert [mark.severity for mark in marks] == [1, 2, 3, 4]
    assert [list(mark.tags or ()) for mark in marks] == [
        [],
        [types.DiagnosticTag.Deprecated],
        [types.DiagnosticTag.Unnecessary],
        [],
    ]
    (place,) = marks[0].related_information
    assert place.location.uri == scripted.uri("other.py")
    assert place.location.range.start == types.Position(1, 4)
    assert marks[1].data == {"name": "map-sequential", "bytes": 5}
    assert marks[3].message == "as ordered\ndo it"


async def test_a_slow_check_does_not_hold_up_what_needs_none(scripted):
    uri = scripted.open("sleeping.py", "x = 1  # @sleep 1.5\n")
    with pytest.raises(Exception, match="there is no command"):
        await scripted.workspace_execute_command_async(types.ExecuteCommandParams("none"))
    assert uri not in scripted.published


async def test_only_the_last_version_is_checked(scripted):
    uri = scripted.open("stale.py", "x = 1  # @sleep 0.3\n")
    for _ in range(10):
        scripted.change(uri, (0, 0, "\n"))
    started_waiting = scripted.published.get(uri, [])[:]
    await scripted.marks(uri)
    versions = [one.version for one in scripted.published[uri][len(started_waiting) :]]
    assert len(versions) <= 2
