"use strict";
// Tells the editor which button was chosen; what that does is the editor's business.
(() => {
  const editor = acquireVsCodeApi();
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button === null) return;
    const row = button.closest("[data-change]");
    if (row !== null) editor.postMessage({ type: "apply", change: row.dataset.change });
    else if (button.dataset.format) editor.postMessage({ type: "save", format: button.dataset.format });
  });
})();
