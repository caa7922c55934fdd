/** `metrics.jsonl`: one JSON record a line. What follows the last line end was torn off by a kill, and is no record. */

import { open, readFile } from "node:fs/promises";
import { unlessMissing, writeFailure } from "./files.ts";

const LINE_END = "\n".charCodeAt(0);

/** Adds a record and waits until the disk has it. Throws, with the file as it was, when it cannot be written. */
export async function appendRecord(file: string, record: object): Promise<void> {
  const handle = await open(file, "a").catch((error) => {
    throw writeFailure(file, error);
  });
  const { size } = await handle.stat();
  try {
    await handle.appendFile(`${JSON.stringify(record)}\n`);
    await handle.sync();
  } catch (error) {
    await handle.truncate(size);
    throw writeFailure(file, error);
  } finally {
    await handle.close();
  }
}

/** All whole records, none if there is no file. Throws on a line that is not a JSON object, naming file and line. */
export async function readRecords(file: string): Promise<object[]> {
  const bytes = await readBytes(file);
  const lines = bytes.subarray(0, lineEnds(bytes).at(-1) ?? 0).toString("utf8");
  return lines
    .split("\n")
    .slice(0, -1)
    .map((line, index) => parseRecord(line, `${file}, line ${index + 1}`));
}

export async function countRecords(file: string): Promise<number> {
  return lineEnds(await readBytes(file)).length;
}

/** Removes a torn last line. */
export async function dropTornRecord(file: string): Promise<void> {
  await cut(file, lineEnds(await readBytes(file)).at(-1) ?? 0);
}

/** Keeps the first `count` records only. Throws, with the file as it was, when it has fewer. */
export async function keepRecords(file: string, count: number): Promise<void> {
  const ends = lineEnds(await readBytes(file));
  if (ends.length < count) {
    throw new Error(`${file}: expected the ${count} records that were there at the checkpoint, got ${ends.length}`);
  }
  await cut(file, ends[count - 1] ?? 0);
}

async function cut(file: string, length: number): Promise<void> {
  const handle = await unlessMissing(open(file, "r+"));
  if (handle === undefined) return;
  try {
    await handle.truncate(length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readBytes(file: string): Promise<Buffer> {
  return (await unlessMissing(readFile(file))) ?? Buffer.alloc(0);
}

/** The offset after each line end. */
function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) ends.push(at + 1);
  return ends;
}

function parseRecord(line: string, where: string): object {
  const record = parseJson(line);
  if (typeof record === "object" && record !== null) return record;
  throw new Error(`${where}: expected a JSON object, got ${JSON.stringify(line.slice(0, 80))}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
