/** `softdraw worker --queue URL` */

import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { experiments } from "@softdraw/experiments/all";
import type { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { makeScratchFolder } from "../runs/scratch.ts";
import { deviceOfOthers } from "../training/engine.ts";
import { addPoolOptions, type PoolSettings, poolOf } from "./executors.ts";
import { textReporter } from "./output.ts";
import { stopOnSignal } from "./signals.ts";

interface Options extends PoolSettings {
  readonly queue: string;
  readonly dataDir?: string;
  readonly store?: string;
}

export function addWorker(program: Command): void {
  const worker = program
    .command("worker")
    .requiredOption("--queue <url>", "the queue's Redis: redis://HOST:PORT, or with TLS rediss://HOST:PORT")
    .option(
      "--data-dir <path>",
      "this machine's folder with a data set's IDX files, or path of one's own data; default the cache or a download",
    )
    .option("--store <path>", "the folder that the sweep was given, if it was");
  addPoolOptions(worker).addHelpText("after", EXAMPLES).action(work);
}

const EXAMPLES = `
Examples:
  softdraw worker --queue redis://host:6379
  softdraw worker --queue rediss://:PASSWORD@host:6379 --workers 4
  softdraw worker --queue redis://host:6379 --data-dir ~/data/mnist --store /mnt/shared/states

Ctrl-C saves what is being trained and gives it back to the queue, where another worker goes on with it.`;

async function work({ queue, dataDir, store, ...options }: Options): Promise<void> {
  // Imported late: a client of Redis is of no use to the other commands.
  const { connectRedis } = await import("../sweeps/redis.ts");
  const { folderStore, redisStore } = await import("../sweeps/store.ts");
  const { serveQueue } = await import("../sweeps/worker.ts");
  const { trainingPool } = await import("../sweeps/pool.ts");
  const { version } = packageJson;
  // Before a trial is taken: without its device, this worker would fail one after the other.
  const device = await deviceOfOthers(options.device);
  const reporter = textReporter([], process.stdout, false);
  const { say } = reporter;
  const link = await connectRedis(queue, { say });
  const folder = await temporaryFolder();
  const settings = poolOf({ ...options, device });
  const { workers } = settings;
  const pool = trainingPool(settings);
  try {
    const stop = stopOnSignal(reporter);
    const states = store === undefined ? redisStore(link) : await folderStore(resolve(store));
    say(`softdraw ${version}: takes trials of this version from ${link.endpoint}, ${workers} at a time.`);
    const ownData = dataDir === undefined ? undefined : resolve(dataDir);
    await serveQueue({ link, store: states, version, experiments, pool, workers, folder, dataDir: ownData, say, stop });
  } finally {
    link.close();
    await pool.close();
  }
}

/** A folder that is removed however this process ends, by a second Ctrl-C too; after a kill, the next worker removes it. */
async function temporaryFolder(): Promise<string> {
  const folder = await makeScratchFolder("softdraw-worker-");
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
