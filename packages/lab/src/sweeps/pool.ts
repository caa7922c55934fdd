/** Processes of this machine, an engine each. */

import { setMaxListeners } from "node:events";
import type { EpochRecord } from "@softdraw/experiments/experiment";
import { Tinypool } from "tinypool";
import type { Device } from "../cli/engine.ts";
import { Interrupted } from "../cli/errors.ts";
import type { Executor } from "./executor.ts";
import { STOP } from "./pool-worker.ts";
import type { Assignment } from "./sweep.ts";

export interface ProcessOptions {
  readonly workers: number;
  readonly device: Device;
  /** Of each process's engine. */
  readonly threads: number;
  /** The module that a process runs. */
  readonly worker?: URL;
}

export interface PoolOptions extends ProcessOptions {
  /** The folder of the trials' run folders. */
  readonly folder: string;
}

export interface PoolTask {
  readonly assignment: Assignment;
  readonly folder: string;
  readonly device: string;
}

interface PoolTraining {
  readonly assignment: Assignment;
  /** The folder of its run folder. */
  readonly folder: string;
  /** Asks it to save its state and end. */
  readonly stop: AbortSignal;
  readonly onEpoch: (record: EpochRecord) => void;
}

export interface TrainingPool {
  /** Trains once; false when it was stopped, with its state saved. Throws whatever ends the training or its process. */
  train(training: PoolTraining): Promise<boolean>;
  close(): Promise<void>;
}

/** How long a process waits for its next trial: recording an outcome takes milliseconds. */
const IDLE_MS = 60_000;

const ASKING_MS = 100;

const WORKER = new URL("./pool-worker.js", import.meta.url);

export function trainingPool({ workers, device, threads, worker = WORKER }: ProcessOptions): TrainingPool {
  const pool = new Tinypool({
    ...{ filename: worker.href, runtime: "child_process", minThreads: 1, maxThreads: workers },
    argv: ["--threads", String(threads)],
    env: process.env as Record<string, string>,
    // One trial after the other in the same process: to start it and its engine takes a second or two.
    ...{ isolateWorkers: false, idleTimeout: IDLE_MS },
  });
  // A process that dies before it has a task is nobody's to the pool: what waits for one must not wait for ever.
  const bereft = new Set<(error: Error) => void>();
  pool.on("error", (error: Error) => {
    if (pool.threads.length > 0) return;
    for (const fail of bereft) fail(error);
  });
  return {
    async train({ assignment, folder, stop, onEpoch }) {
      let asking: NodeJS.Timeout | undefined;
      let tell = () => {};
      const channel = {
        onMessage(send: (message: unknown) => void) {
          tell = () => send(STOP);
        },
        postMessage: ({ record }: { record: EpochRecord }) => onEpoch(record),
      };
      // Again and again, because a process that is just starting does not hear.
      const ask = () => {
        asking = setInterval(() => tell(), ASKING_MS);
      };
      if (stop.aborted) return false;
      stop.addEventListener("abort", ask, { once: true });
      let fail = (_: Error) => {};
      const alone = new Promise<never>((_, reject) => {
        fail = reject;
      });
      bereft.add(fail);
      // The pool does not keep this process alive for a task that waits for its process to start.
      const alive = setInterval(() => {}, 2 ** 30);
      try {
        const task: PoolTask = { assignment, folder, device };
        return (await Promise.race([pool.run(task, { channel }), alone])) as boolean;
      } finally {
        clearInterval(alive);
        bereft.delete(fail);
        stop.removeEventListener("abort", ask);
        clearInterval(asking);
      }
    },
    close: () => pool.destroy(),
  };
}

export function poolExecutor({ folder, ...options }: PoolOptions): Executor {
  const pool = trainingPool(options);
  const stop = new AbortController();
  // Every training listens.
  setMaxListeners(0, stop.signal);
  return {
    capacity: options.workers,
    async run(assignment, onEpoch) {
      const attempt = () => pool.train({ assignment, folder, stop: stop.signal, onEpoch });
      // A second attempt goes on from the last checkpoint. What fails twice is likely to fail again.
      const trained = await attempt().catch((error: Error) => {
        if (stop.signal.aborted) throw error;
        return attempt();
      });
      if (!trained) throw new Interrupted(`Trial ${assignment.trial} is saved.`);
    },
    stop: () => stop.abort(),
    close: () => pool.close(),
  };
}
