/**
 * Two ways to a second core: the engine's threads, which share every kernel, and data-parallel workers, which share the
 * batch. The bare VAE in all of them, so that nothing else differs.
 */

import type { Benchmark, Findings, Settings } from "../benchmark.ts";
import { type Contestant, nodeContestant } from "../contestant.ts";
import { BATCH } from "../contestants/task.ts";
import { type Match, measure, takeTurns } from "../pairs.ts";

const STEPS = 20;

const one = nodeContestant("1 thread", "vae-bare", { threads: 1 }, STEPS);
const threads = nodeContestant("2 threads of the engine", "vae-bare", { threads: 2 }, STEPS);
const workers = nodeContestant("2 data-parallel workers", "vae-workers", { workers: 2 }, STEPS);

const match: Match = {
  title: "The VAE on two cores, batch 100",
  unit: "images a second",
  inUnit: (ms) => (BATCH * 1000) / ms,
  contestants: [one, threads, workers],
  comparisons: [
    { name: "2 threads to 1", of: threads.name, to: one.name, target: { atLeast: 1.5 } },
    { name: "2 workers to 1 thread", of: workers.name, to: one.name },
    { name: "2 threads to 2 workers", of: threads.name, to: workers.name },
  ],
};

async function run(settings: Settings): Promise<Findings[]> {
  const findings = await measure(match, settings);
  const losses = (name: string) => findings.measurements.find((measurement) => measurement.name === name)!.losses!;
  const again = await firstLosses(workers, settings);
  const same = (a: readonly number[], b: readonly number[]) =>
    a.every((loss, i) => loss === b[i]) ? "equal" : "differ";
  const notes = [
    `Losses with 1 and with 2 threads: ${same(losses(one.name), losses(threads.name))}.`,
    `Losses with 1 thread and with 2 workers: ${same(losses(one.name), losses(workers.name))}.`,
    `Losses with 2 workers, once more: ${same(again, losses(workers.name))}.`,
  ];
  return [{ ...findings, notes }];
}

async function firstLosses(contestant: Contestant, settings: Settings): Promise<number[]> {
  const [answers] = await takeTurns([contestant], { ...settings, rounds: 1 });
  return answers!.map(({ loss }) => loss!);
}

export const twoCores: Benchmark = {
  name: "two-cores",
  summary: "the engine's threads beside data-parallel workers",
  contestants: match.contestants,
  run,
};
