/** An experiment of milliseconds, whose every number is known: what sweeps are tested with. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Checkpoint } from "@softdraw/experiments/checkpoint/safetensors";
import type { Experiment, TrainingEvent } from "@softdraw/experiments/experiment";
import { WebgpuFailure } from "@softdraw/threads/webgpu";
import { z } from "zod";

const schema = z.strictObject({
  seed: z.int().min(0).default(0),
  epochs: z.int().min(1).default(4),
  temperature: z.number().positive().default(1).describe("the exact measure is smallest at 1, the relaxed one at 10"),
  delay: z.number().min(0).default(0).describe("milliseconds an epoch"),
  failure: z
    .enum(["none", "throw", "exit", "exit-once", "device"])
    .default("none")
    .describe("what happens in the second epoch"),
});

type Config = z.infer<typeof schema>;

/** A device that has failed stays so as long as its process lives. */
let hasFailedDevice = false;

/** Falls with the epochs, to a value that depends on the temperature and a little on the seed. */
export function exactMeasure({ temperature, seed }: Pick<Config, "temperature" | "seed">, epoch: number): number {
  return Math.abs(Math.log(temperature)) + 0.01 * seed + 1 / epoch;
}

export const toy: Experiment<Config> = {
  name: "toy",
  title: "A toy",
  summary: "Measures what is known.",
  references: [],
  schema,
  presets: {},
  columns: [
    { key: "exact", label: "exact", digits: 3, description: "distance from the best" },
    { key: "relaxed", label: "relaxed", digits: 3, description: "distance from what looks best" },
  ],
  objectives: { discrete: { key: "exact", goal: "smallest" }, relaxed: { key: "relaxed", goal: "smallest" } },
  check() {},
  async *run(config, { checkpoint }): AsyncGenerator<TrainingEvent, void, void> {
    const { epochs, delay, failure, temperature, seed } = config;
    let sum = checkpoint ? Number(checkpoint.tensors.sum!.data[0]) : seed;
    for (let epoch = Number(checkpoint?.metadata.epoch ?? 0) + 1; epoch <= epochs; epoch++) {
      if (delay > 0) await sleep(delay);
      if (epoch === 2 && failure === "throw") throw new Error("The toy broke.");
      if (epoch === 2 && (failure === "exit" || (failure === "exit-once" && !checkpoint)))
        process.kill(process.pid, "SIGKILL");
      if (epoch === 2 && failure === "device") failOnce(checkpoint !== undefined);
      sum += temperature * epoch;
      const record = { epoch, exact: exactMeasure(config, epoch), relaxed: Math.abs(Math.log(temperature / 10)) };
      yield {
        epoch,
        epochs,
        step: 1,
        steps: 1,
        loss: record.relaxed,
        temperature,
        examples: 1,
        record,
        checkpoint: async () => checkpointOf(epoch, sum),
      };
    }
  },
  results: (records) => [{ name: "exact", value: records.at(-1)?.exact ?? Number.NaN, digits: 3 }],
  charts: () => [],
  pictures: async () => [],
  evaluate: async () => [],
};

/** A training that begins here meets a device that fails, and so does one that goes on in the same process. */
function failOnce(goesOn: boolean): void {
  hasFailedDevice ||= !goesOn;
  if (hasFailedDevice) throw new WebgpuFailure("lost", "somebody took it");
}

function checkpointOf(epoch: number, sum: number): Checkpoint {
  const tensors = { sum: { shape: [1], data: Float32Array.of(sum) } };
  return { tensors, metadata: { experiment: "toy", epoch: String(epoch) } };
}
