/** `metrics.jsonl`: one JSON record a line. What follows the last line end was torn off by a kill, and is no record. */

import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { foreignValue } from "@softdraw/experiments/foreign-text";
import { parseJson } from "@softdraw/experiments/json";
import { problemOf } from "@softdraw/experiments/problems";
import type { z } from "zod";
import { type Opener, openAny, readWhole, unlessMissing, writeFailure } from "./files.ts";

const LINE_END = "\n".charCodeAt(0);

/** Adds records and waits until the disk has them. Throws, with the file as it was, when they cannot be written. */
export async function appendRecord(file: string, ...records: readonly object[]): Promise<void> {
  const handle = await open(file, "a").catch((error) => {
    throw writeFailure(file, error);
  });
  const { size } = await handle.stat();
  try {
    await handle.appendFile(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    await handle.sync();
  } catch (error) {
    await handle.truncate(size);
    throw writeFailure(file, error);
  } finally {
    await handle.close();
  }
}

/** All whole records, none if there is no file. Throws on a line that is no such record, naming file and line. */
export async function readRecords<R>(file: string, schema: z.ZodType<R>, opener = openAny): Promise<R[]> {
  const bytes = await readBytes(file, opener);
  const lines = bytes.subarray(0, lineEnds(bytes).at(-1) ?? 0).toString("utf8");
  return lines
    .split("\n")
    .slice(0, -1)
    .map((line, index) => parseRecord(line, schema, `${file}, line ${index + 1}`));
}

/** How many whole records there are, and the last of them, which alone is looked at. Throws on that as `readRecords` does. */
export async function summarizeRecords<R>(
  file: string,
  schema: z.ZodType<R>,
  opener = openAny,
): Promise<{ count: number; last: R | undefined }> {
  const bytes = await readBytes(file, opener);
  const ends = lineEnds(bytes);
  if (ends.length === 0) return { count: 0, last: undefined };
  const line = bytes.toString("utf8", ends.at(-2) ?? 0, ends.at(-1)! - 1);
  return { count: ends.length, last: parseRecord(line, schema, `${file}, line ${ends.length}`) };
}

/** A stretch of a file that grows, and may be cut back or replaced by a training that is resumed. */
export interface RecordStretch<R = object> {
  /** Whether the records follow those that were read before; if not, they begin the file, and the earlier ones count no more. */
  readonly continues: boolean;
  readonly records: readonly R[];
  /** What to give as `after`, to read on from here. */
  readonly cursor: string;
}

/** Bytes that are read at once: the records of some ten thousand epochs. */
const STRETCH_BYTES = 4 * 2 ** 20;

/** Bytes before the cursor by which a file that only grew is told from one that was cut back and grew again. */
const KNOWN_BYTES = 512;

/** The whole records after the cursor of an earlier stretch, or from the beginning; none if there is no file. Throws as `readRecords` does. */
export async function readRecordsAfter<R>(
  file: string,
  schema: z.ZodType<R>,
  after = "",
  opener = openAny,
): Promise<RecordStretch<R>> {
  const handle = await opener(file);
  if (handle === undefined) return { continues: after === "", records: [], cursor: "" };
  try {
    const start = (await positionOf(handle, after)) ?? 0;
    const bytes = await readPart(handle, start, start + STRETCH_BYTES);
    const whole = bytes.subarray(0, lineEnds(bytes).at(-1) ?? 0);
    const lines = whole.toString("utf8").split("\n").slice(0, -1);
    const records = lines.map((line, i) => parseRecord(line, schema, `${file}, line ${i + 1} from byte ${start}`));
    const end = start + whole.length;
    return { continues: start > 0 || after === "", records, cursor: await cursorAt(handle, end) };
  } finally {
    await handle.close();
  }
}

/** The byte that a cursor stands at; undefined if the file is not the one any more that it was made of. */
async function positionOf(handle: FileHandle, cursor: string): Promise<number | undefined> {
  const position = Number(cursor.split("-")[0]);
  if (!Number.isSafeInteger(position) || position <= 0) return undefined;
  return (await cursorAt(handle, position)) === cursor ? position : undefined;
}

async function cursorAt(handle: FileHandle, position: number): Promise<string> {
  const known = await readPart(handle, Math.max(0, position - KNOWN_BYTES), position);
  return `${position}-${createHash("sha256").update(known).digest("hex").slice(0, 16)}`;
}

async function readPart(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const { size } = await handle.stat();
  const buffer = Buffer.alloc(Math.max(0, Math.min(end, size) - start));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
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

async function readBytes(file: string, opener: Opener = openAny): Promise<Buffer> {
  return (await readWhole(file, opener)) ?? Buffer.alloc(0);
}

/** The offset after each line end. */
function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) ends.push(at + 1);
  return ends;
}

function parseRecord<R>(line: string, schema: z.ZodType<R>, where: string): R {
  const record = parseLine(line);
  if (typeof record !== "object" || record === null) {
    throw new Error(`${where}: expected a JSON object, got ${foreignValue(line)}`);
  }
  const { data, error } = schema.safeParse(record);
  if (error) throw new Error(`${where}: ${problemOf(error, record)}`);
  return data;
}

function parseLine(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
