/**
 * A jigsaw solver: a picture is cut into squares and shuffled, a network looks at each piece alone and scores its
 * places, and the permutation that puts the picture together is trained through its relaxation.
 *
 * After Mena, Belanger, Linderman, Snoek, "Learning Latent Permutations with Gumbel-Sinkhorn Networks", 2018. The order
 * below is theirs: configuration, data, model, objective, step, loop; then what is measured, and the pictures.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { permutation } from "softdraw";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { curvesOf } from "../curves.ts";
import { shuffledOrder, shuffledOrders } from "../data/batches.ts";
import { pooledPatches } from "../data/patches.ts";
import {
  arrangePieces,
  bestKendallTau,
  type Cut,
  cutOf,
  gatherPieces,
  greyPieces,
  identicalPieces,
  inverseOrders,
  joinPieces,
  padPieces,
  rearranged,
  withIdenticalExchanged,
} from "../data/pieces.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type {
  Context,
  EpochRecord,
  EvaluationOptions,
  Experiment,
  NamedPicture,
  Result,
  Solved,
  SolveOptions,
  Trained,
  TrainingEvent,
} from "../experiment.ts";
import { kendallTau } from "../mathematics/statistics.ts";
import { type AdamState, adam, initAdam } from "../nn/adam.ts";
import { type BatchNorm, type BatchStatistics, batchNorm, batchNormTraining, initBatchNorm } from "../nn/batch-norm.ts";
import { type Convolution, flatten, initConvolution, pooledPatchConvolution } from "../nn/convolution.ts";
import { type Dense, dense, initDense, initializations, product } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { arraysOf, readTensors } from "../nn/tensors.ts";
import { type Picture, tileImages } from "../report/pixels.ts";
import { dataOptions, decays, dials, temperatureOptions } from "../training/configuration.ts";
import { checkCheckpoint, finiteLoss, positionMetadata, readPosition, stepsAnEpoch } from "../training/loop.ts";

// Configuration ------------------------------------------------------------------------------------------------------

const schema = z.strictObject({
  ...dataOptions,
  pieces: z.int().min(2).max(6).default(2).describe("pieces each way"),
  epochs: z.int().min(1).default(5).describe("passes over the training images"),
  batch: z.int().min(1).default(64).describe("pictures a step"),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 0.1 }),
  iterations: z.int().min(1).default(20).describe("Sinkhorn iterations"),
  learningRate: z.number().positive().default(1e-3).describe("Adam's step size, at the first step if it decays"),
  learningRateDecay: z.enum(decays).default("cosine").describe("whether it falls to 0 at the last step"),
  channels: z.int().min(1).default(32).describe("outputs of the convolution"),
  hidden: z.int().min(0).default(256).describe("units of a layer between convolution and scores, 0 for none"),
  exchanges: z
    .int()
    .min(0)
    .default(2)
    .describe(
      "times that the pieces of a picture tell each other what they see, 0 for pieces that are looked at alone",
    ),
  initialization: z.enum(initializations).default("he").describe("how weights begin"),
});

type Config = z.infer<typeof schema>;

const presets: Experiment<Config>["presets"] = {
  tutorial: {
    description: "the tutorial's settings: pieces looked at alone, no hidden layer, constant learning rate of 0.0001",
    values: {
      ...{ temperature: 0.1, learningRate: 1e-4, learningRateDecay: "none" },
      ...{ hidden: 0, exchanges: 0, initialization: "fan-in" },
    },
  },
};

// Data ---------------------------------------------------------------------------------------------------------------

/** Mean and standard deviation of MNIST's pixels, by which the tutorial scales them. */
const scaled = (pixel: number) => (pixel - 0.1307) / 0.3081;

const KERNEL = 5;
const MARGIN = (KERNEL - 1) / 2;

/** `patches` of the shuffled pieces for the convolution, and the pixels of shuffled and of whole pictures. */
type Batch = { patches: np.Array; shuffled: np.Array; original: np.Array };

/** @param orders slot s of a picture gets the piece that it says */
function gatherBatch(dataset: Dataset, rows: Uint32Array, orders: Uint32Array, cut: Cut): Batch {
  const original = gatherPieces(dataset, rows, cut).map(scaled);
  const shuffled = arrangePieces(original, orders, cut);
  const shape = [rows.length, cut.across ** 2, cut.side ** 2];
  return {
    patches: patchesOf(shuffled, cut),
    shuffled: np.array(shuffled as Float32Array<ArrayBuffer>, { shape }),
    original: np.array(original as Float32Array<ArrayBuffer>, { shape }),
  };
}

function patchesOf(pieces: Float32Array, { side }: Cut): np.Array {
  const padded = side + 2 * MARGIN;
  const count = pieces.length / side ** 2;
  return pooledPatches(padPieces(pieces, side, MARGIN, 0), { count, height: padded, width: padded }, KERNEL);
}

// Model --------------------------------------------------------------------------------------------------------------

type Model = { convolution: Convolution; norm: BatchNorm; hidden?: Dense; exchanges?: Exchange[]; scores: np.Array };

/** What a piece makes of what it saw itself, and of the mean of what all pieces of its picture saw. */
type Exchange = { own: Dense; mean: np.Array };

function initModel(key: np.Array, { channels, hidden, exchanges, initialization, pieces }: Config, { side }: Cut) {
  const keys = splitKey(key, 3 + 2 * exchanges);
  const [first, second, third] = keys as [np.Array, np.Array, np.Array];
  const inputs = Math.floor(side / 2) ** 2 * channels;
  const { layer: norm, statistics } = initBatchNorm(channels);
  const convolution = initConvolution(first, { size: KERNEL, channels: 1, outputs: channels }, initialization);
  const scores = initWeight(third, hidden || inputs, pieces ** 2, initialization);
  const model: Model = { convolution, norm, scores };
  if (hidden > 0) model.hidden = initDense(second, inputs, hidden, initialization);
  else second.dispose();
  if (exchanges > 0) {
    model.exchanges = Array.from({ length: exchanges }, (_, i) => ({
      own: initDense(keys[3 + 2 * i]!, hidden, hidden, initialization),
      mean: initWeight(keys[4 + 2 * i]!, hidden, hidden, initialization),
    }));
  }
  return { model, statistics };
}

function initWeight(key: np.Array, inputs: number, outputs: number, initialization: Config["initialization"]) {
  const { weight, bias } = initDense(key, inputs, outputs, initialization);
  bias.dispose();
  return weight;
}

type Normalize = (layer: BatchNorm, x: np.Array) => np.Array;

/** Patches of all pieces at once, to the score of every place for every piece, `[pictures, pieces, places]`. */
function scorePieces(model: Model, patches: np.Array, normalize: Normalize): np.Array {
  const { convolution, norm, hidden, exchanges = [], scores } = model;
  const places = scores.shape[0]!;
  const maps = flatten(normalize(norm, pooledPatchConvolution(convolution, patches)));
  const alone = hidden ? nn.relu(dense(hidden, maps)) : maps;
  const features = exchanges.reduce((seen, exchange) => exchangeSeen(exchange, seen, places), alone);
  return product(features, scores).reshape([-1, places, places]);
}

/** `relu(own x + mean m + bias)` for every piece, with m the mean of x over the pieces of its picture. */
function exchangeSeen({ own, mean }: Exchange, seen: np.Array, pieces: number): np.Array {
  const units = seen.shape[1]!;
  const together = product(np.mean(seen.ref.reshape([-1, pieces, units]), 1), mean).reshape([-1, 1, units]);
  const alone = dense(own, seen).reshape([-1, pieces, units]);
  return nn.relu(alone.add(together)).reshape([-1, units]);
}

/** The same with the running statistics, for a trained model. */
function judgePieces(model: Model, statistics: BatchStatistics, patches: np.Array): np.Array {
  return scorePieces(model, patches, (layer, x) => batchNorm(layer, statistics, x));
}

// Objective ----------------------------------------------------------------------------------------------------------

/** The squared error of the picture that a plan (rows are pieces, columns places) puts together, a mean a picture. */
function reassemblyError(plan: np.Array, shuffled: np.Array, original: np.Array): np.Array {
  return np.square(permutation.applyInverse(plan, shuffled).sub(original)).sum([1, 2]).mean();
}

// Step ---------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
type State = { model: Model; statistics: BatchStatistics; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config, cut: Cut): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2) as [np.Array, np.Array];
  const { model, statistics } = initModel(modelKey, config, cut);
  return { model, statistics, optimizer: initAdam(model), key };
}

type Dials = { temperature: np.Array; learningRate: np.Array };

/** Gradient and optimizer in one jitted function, which consumes the state and the batch. */
function trainingStep({ iterations }: Config) {
  return jit(function step(state: State, { patches, shuffled, original }: Batch, dials: Dials) {
    const { temperature, learningRate } = dials;
    const [key, drawKey] = splitKey(state.key, 2) as [np.Array, np.Array];
    const objective = (model: Model) => {
      let statistics: BatchStatistics | undefined;
      const scores = scorePieces(model, patches, (layer, x) => {
        const normed = batchNormTraining(layer, state.statistics, x);
        statistics = normed.statistics;
        return normed.normalized;
      });
      const plan = permutation.relax(drawKey, scores, { temperature, iterations });
      return [reassemblyError(plan, shuffled, original), statistics!] as [np.Array, BatchStatistics];
    };
    const [[loss, statistics], gradients] = valueAndGrad(objective, { hasAux: true })(tree.ref(state.model));
    const { parameters: model, state: optimizer } = adam(state.model, gradients, state.optimizer, learningRate);
    return { state: { model, statistics, optimizer, key }, loss };
  });
}

// Loop ---------------------------------------------------------------------------------------------------------------

/** `step` steps of epoch `epoch` are done; their losses sum to `lossSum`. */
type Position = { epoch: number; step: number; lossSum: number };

const NAME = "jigsaw";

function check(config: Config, { data: { train }, checkpoint }: Context): void {
  const extent = { epochs: config.epochs, steps: stepsAnEpoch(config, train) };
  const cut = cutOf(train, config.pieces);
  if (config.exchanges > 0 && config.hidden === 0) {
    throw new RangeError(`exchanges needs a hidden layer: expected 0 where hidden is 0, got ${config.exchanges}.`);
  }
  if (checkpoint === undefined) return;
  const position = readPosition<Position>(NAME, checkpoint);
  checkCheckpoint(checkpoint, initState(config, cut), position, extent);
}

async function* run(config: Config, context: Context): AsyncGenerator<TrainingEvent, void, void> {
  const { data, checkpoint } = context;
  const { train } = data;
  const { epochs, batch, pieces } = config;
  const steps = stepsAnEpoch(config, train);
  const cut = cutOf(train, pieces);
  const dialsAt = dials(config, steps * epochs, context.temperature);
  const update = trainingStep(config);
  let state = checkpoint ? (arraysOf(checkpoint.tensors) as unknown as State) : initState(config, cut);
  let { epoch, step, lossSum } = checkpoint
    ? readPosition<Position>(NAME, checkpoint)
    : { epoch: 1, step: 0, lossSum: 0 };
  let next: Batch | undefined;
  try {
    for (; epoch <= epochs; epoch++, step = 0, lossSum = 0) {
      const order = await shuffledOrder(streamKey(config.seed, epoch), train.count);
      const orders = await shuffledOrders(streamKey(config.seed, SHUFFLES + epoch), steps * batch, pieces ** 2);
      const batchAfter = (step: number) => {
        if (step === steps) return undefined;
        const part = (all: Uint32Array, size: number) => all.subarray(step * batch * size, (step + 1) * batch * size);
        return gatherBatch(train, part(order, 1), part(orders, pieces ** 2), cut);
      };
      const [firstStep, started] = [step, performance.now()];
      next = batchAfter(step);
      while (next) {
        const dialled = dialsAt((epoch - 1) * steps + step);
        const { temperature } = dialled;
        const result = update(state, next, dialled);
        state = result.state;
        step++;
        // The next batch is made between asking for this one's loss and waiting for it.
        const reading = result.loss.data();
        next = batchAfter(step);
        const loss = finiteLoss((await reading)[0]!, epoch, step);
        lossSum += loss;
        const pace = () => ((step - firstStep) * batch * 1000) / (performance.now() - started);
        const training = () => ({ epoch, loss: lossSum / steps, temperature, imagesPerSecond: pace() });
        yield {
          ...{ epoch, epochs, step, steps, loss, temperature, examples: batch },
          record: step === steps ? await epochRecord(config, data.test, state, training()) : undefined,
          checkpoint: () => saveState(state, { epoch, step, lossSum }),
        };
      }
    }
  } finally {
    tree.dispose(state);
    if (next) tree.dispose(next);
    update.dispose();
  }
}

/** The first stream of shuffled pieces; those below it shuffle the epochs. */
const SHUFFLES = 2 ** 28;

// Checkpoints --------------------------------------------------------------------------------------------------------

async function saveState(state: State, position: Position): Promise<Checkpoint> {
  return { tensors: await readTensors(state), metadata: positionMetadata(NAME, position) };
}

/** What solving needs of a checkpoint. The caller disposes of it. */
function restoreSolver({ tensors }: Checkpoint): Solver {
  return {
    model: arraysOf(tensors, "model") as unknown as Model,
    statistics: arraysOf(tensors, "statistics") as BatchStatistics,
  };
}

type Solver = Pick<State, "model" | "statistics">;

// What is measured ---------------------------------------------------------------------------------------------------

/** Pictures that are scored at once. */
const SOLVED_AT_ONCE = 200;

const columns = [
  { key: "loss", label: "loss", digits: 2, description: "mean over the epoch of the loss that was minimized" },
  { key: "tau", label: "tau", digits: 4, description: "Kendall's tau of the places found on the test set, a mean" },
  { key: "solved", label: "solved", digits: 2, description: "% of test pictures with every piece in its place" },
  { key: "pieces", label: "pieces", digits: 2, description: "% of pieces in their place" },
  { key: "tauAlike", label: "tau =", digits: 4, description: "Kendall's tau with identical pieces interchangeable" },
  { key: "solvedAlike", label: "solved =", digits: 2, description: "% solved with identical pieces interchangeable" },
  { key: "piecesAlike", label: "pieces =", digits: 2, description: "% of pieces, identical ones interchangeable" },
  { key: "l1", label: "L1", digits: 4, description: "mean absolute error of the reassembled pixels, white is 1" },
  { key: "l2", label: "L2", digits: 4, description: "mean squared error of the reassembled pixels" },
  { key: "temperature", label: "temp", digits: 3, description: "temperature of the last step" },
  { key: "imagesPerSecond", label: "images/s", digits: 0, description: "training speed, measuring apart" },
] as const;

const objectives = {
  discrete: { key: "tauAlike", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

type Measures = Record<"tau" | "solved" | "pieces" | "tauAlike" | "solvedAlike" | "piecesAlike" | "l1" | "l2", number>;

async function epochRecord(
  config: Config,
  test: Dataset,
  { model, statistics }: State,
  training: { epoch: number; loss: number; temperature: number; imagesPerSecond: number },
): Promise<EpochRecord> {
  const { epoch, loss, temperature, imagesPerSecond } = training;
  const measures = await measure(config, { model, statistics }, test, test.count, config.seed);
  return { epoch, loss, ...measures, temperature, imagesPerSecond };
}

/** Solves the first `count` pictures, shuffled by the seed, and judges the places found. Keeps the solver. */
async function measure(
  { pieces }: Config,
  solver: Solver,
  dataset: Dataset,
  count: number,
  seed: number,
  onProgress?: (done: number, total: number) => void | Promise<void>,
): Promise<Measures> {
  const cut = cutOf(dataset, pieces);
  const totals: Measures = { tau: 0, solved: 0, pieces: 0, tauAlike: 0, solvedAlike: 0, piecesAlike: 0, l1: 0, l2: 0 };
  for (let first = 0; first < count; first += SOLVED_AT_ONCE) {
    const rows = Uint32Array.from({ length: Math.min(SOLVED_AT_ONCE, count - first) }, (_, i) => first + i);
    const original = gatherPieces(dataset, rows, cut);
    const orders = await shuffledOrders(streamKey(seed, MEASURING + first), rows.length, pieces ** 2);
    const places = await placesOf(solver, arrangePieces(original, orders, cut), cut);
    addMeasures(totals, original, orders, places, cut);
    await onProgress?.(first + rows.length, count);
  }
  for (const name of Object.keys(totals) as (keyof Measures)[]) totals[name] /= count;
  return totals;
}

/** The first stream for measuring. */
const MEASURING = 2 ** 31;

/** The place of each of the shuffled pieces (byte / 255), by the best assignment. Keeps the solver. */
async function placesOf({ model, statistics }: Solver, shuffled: Float32Array, cut: Cut): Promise<Uint32Array> {
  const scores = judgeKernel(tree.ref(model), tree.ref(statistics), patchesOf(shuffled.map(scaled), cut));
  const matching = await permutation.mode(scores);
  return columnsOf((await matching.data()) as Float32Array, cut.across ** 2);
}

const judgeKernel = jit(judgePieces);

/** The column of the one in each row. */
function columnsOf(matrices: Float32Array, size: number): Uint32Array {
  return Uint32Array.from({ length: matrices.length / size }, (_, row) =>
    matrices.subarray(row * size, (row + 1) * size).indexOf(1),
  );
}

/** Adds what the pictures of a block score, each as a mean over its pieces or pixels. */
function addMeasures(totals: Measures, original: Float32Array, orders: Uint32Array, places: Uint32Array, cut: Cut) {
  const [size, pixels] = [cut.across ** 2, cut.side ** 2];
  for (let first = 0; first < orders.length; first += size) {
    const order = orders.subarray(first, first + size);
    const found = places.subarray(first, first + size);
    const alike = identicalPieces(original.subarray(first * pixels, (first + size) * pixels), size);
    const forgiven = withIdenticalExchanged(order, found, alike);
    const share = (right: Uint32Array) => right.filter((place, slot) => place === order[slot]).length / size;
    totals.tau += kendallTau(order, found);
    totals.pieces += 100 * share(found);
    totals.solved += share(found) === 1 ? 100 : 0;
    totals.tauAlike += kendallTau(order, forgiven);
    totals.piecesAlike += 100 * share(forgiven);
    totals.solvedAlike += share(forgiven) === 1 ? 100 : 0;
    const { l1, l2 } = pixelErrors(original, first, order, found, pixels);
    totals.l1 += l1;
    totals.l2 += l2;
  }
}

/** Mean absolute and squared error of a reassembled picture: what lies at a place against what belongs there. */
function pixelErrors(
  original: Float32Array,
  first: number,
  order: Uint32Array,
  found: Uint32Array,
  pixels: number,
): { l1: number; l2: number } {
  let [l1, l2] = [0, 0];
  found.forEach((place, slot) => {
    if (place === order[slot]) return;
    const [is, ought] = [(first + order[slot]!) * pixels, (first + place) * pixels];
    for (let i = 0; i < pixels; i++) {
      const error = original[is + i]! - original[ought + i]!;
      l1 += Math.abs(error);
      l2 += error * error;
    }
  });
  const count = found.length * pixels;
  return { l1: l1 / count, l2: l2 / count };
}

// Results and curves -------------------------------------------------------------------------------------------------

function measureResults(measures: Readonly<Record<string, number>>): Result[] {
  const percent = { digits: 2, unit: "%" };
  return [
    { name: "Kendall's tau", value: measures.tau!, digits: 4, note: "of the places found on the test set" },
    { ...percent, name: "solved", value: measures.solved!, note: "pictures with every piece in its place" },
    { ...percent, name: "pieces", value: measures.pieces!, note: "in their place" },
    {
      ...{ name: "Kendall's tau, alike", value: measures.tauAlike!, digits: 4 },
      note: "with identical pieces, such as blank ones, interchangeable",
    },
    { ...percent, name: "solved, alike", value: measures.solvedAlike!, note: "the same" },
    { ...percent, name: "pieces, alike", value: measures.piecesAlike!, note: "the same" },
    { name: "L1", value: measures.l1!, digits: 4, note: "mean absolute error of a pixel" },
    { name: "L2", value: measures.l2!, digits: 4, note: "mean squared error of a pixel" },
  ];
}

function results(records: readonly EpochRecord[]): Result[] {
  const last = records.at(-1);
  return last ? measureResults(last as Readonly<Record<string, number>>) : [];
}

function charts(records: readonly EpochRecord[]) {
  const x = { label: "epoch" };
  const series = curvesOf(records);
  return [
    {
      title: "Pieces in their place",
      caption: "On the test set, by the best assignment. Alike: identical pieces count as interchangeable.",
      ...{ x, y: { label: "%" } },
      series: [
        series("pieces", "pieces"),
        series("pieces, alike", "piecesAlike"),
        series("solved", "solved"),
        series("solved, alike", "solvedAlike"),
      ],
    },
    {
      title: "Loss",
      caption: "Squared error of the picture that the relaxed permutation puts together.",
      ...{ x, y: { label: "squared error a picture" } },
      series: [series("loss", "loss")],
    },
  ];
}

// Pictures -----------------------------------------------------------------------------------------------------------

const PICTURED = 10;
const TEMPERATURES = [2, 1, 0.5, 0.2, 0.1, 0.05, 0.02];

async function pictures({ config, checkpoint }: Trained<Config>, { test }: DatasetSplits): Promise<NamedPicture[]> {
  const solver = restoreSolver(checkpoint);
  const cut = cutOf(test, config.pieces);
  const rows = Uint32Array.from({ length: Math.min(PICTURED, test.count) }, (_, i) => i);
  const original = gatherPieces(test, rows, cut);
  const orders = await shuffledOrders(streamKey(config.seed, MEASURING), rows.length, cut.across ** 2);
  const shuffled = arrangePieces(original, orders, cut);
  const named = [
    await reassembledPicture(solver, cut, original, shuffled),
    await planPicture(config, solver, cut, shuffled.subarray(0, shuffled.length / rows.length)),
  ];
  tree.dispose(solver);
  return named;
}

async function reassembledPicture(solver: Solver, cut: Cut, original: Float32Array, shuffled: Float32Array) {
  const places = await placesOf(solver, shuffled, cut);
  const length = cut.across * cut.side;
  const rows = [shuffled, arrangePieces(shuffled, inverseOrders(places, cut), cut), original];
  const images = Float32Array.from(rows.flatMap((pieces) => [...joinPieces(pieces, cut)]));
  const columns = original.length / length ** 2;
  return {
    name: "reassembled",
    title: "Shuffled, put together, original",
    caption:
      `Test pictures cut into ${cut.across} x ${cut.across} pieces of ${cut.side} x ${cut.side} pixels: as the network gets them, ` +
      "as it puts them together, and as they were.",
    alt: "Three rows of pictures: shuffled, put together, original.",
    picture: tileImages(images, { height: length, width: length, columns }),
  };
}

/** The Sinkhorn plan of one picture from warm to cold. */
async function planPicture({ iterations }: Config, solver: Solver, cut: Cut, shuffled: Float32Array) {
  const scores = judgeKernel(tree.ref(solver.model), tree.ref(solver.statistics), patchesOf(shuffled.map(scaled), cut));
  const plans: number[] = [];
  for (const temperature of TEMPERATURES) {
    plans.push(...(await permutation.softMode(scores.ref, { temperature, iterations }).data()));
  }
  scores.dispose();
  const size = cut.across ** 2;
  return {
    name: "plan",
    title: "The plan as the temperature falls",
    caption:
      `Rows are the pieces of one shuffled picture, columns its places, at temperatures ${TEMPERATURES.join(", ")}: ` +
      "from every piece a little everywhere to a permutation.",
    alt: "Matrices from even grey to one white square in every row.",
    picture: tileImages(Float32Array.from(plans), {
      ...{ height: size, width: size, columns: TEMPERATURES.length },
      ...{ scale: Math.max(3, Math.round(96 / size)), gap: 8 },
    }),
  };
}

// Evaluation ---------------------------------------------------------------------------------------------------------

async function evaluate(
  { config, checkpoint }: Trained<Config>,
  { test }: DatasetSplits,
  { examples = test.count, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const solver = restoreSolver(checkpoint);
  const measures = await measure(config, solver, test, Math.min(examples, test.count), seed, onProgress);
  tree.dispose(solver);
  const best = meanBestTau(config, test, Math.min(examples, test.count));
  const note = "Kendall's tau that a perfect solver can expect: identical pieces lie in random order";
  return [...measureResults(measures), { name: "best tau", value: best, digits: 4, note }];
}

function meanBestTau({ pieces }: Config, test: Dataset, count: number): number {
  const cut = cutOf(test, pieces);
  let total = 0;
  for (let row = 0; row < count; row++) {
    total += bestKendallTau(identicalPieces(gatherPieces(test, Uint32Array.of(row), cut), pieces ** 2));
  }
  return total / count;
}

/** Cuts any picture, shuffles it and puts it together. The network sees the pieces in grey at the size it knows. */
async function solve(
  { config, checkpoint }: Trained<Config>,
  { test }: DatasetSplits,
  picture: Picture,
  { seed }: SolveOptions,
): Promise<Solved> {
  const fine = cutOf(picture, config.pieces);
  const known = cutOf(test, config.pieces);
  const solver = restoreSolver(checkpoint);
  const orders = await shuffledOrders(streamKey(seed, MEASURING), 1, fine.across ** 2);
  const places = await placesOf(solver, arrangePieces(greyPieces(picture, fine, known), orders, known), known);
  tree.dispose(solver);
  const whole = inverseOrders(places, fine).map((slot) => orders[slot]!);
  return {
    shuffled: rearranged(picture, fine, orders),
    solved: rearranged(picture, fine, whole),
    right: places.filter((place, slot) => place === orders[slot]).length,
    pieces: places.length,
  };
}

export const jigsaw: Experiment<Config> = {
  name: NAME,
  title: "Jigsaw",
  summary: "A network that puts shuffled pictures together, trained through relaxed permutations.",
  references: [
    {
      text: "Mena, Belanger, Linderman, Snoek: Learning Latent Permutations with Gumbel-Sinkhorn Networks, 2018",
      url: "https://arxiv.org/abs/1802.08665",
    },
  ],
  ...{ schema, presets, columns, objectives, check, run, results, charts, pictures, evaluate, solve },
};
