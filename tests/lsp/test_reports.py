"""What an editor shows in pages of its own: reports, rules, facts for a bug report."""

from __future__ import annotations

import re
import sys
from typing import Any

import estimates
import pytest
from keras_memlint import __version__
from keras_memlint.estimate.report import render
from keras_memlint.rules.catalogue import reserved, rows
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.asyncio(loop_scope="module")
WEBVIEW = {"nonce": "aB3aB3aB3aB3", "cspSource": "'self' https://*.vscode-cdn.net"}


async def refusal(editor: Any, method: str, params: Any) -> str:
    with pytest.raises(JsonRpcException) as refused:
        await editor.ask(method, params)
    return refused.value.message


@pytest.mark.parametrize("format_", ["html", "json", "text"])
async def test_a_report_is_what_the_command_line_prints(vscode, format_):
    for make in estimates.ALL.values():
        answer = await vscode.ask("report", {"estimate": make().to_json(), "format": format_})
        assert answer == {"text": render(make(), format_)}


async def test_a_page_for_the_editor_offers_what_it_can_apply(vscode):
    params = {
        "estimate": estimates.complete().to_json(),
        "format": "html",
        "webview": WEBVIEW,
        "applicable": ["mixed_float16", "batch_size=32"],
    }
    text = (await vscode.ask("report", params))["text"]
    assert re.findall(r'<tr data-change="([^"]*)">(?:(?!</tr>).)*<button', text) == [
        "batch_size=32",
        "mixed_float16",
    ]
    assert "script-src 'nonce-aB3aB3aB3aB3'" in text


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (None, "`format` is needed"),
        ({"format": "pdf"}, "no format `pdf`, only text, json, html"),
        ({"format": "html"}, "`estimate`: this is no estimate of schema version 1"),
        (
            {"format": "html", "estimate": {"schema_version": 1, "script": []}},
            "`estimate`: this is no estimate",
        ),
        ({"webview": {"nonce": 1, "cspSource": "x"}}, "`nonce` must be a text"),
        ({"webview": {"nonce": "12345678' 'unsafe-inline", "cspSource": "x"}}, "`webview`: a nonce is"),
        ({"webview": {"nonce": "12345678", "cspSource": "x; script-src *"}}, "`webview`: a source"),
        ({"webview": WEBVIEW, "applicable": "all"}, "`applicable` must be a list"),
        ({"webview": WEBVIEW, "applicable": [1]}, "`applicable` must be a list of texts"),
    ],
    ids=str,
)
async def test_wrong_parameters_are_named(vscode, params, said):
    if params and "format" not in params:
        params = {"estimate": estimates.complete().to_json(), "format": "html", **params}
    assert said in await refusal(vscode, "report", params)


async def test_rules_are_listed_with_their_pages(vscode):
    found = await vscode.ask("rules")
    assert [rule["code"] for rule in found] == [row.code for row in reserved() + rows()]
    km301 = next(rule for rule in found if rule["code"] == "KM301")
    assert (km301["name"], km301["family"]) == ("no-mixed-precision", "precision")
    assert km301["url"].startswith("file:///")
    assert km301["url"].endswith("no_mixed_precision.md")


@pytest.mark.parametrize("word", ["KM301", "km301", "no-mixed-precision"])
async def test_a_page_by_code_or_name(vscode, word):
    page = await vscode.ask("rulePage", {"code": word})
    assert page["code"] == "KM301"
    assert page["title"] == "no-mixed-precision (KM301)"
    assert page["markdown"].startswith("# no-mixed-precision (KM301)\n")
    assert "# expect:" not in page["markdown"]


async def test_a_rule_that_is_not_there(vscode):
    assert "no rule is called `KM30`" in await refusal(vscode, "rulePage", {"code": "KM30"})
    assert "`code` is needed" in await refusal(vscode, "rulePage", None)


async def test_information_for_a_bug_report(vscode):
    vscode.write("pyproject.toml", '[tool.keras-memlint]\ntarget-gpu = "t4"\n')
    vscode.configure({"select": ["KM2"]})
    try:
        await vscode.until(lambda: any("'KM2'" in one.message for one in vscode.log_messages), "the settings")
        text = (await vscode.ask("information"))["text"]
    finally:
        vscode.write("pyproject.toml", None)
        await vscode.unconfigure()
    for line in (
        f"keras-memlint {__version__}, ",
        f"Python {sys.version.split()[0]}, {sys.executable}",
        "pygls 2.",
        f"folder {vscode.root}:\n",
        "setting select = ('KM2',)",
        f"target-gpu = 't4'  ({vscode.root / 'pyproject.toml'})",
        "workspace trusted",
    ):
        assert line in text
