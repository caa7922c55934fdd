/** The trainings of this page, kept in the browser's storage: they outlive the page, and leave it as run folders. */

import type { EpochRecord, ModuleFile, Result } from "@softdraw/experiments/experiment";
import { randomId, runPrefix } from "@softdraw/lab/runs/names";
import type { Values } from "./lab/catalog.ts";

/** What is kept of a training, but its checkpoint. */
export interface KeptRun {
  /** As the command line calls its folder. */
  readonly name: string;
  readonly experiment: string;
  /** Of an experiment of the reader's. */
  readonly module?: ModuleFile | undefined;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly command: string;
  readonly config: Values;
  readonly records: readonly EpochRecord[];
  readonly results: readonly Result[];
  readonly state: "finished" | "stopped";
}

const RUNS = "runs";
const CHECKPOINTS = "checkpoints";

let database: Promise<IDBDatabase> | undefined;

// As they are: they are sent to threads, which take no proxies.
let runs = $state.raw<readonly KeptRun[]>();

export const kept = {
  /** Newest first; undefined before they were asked for. */
  get runs(): readonly KeptRun[] | undefined {
    return runs;
  },
};

/** @throws Error where the browser keeps nothing, as in some private windows; there are none then */
export async function lookAtKept(): Promise<void> {
  let all: KeptRun[] = [];
  try {
    all = await done<KeptRun[]>((await transaction("readonly")).objectStore(RUNS).getAll());
  } finally {
    runs = all.toSorted((a, b) => (a.created < b.created ? 1 : -1));
  }
}

/** Keeps a training, in place of what was kept of it before. */
export async function keepRun(run: KeptRun, checkpoint: Uint8Array<ArrayBuffer>): Promise<void> {
  const own = await transaction("readwrite");
  own.objectStore(RUNS).put(run);
  own.objectStore(CHECKPOINTS).put(checkpoint, run.name);
  await ended(own);
  if (runs) await lookAtKept();
}

export async function forgetRun(name: string): Promise<void> {
  const own = await transaction("readwrite");
  own.objectStore(RUNS).delete(name);
  own.objectStore(CHECKPOINTS).delete(name);
  await ended(own);
  await lookAtKept();
}

/** @throws Error where it is kept no more */
export async function keptCheckpoint(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const store = (await transaction("readonly")).objectStore(CHECKPOINTS);
  const bytes = await done<Uint8Array<ArrayBuffer> | undefined>(store.get(name));
  if (bytes) return bytes;
  throw new Error(`${name} is not kept in this browser any more.`);
}

/** As the command line names run folders. */
export function runName(experiment: string, created: string): string {
  return `${runPrefix(experiment.split(" ")[0]!, created)}-${randomId()}`;
}

async function transaction(mode: IDBTransactionMode): Promise<IDBTransaction> {
  database ??= opened();
  database.catch(() => {
    database = undefined;
  });
  return (await database).transaction([RUNS, CHECKPOINTS], mode);
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open("softdraw", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(RUNS, { keyPath: "name" });
    request.result.createObjectStore(CHECKPOINTS);
  };
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(storageError(request.error));
  });
}

function ended(own: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    own.oncomplete = () => resolve();
    own.onerror = () => reject(storageError(own.error));
    own.onabort = () => reject(storageError(own.error));
  });
}

function storageError(error: DOMException | null): Error {
  return new Error(
    `The browser could not keep or read the trainings of this page: ${error?.message ?? "no reason given"}`,
  );
}
