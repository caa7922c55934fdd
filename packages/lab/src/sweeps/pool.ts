/** Processes of this machine, an engine each. */

import { Tinypool } from "tinypool";
import type { Device } from "../cli/engine.ts";
import { Interrupted } from "../cli/errors.ts";
import type { EpochRecord } from "../experiments/experiment.ts";
import type { Executor } from "./executor.ts";
import { STOP } from "./pool-worker.ts";
import type { Assignment } from "./sweep.ts";

export interface PoolOptions {
  readonly workers: number;
  /** The folder of the trials' run folders. */
  readonly folder: string;
  readonly device: Device;
  /** Of each process's engine. */
  readonly threads: number;
  /** The module that a process runs. */
  readonly worker?: URL;
}

export interface PoolTask {
  readonly assignment: Assignment;
  readonly folder: string;
  readonly device: string;
}

const ASKING_MS = 100;

const WORKER = new URL("./pool-worker.js", import.meta.url);

export function poolExecutor({ workers, folder, device, threads, worker = WORKER }: PoolOptions): Executor {
  const pool = new Tinypool({
    ...{ filename: worker.href, runtime: "child_process", minThreads: 1, maxThreads: workers },
    argv: ["--threads", String(threads)],
    env: process.env as Record<string, string>,
    // A process whose engine grew keeps its memory; a trial after the other in one keeps what they share warm.
    isolateWorkers: false,
  });
  const tellers = new Set<() => void>();
  // A process that dies before it has a task is nobody's to the pool: what waits for one must not wait for ever.
  const bereft = new Set<(error: Error) => void>();
  pool.on("error", (error: Error) => {
    if (pool.threads.length > 0) return;
    for (const fail of bereft) fail(error);
  });
  let asking: NodeJS.Timeout | undefined;
  const attempt = async (assignment: Assignment, onEpoch: (record: EpochRecord) => void) => {
    let tell = () => {};
    let fail = (_: Error) => {};
    const channel = {
      onMessage(send: (message: unknown) => void) {
        tell = () => send(STOP);
        tellers.add(tell);
      },
      postMessage: ({ record }: { record: EpochRecord }) => onEpoch(record),
    };
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
      tellers.delete(tell);
    }
  };
  return {
    capacity: workers,
    async run(assignment, onEpoch) {
      // A second attempt goes on from the last checkpoint. What fails twice is likely to fail again.
      const trained = await attempt(assignment, onEpoch).catch((error: Error) => {
        if (asking) throw error;
        return attempt(assignment, onEpoch);
      });
      if (!trained) throw new Interrupted(`Trial ${assignment.trial} is saved.`);
    },
    stop() {
      // Again and again, because a process that is just starting does not hear.
      asking ??= setInterval(() => {
        for (const tell of tellers) tell();
      }, ASKING_MS);
    },
    async close() {
      clearInterval(asking);
      await pool.destroy();
    },
  };
}
