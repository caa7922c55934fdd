/** The tests' explanations: every task in a size that trains in a second. */

import type { BaseConfig, Experiment } from "../src/experiment.ts";
import { digits } from "../src/explain/digits/index.ts";
import { sequences } from "../src/explain/sequences/index.ts";
import { additive, orangeSkin, switching, xor } from "../src/explain/synthetic/index.ts";

/** All that the tasks share is spelled out, so that other defaults change no test. */
const SETTINGS = {
  seed: 5,
  epochs: 2,
  steps: 4,
  batch: 10,
  hidden: 8,
  hard: false,
  sampler: "threshold",
  weightDecay: 0.01,
  temperature: 0.5,
  schedule: "constant",
  learningRate: 2e-3,
  learningRateDecay: "none",
};

const OWN: Readonly<Record<string, object>> = {
  sequences: { width: 8, feedForward: 8, dropout: 0.1 },
  digits: { classifierEpochs: 2, channels: 4 },
};

function subjectOf(experiment: Experiment) {
  const { task = "" } = experiment.schema.parse({});
  return {
    task,
    experiment,
    configuration: (values: object = {}): BaseConfig =>
      experiment.schema.parse({ ...SETTINGS, ...OWN[task], ...values }),
  };
}

const experiments: readonly Experiment[] = [sequences, xor, orangeSkin, additive, switching, digits];

export const subjects = experiments.map(subjectOf);
