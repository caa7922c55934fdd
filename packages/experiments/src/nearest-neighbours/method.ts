/**
 * A classifier by nearest neighbours that learns its own distance: a convolutional network is trained so that the k
 * neighbours drawn for a query, a relaxed subset of the candidates, have the query's class.
 *
 * After Xie and Ermon, "Reparameterizable Subset Sampling via Continuous Relaxations", 2019, and Grover et al.,
 * "Stochastic Optimization of Sorting Networks via Continuous Relaxations", 2019. The order below is theirs:
 * configuration, data, model, objective, step, loop; then what is measured, and the pictures.
 */

import { jit, lax, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { subset } from "softdraw";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { curvesOf } from "../curves.ts";
import { gatherLabels, shuffledOrder } from "../data/batches.ts";
import { type Distortions, NUMBERS_A_DISTORTION, randomDistortions } from "../data/distortions.ts";
import { stretch } from "../data/folds.ts";
import { gatherPatches } from "../data/patches.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type {
  Context,
  EpochRecord,
  EvaluationOptions,
  Experiment,
  NamedPicture,
  Result,
  Trained,
  TrainingEvent,
} from "../experiment.ts";
import {
  type Convolution,
  flatten,
  initConvolution,
  pooledConvolution,
  pooledPatchConvolution,
} from "../nn/convolution.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { majorityVote, nearestNeighbours, type Points } from "../nn/neighbours.ts";
import { initSgd, sgd } from "../nn/sgd.ts";
import { arraysOf, readTensors } from "../nn/tensors.ts";
import { markedTiles } from "../report/marked-tiles.ts";
import { dataOptions, decays, dials, temperatureOptions } from "../training/configuration.ts";
import { checkCheckpoint, finiteLoss, positionMetadata, readPosition, stepsAnEpoch } from "../training/loop.ts";

// Configuration ------------------------------------------------------------------------------------------------------

const schema = z.strictObject({
  ...dataOptions,
  epochs: z.int().min(1).default(5).describe("passes over the training images"),
  batch: z.int().min(1).default(100).describe("queries a step, and as many candidates"),
  k: z.int().min(1).default(9).describe("neighbours"),
  mutual: z.boolean().default(false).describe("let each image of a step ask all others, not queries only candidates"),
  loss: z
    .enum(["count", "log-share"])
    .default("count")
    .describe("minus the neighbours of the query's class: their number, or the logarithm of their share"),
  relaxation: z.enum(["threshold", "successive"]).default("threshold").describe("how the subset is relaxed"),
  hard: z.boolean().default(false).describe("train on exact subsets with the relaxed gradient (straight-through)"),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 0.5 }),
  learningRate: z.number().positive().default(5e-3).describe("of gradient descent, at the first step if it decays"),
  learningRateDecay: z.enum(decays).default("cosine").describe("whether it falls to 0 at the last step"),
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

type Config = z.infer<typeof schema>;

const presets: Experiment<Config>["presets"] = {
  fashion: {
    description:
      "for Fashion-MNIST, 20 epochs: all images ask each other, the logarithm of the share, mirrored images moved by whole pixels",
    values: {
      ...{ epochs: 20, mutual: true, loss: "log-share", learningRate: 0.02 },
      ...{ shift: 1, wholePixels: true, rotation: 0, scaling: 0, shear: 0, mirror: true },
    },
  },
  tutorial: {
    description:
      "the tutorial's settings, 20 epochs: successive relaxation, constant learning rate, images as they are",
    values: {
      ...{ epochs: 20, relaxation: "successive", learningRate: 1e-3, learningRateDecay: "none" },
      ...{ shift: 0, rotation: 0, scaling: 0, shear: 0, initialization: "fan-in" },
    },
  },
};

// Data ---------------------------------------------------------------------------------------------------------------

/** One in so many training images, the last of the set, is held out: 5,000 of MNIST's 60,000. */
const VALIDATION_SHARE = 12;

interface Split {
  /** To learn from, and the neighbours of the test images. */
  readonly training: Dataset;
  readonly validation: Dataset;
}

function splitOff(train: Dataset): Split {
  const held = Math.floor(train.count / VALIDATION_SHARE);
  return {
    training: stretch(train, 0, train.count - held),
    validation: stretch(train, train.count - held, train.count),
  };
}

// Model --------------------------------------------------------------------------------------------------------------

type Model = { first: Convolution; second: Convolution; linear: Dense };

const KERNEL = 5;
const CHANNELS = [20, 50] as const;
const FEATURES = 500;

function initModel(key: np.Array, { initialization }: Config, { height, width }: Dataset): Model {
  const [first, second, linear] = splitKey(key, 3) as [np.Array, np.Array, np.Array];
  const pooled = (side: number) => (side - KERNEL + 1) / 2;
  const inputs = pooled(pooled(height)) * pooled(pooled(width)) * CHANNELS[1];
  return {
    first: initConvolution(first, { size: KERNEL, channels: 1, outputs: CHANNELS[0] }, initialization),
    second: initConvolution(second, { size: KERNEL, channels: CHANNELS[0], outputs: CHANNELS[1] }, initialization),
    linear: initDense(linear, inputs, FEATURES, initialization),
  };
}

/** Images as `gatherPatches` gives them, to points `[images, FEATURES]`. */
function embed({ first, second, linear }: Model, patches: np.Array): np.Array {
  const maps = pooledConvolution(second, pooledPatchConvolution(first, patches));
  return nn.relu(dense(linear, flatten(maps)));
}

// Objective ----------------------------------------------------------------------------------------------------------

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

// Step ---------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
type State = { model: Model; velocity: Model; key: np.Array };

function initState(config: Config, training: Dataset): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2) as [np.Array, np.Array];
  const model = initModel(modelKey, config, training);
  return { model, velocity: initSgd(model), key };
}

type Batch = { patches: np.Array; labels: np.Array };
type Dials = { temperature: np.Array; learningRate: np.Array };

/** One step: a batch's first half are queries, the second candidates, or all are both. Consumes state and batch. */
function trainingStep(config: Config) {
  const { k, relaxation, hard, momentum, weightDecay } = config;
  return jit(function step({ model, velocity, key }: State, { patches, labels }: Batch, dials: Dials) {
    const { temperature, learningRate } = dials;
    const [next, drawKey] = splitKey(key, 2) as [np.Array, np.Array];
    const sameClass = isSameClass(labels, config);
    const objective = (model: Model) => {
      const logits = logitsAmong(embed(model, patches), config);
      const relaxed = subset.relax(drawKey.ref, logits.ref, k, { temperature, relaxation, hard });
      const exact = subset.sample(drawKey, logits, k);
      const own = ownClass(relaxed, sameClass.ref);
      const measured = [lax.stopGradient(own.ref).mean(), ownClass(exact, sameClass.ref).mean()];
      return [losses[config.loss](own, sameClass, k), np.stack(measured)] as [np.Array, np.Array];
    };
    const [[loss, own], gradients] = valueAndGrad(objective, { hasAux: true })(tree.ref(model));
    const moved = sgd(model, gradients, velocity, { learningRate, momentum, weightDecay });
    const state: State = { model: moved.parameters, velocity: moved.velocity, key: next };
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

// Loop ---------------------------------------------------------------------------------------------------------------

/** `step` steps of epoch `epoch` are done; what was measured at them sums to `sums`. */
type Position = { epoch: number; step: number; sums: { loss: number; relaxed: number; exact: number } };

const NAME = "dknn";

function check(config: Config, { data: { train }, checkpoint }: Context): void {
  const { training } = splitOff(train);
  const extent = { epochs: config.epochs, steps: stepsAnEpoch(config, training) };
  checkNeighbours(config, training);
  if (checkpoint === undefined) return;
  const position = readPosition<Position>(NAME, checkpoint);
  checkCheckpoint(checkpoint, initState(config, training), position, extent);
}

function checkNeighbours({ k, batch, mutual, hard, loss }: Config, training: Dataset): void {
  const [candidates, judged] = [mutual ? 2 * batch - 1 : batch, Math.min(training.count, VALIDATION_POINTS)];
  if (k > candidates) throw new RangeError(`k must be at most the ${candidates} candidates of a step, got ${k}.`);
  if (k > judged) {
    throw new RangeError(`k must be at most the ${judged} images that are neighbours when it is judged, got ${k}.`);
  }
  if (hard && loss === "log-share") {
    throw new RangeError(
      "The loss log-share needs relaxed subsets: an exact one may have no neighbour of the query's class. " +
        "Leave hard out, or ask for the loss count.",
    );
  }
}

async function* run(config: Config, context: Context): AsyncGenerator<TrainingEvent, void, void> {
  const { data, checkpoint } = context;
  const { training } = splitOff(data.train);
  const { epochs, batch } = config;
  const steps = stepsAnEpoch(config, training);
  const dialsAt = dials(config, steps * epochs, context.temperature);
  const update = trainingStep(config);
  let state = checkpoint ? (arraysOf(checkpoint.tensors) as State) : initState(config, training);
  let { epoch, step, sums } = checkpoint ? readPosition<Position>(NAME, checkpoint) : atEpoch(1);
  let next: Batch | undefined;
  try {
    for (; epoch <= epochs; { epoch, step, sums } = atEpoch(epoch + 1)) {
      const batchAfter = await epochBatches(config, training, epoch, steps);
      const [firstStep, started] = [step, performance.now()];
      next = batchAfter(step);
      while (next) {
        const dialled = dialsAt((epoch - 1) * steps + step);
        const result = update(state, next, dialled);
        state = result.state;
        step++;
        // The next batch is made between asking for this one's loss and waiting for it.
        const reading = result.measured.data();
        next = batchAfter(step);
        const [loss, relaxed, exact] = (await reading) as unknown as [number, number, number];
        finiteLoss(loss, epoch, step);
        sums = { loss: sums.loss + loss, relaxed: sums.relaxed + relaxed, exact: sums.exact + exact };
        const pace = () => ((step - firstStep) * 2 * batch * 1000) / (performance.now() - started);
        const training = () => ({ epoch, sums, steps, temperature: dialled.temperature, pace: pace() });
        yield {
          ...{ epoch, epochs, step, steps, loss, temperature: dialled.temperature, examples: 2 * batch },
          record: step === steps ? await epochRecord(config, data, state.model, training()) : undefined,
          checkpoint: () => saveState(state, { epoch, step, sums }),
        };
      }
    }
  } finally {
    tree.dispose(state);
    if (next) tree.dispose(next);
    update.dispose();
  }
}

function atEpoch(epoch: number): Position {
  return { epoch, step: 0, sums: { loss: 0, relaxed: 0, exact: 0 } };
}

/** The first streams of what an epoch draws, beside its order of queries. */
const CANDIDATES = 2 ** 28;
const DISTORTIONS = 2 ** 29;

/** The batches of an epoch by the steps done: queries and candidates come from two independent orders. */
async function epochBatches(config: Config, training: Dataset, epoch: number, steps: number) {
  const { seed, batch } = config;
  const queries = await shuffledOrder(streamKey(seed, epoch), training.count);
  const candidates = await shuffledOrder(streamKey(seed, CANDIDATES + epoch), training.count);
  const distortions = await distortionsOf(config, streamKey(seed, DISTORTIONS + epoch), steps * 2 * batch);
  const numbers = 2 * batch * NUMBERS_A_DISTORTION;
  return (step: number): Batch | undefined => {
    if (step === steps) return undefined;
    const part = (order: Uint32Array) => order.subarray(step * batch, (step + 1) * batch);
    const order = Uint32Array.of(...part(queries), ...part(candidates));
    return {
      patches: gatherPatches(training, order, KERNEL, distortions?.subarray(step * numbers, (step + 1) * numbers)),
      labels: gatherLabels(training, order, 0, order.length),
    };
  };
}

/** Random distortions of `count` images, none where images are to stay as they are. Consumes the key. */
async function distortionsOf(config: Config, key: np.Array, count: number): Promise<Distortions | undefined> {
  const { shift, rotation, scaling, shear, mirror } = config;
  if (shift > 0 || rotation > 0 || scaling > 0 || shear > 0 || mirror) return randomDistortions(key, count, config);
  key.dispose();
  return undefined;
}

// Checkpoints --------------------------------------------------------------------------------------------------------

async function saveState(state: State, position: Position): Promise<Checkpoint> {
  return { tensors: await readTensors(state), metadata: positionMetadata(NAME, position) };
}

function restoreModel({ tensors }: Checkpoint): Model {
  return arraysOf(tensors, "model") as Model;
}

// What is measured ---------------------------------------------------------------------------------------------------

/** Held-out images that are classified after an epoch, and training images that are their candidates. */
const VALIDATED = 2000;
const VALIDATION_POINTS = 5000;

/** A whole number of times in every count above, in the embedded digits, and in MNIST. */
const EMBEDDED_AT_ONCE = 250;

const columns = [
  { key: "loss", label: "loss", digits: 3, description: "mean over the epoch of the loss that was minimized" },
  {
    key: "relaxed",
    label: "relaxed",
    digits: 2,
    description: "% of relaxed neighbours that have the query's class, while training",
  },
  { key: "discrete", label: "discrete", digits: 2, description: "% of exactly drawn neighbours, same noise" },
  { key: "validation", label: "validation", digits: 2, description: "% of held-out images that are classified right" },
  { key: "test", label: "test", digits: 2, description: "% of test images that are classified right; after the last" },
  { key: "temperature", label: "temp", digits: 3, description: "temperature of the last step" },
  { key: "imagesPerSecond", label: "images/s", digits: 0, description: "training speed, measuring apart" },
] as const;

const objectives = {
  discrete: { key: "test", goal: "largest", meanwhile: "validation" },
  relaxed: { key: "relaxed", goal: "largest" },
} as const;

/** What the loop knows of the epoch that it ends. */
type Training = Pick<Position, "epoch" | "sums"> & { steps: number; temperature: number; pace: number };

async function epochRecord(
  config: Config,
  data: DatasetSplits,
  model: Model,
  { epoch, sums, steps, temperature, pace }: Training,
): Promise<EpochRecord> {
  const percent = 100 / (steps * config.k);
  const { training, validation } = splitOff(data.train);
  const part = (dataset: Dataset, count: number) => stretch(dataset, 0, Math.min(count, dataset.count));
  const measured = { queries: part(validation, VALIDATED), points: part(training, VALIDATION_POINTS) };
  const { accuracy } = await classify(model, measured, config.k);
  // The test set is touched once, when nothing is left to be decided.
  const isLast = epoch === config.epochs;
  const test = isLast
    ? (await classify(model, { queries: data.test, points: training }, config.k)).accuracy
    : undefined;
  return {
    ...{ epoch, loss: sums.loss / steps },
    ...{ relaxed: sums.relaxed * percent, discrete: sums.exact * percent, validation: accuracy },
    ...(test === undefined ? {} : { test }),
    ...{ temperature, imagesPerSecond: pace },
  };
}

interface Sets {
  readonly queries: Dataset;
  readonly points: Dataset;
}

type Progress = (done: number, total: number) => void | Promise<void>;

/** Classifies queries by the majority of their nearest neighbours in the learned space. Keeps the model. */
async function classify(model: Model, { queries, points }: Sets, k: number, onProgress?: Progress) {
  const asked = await embedAll(model, queries);
  return vote(asked, await embedAll(model, points), { queries, points }, k, onProgress);
}

/** The neighbours of the queries among the points, and the share of queries in percent that they classify right. */
async function vote(asked: Points, among: Points, { queries, points }: Sets, k: number, onProgress?: Progress) {
  const neighbours = await nearestNeighbours(asked, among, k, onProgress);
  const predicted = majorityVote(neighbours, k, points.labels);
  const right = predicted.filter((label, query) => label === queries.labels[query]).length;
  return { neighbours, predicted, accuracy: (100 * right) / queries.count };
}

/** Embeds a data set, block by block. Keeps the model. */
async function embedAll(model: Model, dataset: Dataset): Promise<Points> {
  const values = new Float32Array(dataset.count * FEATURES);
  for (let first = 0; first < dataset.count; first += EMBEDDED_AT_ONCE) {
    const size = Math.min(EMBEDDED_AT_ONCE, dataset.count - first);
    const block = Uint32Array.from({ length: size }, (_, i) => first + i);
    const points = await embedKernel(tree.ref(model), gatherPatches(dataset, block, KERNEL)).data();
    values.set(points as Float32Array, first * FEATURES);
  }
  return { values, dimensions: FEATURES };
}

const embedKernel = jit(embed);

function pixelsOf({ images, height, width }: Dataset): Points {
  return { values: Float32Array.from(images, (byte) => byte / 255), dimensions: height * width };
}

// Results and curves -------------------------------------------------------------------------------------------------

function results(records: readonly EpochRecord[]): Result[] {
  const last = records.at(-1);
  if (!last) return [];
  const percent = { digits: 2, unit: "%" };
  const test = last.test === undefined ? [] : [{ ...percent, name: "test accuracy", value: last.test }];
  return [
    ...test.map((result) => ({ ...result, note: "majority of the exact nearest neighbours" })),
    { ...percent, name: "validation accuracy", value: last.validation!, note: "of held-out training images" },
    { ...percent, name: "own class", value: last.discrete!, note: "neighbours drawn exactly, while training" },
  ];
}

function charts(records: readonly EpochRecord[]) {
  const x = { label: "epoch" };
  const series = curvesOf(records);
  return [
    {
      title: "Neighbours of the query's own class",
      caption: "Of k neighbours drawn among the candidates of a step: relaxed ones, and exact ones of the same noise.",
      ...{ x, y: { label: "%" } },
      series: [series("relaxed", "relaxed"), series("discrete", "discrete")],
    },
    {
      title: "Accuracy",
      caption: "Held-out images, classified by the majority of their exact nearest neighbours.",
      ...{ x, y: { label: "%" } },
      series: [series("validation", "validation")],
    },
  ];
}

// Pictures -----------------------------------------------------------------------------------------------------------

/** Rows of the picture: so many test images that are classified wrongly if there are, and the first ones. */
const MISTAKES = 6;
const ROWS = 12;

/** Training images that the picture's neighbours come from. */
const PICTURED = 10_000;

async function pictures({ config, checkpoint }: Trained<Config>, { train, test }: DatasetSplits) {
  const model = restoreModel(checkpoint);
  const { training } = splitOff(train);
  const sets = {
    queries: stretch(test, 0, Math.min(1000, test.count)),
    points: stretch(training, 0, Math.min(PICTURED, training.count)),
  };
  const found = await classify(model, sets, config.k);
  tree.dispose(model);
  return [neighboursPicture(sets, found, config.k)];
}

type Found = Awaited<ReturnType<typeof vote>>;

function neighboursPicture({ queries, points }: Sets, { neighbours, predicted }: Found, k: number): NamedPicture {
  const all = Array.from(predicted, (_, query) => query);
  const wrong = all.filter((query) => predicted[query] !== queries.labels[query]).slice(0, MISTAKES);
  const shown = [...wrong, ...all.filter((query) => !wrong.includes(query))].slice(0, ROWS);
  const tile = (dataset: Dataset, row: number, mark: "query" | "wrong" | "none") => ({
    image: stretch(dataset, row, row + 1).images,
    label: dataset.labels[row]!,
    mark,
  });
  const tiles = shown.flatMap((query) => [
    tile(queries, query, "query"),
    ...Array.from(neighbours.subarray(query * k, (query + 1) * k), (point) =>
      tile(points, point, points.labels[point] === queries.labels[query] ? "none" : "wrong"),
    ),
  ]);
  return {
    name: "neighbours",
    title: "Queries and their nearest neighbours",
    caption:
      `Each row is a test image (blue frame) and its ${k} nearest neighbours among ${points.count} training images, nearest ` +
      `first, with their labels. Neighbours of another class have a crossed, red frame. Of the first ${queries.count} test ` +
      `images, the first ${wrong.length} rows are ones whose majority is wrong.`,
    alt: "Rows of images: a test image, then the training images nearest to it.",
    picture: markedTiles(tiles, { height: queries.height, width: queries.width, columns: k + 1 }),
  };
}

// Evaluation ---------------------------------------------------------------------------------------------------------

/** Judges the learned space, and the raw pixels by the same code. */
async function evaluate(
  { config, checkpoint }: Trained<Config>,
  { train, test }: DatasetSplits,
  { examples = test.count, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const model = restoreModel(checkpoint);
  const sets = { queries: stretch(test, 0, Math.min(examples, test.count)), points: splitOff(train).training };
  const learned = await classify(model, sets, config.k, (done, total) => onProgress?.(done, 2 * total));
  tree.dispose(model);
  const raw = await vote(pixelsOf(sets.queries), pixelsOf(sets.points), sets, config.k, (done, total) =>
    onProgress?.(total + done, 2 * total),
  );
  const note = `${sets.queries.count} test images, ${config.k} nearest of ${sets.points.count} training images`;
  return [
    { name: "test accuracy", value: learned.accuracy, digits: 2, unit: "%", note },
    { name: "on pixels", value: raw.accuracy, digits: 2, unit: "%", note: "the same without a model" },
  ];
}

export const nearestNeighbourClassifier: Experiment<Config> = {
  name: NAME,
  title: "Differentiable nearest neighbours",
  summary: "A classifier by nearest neighbours that learns its own distance, trained through relaxed subsets.",
  references: [
    {
      text: "Xie, Ermon: Reparameterizable Subset Sampling via Continuous Relaxations, 2019",
      url: "https://arxiv.org/abs/1901.10517",
    },
    {
      text: "Grover, Wang, Zweig, Ermon: Stochastic Optimization of Sorting Networks via Continuous Relaxations, 2019",
      url: "https://arxiv.org/abs/1903.08850",
    },
  ],
  ...{ schema, presets, columns, objectives, check, run, results, charts, pictures, evaluate },
};
