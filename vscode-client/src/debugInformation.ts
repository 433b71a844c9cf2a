/** Everything that a bug report needs, in a document to paste. */

import * as os from "node:os";
import * as vscode from "vscode";
import { reasonOf } from "./failure.ts";
import { candidates, judged, refusal } from "./launch.ts";
import { shown, versionOf } from "./python.ts";
import type { Server } from "./server.ts";
import { SECTION } from "./settings.ts";

/** `activation`: milliseconds. */
export async function showDebugInformation(context: vscode.ExtensionContext, server: Server, activation: number): Promise<void> {
  const manifest = context.extension.packageJSON;
  const sections: [string, string[]][] = [
    [
      "editor",
      [
        `extension ${manifest.version}, activated in ${activation.toFixed(1)} ms`,
        `${vscode.env.appName} ${vscode.version}${vscode.env.remoteName ? `, remote: ${vscode.env.remoteName}` : ""}`,
        `${os.type()} ${os.release()} ${process.arch}`,
        `workspace ${vscode.workspace.isTrusted ? "trusted" : "not trusted"}, folders: ${vscode.workspace.workspaceFolders?.length ?? 0}`,
      ],
    ],
    ["server", serverLines(server)],
    ["Pythons, in the order in which they are tried", await pythonLines(server)],
    ["settings that are not the default", settingLines(Object.keys(manifest.contributes.configuration.properties))],
  ];
  const own = sections.map(([title, lines]) => `## ${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}\n`).join("\n");
  const answer = await server.client?.sendRequest<{ text: string }>("keras-memlint/information", {}).catch((error: Error) => ({ text: reasonOf(error) }));
  const rest = answer === undefined ? "" : `\n## what the server says\n\n\`\`\`text\n${answer.text.trimEnd()}\n\`\`\`\n`;
  const content = `# keras-memlint\n\nLook through it before you publish it: it holds paths of this machine.\n\n${own}${rest}`;
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "markdown", content }));
}

function serverLines({ state, launch }: Server): string[] {
  const detail = state.kind === "failed" ? `: ${state.why}` : state.kind === "running" ? `: ${state.version}` : "";
  const took = state.kind === "running" ? [`a Python was found in ${state.took.choosing} ms, and it answered after ${state.took.hello} ms`] : [];
  return [`${state.kind}${detail}`, ...took, ...(launch === undefined ? [] : [`last started: ${launch.what}`, `command: \`${shown(launch.command)}\``])];
}

async function pythonLines(server: Server): Promise<string[]> {
  const given = await server.circumstances();
  const lines: string[] = [];
  for await (const candidate of candidates(given)) {
    const answer = await given.prober.ask(candidate);
    const why = judged(answer, refusal(given));
    const verdict = why ?? ("executable" in answer ? `good, Python ${versionOf(answer)} at ${answer.executable}` : "");
    lines.push(`\`${shown(candidate.command)}\` (${candidate.from}): ${verdict}`);
  }
  return lines;
}

function settingLines(keys: readonly string[]): string[] {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const lines = keys.flatMap((whole) => {
    const key = whole.slice(SECTION.length + 1);
    const value = configuration.get(key);
    const unchanged = JSON.stringify(value) === JSON.stringify(configuration.inspect(key)?.defaultValue);
    return unchanged ? [] : [`\`${whole}\`: \`${JSON.stringify(value)}\``];
  });
  return lines.length === 0 ? ["none"] : lines;
}
