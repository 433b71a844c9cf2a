"""Hovers: findings, and the codes in comments and settings."""

from __future__ import annotations

import pytest
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def hover(editor, uri: str, text: str) -> str | None:
    """What is shown over the first character of ``text``."""
    lines = editor.texts[uri]
    answer = await editor.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), lines.position(lines.text.index(text)))
    )
    return answer and answer.contents.value


async def test_a_finding_shows_its_message_and_the_page_of_its_rule(vscode, script):
    uri = vscode.open("hover.py", script)
    text = await hover(vscode, uri, "map(decode)")
    assert text.startswith("**KM209** (info): `map` reads, decodes or augments")
    assert "**map-sequential (KM209)**" in text
    assert "**Found**" in text
    assert "expect:" not in text


async def test_elsewhere_there_is_nothing(vscode, script):
    uri = vscode.open("hover.py", script)
    assert await hover(vscode, uri, "import") is None
    assert await hover(vscode, uri, "ds.batch") is None


async def test_the_code_in_a_suppression_shows_the_head_of_the_page(vscode, script):
    uri = vscode.open("hover.py", script.replace("map(decode)", "map(decode)  # memlint: ignore[KM209]"))
    text = await hover(vscode, uri, "KM209]")
    assert text.startswith("# map-sequential (KM209)")
    assert "## Found" not in text
    assert await hover(vscode, uri, "memlint") is None


async def test_rules_in_settings_are_explained_by_code_and_by_name(vscode):
    settings = '[tool.keras-memlint]\nignore = ["KM209", "missing-prefetch"]\n'
    uri = vscode.open("pyproject.toml", settings, language="toml")
    assert (await hover(vscode, uri, "KM209")).startswith("# map-sequential (KM209)")
    assert (await hover(vscode, uri, "prefetch")).startswith("# missing-prefetch (KM207)")
    assert await hover(vscode, uri, "ignore") is None


async def test_a_code_outside_a_comment_is_nothing_special(vscode):
    uri = vscode.open("plain.py", 'x = "KM209"\n')
    assert await hover(vscode, uri, "KM209") is None


async def test_nothing_beyond_the_text_or_in_what_is_not_open(vscode):
    uri = vscode.open("short.py", "x = 1")
    for where, position in ((uri, types.Position(99, 0)), ("file:///nowhere.py", types.Position(0, 0))):
        params = types.HoverParams(types.TextDocumentIdentifier(where), position)
        assert await vscode.text_document_hover_async(params) is None


async def test_a_finding_shows_its_bytes_and_what_was_measured_of_its_rule(vscode):
    script = (
        "import keras\nimport numpy as np\n\nx = np.zeros((20000, 224, 224, 3), 'float32')\n"
        "model = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile('sgd', 'mse')\nmodel.fit(x, x)\n"
    )
    uri = vscode.open("bytes.py", script)
    text = await hover(vscode, uri, "fit(x")
    assert text.startswith("**KM108** (warning): ") or "GiB)" in text.partition("\n")[0]
    assert "\n**Measured.** " in text.partition("**Found**")[0]


async def test_an_editor_that_shows_the_finding_itself_gets_the_page_alone(estimating_extended, script):
    uri = estimating_extended.open("hover.py", script)
    assert (await hover(estimating_extended, uri, "map(decode)")).startswith("**map-sequential (KM209)**")
