/**
 * A run: a folder `<experiment>-<date>-<id>` that holds all there is to know of one training.
 *
 *     config.json             what was asked for, the command that asks for it again, and the devices that trained it
 *     metrics.jsonl           a record an epoch
 *     checkpoint.safetensors  the state to resume from
 *     result.json             written last: a run that has it is finished
 *     diverged.json           why it ended, if its numbers were finite no longer; the checkpoint is the last that was sound
 *     lock                    there while a process writes to the run
 *     pictures, report.html
 *
 * A process killed at any moment leaves the last whole state: files are replaced in one step, and a checkpoint says how
 * many metrics records belong to it.
 */

import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { describeCheckpoint } from "@softdraw/experiments/checkpoint/described";
import {
  type Checkpoint,
  checkHeaderLength,
  decodeCheckpoint,
  encodeCheckpoint,
} from "@softdraw/experiments/checkpoint/safetensors";
import type { EpochRecord } from "@softdraw/experiments/experiment";
import { foreignText } from "@softdraw/experiments/foreign-text";
import { problemOf } from "@softdraw/experiments/problems";
import type { Divergence } from "@softdraw/experiments/training/divergence";
import { z } from "zod";
import {
  ensureFolder,
  errorCode,
  type Opener,
  openAny,
  readWhole,
  removeTemporaryFiles,
  syncFolder,
  unlessMissing,
  writeAtomically,
  writeFailure,
} from "./files.ts";
import { isLocked, type Release, takeLock } from "./lock.ts";
import {
  appendRecord,
  countRecords,
  dropTornRecord,
  keepRecords,
  type RecordStretch,
  readRecords,
  readRecordsAfter,
  summarizeRecords,
} from "./metrics.ts";
import { CHECKPOINT, CONFIG, METRICS, METRICS_RECORDS, RESULT, randomId, runPrefix } from "./names.ts";
import { stored, storedJson } from "./stored.ts";

const DIVERGED = "diverged.json";
const LOCK = "lock";

export const TrainedOn = z.object({
  /** As `--device` names it. */
  device: z.string(),
  /** The graphics card, where it was one. */
  adapter: z.string().optional(),
  /** The epoch in which it took over; 1 for the first. */
  epoch: z.int().min(1),
});

/** A device that a run was trained on, from an epoch on. */
export type TrainedOn = Readonly<z.infer<typeof TrainedOn>>;

/** The module of an experiment of one's own. */
export const StoredModule = z.object({
  path: z.string().min(1),
  checksum: z.string().regex(/^[0-9a-f]{64}$/, "Expected a SHA-256"),
});

const RunInfo = z.object({
  /** Begins the folder's name: lower-case letters, digits and hyphens. */
  experiment: z.string().regex(/^[a-z0-9-]+$/),
  /** What it was loaded from, where it is an experiment of one's own. */
  module: StoredModule.optional(),
  /** Softdraw's version. */
  version: z.string(),
  /** ISO 8601, UTC; its day is in the folder's name. */
  created: z.iso.datetime(),
  /** The command line that reproduces the run. */
  command: z.string(),
  /** The experiment's whole configuration, as plain JSON. */
  config: z.record(z.string(), z.unknown()),
  /** What it was trained on, one after the other; absent before the first step. */
  devices: z.array(TrainedOn).optional(),
});

/** What `config.json` holds. */
export type RunInfo = Readonly<z.infer<typeof RunInfo>>;

/** In JSON, a number that is none is null: it counts as not measured. */
const StoredRecord = z
  .object({ epoch: z.int().min(1) })
  .catchall(z.number().nullable())
  .transform((record): EpochRecord => {
    const measured = Object.entries(record).filter(([, value]) => value !== null);
    return { ...(Object.fromEntries(measured) as Record<string, number>), epoch: record.epoch };
  });

const StoredResult = z.looseObject({});

const StoredDivergence: z.ZodType<Divergence> = z.object({
  epoch: z.int().min(1),
  step: z.int().min(1),
  what: z.string().transform((text) => foreignText(text)),
  value: z.string().transform((text) => foreignText(text)),
});

/** A run to look at. Another process may be writing to it meanwhile. */
export interface Run {
  readonly path: string;
  readonly info: RunInfo;
  /** The whole records so far; throws on a damaged file. */
  readMetrics(): Promise<EpochRecord[]>;
  /** The records after the cursor of an earlier stretch: for whoever watches a run. */
  readMetricsAfter(cursor?: string): Promise<RecordStretch<EpochRecord>>;
  /** Undefined before the first checkpoint; throws on a damaged or foreign file. */
  loadCheckpoint(): Promise<Checkpoint | undefined>;
  /** Undefined until the run is finished. */
  readResult(): Promise<object | undefined>;
  /** How it diverged; undefined unless it did. */
  readDivergence(): Promise<Divergence | undefined>;
  /** What it was trained on so far, as it is written now: `info` is as it was when the run was opened. */
  readDevices(): Promise<readonly TrainedOn[]>;
}

/** A run to write to: this process has its lock until `close`. Every write is on the disk when its promise resolves. */
export interface OpenRun extends Run {
  /** Adds records, a line each. */
  appendMetrics(...records: readonly object[]): Promise<void>;
  /** Replaces the checkpoint. The metrics records so far belong to it: append an epoch's record first. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** Goes back to the last checkpoint, to resume from it: returns it, and removes the metrics records that came after it. */
  rewind(): Promise<Checkpoint | undefined>;
  /** Replaces another file of the folder, such as a picture. */
  writeFile(name: string, data: string | Uint8Array): Promise<void>;
  /** Marks the run as finished. */
  writeResult(result: object): Promise<void>;
  /** Marks the run as one that cannot be gone on with. */
  writeDivergence(divergence: Divergence): Promise<void>;
  /** Replaces what the description says that it was trained on. */
  writeDevices(devices: readonly TrainedOn[]): Promise<void>;
  /** Gives the lock back. */
  close(): Promise<void>;
}

export interface RunSummary extends RunInfo {
  readonly name: string;
  readonly path: string;
  /** Metrics records so far, one an epoch. */
  readonly epochs: number;
  /** The last of them. */
  readonly metrics: EpochRecord | undefined;
  readonly result: object | undefined;
  readonly divergence: Divergence | undefined;
  /** `running`: a process holds the lock; `stopped`: none of the others, so it can be resumed. */
  readonly state: "running" | "stopped" | "finished" | "diverged";
}

/** A run of which something cannot be read. */
export interface DamagedRun {
  readonly name: string;
  readonly path: string;
  /** Which file, and what is wrong with it. */
  readonly reason: string;
}

/** The runs in a folder: the sound ones oldest first, the damaged ones by name. */
export interface RunFolder {
  readonly runs: readonly RunSummary[];
  readonly damaged: readonly DamagedRun[];
}

/**
 * Makes a new run in the folder `root`, which is made as well if need be. Throws, leaving nothing, if it cannot.
 *
 * @param name of the folder, which must not be there yet; by default `<experiment>-<date>-<id>`
 */
export async function createRun(root: string, info: RunInfo, name?: string): Promise<OpenRun> {
  const checked = checkInfo(info, "a new run");
  const prefix = runPrefix(checked.experiment, checked.created);
  const path = name === undefined ? await makeUniqueFolder(root, prefix) : await makeFolder(root, name);
  try {
    const release = await takeLock(join(path, LOCK));
    await writeJson(join(path, CONFIG), checked);
    await syncFolder(root);
    return writableRun(path, checked, release);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
}

/**
 * The run in an existing folder: with `lock`, to write to it; without, to look at it.
 *
 * Throws, naming what is wrong, if the folder is not a run or if a live process has its lock.
 *
 * @param options `opener` opens the run's files, for who may not see all that there is
 */
export async function openRun(path: string, options: { lock: true }): Promise<OpenRun>;
export async function openRun(path: string, options: { lock: false; opener?: Opener }): Promise<Run>;
export async function openRun(
  path: string,
  { lock, opener = openAny }: { lock: boolean; opener?: Opener },
): Promise<Run> {
  const info = await readInfo(path, opener);
  if (!lock) return readableRun(path, info, opener);
  const release = await takeLock(join(path, LOCK));
  try {
    await removeTemporaryFiles(path);
    await dropTornRecord(join(path, METRICS));
    return writableRun(path, info, release);
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * The runs in the folder `root`; none if there is no such folder. It does not throw: one that is damaged hides no other, and
 * of what is no run at all, `note` gets a line.
 *
 * @param opener opens the runs' files, for who may not see all that there is
 */
export async function listRuns(
  root: string,
  note: (line: string) => void = () => {},
  opener = openAny,
): Promise<RunFolder> {
  const skip = (error: Error) => {
    note(`skipped: ${error.message}`);
    return [];
  };
  const damaged: DamagedRun[] = [];
  const entries = (await unlessMissing(readdir(root, { withFileTypes: true })).catch(skip)) ?? [];
  const names = entries.filter((entry) => !entry.isFile()).map(({ name }) => name);
  const looking = names.map(async (name) => {
    const path = join(root, name);
    try {
      return [await summarize(path, opener)];
    } catch (error) {
      if (error instanceof NoRun) return skip(error);
      damaged.push({ name, path, reason: (error as Error).message });
      return [];
    }
  });
  const runs = (await Promise.all(looking)).flat();
  return {
    runs: runs.sort((a, b) => compare(a.created, b.created) || compare(a.name, b.name)),
    damaged: damaged.sort((a, b) => compare(a.name, b.name)),
  };
}

async function summarize(path: string, opener: Opener): Promise<RunSummary> {
  const { info, readResult, readDivergence } = await openRun(path, { lock: false, opener });
  const { count: epochs, last: metrics } = await summarizeRecords(join(path, METRICS), StoredRecord, opener);
  const [result, divergence] = [await readResult(), await readDivergence()];
  const ended = result ? "finished" : divergence ? "diverged" : "stopped";
  const state = (await isLocked(join(path, LOCK), opener)) ? "running" : ended;
  return { name: basename(path), path, ...info, epochs, metrics, result, divergence, state };
}

function readableRun(path: string, info: RunInfo, opener = openAny): Run {
  return {
    path,
    info,
    readMetrics: () => readRecords(join(path, METRICS), StoredRecord, opener),
    readMetricsAfter: (cursor) => readRecordsAfter(join(path, METRICS), StoredRecord, cursor, opener),
    loadCheckpoint: () => loadCheckpoint(join(path, CHECKPOINT), opener),
    readResult: () => readStored(join(path, RESULT), StoredResult, opener),
    readDivergence: () => readStored(join(path, DIVERGED), StoredDivergence, opener),
    readDevices: async () => (await readInfo(path, opener)).devices ?? [],
  };
}

function writableRun(path: string, info: RunInfo, release: Release): OpenRun {
  return {
    ...readableRun(path, info),
    appendMetrics: (...records) => appendRecord(join(path, METRICS), ...records),
    saveCheckpoint: (checkpoint) => saveCheckpoint(path, describeCheckpoint(checkpoint, info.config)),
    rewind: () => rewind(path),
    writeFile: (name, data) => writeAtomically(join(path, name), data),
    writeResult: (result) => writeJson(join(path, RESULT), result),
    writeDivergence: ({ epoch, step, what, value }) => writeJson(join(path, DIVERGED), { epoch, step, what, value }),
    writeDevices: (devices) => writeJson(join(path, CONFIG), { ...info, devices }),
    close: release,
  };
}

async function saveCheckpoint(path: string, { tensors, metadata }: Checkpoint): Promise<void> {
  const records = await countRecords(join(path, METRICS));
  const complete = { tensors, metadata: { ...metadata, [METRICS_RECORDS]: `${records}` } };
  await writeAtomically(join(path, CHECKPOINT), encodeCheckpoint(complete));
}

/** What is no checkpoint of ours by its size or its first bytes is refused before it is read. */
async function loadCheckpoint(file: string, opener = openAny): Promise<Checkpoint | undefined> {
  const handle = await opener(file);
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_CHECKPOINT) {
      throw new Error(`${file}: expected a checkpoint of at most ${LARGEST_CHECKPOINT} bytes, got ${size}`);
    }
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(8), position: 0 });
    checkHeaderLength(buffer.subarray(0, bytesRead), size, file);
    return decodeCheckpoint(await handle.readFile(), file);
  } finally {
    await handle.close();
  }
}

/** More than Node reads at once. The largest of ours have some megabytes. */
const LARGEST_CHECKPOINT = 2 ** 31 - 1;

async function rewind(path: string): Promise<Checkpoint | undefined> {
  const file = join(path, CHECKPOINT);
  const checkpoint = await loadCheckpoint(file);
  const records = checkpoint === undefined ? "0" : checkpoint.metadata[METRICS_RECORDS];
  if (records === undefined || !/^\d{1,15}$/.test(records)) {
    throw new Error(
      `${file} is not a run's: expected a number as the metadata ${METRICS_RECORDS}, got ${foreignText(`${records}`)}`,
    );
  }
  await keepRecords(join(path, METRICS), Number(records));
  return checkpoint;
}

/** A new folder below `root`, named by the prefix and some characters that no other has. */
export async function makeUniqueFolder(root: string, prefix: string): Promise<string> {
  await ensureFolder(root);
  for (;;) {
    const path = join(root, `${prefix}-${randomId()}`);
    try {
      await mkdir(path);
      return path;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw writeFailure(path, error);
    }
  }
}

async function makeFolder(root: string, name: string): Promise<string> {
  await ensureFolder(root);
  const path = join(root, name);
  await mkdir(path).catch((error) => {
    throw writeFailure(path, error);
  });
  return path;
}

/** A folder that is no run, rather than a damaged one. */
class NoRun extends Error {}

async function readInfo(path: string, opener: Opener): Promise<RunInfo> {
  const folder = await unlessMissing(stat(path));
  if (!folder?.isDirectory()) {
    throw new NoRun(`${path} is not a run: ${folder ? "it is not a folder" : "no such folder"}`);
  }
  const file = join(path, CONFIG);
  const text = (await readWhole(file, opener))?.toString();
  if (text === undefined) throw new NoRun(`${path} is not a run: it has no ${CONFIG}`);
  return checkInfo(storedJson(text, file), file);
}

function checkInfo(value: unknown, where: string): RunInfo {
  const { data, error } = RunInfo.safeParse(value);
  if (error) throw new Error(`${where} is not described as a run: ${problemOf(error, value)}`);
  return data;
}

/** What a file of the run holds; undefined without the file. */
async function readStored<T>(file: string, schema: z.ZodType<T>, opener: Opener): Promise<T | undefined> {
  const text = (await readWhole(file, opener))?.toString();
  return text === undefined ? undefined : stored(text, schema, file);
}

function writeJson(file: string, value: object): Promise<void> {
  return writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
