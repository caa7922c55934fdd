/** The tests' categorical VAE: its configuration, its training, and the model again in float64. */

import { categoricalVae } from "../src/categorical-vae/index.ts";
import type { Checkpoint } from "../src/checkpoint/safetensors.ts";
import { sum, trainingOf } from "./support.ts";

export type Config = Parameters<typeof categoricalVae.run>[0];

/** All of it spelled out, so that other defaults change no test. The hidden layers are the experiment's. */
const SETTINGS = {
  seed: 5,
  epochs: 2,
  batch: 20,
  learningRate: 1e-3,
  learningRateDecay: "none",
  divergenceWarmup: 0,
  temperature: 1,
  schedule: "constant",
  hard: false,
  encoderRelu: false,
  initialization: "he",
  variables: 4,
  classes: 5,
};

export function configuration(values: Partial<Config> = {}): Config {
  return categoricalVae.schema.parse({ ...SETTINGS, ...values });
}

export const train = trainingOf(categoricalVae);

// The model once more, in float64 and from its formulas ------------------------------------------------------------

/** A row of numbers a choice. */
export type Choices = number[][];

/** The model of a checkpoint, image by image. */
export function referenceModel({ tensors }: Checkpoint, { variables, classes, encoderRelu }: Config) {
  const layer = (path: string, x: number[]): number[] => {
    const weight = tensors[`${path}.weight`]!.data;
    return Array.from(tensors[`${path}.bias`]!.data, (bias, output) => {
      let total = bias;
      for (let i = 0; i < x.length; i++) total += x[i]! * weight[output * x.length + i]!;
      return total;
    });
  };
  const relu = (x: number[]) => x.map((value) => Math.max(0, value));
  const network = (part: string, x: number[]) =>
    [0, 1, 2].reduce((h, i) => layer(`model.${part}.${i}`, i === 0 ? h : relu(h)), x);
  return {
    /** Logits of the choices. */
    encode(image: number[]): Choices {
      const output = network("encoder", image);
      const logits = encoderRelu ? relu(output) : output;
      return Array.from({ length: variables }, (_, v) => logits.slice(v * classes, (v + 1) * classes));
    },
    /** Logits of the pixels. */
    decode: (choices: Choices): number[] => network("decoder", choices.flat()),
  };
}

export function softmax(logits: number[]): number[] {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** `sum_v KL(softmax(logits_v) || uniform)`. */
export function divergence(logits: Choices): number {
  return sum(logits.map((row) => sum(softmax(row).map((p) => p * Math.log(p * row.length)))));
}

/** `sum_pixels x log s(l) + (1 - x) log s(-l)`, with s the logistic function. */
export function logLikelihood(image: number[], pixelLogits: number[]): number {
  const logSigmoid = (x: number) => Math.min(0, x) - Math.log1p(Math.exp(-Math.abs(x)));
  return sum(image.map((x, i) => x * logSigmoid(pixelLogits[i]!) + (1 - x) * logSigmoid(-pixelLogits[i]!)));
}
