/** The page's side of the experiments' thread, which is started when a page first needs it. */

import { type Remote, wrap } from "comlink";
import { askedDevice } from "../engine/client.svelte.ts";
import type { ExperimentFacts } from "./catalog.ts";
import type { LabApi } from "./worker.ts";

interface Connection extends LabThread {
  engine?: Promise<unknown>;
}

export interface LabThread {
  readonly api: Remote<LabApi>;
  /** Rejects when the thread cannot be had, or ends by itself. */
  readonly broken: Promise<never>;
  /** Whatever it is at. */
  end(): void;
}

let connection: Connection | undefined;
let facts: Promise<readonly ExperimentFacts[]> | undefined;

/** Answers what needs no engine: descriptions and checks. */
export function askLab<T>(task: (api: Remote<LabApi>) => Promise<T>): Promise<T> {
  const { api, broken } = connect();
  return Promise.race([task(api), broken]);
}

/** Answers what needs the engine, once it runs. */
export async function askLabEngine<T>(task: (api: Remote<LabApi>) => Promise<T>): Promise<T> {
  const own = connect();
  own.engine ??= askLab((api) => api.startEngine(askedDevice()));
  await own.engine;
  return askLab(task);
}

export function experimentFacts(): Promise<readonly ExperimentFacts[]> {
  facts ??= askLab((api) => api.describeExperiments());
  return facts;
}

function connect(): Connection {
  connection ??= startLabThread("lab");
  return connection;
}

/** A thread of the experiments beside the one that trains, such as for a program of the reader's. */
export function startLabThread(name: string): LabThread {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name });
  const broken = new Promise<never>((_, reject) => {
    worker.addEventListener("error", (event) => {
      reject(new Error(event.message || "The thread of the experiments could not be loaded."));
    });
  });
  broken.catch(() => {});
  return { api: wrap<LabApi>(worker), broken, end: () => worker.terminate() };
}
