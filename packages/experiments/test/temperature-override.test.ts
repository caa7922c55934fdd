/** A temperature that is set as an experiment trains, in place of its schedule's. */

import { isThorough } from "@softdraw/testing/thorough";
import { expect, test } from "vitest";
import { experiments } from "../src/all.ts";
import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import type { BaseConfig, Context, Experiment } from "../src/experiment.ts";
import { scheduledSettings } from "../src/training/settings.ts";
import { digestOf, fewDigits } from "./support.ts";

const STEPS = 3;

/** Few enough to train in a second. */
const small: Readonly<Record<string, object>> = {
  vae: { batch: 10, variables: 4 },
  dknn: { batch: 20 },
  jigsaw: { batch: 4, channels: 4, hidden: 8 },
  sort: { batch: 4, hidden: 4 },
  rank: { batch: 2, n: 3, digits: 1, channels: 4, hidden: 4 },
  explain: { batch: 4, steps: 4 },
  graphs: { simulations: 8, batch: 4, hidden: 4, unroll: 2 },
  // A step of the classifier, and two of the explainer.
  "explain digits": { batch: 4, steps: 1, classifierEpochs: 1 },
};

const all = experiments.flatMap((experiment): [string, Experiment][] => {
  const tasks = Object.entries(experiment.tasks ?? {});
  return tasks.length === 0
    ? [[experiment.name, experiment]]
    : tasks.map(([task, own]) => [`${own.name} ${task}`, own]);
});

/** Those that differ in their data alone from one that is asked. */
const alike = ["explain orange-skin", "explain additive", "explain switch"];

test.each(all.filter(([name]) => isThorough || !alike.includes(name)))(
  "%s trains with it as with the schedule's",
  async (name, experiment) => {
    const at = (temperature: number) =>
      experiment.schema.parse({ ...(small[name] ?? small[experiment.name]), schedule: "constant", temperature });
    const scheduled = await train(experiment, at(0.7), () => undefined);
    const overridden = await train(experiment, at(3), () => 0.7);
    const neither = await train(experiment, at(3), () => undefined);
    expect(scheduled.temperatures).toEqual([0.7, 0.7, 0.7]);
    expect(overridden.temperatures).toEqual(scheduled.temperatures);
    expect(digestOf(overridden.checkpoint)).toBe(digestOf(scheduled.checkpoint));
    expect(digestOf(neither.checkpoint)).not.toBe(digestOf(scheduled.checkpoint));
  },
);

test("the schedule goes on where it would be once the override ends", () => {
  const config = fallingTemperature();
  let override: number | undefined;
  const settingsAt = scheduledSettings(config, 10, () => override);
  const scheduled = scheduledSettings(config, 10);
  expect(settingsAt(4)).toEqual(scheduled(4));
  override = 0.25;
  expect(settingsAt(5)).toEqual({ temperature: 0.25, learningRate: 0.1 });
  override = undefined;
  expect(settingsAt(6)).toEqual(scheduled(6));
});

function fallingTemperature() {
  const { schedule, learningRateDecay } = { schedule: "linear", learningRateDecay: "none" } as const;
  const temperatures = { temperature: 2, temperatureEnd: 1, temperatureRate: 0, temperatureHold: 1 };
  return { ...temperatures, schedule, learningRate: 0.1, learningRateDecay };
}

async function train(
  experiment: Experiment,
  config: BaseConfig,
  temperatureOverride: NonNullable<Context["temperatureOverride"]>,
) {
  const data = await fewDigits(400, 20);
  const temperatures: number[] = [];
  let checkpoint: Checkpoint | undefined;
  for await (const event of experiment.run(config, { data, temperatureOverride })) {
    temperatures.push(event.temperature);
    if (temperatures.length < STEPS) continue;
    checkpoint = await event.checkpoint();
    break;
  }
  return { temperatures, checkpoint: checkpoint! };
}
