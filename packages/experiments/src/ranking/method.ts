/**
 * Learning to sort pictures of numbers: a convolutional network looks at each picture of a list alone and gives it a score,
 * and the order of the scores is trained through its relaxation. It is told the order of a list, never a number.
 *
 * After Grover, Wang, Zweig, Ermon, "Stochastic Optimization of Sorting Networks via Continuous Relaxations", 2019, and
 * Petersen, Borgelt, Kuehne, Deussen, "Monotonic Differentiable Sorting Networks", 2022. The order below is theirs:
 * configuration, model, objective, step. The lists are in batches.ts, the relaxations in orders.ts, what is measured in
 * judge.ts, what is shown of it in show.ts, and the loop in training/loop.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { z } from "zod";
import { MOST_DIGITS } from "../data/numbers.ts";
import { checkGrey, type Dataset } from "../data/types.ts";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam } from "../nn/adam.ts";
import {
  type Convolution,
  flatten,
  initConvolution,
  pooledConvolution,
  pooledPatchConvolution,
} from "../nn/convolution.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { orderOptions, orderScopes, relaxedOrder, scoresPlaces } from "../orders.ts";
import { dataOptions, learningRateOptions, temperatureOptions, temperatureScopes } from "../training/options.ts";
import type { Scope } from "../training/scopes.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";
import { type Batch, epochBatches, KERNEL, MARGIN } from "./batches.ts";

// Configuration -------------------------------------------------------------------------------------------------------

export const schema = z.strictObject({
  ...dataOptions,
  n: z.int().min(2).max(100).default(5).describe("pictures in a list"),
  digits: z.int().min(1).max(MOST_DIGITS).default(2).describe("digits of a number, side by side in its picture"),
  epochs: z.int().min(1).default(10).describe("reports while training"),
  steps: z.int().min(1).default(300).describe("steps between two reports"),
  batch: z.int().min(1).default(20).describe("lists a step, new ones in every step"),
  ...orderOptions({ relaxation: "neuralsort", noise: false }),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 1 }),
  loss: z
    .enum(["cross-entropy", "binary-cross-entropy"])
    .default("cross-entropy")
    .describe("of the relaxed order against the true one: of each place's picture, or of every entry by itself"),
  ...learningRateOptions("Adam's step size", 2e-3, "cosine"),
  channels: z.int().min(1).default(16).describe("outputs of the first convolution; the second has twice as many"),
  padded: z.boolean().default(false).describe("pad what the convolutions see, so that they keep its size"),
  hidden: z.int().min(1).default(64).describe("units of the layer before the score"),
  initialization: z.enum(initializations).default("he").describe("how weights begin"),
});

export type Config = z.infer<typeof schema>;

/** The network of both protocols. */
const published: Partial<Config> = {
  n: 5,
  digits: 4,
  channels: 32,
  padded: true,
  hidden: 64,
  learningRateDecay: "none",
  schedule: "constant",
};

export const scopes: readonly Scope<keyof Config>[] = [...orderScopes, ...temperatureScopes];

export const presets: Presets<Config> = {
  neuralsort: {
    description:
      "the protocol of NeuralSort, for MNIST: four digits, 137,400 steps of 20 lists, learning rate 0.0001, temperature 5",
    values: {
      ...published,
      relaxation: "neuralsort",
      loss: "cross-entropy",
      temperature: 5,
      epochs: 200,
      steps: 687,
      batch: 20,
      learningRate: 1e-4,
      initialization: "truncated",
    },
  },
  diffsort: {
    description:
      "the protocol of differentiable sorting networks, for MNIST: four digits, 100,000 steps of 100 lists, odd-even network " +
      "with Cauchy's sigmoid at steepness 10, entry by entry; for --device webgpu, because a step needs more than the 4 GiB of " +
      "WebAssembly",
    values: {
      ...published,
      relaxation: "network",
      network: "odd-even",
      sigmoid: "cauchy",
      loss: "binary-cross-entropy",
      temperature: 0.1,
      epochs: 100,
      steps: 1000,
      batch: 100,
      learningRate: 10 ** -3.5,
      initialization: "fan-in",
    },
  },
};

// Model ---------------------------------------------------------------------------------------------------------------

export type Model = { first: Convolution; second: Convolution; hidden: Dense; output: Dense };

/** Numbers that both convolutions leave of the picture of a number. */
export function numbersLeft(config: Config, { height, width }: Pick<Dataset, "height" | "width">): number {
  return pooledSize(height, config) * pooledSize(width, config) * 2 * config.channels;
}

/** @param inputs as `numbersLeft` counts them */
export function initModel(key: np.Array, config: Config, inputs: number): Model {
  const { n, channels, hidden, initialization } = config;
  const [first, second, third, fourth] = splitKey(key, 4);
  return {
    first: initConvolution(first, { size: KERNEL, channels: 1, outputs: channels }, initialization),
    second: initConvolution(second, { size: KERNEL, channels, outputs: 2 * channels }, initialization),
    hidden: initDense(third, inputs, hidden, initialization),
    output: initDense(fourth, hidden, scoresPlaces(config) ? n : 1, initialization),
  };
}

/** Pixels of a side after both convolutions with their pooling. */
function pooledSize(pixels: number, { padded }: Pick<Config, "padded">): number {
  const pooled = (side: number) => (side + (padded ? 2 * MARGIN : 0) - KERNEL + 1) / 2;
  return pooled(pooled(pixels));
}

/** Patches of pictures to the scores of each, `[pictures, scores]`: one, or one for every place. */
export function scorePictures({ first, second, hidden, output }: Model, patches: np.Array, padded: boolean): np.Array {
  const maps = pooledPatchConvolution(first, patches);
  const features = flatten(pooledConvolution(second, padded ? withMargin(maps) : maps));
  return dense(output, nn.relu(dense(hidden, features)));
}

/** The scores list by list, `[lists, n]`, or of every place, `[lists, n, n]`. */
export function scoresOfLists(scores: np.Array, config: Pick<Config, "n" | "relaxation">): np.Array {
  const { n } = config;
  return scores.reshape(scoresPlaces(config) ? [-1, n, n] : [-1, n]);
}

/** Maps `[height, width, batch, channels]` with zeros around them. */
function withMargin(maps: np.Array): np.Array {
  return np.pad(maps, [
    [MARGIN, MARGIN],
    [MARGIN, MARGIN],
    [0, 0],
    [0, 0],
  ]);
}

// Objective -----------------------------------------------------------------------------------------------------------

/** Keeps logarithms finite, far below what a training meets. */
const SMALLEST_SHARE = 1e-20;

const logShare = (share: np.Array) => np.log(np.maximum(share, SMALLEST_SHARE));

/** Of relaxed plans against true ones, `[lists, n, n]`: rows are pictures, columns places. Each consumes both arrays. */
const losses = {
  /** Of the picture in each place, a mean over the places and lists. */
  "cross-entropy": (relaxed: np.Array, truth: np.Array) => np.negative(truth.mul(logShare(relaxed)).sum(1).mean()),
  /** Of every entry by itself, a mean over the entries and lists. */
  "binary-cross-entropy"(relaxed: np.Array, truth: np.Array): np.Array {
    const absent = np.subtract(1, truth.ref).mul(logShare(np.subtract(1, relaxed.ref)));
    return np.negative(truth.mul(logShare(relaxed)).add(absent).mean());
  },
} satisfies Record<Config["loss"], (relaxed: np.Array, truth: np.Array) => np.Array>;

// Step ----------------------------------------------------------------------------------------------------------------

const descent = adam();

/** All that training changes on the device. */
export type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config, { height, width }: Dataset): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2);
  const model = initModel(modelKey, config, numbersLeft(config, { height, width: config.digits * width }));
  return { model, optimizer: descent.init(model), key };
}

/** Gradient and optimizer in one jitted function, which consumes the state and the batch. */
function trainingStep(config: Config) {
  return jit(function step(state: State, { patches, plans }: Batch, { temperature, learningRate }: StepSettings) {
    const [key, drawKey] = splitKey(state.key, 2);
    const objective = (model: Model) => {
      const scores = scoresOfLists(scorePictures(model, patches, config.padded), config);
      return losses[config.loss](relaxedOrder(config, scores, temperature, config.noise ? drawKey : undefined), plans);
    };
    const [loss, gradients] = valueAndGrad(objective)(tree.ref(state.model));
    const { parameters: model, state: optimizer } = descent.update(
      state.model,
      gradients,
      state.optimizer,
      learningRate,
    );
    return { state: { model, optimizer, key }, measured: loss };
  });
}

// Training ------------------------------------------------------------------------------------------------------------

export const NAME = "rank";

export function trainingOf(config: Config, { data: { train }, temperatureOverride }: Context) {
  const { epochs, steps, batch } = config;
  checkSides(config, train);
  return {
    name: NAME,
    epochs,
    steps,
    examples: batch,
    begin: () => initState(config, train),
    settingsAt: scheduledSettings(config, steps * epochs, temperatureOverride),
    batchesOf: (epoch: number) => epochBatches(config, train, epoch),
    update: trainingStep(config),
  };
}

function checkSides(config: Config, train: Dataset): void {
  const { name, height, width, classes } = train;
  checkGrey(NAME, train);
  const sides = [pooledSize(height, config), pooledSize(config.digits * width, config)];
  if (!sides.every((side) => Number.isInteger(side) && side > 0)) {
    throw new RangeError(
      `${name} has images of ${height} x ${width}: expected sides that two convolutions halve twice.`,
    );
  }
  if (classes > 10)
    throw new RangeError(`${name} must have at most 10 classes, the digits of numbers, got ${classes}.`);
}
