/** The file that a report is written to: whether that can be, asked before there is one. */

import { access, constants, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { beginsAsReport } from "@softdraw/experiments/report/html";
import { WrongCall } from "../errors.ts";
import { unlessMissing, writeFailure } from "../runs/files.ts";

/**
 * A report replaces another one, or an empty file, and nothing else.
 *
 * @param input the file that the command reads
 * @throws WrongCall that names the file to be written, and what is in the way
 */
export async function checkReportFile(out: string, input: string): Promise<void> {
  try {
    const there = await unlessMissing(stat(out));
    await access(dirname(out), constants.W_OK | constants.X_OK);
    if (there === undefined) return;
    if (!there.isFile()) throw refusal(out, "expected a file", "a folder, a device or a pipe");
    const read = await stat(input).catch(() => undefined);
    if (read && read.ino === there.ino && read.dev === there.dev) {
      throw refusal(out, "expected another file than the table", "the table itself");
    }
    if (there.size === 0 || beginsAsReport(await beginningOf(out))) return;
    throw refusal(out, "expected a new file, or a report to be replaced", "a file that is no report");
  } catch (error) {
    throw error instanceof WrongCall ? error : new WrongCall(`out: ${writeFailure(out, error).message}.`);
  }
}

function refusal(out: string, expected: string, got: string): WrongCall {
  return new WrongCall(`out: ${out}: ${expected}, got ${got}.`);
}

/** The title of a report is among so many bytes. */
const BEGINNING = 2 ** 16;

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
