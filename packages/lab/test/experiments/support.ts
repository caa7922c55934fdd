/** What the tests of the categorical VAE share: a few digits, a training as plain data, and the model again in float64. */

import { createHash } from "node:crypto";
import { loadDigits } from "../../src/data/digits.ts";
import type { Dataset, DatasetSplits } from "../../src/data/types.ts";
import { categoricalVae } from "../../src/experiments/categorical-vae.ts";
import type { EpochRecord, TrainingEvent } from "../../src/experiments/experiment.ts";
import { type Checkpoint, encodeCheckpoint } from "../../src/runs/safetensors.ts";

/** Milliseconds for what a file trains before its tests, on a busy machine. */
export const HOOK_TIMEOUT = 60_000;

export type Config = Parameters<typeof categoricalVae.run>[0];

/** All of it spelled out, so that other defaults change no test. The hidden layers are the experiment's. */
const SETTINGS = {
  ...{ seed: 5, epochs: 2, batch: 20, learningRate: 1e-3, learningRateDecay: "none", divergenceWarmup: 0 },
  ...{ temperature: 1, schedule: "constant", hard: false, encoderRelu: false, initialization: "he" },
  ...{ variables: 4, classes: 5 },
};

export function configuration(values: Partial<Config> = {}): Config {
  return categoricalVae.schema.parse({ ...SETTINGS, ...values });
}

/** The first digits of the embedded set. */
export async function fewDigits(train: number, test: number): Promise<DatasetSplits> {
  const digits = await loadDigits();
  return { ...digits, train: firstOf(digits.train, train), test: firstOf(digits.test, test) };
}

function firstOf(dataset: Dataset, count: number): Dataset {
  const images = dataset.images.subarray(0, count * dataset.height * dataset.width);
  return { ...dataset, count, images, labels: dataset.labels.subarray(0, count) };
}

/** Pixels of an image, byte / 255. */
export function pixelsOf({ images, height, width }: Dataset, row: number): number[] {
  return Array.from(images.subarray(row * height * width, (row + 1) * height * width), (byte) => byte / 255);
}

export interface Training {
  readonly events: Omit<TrainingEvent, "checkpoint">[];
  readonly losses: number[];
  /** Timings apart. */
  readonly records: Omit<EpochRecord, "imagesPerSecond">[];
  /** After the last step. */
  readonly checkpoint: Checkpoint;
}

/** Trains to the end, or for `steps` steps; from the beginning, or from a checkpoint. */
export async function train(
  config: Config,
  data: DatasetSplits,
  { from, steps = Number.POSITIVE_INFINITY }: { from?: Checkpoint; steps?: number } = {},
): Promise<Training> {
  const events: Training["events"] = [];
  let checkpoint: Checkpoint | undefined;
  for await (const event of categoricalVae.run(config, { data, checkpoint: from })) {
    events.push(event);
    const isLast = event.epoch === event.epochs && event.step === event.steps;
    if (isLast || events.length === steps) checkpoint = await event.checkpoint();
    if (events.length === steps) break;
  }
  const records = events.flatMap(({ record }) => (record ? [untimed(record)] : []));
  return { events, losses: events.map(({ loss }) => loss), records, checkpoint: checkpoint! };
}

function untimed({ imagesPerSecond: _, ...record }: EpochRecord): Omit<EpochRecord, "imagesPerSecond"> {
  return record as Omit<EpochRecord, "imagesPerSecond">;
}

/** A digest of the checkpoint's bytes as they are stored. */
export function digestOf(checkpoint: Checkpoint): string {
  return createHash("sha256").update(encodeCheckpoint(checkpoint)).digest("hex");
}

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

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
