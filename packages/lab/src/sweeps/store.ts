/**
 * Where the states of trials travel between machines: a folder that all of them see, or Redis itself.
 *
 * A state is one blob: the checkpoint with the metrics that belong to it. So the two are never apart, whoever writes last.
 */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "@softdraw/experiments/checkpoint/safetensors";
import { z } from "zod";
import { WrongCall } from "../errors.ts";
import { unlessMissing, writeAtomically, writeFailure } from "../runs/files.ts";
import { METRICS_RECORDS } from "../runs/names.ts";
import { type OpenRun, type Run, TrainedOn } from "../runs/run.ts";
import { stored } from "../runs/stored.ts";
import { Unavailable } from "./executor.ts";
import { type Link, refusal } from "./redis.ts";

/** A trial as far as it is trained. */
export interface Snapshot {
  readonly checkpoint: Checkpoint;
  /** Those of the epochs before the checkpoint. */
  readonly records: readonly object[];
  /** What it was trained on. */
  readonly devices: readonly TrainedOn[];
  /** Whether this is the end of the training. */
  readonly whole: boolean;
}

export interface Store {
  /** Whether two machines mean the same store: jobs carry it. */
  readonly id: string;
  load(sweep: string, trial: number): Promise<Snapshot | undefined>;
  /**
   * Replaces what there is of a trial, unless that has more epochs.
   *
   * @throws StoreFull where it has no room; Unavailable for a state that is too large, or a store that takes nothing
   */
  save(sweep: string, trial: number, snapshot: Snapshot): Promise<void>;
  remove(sweep: string, trial: number): Promise<void>;
}

export class StoreFull extends Unavailable {}

// Snapshots and run folders

/** The last state in a run folder; undefined before the first. Somebody else may be training there. */
export async function takeSnapshot(run: Run): Promise<Snapshot | undefined> {
  // In this order: a result is written last, and there are at least the records that a checkpoint counts.
  const whole = (await run.readResult()) !== undefined;
  const checkpoint = await run.loadCheckpoint();
  if (checkpoint === undefined) return undefined;
  const records = (await run.readMetrics()).slice(0, Number(checkpoint.metadata[METRICS_RECORDS]));
  return { checkpoint, records, devices: await run.readDevices(), whole };
}

/** Brings a run folder to a state, unless it has more epochs already. */
export async function restoreSnapshot(run: OpenRun, { checkpoint, records, devices }: Snapshot): Promise<void> {
  await run.rewind();
  const { length } = await run.readMetrics();
  if (length > records.length) return;
  if (length < records.length) await run.appendMetrics(...records.slice(length));
  await run.saveCheckpoint(checkpoint);
  await run.writeDevices(devices);
}

const SNAPSHOT = "snapshot";

const Rest = z.object({
  records: z.array(z.record(z.string(), z.unknown())),
  devices: z.array(TrainedOn).default([]),
  whole: z.boolean(),
});

function encodeSnapshot({ checkpoint: { tensors, metadata }, ...rest }: Snapshot): Uint8Array {
  return encodeCheckpoint({ tensors, metadata: { ...metadata, [SNAPSHOT]: JSON.stringify(rest) } });
}

function decodeSnapshot(bytes: Uint8Array, where: string): Snapshot {
  const { tensors, metadata } = decodeCheckpoint(bytes, where);
  const { [SNAPSHOT]: rest = "", ...own } = metadata;
  return { checkpoint: { tensors, metadata: own }, ...stored(rest, Rest, where) };
}

// A shared folder

const MARK = "softdraw-store.json";

/** A folder that the sweep and all workers see. */
export async function folderStore(folder: string): Promise<Store> {
  const id = await markOf(folder);
  const folderOf = (sweep: string, trial: number) => join(folder, sweep, String(trial));
  const states = async (path: string) => {
    const names = (await unlessMissing(readdir(path))) ?? [];
    return names
      .filter((name) => /^\d+\.safetensors$/.test(name))
      .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  };
  return {
    id,
    async load(sweep, trial) {
      const path = folderOf(sweep, trial);
      for (const name of await states(path)) {
        // Another machine may just have put a later one in its place.
        const bytes = await unlessMissing(readFile(join(path, name)));
        if (bytes) return decodeSnapshot(bytes, join(path, name));
      }
      return undefined;
    },
    async save(sweep, trial, snapshot) {
      const path = folderOf(sweep, trial);
      const name = `${snapshot.records.length}.safetensors`;
      try {
        await mkdir(path, { recursive: true });
        await writeAtomically(join(path, name), encodeSnapshot(snapshot));
        const [, ...earlier] = await states(path);
        await Promise.all(earlier.map((other) => rm(join(path, other), { force: true })));
      } catch (error) {
        throw new Unavailable((error as Error).message, { cause: error });
      }
    },
    remove: (sweep, trial) => rm(folderOf(sweep, trial), { recursive: true, force: true }),
  };
}

const Mark = z.object({ id: z.uuid() });

/** What the folder is known by, wherever it is mounted. */
async function markOf(folder: string): Promise<string> {
  const file = join(folder, MARK);
  const mark = await unlessMissing(readFile(file, "utf8")).catch((error) => {
    throw new WrongCall(`--store: cannot read ${file}: ${(error as Error).message}.`);
  });
  if (mark !== undefined) return stored(mark, Mark, `--store: ${file}`).id;
  try {
    await mkdir(folder, { recursive: true });
    await writeAtomically(file, `${JSON.stringify({ id: randomUUID() })}\n`);
  } catch (error) {
    throw new WrongCall(`--store: ${writeFailure(folder, error).message}.`);
  }
  // It is read back, because another machine may have written its own at the same time.
  return markOf(folder);
}

// Redis

/** The store that is Redis itself, as jobs call it. */
export const REDIS_STORE = "redis";

const MEBIBYTE = 2 ** 20;

interface RedisStoreLimits {
  readonly stateBytes: number;
  /** Of all states of all sweeps. */
  readonly allBytes: number;
}

const REDIS_STORE_LIMITS: RedisStoreLimits = { stateBytes: 64 * MEBIBYTE, allBytes: 4096 * MEBIBYTE };

/** Saves a state unless there is a later one, and counts the bytes of all. */
const SAVE = `
local had = tonumber(redis.call("HGET", KEYS[1], "records") or "-1")
if had > tonumber(ARGV[1]) then return 0 end
local all = tonumber(redis.call("GET", KEYS[2]) or "0")
local grown = #ARGV[2] - redis.call("HSTRLEN", KEYS[1], "state")
if grown > 0 and all + grown > tonumber(ARGV[3]) then return -1 end
redis.call("HSET", KEYS[1], "records", ARGV[1], "state", ARGV[2])
redis.call("INCRBY", KEYS[2], grown)
return 1`;

const REMOVE = `
redis.call("DECRBY", KEYS[2], redis.call("HSTRLEN", KEYS[1], "state"))
return redis.call("DEL", KEYS[1])`;

/** The Redis of the queue itself, up to a size. */
export function redisStore({ client, endpoint }: Link, limits = REDIS_STORE_LIMITS): Store {
  const all = "softdraw:states:bytes";
  const key = (sweep: string, trial: number) => `softdraw:states:${sweep}:${trial}`;
  const { stateBytes, allBytes } = limits;
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw refusal(error as Error, endpoint) ?? error;
    }
  };
  return {
    id: REDIS_STORE,
    async load(sweep, trial) {
      const bytes = await client.hgetBuffer(key(sweep, trial), "state");
      return bytes === null ? undefined : decodeSnapshot(bytes, `the state of trial ${trial} in Redis at ${endpoint}`);
    },
    async save(sweep, trial, snapshot) {
      const bytes = Buffer.from(encodeSnapshot(snapshot));
      if (bytes.length > stateBytes) {
        throw new Unavailable(
          `Trial ${trial}: a state of ${inMebibytes(bytes.length)} is more than the ${inMebibytes(stateBytes)} that ` +
            "go through Redis. Give the sweep and the workers a folder that they share: --store DIR",
        );
      }
      const records = String(snapshot.records.length);
      const saved = await answered(client.eval(SAVE, 2, key(sweep, trial), all, records, bytes, String(allBytes)));
      if (saved === -1) {
        throw new StoreFull(
          `The states in Redis at ${endpoint} have reached ${inMebibytes(allBytes)}. They are removed as a sweep takes ` +
            "them in: continue it with softdraw sweep --resume. Or share a folder: --store DIR",
        );
      }
    },
    async remove(sweep, trial) {
      await answered(client.eval(REMOVE, 2, key(sweep, trial), all));
    },
  };
}

function inMebibytes(bytes: number): string {
  return `${Math.ceil((bytes / MEBIBYTE) * 10) / 10} MiB`;
}
