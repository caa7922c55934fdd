/** A program that takes a sweep of toys through a queue; started again with the same options, it continues. */

import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { type ToySweep, toys, toyTrials } from "@softdraw/testing/toy-sweep";
import { jsonReporter } from "../../src/cli/output.ts";
import { stopOnSignal } from "../../src/cli/signals.ts";
import { conduct, TRIALS } from "../../src/sweeps/conduct.ts";
import { queueExecutor } from "../../src/sweeps/queue.ts";
import { connectRedis } from "../../src/sweeps/redis.ts";
import { folderStore, redisStore } from "../../src/sweeps/store.ts";
import { strategyOf } from "../../src/sweeps/strategy.ts";

export interface CoordinatorOptions extends ToySweep {
  readonly url: string;
  /** The sweep's folder. */
  readonly home: string;
  readonly version?: string;
  readonly store?: string;
  readonly ahead?: number;
  readonly lookMs?: number;
}

const options: CoordinatorOptions = JSON.parse(process.argv[2]!);
const { url, home, version = "1", store, ahead = 10_000, lookMs = 200 } = options;
const reporter = jsonReporter(process.stdout);
const say = (text: string) => reporter.record("said", { text });
const folder = join(home, TRIALS);
await mkdir(folder, { recursive: true });
const { definition, trials } = toyTrials(options);
const link = await connectRedis(url, { say });
const states = store === undefined ? redisStore(link) : await folderStore(store);
const own = { sweep: basename(home), folder, experiments: toys };
const executor = await queueExecutor({ ...own, link, store: states, version, ahead, lookMs, say });
try {
  await conduct({
    folder: home,
    executor,
    strategy: strategyOf(definition, trials, "smallest"),
    stop: stopOnSignal(reporter),
    objectives: toys[0]!.objectives,
    onEpoch: ({ trial }, { epoch }) => reporter.record("epoch", { trial, epoch }),
    onOutcome: (_, outcome) => reporter.record("outcome", outcome),
  });
  reporter.record("finished", {});
} catch (error) {
  reporter.record("error", { message: (error as Error).message });
  process.exitCode = 1;
} finally {
  await executor.close();
  link.close();
}
