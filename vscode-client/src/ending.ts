/** How a program ended, in words. Knows nothing of VS Code. */

/** What a program has complained so far, as much of it as is ever shown. */
export interface Complaint {
  /** The last full line that is not blank. */
  readonly line: string;
  /** What stands behind it, not yet ended. */
  readonly rest: string;
}

export const SILENT: Complaint = { line: "", rest: "" };

/** Characters that are kept of a line: a program may write megabytes without ending one. */
const LONGEST = 2_000;

/** `before` with another chunk of the program's output. */
export function heard({ line, rest }: Complaint, chunk: string): Complaint {
  const lines = (rest + chunk).split("\n").map((one) => one.slice(-LONGEST));
  const unfinished = lines.pop() ?? "";
  return { line: lines.findLast((one) => one.trim() !== "")?.trim() ?? line, rest: unfinished };
}

/** Such as `it ended with status 1: No module named 'x'`. */
export function ending(status: number | null, signal: string | null, { line, rest }: Complaint): string {
  const how = signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`;
  const last = rest.trim() || line;
  return last === "" ? how : `${how}: ${last}`;
}
