/** Where a sweep's trials are trained: in processes of this machine, or wherever workers listen to a queue. */

import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import type { Experiment } from "@softdraw/experiments/experiment";
import type { Command } from "commander";
import { Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { WrongCall } from "../errors.ts";
import { TRIALS } from "../sweeps/conduct.ts";
import type { Executor } from "../sweeps/executor.ts";
import { type Device, type DeviceChoice, MOST_THREADS, usedDevice } from "../training/engine.ts";
import { deviceOption } from "./common-options.ts";
import { wholeNumber } from "./parsers.ts";

/** Options that say how this machine trains: in how many processes, and with what engine. */
export interface PoolSettings {
  readonly workers?: number;
  readonly device: DeviceChoice;
  readonly threads: number;
}

export interface ExecutorOptions extends PoolSettings {
  readonly queue?: string;
  readonly store?: string;
  readonly ahead?: number;
}

const AHEAD = 10_000;

/** Each is a process with an engine, of some hundred megabytes. */
const MOST_WORKERS = 1024;

export function addExecutorOptions(command: Command): Command {
  return addPoolOptions(command)
    .option("--queue <url>", "train wherever softdraw worker listens to this Redis: redis://HOST:PORT, or rediss://")
    .option("--store <path>", "with --queue, a folder that all machines see, for states; default Redis itself")
    .addOption(
      new Option("--ahead <number>", `with --queue, trials in it at most, default ${AHEAD}`).argParser(wholeNumber(1)),
    );
}

export function addPoolOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--workers <number>", "processes that train, default the cores").argParser(
        wholeNumber(1, MOST_WORKERS),
      ),
    )
    .addOption(
      new Option("--threads <number>", "threads of each process's engine")
        .argParser(wholeNumber(1, MOST_THREADS))
        .default(1),
    )
    .addOption(deviceOption());
}

/** The settings of a pool of processes, by default as many as there are cores. */
export function poolOf({ workers = availableParallelism(), device, threads }: PoolSettings & { device: Device }) {
  return { workers, device, threads };
}

export interface ExecutorSource {
  /** The executor of the sweep in a folder. */
  executorFor(folder: string): Promise<Executor>;
  close(): void;
}

/**
 * Opens what the options ask for, before there is a folder of a sweep.
 *
 * @throws WrongCall for options that do not go together; Unavailable where there is no such queue
 */
export async function openExecutors(
  options: ExecutorOptions,
  { module }: Experiment,
  say: (line: string) => void,
): Promise<ExecutorSource> {
  const { queue, store, ahead = AHEAD } = options;
  checkTogether(options);
  if (queue !== undefined && module !== undefined) {
    throw new WrongCall(`--queue: the workers that listen to it do not have ${module.path}. Train it with --workers.`);
  }
  if (queue === undefined) {
    const pool = poolOf({ ...options, device: usedDevice().device });
    const { poolExecutor } = await import("../sweeps/pool.ts");
    return {
      executorFor: async (folder) => poolExecutor({ ...pool, module, folder: join(folder, TRIALS) }),
      close() {},
    };
  }
  // Imported late, as the pool is: a client of Redis is of no use to a sweep on one machine.
  const { connectRedis } = await import("../sweeps/redis.ts");
  const { folderStore, redisStore } = await import("../sweeps/store.ts");
  const { queueExecutor } = await import("../sweeps/queue.ts");
  const link = await connectRedis(queue, { say });
  try {
    const states = store === undefined ? redisStore(link) : await folderStore(resolve(store));
    const { version } = packageJson;
    return {
      async executorFor(folder) {
        const [sweep, trials] = [basename(resolve(folder)), join(folder, TRIALS)];
        return queueExecutor({ link, store: states, sweep, version, experiments, folder: trials, ahead, say });
      },
      close: () => link.close(),
    };
  } catch (error) {
    link.close();
    throw error;
  }
}

function checkTogether({ queue, ...options }: ExecutorOptions): void {
  if (queue !== undefined && options.workers !== undefined) {
    throw new WrongCall("--workers: with --queue, a sweep trains no trial itself. Say it to softdraw worker.");
  }
  const [alone] = (["store", "ahead"] as const).filter((name) => options[name] !== undefined);
  if (queue === undefined && alone) throw new WrongCall(`--${alone}: it goes with --queue only.`);
}
