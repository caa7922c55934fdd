/** Processes of this machine, an engine each. */

import { setMaxListeners } from "node:events";
import type { EpochRecord, ModuleFile } from "@softdraw/experiments/experiment";
import { Tinypool } from "tinypool";
import { Interrupted } from "../errors.ts";
import type { Device } from "../training/engine.ts";
import type { Executor } from "./executor.ts";
import { STOP } from "./pool-worker.ts";
import type { Assignment } from "./sweep.ts";

export interface ProcessOptions {
  readonly workers: number;
  readonly device: Device;
  /** Threads of each process's engine. */
  readonly threads: number;
  /** The module that a process runs. */
  readonly worker?: URL;
}

export interface PoolOptions extends ProcessOptions {
  /** Where the trials are of an experiment of one's own: every process loads it. */
  readonly module?: ModuleFile | undefined;
  /** The folder of the trials' run folders. */
  readonly folder: string;
}

export interface PoolTask {
  readonly assignment: Assignment;
  readonly folder: string;
  readonly device: Device;
  readonly module?: ModuleFile | undefined;
}

interface PoolTraining {
  readonly assignment: Assignment;
  readonly module?: ModuleFile | undefined;
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

/** Between two times that a process is told to stop. */
const TELLING_MS = 100;

const WORKER = new URL("./pool-process.js", import.meta.url);

export function trainingPool({ workers, device, threads, worker = WORKER }: ProcessOptions): TrainingPool {
  const pool = new Tinypool({
    filename: worker.href,
    runtime: "child_process",
    minThreads: 1,
    maxThreads: workers,
    argv: ["--threads", String(threads), "--device", device],
    env: process.env as Record<string, string>,
    // A process trains one trial after the other, because it takes a second or two to start with its engine.
    isolateWorkers: false,
    idleTimeout: IDLE_MS,
  });
  // A process that dies before it has a task fails none of them: they would wait for a process for ever.
  const failures = new Set<(error: Error) => void>();
  pool.on("error", (error: Error) => {
    if (pool.threads.length > 0) return;
    for (const fail of failures) fail(error);
  });
  return {
    async train({ assignment, module, folder, stop, onEpoch }) {
      if (stop.aborted) return false;
      let fail = (_: Error) => {};
      const failure = new Promise<never>((_, reject) => {
        fail = reject;
      });
      const { channel, close } = openChannel(stop, onEpoch, (message) => fail(new Error(message)));
      failures.add(fail);
      // The pool does not keep this process alive for a task that waits for its process to start.
      const alive = setInterval(() => {}, 2 ** 30);
      try {
        const task: PoolTask = { assignment, folder, device, module };
        const trained: Promise<boolean> = pool.run(task, { channel });
        return await Promise.race([trained, failure]);
      } finally {
        clearInterval(alive);
        failures.delete(fail);
        close();
      }
    },
    close: () => pool.destroy(),
  };
}

/**
 * Carries the records of epochs from a process, and why it is about to end; and the wish to stop to it: again and again, because
 * a process that is just starting does not hear it.
 */
function openChannel(stop: AbortSignal, onEpoch: (record: EpochRecord) => void, onFailure: (message: string) => void) {
  let tell = (_: unknown) => {};
  let telling: NodeJS.Timeout | undefined;
  const startTelling = () => {
    telling = setInterval(() => tell(STOP), TELLING_MS);
  };
  stop.addEventListener("abort", startTelling, { once: true });
  return {
    channel: {
      onMessage(send: (message: unknown) => void) {
        tell = send;
      },
      postMessage({ record, failure }: { record?: EpochRecord; failure?: string }) {
        if (record !== undefined) onEpoch(record);
        if (failure !== undefined) onFailure(failure);
      },
    },
    close() {
      stop.removeEventListener("abort", startTelling);
      clearInterval(telling);
    },
  };
}

export function poolExecutor({ folder, module, ...options }: PoolOptions): Executor {
  const pool = trainingPool(options);
  const stop = new AbortController();
  // Every training listens to it, and there may be more than the ten listeners that Node warns of.
  setMaxListeners(0, stop.signal);
  return {
    capacity: options.workers,
    async run(assignment, onEpoch) {
      const attempt = () => pool.train({ assignment, module, folder, stop: stop.signal, onEpoch });
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
