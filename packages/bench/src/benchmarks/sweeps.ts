/** What it costs to train trials elsewhere, and what more processes bring. */

import { formatNumber } from "@softdraw/lab/report/numbers";
import { missingRedis } from "@softdraw/testing/redis-server";
import type { Benchmark, Findings, Settings } from "../benchmark.ts";
import { type Contestant, nodeContestant, startContestant } from "../contestant.ts";
import type { SweepOptions } from "../contestants/sweep.ts";
import { type Match, measureAll } from "../pairs.ts";
import { queuedMemory } from "../queued-memory.ts";

const HELD = 10_000;

function contestant(name: string, options: SweepOptions, amount: number): Contestant {
  const missing = options.where === "queue" ? () => missingRedis : undefined;
  return { ...nodeContestant(name, "sweep", options, amount), missing };
}

const here = contestant("in this process", { where: "here", workers: 1, trial: "toy" }, 50);
const pool = contestant("in a pool of 1", { where: "pool", workers: 1, trial: "toy" }, 50);
const queue = contestant("through a queue, to 1 process", { where: "queue", workers: 1, trial: "toy" }, 50);

const overhead: Match = {
  title: "A trial of an epoch that does nothing",
  unit: "ms a trial",
  contestants: [here, pool, queue],
  comparisons: [
    { name: "pool to this process", of: pool.name, to: here.name },
    { name: "queue to this process", of: queue.name, to: here.name },
  ],
};

const pool1 = contestant("pool, 1 process", { where: "pool", workers: 1, trial: "vae" }, 2);
const pool2 = contestant("pool, 2 processes", { where: "pool", workers: 2, trial: "vae" }, 2);
const queue1 = contestant("queue, 1 process", { where: "queue", workers: 1, trial: "vae" }, 2);
const queue2 = contestant("queue, 2 processes", { where: "queue", workers: 2, trial: "vae" }, 2);

const throughput: Match = {
  title: "Trials of the VAE: an epoch on the embedded digits, and its measures",
  unit: "trials a minute",
  inUnit: (ms) => 60_000 / ms,
  contestants: [pool1, pool2, queue1, queue2],
  comparisons: [
    { name: "pool, 2 processes to 1", of: pool2.name, to: pool1.name, target: { atLeast: 1.6 } },
    { name: "queue, 2 processes to 1", of: queue2.name, to: queue1.name, target: { atLeast: 1.6 } },
  ],
};

export const sweepOverhead: Benchmark = {
  name: "sweep-overhead",
  summary: "what the pool and the queue add to a trial",
  contestants: overhead.contestants,
  run: (settings) => measureAll([overhead], settings),
};

export const sweepWorkers: Benchmark = {
  name: "sweep-workers",
  summary: "trials of the VAE in one and in two processes",
  contestants: throughput.contestants,
  run: (settings) => measureAll([throughput], settings),
};

const TRIALS = 1_000;

const thousand = contestant("through a queue, to 8 processes", { where: "queue", workers: 8, trial: "toy" }, TRIALS);

/** Takes one turn, whatever the rounds: so many trials are enough of a mean. */
async function run({ onProgress }: Settings): Promise<Findings[]> {
  const reason = thousand.missing?.();
  const title = `${formatNumber(TRIALS, 0)} trials of an epoch that does nothing`;
  const findings = { title, unit: "ms a trial", comparisons: [] };
  if (reason) return [{ ...findings, measurements: [], notes: [`Left out: ${reason}.`] }];
  onProgress(title);
  const running = startContestant(thousand);
  const asked = running.ask(WARM_UP).then(() => running.ask(TRIALS));
  const { ms } = await asked.finally(running.stop);
  onProgress(`${HELD} trials in the queue`);
  return [{ ...findings, measurements: [{ name: thousand.name, samples: [ms] }], notes: [] }, await queuedMemory(HELD)];
}

/** Trials until all processes are there. */
const WARM_UP = 32;

export const sweepQueue: Benchmark = {
  name: "sweep-queue",
  summary: "1,000 trials through a queue to 8 processes, and Redis's memory with 10,000 in it",
  contestants: [thousand],
  run,
};
