/** The tests' sorting of numbers: its configuration, its training, and the network again in float64. */

import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import { sorting } from "../src/sorting/index.ts";
import { sum, trainingOf } from "./support.ts";

export type Config = Parameters<typeof sorting.run>[0];

/** All of it spelled out, so that other defaults change no test. */
const SETTINGS = {
  seed: 5,
  n: 4,
  epochs: 2,
  steps: 4,
  batch: 10,
  hidden: 8,
  initialization: "he",
  noise: false,
  temperature: 1,
  schedule: "constant",
  iterations: 5,
  learningRate: 0.05,
  learningRateDecay: "none",
};

export function configuration(values: object = {}): Config {
  return sorting.schema.parse({ ...SETTINGS, ...values });
}

export const train = trainingOf(sorting);

/** A checkpoint's scores of all places for a number. */
export function referenceNetwork({ tensors }: Checkpoint): (x: number) => number[] {
  const numbers = (name: string) => Array.from(tensors[`model.${name}`]!.data);
  const [weight, bias, output, outputBias] = ["hidden.weight", "hidden.bias", "output.weight", "output.bias"].map(
    numbers,
  );
  return (x) => {
    const features = weight!.map((w, i) => Math.max(0, w * x + bias![i]!));
    return outputBias!.map((b, place) => b + sum(features.map((f, i) => f * output![place * features.length + i]!)));
  };
}
