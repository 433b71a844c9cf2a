// A whole VS Code for the tests: code-server with the packaged extension in a fresh profile, driven through Chromium.
//
// From the environment: CODE_SERVER (its package folder, with playwright-core beside it), VSIX and UNIVERSAL (the packages of this
// platform and of all), CHROMIUM, PYTHON (one without packages), and ESTIMATE_PYTHON (one with Keras).
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const FIXTURES = path.join(import.meta.dirname, "workspace");
const PATIENCE = 30_000; // milliseconds for one step
export const SHOTS = process.env.SHOTS ?? path.join(import.meta.dirname, "shots");

const CHROMIUM_FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

// No first-run pages, no requests to anywhere, nothing that moves by itself.
const QUIET = {
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.colorTheme": "Default Light Modern",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "chat.disableAIFeatures": true,
  "editor.minimap.enabled": false,
  "editor.hover.delay": 100,
  "editor.quickSuggestions": { "other": "off", "comments": "off", "strings": "off" },
  "editor.autoClosingBrackets": "never",
  "editor.autoClosingQuotes": "never",
  "editor.autoIndent": "none",
  "files.autoSave": "off",
};

/** What the tests need from outside; a missing part fails, it never skips. */
export function given(name) {
  const value = process.env[name];
  assert.ok(value && fs.existsSync(value), `${name} must name a file or folder that exists; ./dev test sets it`);
  return value;
}

export class Workbench {
  /**
   * Starts the editor on a copy of `workspace/`.
   *
   * `folder`: the name of that copy. `trust`: whether the editor asks if it may trust the folder. `user` and `machine`: more settings;
   * a remote reads those that name programs from the machine's file alone. `environment`: variables of the editor's process.
   * `vsix`: the package, by default that of this platform.
   * `prepare(folder, root)` may add files first.
   */
  static async start({ folder = "work", trust = false, user = {}, machine = {}, environment = {}, prepare = () => {}, vsix = given("VSIX") } = {}) {
    const bench = new Workbench();
    bench.environment = environment;
    bench.root = fs.mkdtempSync(path.join(os.tmpdir(), "memlint-editor-"));
    bench.folder = path.join(bench.root, folder);
    fs.cpSync(FIXTURES, bench.folder, { recursive: true });
    await prepare(bench.folder, bench.root);
    fs.mkdirSync(SHOTS, { recursive: true });
    writeJson(path.join(bench.root, "config.yaml"), {}); // else one with a password is written into the home folder
    bench.user = { ...QUIET, ...user };
    bench.machine = { "keras-memlint.interpreter": [given("PYTHON")], ...machine };
    bench.ofFolder = {};
    bench.writeSettings();
    try {
      bench.install(vsix);
      await bench.serve({ trust });
      await bench.browse();
    } catch (error) {
      await bench.stop();
      throw error;
    }
    return bench;
  }

  writeSettings() {
    writeJson(path.join(this.root, "data/User/settings.json"), this.user);
    writeJson(path.join(this.root, "data/Machine/settings.json"), this.machine);
  }

  /** Changes settings of the folder while the editor runs: undefined takes one away. */
  async setFolder(settings) {
    changed(this.ofFolder, settings);
    writeJson(path.join(this.folder, ".vscode/settings.json"), this.ofFolder);
    await this.#read();
  }

  /** The same for those of the machine. */
  async setMachine(settings) {
    changed(this.machine, settings);
    this.writeSettings();
    await this.#read();
  }

  async #read() {
    await this.page.waitForTimeout(1_500); // nothing tells when the editor has read the file
  }

  get #common() {
    return [
      path.join(given("CODE_SERVER"), "out/node/entry.js"), "--config", path.join(this.root, "config.yaml"),
      "--user-data-dir", path.join(this.root, "data"), "--extensions-dir", path.join(this.root, "extensions"),
    ];
  }

  get #environment() {
    // No gallery: the editor would ask for one at each start. No home folder of anybody's.
    return {
      ...process.env, EXTENSIONS_GALLERY: "{}", HOME: this.root, XDG_CACHE_HOME: path.join(this.root, "cache"),
      PYTHONPATH: "", VIRTUAL_ENV: "", ...this.environment,
    };
  }

  install(vsix) {
    const done = spawnSync(process.execPath, [...this.#common, "--install-extension", vsix], {
      encoding: "utf8", env: this.#environment, timeout: 90_000,
    });
    assert.match(done.stdout, /successfully installed/, done.stdout + done.stderr);
    const [found] = fs.readdirSync(path.join(this.root, "extensions")).filter((name) => name.startsWith("keras-memlint."));
    this.extension = path.join(this.root, "extensions", found);
  }

  async serve({ trust }) {
    const port = await freePort();
    this.address = `http://127.0.0.1:${port}`;
    const log = fs.openSync(path.join(SHOTS, "code-server.log"), "a");
    const words = [
      ...this.#common, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check",
      "--disable-getting-started-override", "--reconnection-grace-time", "5", ...(trust ? [] : ["--disable-workspace-trust"]),
      this.folder,
    ];
    this.server = spawn(process.execPath, words, { stdio: ["ignore", log, log], env: this.#environment });
    await this.until(() => fetch(`${this.address}/healthz`).then((answer) => answer.ok, () => false), "code-server answers");
  }

  async browse() {
    const { chromium } = createRequire(path.join(given("CODE_SERVER"), "package.json"))("playwright-core");
    this.browser = await chromium.launchPersistentContext(path.join(this.root, "chromium"), {
      executablePath: given("CHROMIUM"), headless: true, viewport: { width: 1280, height: 800 }, args: CHROMIUM_FLAGS,
    });
    this.page = this.browser.pages()[0] ?? (await this.browser.newPage());
    this.page.setDefaultTimeout(PATIENCE);
    await this.load(this.folder);
  }

  /** Opens a folder, or a `.code-workspace` file, in the window. */
  async load(place) {
    const kind = place.endsWith(".code-workspace") ? "workspace" : "folder";
    const shown = this.page.locator(".monaco-workbench .explorer-folders-view");
    // At times the window comes up before a workspace file can be read, and then has no folder.
    await this.until(async () => {
      await this.page.goto(`${this.address}/?${kind}=${encodeURIComponent(place)}`, { waitUntil: "domcontentloaded" });
      return shown.waitFor({ timeout: PATIENCE / 2 }).then(() => true, () => false);
    }, `a window with ${place}`, 4 * PATIENCE);
  }

  async stop() {
    await this.browser?.close();
    if (this.server && this.server.exitCode === null) {
      const gone = new Promise((resolve) => this.server.once("exit", resolve));
      this.server.kill("SIGTERM");
      await gone;
    }
    // Its extension host lives on for a moment.
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 20, retryDelay: 300 });
  }

  // What a person does

  /** Opens a box with a key and writes into it. A list that is just closing can take the box along, so this tries again. */
  async #ask(key, text) {
    const box = this.page.locator(".quick-input-widget input.input");
    await this.until(async () => {
      await this.page.keyboard.press(key);
      return box.fill(text, { timeout: 2_000 }).then(() => true, () => false);
    }, `a box to write "${text}" into`);
    return box;
  }

  /** Runs a command of the palette by its full name. */
  async command(label) {
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: label }).first();
    // A list that is open does not learn that the file in front is Python by now, and has this command.
    await this.until(async () => {
      await this.#ask("F1", `>${label}`);
      if (await row.waitFor({ timeout: 3_000 }).then(() => true, () => false)) return true;
      await this.page.keyboard.press("Escape");
      return false;
    }, `the command "${label}"`);
    await row.click();
  }

  /** Chooses in the list that is open, after taking its picture under the name `shot`. */
  async pick(text, shot) {
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();
    await this.page.locator(".quick-input-list .monaco-list-row").first().waitFor();
    if (shot) await this.shot(shot);
    await this.page.locator(".quick-input-widget input.input").fill(text);
    await row.waitFor();
    await row.click();
  }

  /** Opens a file of the folder by its name. */
  async open(name) {
    const box = await this.#ask("Control+p", name);
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: path.basename(name) }).first();
    // A file that has just been written is not always in the list at once.
    await this.until(async () => {
      if (await row.isVisible()) return true;
      await box.fill("");
      await box.fill(name);
      await this.page.waitForTimeout(400);
      return row.isVisible();
    }, `${name} in the list of files`);
    await row.click();
    await this.page.locator(".tab.active", { hasText: path.basename(name) }).waitFor();
  }

  /** Puts the cursor before a character of the editor, 1:1 is the first. */
  async goTo(line, column = 1) {
    const box = await this.#ask("Control+g", `:${line}:${column}`);
    // The box takes Enter only once it has read the number.
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: `${line}` }).first().waitFor();
    await this.page.keyboard.press("Enter");
    await box.waitFor({ state: "hidden" });
  }

  async save() {
    await this.page.keyboard.press("Control+s");
  }

  remove(name) {
    fs.rmSync(path.join(this.folder, name));
  }

  /** Everything as at the start: no editors, no messages, the files of `workspace/`. */
  async fresh() {
    await this.page.keyboard.press("Escape");
    await this.command("View: Revert and Close Editor").catch(() => {});
    await this.closeAll();
    await this.command("Notifications: Clear All Notifications");
    fs.rmSync(path.join(this.folder, ".vscode"), { recursive: true, force: true });
    this.ofFolder = {};
    fs.cpSync(FIXTURES, this.folder, { recursive: true });
  }

  async closeAll() {
    await this.command("View: Close All Editors");
    const dont = this.page.locator(".monaco-dialog-box .monaco-button", { hasText: "Don't Save" });
    if (await dont.isVisible()) await dont.click();
    await this.page.locator(".editor-instance").first().waitFor({ state: "detached" });
  }

  /** The rows of the menu of fixes at a place. */
  async fixes(line, column) {
    await this.goTo(line, column);
    const rows = this.page.locator(".action-widget .monaco-list-row.action");
    // Right after a change there may be nothing to fix yet, and the menu does not open.
    await this.until(async () => {
      await this.page.keyboard.press("Control+.");
      return rows.first().waitFor({ timeout: 2_000 }).then(() => true, () => false);
    }, `fixes in line ${line}`);
    return rows;
  }

  /** Rows of the problems view with this text. */
  async problems(text) {
    await this.command("Problems: Focus on Problems View");
    return this.page.locator(".markers-panel .monaco-list-row", { hasText: text });
  }

  // What a person sees

  squiggles(kind = "") {
    return this.page.locator(kind ? `.monaco-editor .squiggly-${kind}` : ".monaco-editor [class*=squiggly-]");
  }

  toast(text) {
    return this.page.locator(".notification-toast", { hasText: text });
  }

  /** The document inside the webview that is shown. */
  webview() {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("iframe#active-frame");
  }

  async shot(name, options = {}) {
    await this.page.screenshot({ path: path.join(SHOTS, `${name}.png`), ...options });
  }

  /** A picture for the documentation: kept in the folder that PICTURES names, if it names one. */
  async picture(name) {
    await this.page.mouse.move(640, 5);
    await this.shot(name);
    if (process.env.PICTURES) fs.copyFileSync(path.join(SHOTS, `${name}.png`), path.join(process.env.PICTURES, `${name}.png`));
  }

  has(name) {
    return fs.existsSync(path.join(this.folder, name));
  }

  read(name) {
    return fs.readFileSync(path.join(this.folder, name), "utf8");
  }

  write(name, text) {
    fs.mkdirSync(path.dirname(path.join(this.folder, name)), { recursive: true });
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  /** Waits until `check` answers something true, and returns it. */
  async until(check, what, patience = PATIENCE) {
    const end = Date.now() + patience;
    for (;;) {
      const found = await check();
      if (found) return found;
      if (Date.now() > end) {
        if (this.page) await this.shot("gave-up");
        assert.fail(`gave up waiting: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Processes that run the bundled server of this editor. */
  serverProcesses() {
    const listed = spawnSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).stdout;
    return listed
      .split("\n")
      .filter((line) => line.includes(this.extension) && / server( |$)/.test(line))
      .map((line) => Number(line.trim().split(" ")[0]));
  }
}

function changed(kept, settings) {
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined) delete kept[key];
    else kept[key] = value;
  }
}

function writeJson(file, data) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify(data, null, 2));
}

function freePort() {
  return new Promise((resolve) => {
    const socket = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
