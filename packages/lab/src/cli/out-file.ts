/** Files that a command writes where it is told to: whether that can be, asked before there is anything to write. */

import { access, constants, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beginsAsReport } from "@softdraw/experiments/report/html";
import { beginsAsSignedPng, signedPng } from "@softdraw/experiments/report/png";
import { WrongCall } from "../errors.ts";
import { ensureFolder, unlessMissing, writeAtomically, writeFailure } from "../runs/files.ts";

/** What is written, and how such a file is known again. */
const KINDS = {
  report: { words: "report", begins: (bytes: Buffer) => beginsAsReport(bytes.toString("utf8")) },
  picture: { words: "picture of Softdraw", begins: beginsAsSignedPng },
  records: { words: "file of explanations", begins: (bytes: Buffer) => bytes.toString("utf8").startsWith('{"row":0,') },
} as const;

type Kind = keyof typeof KINDS;

/**
 * A report replaces another one, a picture one that we made, and both an empty file, and nothing else.
 *
 * @param option by which the file was given
 * @param input the file that the command reads
 * @throws WrongCall that names the file to be written, and what is in the way
 */
export async function checkOut(option: string, out: string, kind: Kind, input?: string): Promise<void> {
  const refusal = (expected: string, got: string) =>
    new WrongCall(`${option}: ${out}: expected ${expected}, got ${got}.`);
  try {
    const there = await unlessMissing(stat(out));
    await access(dirname(out), constants.W_OK | constants.X_OK);
    if (there === undefined) return;
    if (!there.isFile()) throw refusal("a file", "a folder, a device or a pipe");
    const read = input === undefined ? undefined : await stat(input).catch(() => undefined);
    if (read && read.ino === there.ino && read.dev === there.dev) {
      throw refusal("another file than the one that is read", "that file itself");
    }
    const { words, begins } = KINDS[kind];
    if (there.size === 0 || begins(await beginningOf(out))) return;
    throw refusal(`a new file, or a ${words} to be replaced`, "another file");
  } catch (error) {
    throw error instanceof WrongCall ? error : new WrongCall(`${option}: ${writeFailure(out, error).message}.`);
  }
}

/** The same for files of a folder, which need not be there yet. */
export async function checkOutDir(
  option: string,
  folder: string,
  names: readonly string[],
  kind: Kind,
  input?: string,
) {
  await ensureFolder(folder).catch((error: Error) => {
    throw new WrongCall(`${option}: ${error.message}.`);
  });
  for (const name of names) await checkOut(option, join(folder, name), kind, input);
}

/** Writes a picture, so that a later call may replace it. */
export function writePicture(out: string, png: Uint8Array): Promise<void> {
  return writeAtomically(out, signedPng(png));
}

/** The title of a report is among so many bytes. */
const BEGINNING = 2 ** 16;

async function beginningOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
