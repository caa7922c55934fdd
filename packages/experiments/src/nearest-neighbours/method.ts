/**
 * A classifier by nearest neighbours that learns its own distance: a convolutional network is trained so that the k
 * neighbours drawn for a query, a relaxed subset of the candidates, have the query's class.
 *
 * After Xie and Ermon, "Reparameterizable Subset Sampling via Continuous Relaxations", 2019, and Grover et al.,
 * "Stochastic Optimization of Sorting Networks via Continuous Relaxations", 2019. The order below is theirs:
 * configuration, data, model, draw, objective, step. What is measured is in judge.ts, what is shown of it in show.ts,
 * and the loop in training/loop.ts.
 */

import { jit, lax, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { conditionalBernoulli, ranking, straightThrough, subset } from "softdraw";
import { z } from "zod";
import { stretch } from "../data/folds.ts";
import { checkGrey, type Dataset } from "../data/types.ts";
import type { Context, Presets } from "../experiment.ts";
import {
  type Convolution,
  flatten,
  initConvolution,
  pooledConvolution,
  pooledPatchConvolution,
} from "../nn/convolution.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { sgd } from "../nn/sgd.ts";
import { stepsAnEpoch } from "../training/epochs.ts";
import { dataOptions, learningRateOptions, temperatureOptions, temperatureScopes } from "../training/options.ts";
import type { Scope } from "../training/scopes.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";
import { type Batch, epochBatches, KERNEL } from "./batches.ts";

// Configuration -------------------------------------------------------------------------------------------------------

export const schema = z.strictObject({
  ...dataOptions,
  epochs: z.int().min(1).default(5).describe("passes over the training images"),
  batch: z.int().min(1).default(100).describe("queries a step, and as many candidates"),
  k: z.int().min(1).default(9).describe("neighbours"),
  mutual: z.boolean().default(false).describe("let each image of a step ask all others, not queries only candidates"),
  loss: z
    .enum(["count", "log-share"])
    .default("count")
    .describe("minus the neighbours of the query's class: their number, or the logarithm of their share"),
  sampler: z
    .enum(["subset", "neuralsort", "conditional-bernoulli"])
    .default("subset")
    .describe("which law neighbours have: that of a relaxed subset, a relaxed order, or sets by products of weights"),
  relaxation: z
    .enum(["threshold", "successive"])
    .default("threshold")
    .describe("of the sampler subset: how the subset is relaxed"),
  noise: z
    .boolean()
    .default(true)
    .describe("of subset and neuralsort: draw the neighbours; without, relax the nearest ones"),
  hard: z.boolean().default(false).describe("train on exact subsets with the relaxed gradient (straight-through)"),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 0.5 }),
  ...learningRateOptions("of gradient descent", 5e-3, "cosine"),
  momentum: z.number().min(0).lt(1).default(0.9).describe("of gradient descent"),
  weightDecay: z.number().min(0).default(5e-4).describe("how strongly weights are pulled to 0"),
  shift: z.number().min(0).max(8).default(2).describe("pixels at most that an image is moved each way while training"),
  wholePixels: z.boolean().default(false).describe("move by whole pixels, which does not blur"),
  rotation: z.number().min(0).max(180).default(10).describe("degrees at most that it is turned either way"),
  scaling: z.number().min(0).max(0.5).default(0.1).describe("share at most by which its width and height change"),
  shear: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe("pixels right at most for every pixel down that it is slanted"),
  mirror: z.boolean().default(false).describe("mirror every other image, for things that have no left and right"),
  initialization: z.enum(initializations).default("he").describe("how weights begin"),
});

export type Config = z.infer<typeof schema>;

export const scopes: readonly Scope<keyof Config>[] = [
  { options: ["relaxation"], by: "sampler", values: ["subset"] },
  { options: ["wholePixels"], by: "shift", values: "above 0" },
  ...temperatureScopes,
];

export const presets: Presets<Config> = {
  fashion: {
    description:
      "for Fashion-MNIST, 20 epochs: all images ask each other, the logarithm of the share, mirrored images moved by whole pixels",
    values: {
      epochs: 20,
      mutual: true,
      loss: "log-share",
      learningRate: 0.02,
      shift: 1,
      wholePixels: true,
      rotation: 0,
      scaling: 0,
      shear: 0,
      mirror: true,
    },
  },
  tutorial: {
    description:
      "the tutorial's settings, 20 epochs: successive relaxation, constant learning rate, images as they are",
    values: {
      epochs: 20,
      relaxation: "successive",
      learningRate: 1e-3,
      learningRateDecay: "none",
      shift: 0,
      rotation: 0,
      scaling: 0,
      shear: 0,
      initialization: "fan-in",
    },
  },
};

// Data ----------------------------------------------------------------------------------------------------------------

/** One in so many training images, the last of the set, is held out, and at least one: 5,000 of MNIST's 60,000. */
const VALIDATION_SHARE = 12;

interface Split {
  /** To learn from, and the neighbours of the test images. */
  readonly training: Dataset;
  readonly validation: Dataset;
}

export function splitOff(train: Dataset): Split {
  const held = Math.max(1, Math.floor(train.count / VALIDATION_SHARE));
  return {
    training: stretch(train, 0, train.count - held),
    validation: stretch(train, train.count - held, train.count),
  };
}

// Model ---------------------------------------------------------------------------------------------------------------

export type Model = { first: Convolution; second: Convolution; linear: Dense };

const CHANNELS = [20, 50] as const;
export const FEATURES = 500;

/** Numbers that both convolutions leave of an image. */
export function numbersLeft({ height, width }: Pick<Dataset, "height" | "width">): number {
  const pooled = (side: number) => (side - KERNEL + 1) / 2;
  return pooled(pooled(height)) * pooled(pooled(width)) * CHANNELS[1];
}

/** @param inputs as `numbersLeft` counts them */
export function initModel(key: np.Array, { initialization }: Config, inputs: number): Model {
  const [first, second, linear] = splitKey(key, 3);
  return {
    first: initConvolution(first, { size: KERNEL, channels: 1, outputs: CHANNELS[0] }, initialization),
    second: initConvolution(second, { size: KERNEL, channels: CHANNELS[0], outputs: CHANNELS[1] }, initialization),
    linear: initDense(linear, inputs, FEATURES, initialization),
  };
}

/** Images as `gatherPatches` gives them, to points `[images, FEATURES]`. */
export function embed({ first, second, linear }: Model, patches: np.Array): np.Array {
  const maps = pooledConvolution(second, pooledPatchConvolution(first, patches));
  return nn.relu(dense(linear, flatten(maps)));
}

// Draw ----------------------------------------------------------------------------------------------------------------

/** The neighbours of each query, `[queries, candidates]`. */
interface Neighbours {
  /** What is learned from, with a gradient: entries whose sum is k; with `hard` those of an exact draw. */
  readonly learned: np.Array;
  /** An exact draw: k ones, by the same noise where the sampler has any. */
  readonly exact: np.Array;
}

/** Draws by logits `[queries, candidates]`. Consumes its arrays. */
type Sampler = (config: Config, key: np.Array, logits: np.Array, temperature: np.Array) => Neighbours;

const samplers: Readonly<Record<Config["sampler"], Sampler>> = {
  /** A relaxed draw without replacement. Xie, Ermon 2019. */
  subset(config, key, logits, temperature) {
    const { k, relaxation, hard } = config;
    const learned = subset.relax(key.ref, logits.ref, k, { temperature, relaxation, hard, ...noiseOf(config) });
    return { learned, exact: exactly(config, key, logits) };
  },
  /** The first k rows of a relaxed order: each is where one neighbour may be. Grover et al. 2019. */
  neuralsort(config, key, logits, temperature) {
    const { k, hard } = config;
    const relaxation = "neuralsort";
    const order = ranking.relax(key.ref, logits.ref, { temperature, relaxation, hard, ...noiseOf(config) });
    // An order is drawn without replacement, too: by the same noise, its first k are those of the subset.
    return { learned: order.slice([], [0, k]).sum(-2), exact: exactly(config, key, logits) };
  },
  /**
   * The law of sets in proportion to the product of their weights, `exp(logit / temperature)`: its exact mean, or with
   * `hard` a draw with the gradient of that. Ahmed et al., "SIMPLE", 2023.
   */
  "conditional-bernoulli"({ k, hard }, key, logits, temperature) {
    const tempered = logits.div(temperature);
    const mean = conditionalBernoulli.marginals(tempered.ref, k);
    const exact = conditionalBernoulli.sample(key, tempered, k);
    return { learned: hard ? straightThrough(mean, exact.ref) : mean, exact };
  },
};

function noiseOf({ noise }: Config): { noise?: number } {
  return noise ? {} : { noise: 0 };
}

/** The k largest of the logits with the key's noise, or of the logits alone. Consumes key and logits. */
function exactly({ k, noise }: Config, key: np.Array, logits: np.Array): np.Array {
  if (noise) return subset.sample(key, logits, k);
  key.dispose();
  return subset.mode(logits, k);
}

// Objective -----------------------------------------------------------------------------------------------------------

/** Minus the squared distances of `[queries, features]` and `[candidates, features]`: the logits of the subset. */
function similarities(queries: np.Array, candidates: np.Array): np.Array {
  const norm = (x: np.Array) => np.square(x).sum(-1);
  const products = np.matmul(queries.ref, np.transpose(candidates.ref));
  return products
    .mul(2)
    .sub(norm(queries).reshape([-1, 1]))
    .sub(norm(candidates));
}

/** The expected number of neighbours that have the class of their query, `[queries]`. */
function ownClass(chosen: np.Array, sameClass: np.Array): np.Array {
  return chosen.mul(sameClass).sum(-1);
}

/** Minus the mean over the queries of what their neighbours of the own class are worth. Each consumes both arrays. */
const losses = {
  /** Their number, as the tutorial has it. A query that has next to none hardly moves: there the relaxation is flat. */
  count(own: np.Array, sameClass: np.Array): np.Array {
    sameClass.dispose();
    return np.negative(own.mean());
  },
  /** The logarithm of their share of the k. The fewer there are, the more another is worth. */
  "log-share"(own: np.Array, sameClass: np.Array, k: number): np.Array {
    // A query without a candidate of its class has nothing to learn.
    const share = np.where(np.max(sameClass, -1).greater(0), own.div(k), 1);
    return np.negative(np.log(np.maximum(share, SMALLEST_SHARE)).mean());
  },
} satisfies Record<Config["loss"], (own: np.Array, sameClass: np.Array, k: number) => np.Array>;

/** Keeps the logarithm finite, far below what a training meets. */
const SMALLEST_SHARE = 1e-30;

// Step ----------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
export type State = { model: Model; velocity: Model; key: np.Array };

function initState(config: Config, training: Dataset): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2);
  const model = initModel(modelKey, config, numbersLeft(training));
  return { model, velocity: sgd().init(model), key };
}

/** One step: a batch's first half are queries, the second candidates, or all are both. Consumes state and batch. */
function trainingStep(config: Config) {
  const { k, momentum, weightDecay } = config;
  const descent = sgd({ momentum, weightDecay });
  return jit(function step({ model, velocity, key }: State, { patches, labels }: Batch, settings: StepSettings) {
    const { temperature, learningRate } = settings;
    const [next, drawKey] = splitKey(key, 2);
    const sameClass = isSameClass(labels, config);
    const objective = (model: Model): [loss: np.Array, own: np.Array] => {
      const logits = logitsAmong(embed(model, patches), config);
      const { learned, exact } = samplers[config.sampler](config, drawKey, logits, temperature);
      const own = ownClass(learned, sameClass.ref);
      const measured = [lax.stopGradient(own.ref).mean(), ownClass(exact, sameClass.ref).mean()];
      return [losses[config.loss](own, sameClass, k), np.stack(measured)];
    };
    const [[loss, own], gradients] = valueAndGrad(objective, { hasAux: true })(tree.ref(model));
    const moved = descent.update(model, gradients, velocity, learningRate);
    const state: State = { model: moved.parameters, velocity: moved.state, key: next };
    return { state, measured: np.concatenate([loss.reshape([1]), own]) };
  });
}

/** The logits of each query's subset, `[queries, candidates]`: no image can be its own neighbour. */
function logitsAmong(points: np.Array, config: Config): np.Array {
  const logits = similarities(...parts(points, config));
  return config.mutual ? np.where(isItself(config), Number.NEGATIVE_INFINITY, logits) : logits;
}

/** 1 where a query and another image, its candidate, have the same label, `[queries, candidates]`. */
function isSameClass(labels: np.Array, config: Config): np.Array {
  const [queries, candidates] = parts(labels, config);
  const isSame = queries.reshape([-1, 1]).equal(candidates);
  return (config.mutual ? np.where(isItself(config), false, isSame) : isSame).astype(np.float32);
}

/** What a batch has for its queries and for their candidates. */
function parts(x: np.Array, { batch, mutual }: Config): [queries: np.Array, candidates: np.Array] {
  return mutual ? [x.ref, x] : [x.ref.slice([0, batch]), x.slice([batch, 2 * batch])];
}

/** Where an image meets itself. */
function isItself({ batch }: Config): np.Array {
  return np.eye(2 * batch).greater(0);
}

// Training ------------------------------------------------------------------------------------------------------------

export const NAME = "dknn";

export function trainingOf(config: Config, { data, temperatureOverride }: Context) {
  const { training } = splitOff(data.train);
  const { epochs, batch } = config;
  const steps = stepsAnEpoch(config, training);
  checkPictures(data.train);
  checkNeighbours(config, training);
  return {
    name: NAME,
    epochs,
    steps,
    examples: 2 * batch,
    begin: () => initState(config, training),
    settingsAt: scheduledSettings(config, steps * epochs, temperatureOverride),
    batchesOf: (epoch: number) => epochBatches(config, training, epoch, steps),
    update: trainingStep(config),
  };
}

/** Two convolutions of 5 x 5, each with a pooling that takes two by two, leave whole squares of sides like these only. */
function checkPictures(train: Dataset): void {
  const { name, height, width, classes } = train;
  checkGrey(NAME, train);
  if ([height, width].some((side) => side < 16 || side % 4 !== 0)) {
    throw new RangeError(
      `${NAME} takes pictures whose sides are multiples of 4 and at least 16, and those of ${name} are ${height} x ${width}: ` +
        "--size 28 makes them so.",
    );
  }
  if (classes < 2) throw new RangeError(`${NAME} tells classes apart: expected at least 2 in ${name}, got ${classes}.`);
}

/** Training images that are neighbours when the classifier is judged after an epoch. */
export const VALIDATION_POINTS = 5000;

/** Among how many the k neighbours are: in a step, and when the classifier is judged. */
function countCandidates({ batch, mutual }: Config, training: Dataset): { candidates: number; judged: number } {
  return { candidates: mutual ? 2 * batch - 1 : batch, judged: Math.min(training.count, VALIDATION_POINTS) };
}

/** Refuses what could be computed, and says nothing: all candidates would be neighbours of every query, whatever is learned. */
export function checkChoice(config: Config, { data }: Context): void {
  const { candidates, judged } = countCandidates(config, splitOff(data.train).training);
  const { k } = config;
  if (k === candidates) throw new RangeError(`k must be less than the ${candidates} candidates of a step, got ${k}.`);
  if (k === judged) {
    throw new RangeError(`k must be less than the ${judged} images that are neighbours when it is judged, got ${k}.`);
  }
}

function checkNeighbours(config: Config, training: Dataset): void {
  const { k, sampler, noise, hard, loss } = config;
  const { candidates, judged } = countCandidates(config, training);
  if (k > candidates) throw new RangeError(`k must be less than the ${candidates} candidates of a step, got ${k}.`);
  if (k > judged) {
    throw new RangeError(`k must be less than the ${judged} images that are neighbours when it is judged, got ${k}.`);
  }
  if (sampler === "conditional-bernoulli" && !noise) {
    throw new RangeError(
      "noise must be on for the sampler conditional-bernoulli, whose mean needs none and whose draws are nothing else.",
    );
  }
  if (hard && loss === "log-share") {
    throw new RangeError(
      "The loss log-share needs relaxed subsets: an exact one may have no neighbour of the query's class. " +
        "Leave hard out, or ask for the loss count.",
    );
  }
}
