"""The page for an editor in a real browser: its own rule lets its parts in and nothing else, and its buttons tell."""

from __future__ import annotations

import html as markup
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import estimates
import pytest
from keras_memlint.estimate.report import html

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
# What an editor puts before the page: its interface, and the colours of its theme.
EDITOR = """\
<script>
const posted = [], blocked = [];
window.acquireVsCodeApi = () => ({ postMessage: (message) => posted.push(message) });
document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.blockedURI));
document.documentElement.style.setProperty("--vscode-editor-background", "rgb(1, 2, 3)");
addEventListener("load", () => {
  document.querySelectorAll("button").forEach((button) => button.click());
  const background = getComputedStyle(document.body).backgroundColor;
  const table = document.querySelector(".changes").parentElement;
  const hidden = table.scrollWidth - table.clientWidth;
  const ends = [...table.querySelectorAll("button")].map((button) => Math.round(button.getBoundingClientRect().right));
  const layout = { width: innerWidth, hidden, ends };
  setTimeout(() => {
    document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=posted.push(1)>");
    setTimeout(() => { document.title = JSON.stringify({ posted, blocked, background, layout }); }, 50);
  }, 50);
});
</script>
"""


def shown(page: str, folder: Path, *, width: int = 1000) -> dict[str, Any]:
    """What the page did in the browser, once all its buttons were pressed and somebody put a handler into it."""
    file = folder / "page.html"
    file.write_text(page.replace("<head>", f"<head>{EDITOR}", 1), encoding="utf-8")
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=2000",
        "--dump-dom",
    ]
    options = (f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900")
    ran = subprocess.run([*command, *options, file.as_uri()], capture_output=True, timeout=60, check=True)
    title = re.search(r"<title>(.*?)</title>", ran.stdout.decode(), re.DOTALL)
    assert title is not None
    found: dict[str, Any] = json.loads(markup.unescape(title[1]))
    return found


def test_buttons_tell_the_editor_and_the_rule_holds(tmp_path: Path) -> None:
    estimate = estimates.complete()
    changes = [change.change for change in estimate.what_if[:3]]
    found = shown(html.render(estimate, html.Webview("n0ncen0nce", "'self'", frozenset(changes))), tmp_path)
    saved = [{"type": "save", "format": "html"}, {"type": "save", "format": "json"}]
    applied = [message for message in found["posted"] if message not in saved]
    assert found["posted"][:2] == saved
    assert sorted(message["change"] for message in applied) == sorted(changes)
    assert all(message["type"] == "apply" for message in applied)
    assert found["background"] == "rgb(1, 2, 3)"
    # Only what was put in afterwards: the handler, and a picture from somewhere.
    assert len(found["blocked"]) == 2


def test_in_a_narrow_panel_every_change_and_its_button_are_seen(tmp_path: Path) -> None:
    estimate = estimates.complete()
    changes = frozenset(change.change for change in estimate.what_if[:3])
    page = html.render(estimate, html.Webview("n0ncen0nce", "'self'", changes))
    layout = shown(page, tmp_path, width=500)["layout"]
    assert layout["width"] <= 500
    assert layout["hidden"] == 0, "nothing of the table lies beyond its edge"
    assert len(layout["ends"]) == 3 and max(layout["ends"]) < layout["width"]
    assert len(set(layout["ends"])) == 1, "the buttons stand below each other"
