/** Whether a training keeps its size. */

import type { Benchmark, Findings, Settings } from "../benchmark.ts";
import { type MemoryUse, nodeContestant, startContestant } from "../contestant.ts";

const EPOCHS = 10;

const training = nodeContestant("training", "memory-run", {}, EPOCHS);

/** Takes one run, whatever the rounds: it is a question of its end. */
async function run({ onProgress }: Settings): Promise<Findings[]> {
  onProgress(`${EPOCHS} epochs`);
  const running = startContestant(training);
  const { memory } = await running.ask(EPOCHS).finally(running.stop);
  return [findings(memory!)];
}

function findings(memory: readonly MemoryUse[]): Findings {
  const resident = memory.map((use) => use.resident);
  const [second, ...later] = resident.slice(1) as [number, ...number[]];
  const largest = Math.max(...later);
  const last = resident.at(-1)!;
  return {
    title: `Memory after each epoch of ${EPOCHS}, the VAE on the embedded digits`,
    unit: "MB",
    measurements: [
      { name: "resident", samples: resident },
      { name: "the engine's, of that", samples: memory.map((use) => use.wasm) },
      { name: "JavaScript objects, of that", samples: memory.map((use) => use.heap) },
    ],
    comparisons: [
      {
        name: "resident, largest after the second epoch to second",
        ratios: [largest / second],
        target: { atMost: 1.05 },
      },
      // What loading the data left behind may make the second epoch large, and hide a leak from the first ratio.
      { name: "resident, last epoch to smallest since the second", ratios: [last / Math.min(second, ...later)] },
    ],
    notes: [`Resident, epoch by epoch: ${resident.join(", ")}.`],
  };
}

export const memory: Benchmark = {
  name: "memory",
  summary: `resident memory of a training of ${EPOCHS} epochs`,
  contestants: [training],
  run,
};
