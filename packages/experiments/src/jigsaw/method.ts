/**
 * A jigsaw solver: a picture is cut into squares and shuffled, a network looks at each piece alone and scores its
 * places, and the permutation that puts the picture together is trained through its relaxation.
 *
 * After Mena, Belanger, Linderman, Snoek, "Learning Latent Permutations with Gumbel-Sinkhorn Networks", 2018. The order
 * below is theirs: configuration, data, model, objective, step. What is measured is in judge.ts, what is shown of it in
 * show.ts, and the loop in training/loop.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { permutation } from "softdraw";
import { z } from "zod";
import { shuffledOrders } from "../data/batches.ts";
import { pooledPatches } from "../data/patches.ts";
import { arrangePieces, type Cut, cutOf, gatherPieces, padPieces, sizeOfPiece } from "../data/pieces.ts";
import type { Dataset } from "../data/types.ts";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam } from "../nn/adam.ts";
import { type BatchNorm, type BatchStatistics, batchNorm, batchNormTraining, initBatchNorm } from "../nn/batch-norm.ts";
import { type Convolution, flatten, initConvolution, pooledPatchConvolution } from "../nn/convolution.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { product } from "../nn/parts.ts";
import { epochOrder, stepsAnEpoch } from "../training/epochs.ts";
import { dataOptions, learningRateOptions, MOST_ITERATIONS, temperatureOptions } from "../training/options.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";
import { streams } from "../training/streams.ts";

// Configuration -------------------------------------------------------------------------------------------------------

export const schema = z.strictObject({
  ...dataOptions,
  pieces: z.int().min(2).max(6).default(2).describe("pieces each way"),
  epochs: z.int().min(1).default(5).describe("passes over the training images"),
  batch: z.int().min(1).default(64).describe("pictures a step"),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 0.1 }),
  iterations: z.int().min(1).max(MOST_ITERATIONS).default(20).describe("Sinkhorn iterations"),
  ...learningRateOptions("Adam's step size", 1e-3, "cosine"),
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

export type Config = z.infer<typeof schema>;

export const presets: Presets<Config> = {
  tutorial: {
    description: "the tutorial's settings: pieces looked at alone, no hidden layer, constant learning rate of 0.0001",
    values: {
      temperature: 0.1,
      learningRate: 1e-4,
      learningRateDecay: "none",
      hidden: 0,
      exchanges: 0,
      initialization: "fan-in",
    },
  },
};

// Data ----------------------------------------------------------------------------------------------------------------

/** Mean and standard deviation of MNIST's pixels, by which the tutorial scales them. */
export const scaled = (pixel: number) => (pixel - 0.1307) / 0.3081;

const KERNEL = 5;
const MARGIN = (KERNEL - 1) / 2;

/** `patches` of the shuffled pieces for the convolution, and the pixels of shuffled and of whole pictures. */
type Batch = { patches: np.Array; shuffled: np.Array; original: np.Array };

/** @param orders slot s of a picture gets the piece that it says */
function gatherBatch(dataset: Dataset, rows: Uint32Array, orders: Uint32Array, cut: Cut): Batch {
  const original = gatherPieces(dataset, rows, cut).map(scaled);
  const shuffled = arrangePieces(original, orders, cut);
  const shape = [rows.length, cut.across ** 2, sizeOfPiece(cut)];
  return {
    patches: patchesOf(shuffled, cut),
    shuffled: np.array(shuffled as Float32Array<ArrayBuffer>, { shape }),
    original: np.array(original as Float32Array<ArrayBuffer>, { shape }),
  };
}

export function patchesOf(pieces: Float32Array, cut: Cut): np.Array {
  const { side, channels = 1 } = cut;
  const padded = side + 2 * MARGIN;
  const count = pieces.length / sizeOfPiece(cut);
  const shape = { count, height: padded, width: padded, channels };
  return pooledPatches(padPieces(pieces, side, MARGIN, 0, channels), shape, KERNEL);
}

// Model ---------------------------------------------------------------------------------------------------------------

export type Model = {
  convolution: Convolution;
  norm: BatchNorm;
  hidden?: Dense;
  exchanges?: Exchange[];
  scores: np.Array;
};

/** What a piece makes of what it saw itself, and of the mean of what all pieces of its picture saw. */
type Exchange = { own: Dense; mean: np.Array };

/** Numbers that the convolution leaves of a piece, of which a last row and column of an odd side are no part. */
export function numbersLeft({ channels }: Pick<Config, "channels">, side: number): number {
  return Math.floor(side / 2) ** 2 * channels;
}

/** @param inputs as `numbersLeft` counts them */
export function initModel(
  key: np.Array,
  { channels, hidden, exchanges, initialization, pieces }: Config,
  { inputs, colours }: { readonly inputs: number; readonly colours: number },
): Pick<State, "model" | "statistics"> {
  const [first, second, third, ...rest] = splitKey(key, 3 + 2 * exchanges) as [
    np.Array,
    np.Array,
    np.Array,
    ...np.Array[],
  ];
  const { layer: norm, statistics } = initBatchNorm(channels);
  const convolution = initConvolution(first, { size: KERNEL, channels: colours, outputs: channels }, initialization);
  const scores = initWeight(third, hidden || inputs, pieces ** 2, initialization);
  const model: Model = { convolution, norm, scores };
  if (hidden > 0) model.hidden = initDense(second, inputs, hidden, initialization);
  else second.dispose();
  if (exchanges > 0) {
    model.exchanges = Array.from({ length: exchanges }, (_, i) => ({
      own: initDense(rest[2 * i]!, hidden, hidden, initialization),
      mean: initWeight(rest[2 * i + 1]!, hidden, hidden, initialization),
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
export function judgePieces(model: Model, statistics: BatchStatistics, patches: np.Array): np.Array {
  return scorePieces(model, patches, (layer, x) => batchNorm(layer, statistics, x));
}

// Objective -----------------------------------------------------------------------------------------------------------

/** The squared error of the picture that a plan (rows are pieces, columns places) puts together, a mean a picture. */
function reassemblyError(plan: np.Array, shuffled: np.Array, original: np.Array): np.Array {
  return np.square(permutation.applyInverse(plan, shuffled).sub(original)).sum([1, 2]).mean();
}

// Step ----------------------------------------------------------------------------------------------------------------

const descent = adam();

/** All that training changes on the device. */
export type State = { model: Model; statistics: BatchStatistics; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config, cut: Cut): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2);
  const sizes = { inputs: numbersLeft(config, cut.side), colours: cut.channels ?? 1 };
  const { model, statistics } = initModel(modelKey, config, sizes);
  return { model, statistics, optimizer: descent.init(model), key };
}

/** Gradient and optimizer in one jitted function, which consumes the state and the batch. */
function trainingStep({ iterations }: Config) {
  return jit(function step(state: State, { patches, shuffled, original }: Batch, settings: StepSettings) {
    const { temperature, learningRate } = settings;
    const [key, drawKey] = splitKey(state.key, 2);
    const objective = (model: Model): [loss: np.Array, statistics: BatchStatistics] => {
      let statistics: BatchStatistics | undefined;
      const scores = scorePieces(model, patches, (layer, x) => {
        const normed = batchNormTraining(layer, state.statistics, x);
        statistics = normed.statistics;
        return normed.normalized;
      });
      const plan = permutation.relax(drawKey, scores, { temperature, iterations });
      return [reassemblyError(plan, shuffled, original), statistics!];
    };
    const [[loss, statistics], gradients] = valueAndGrad(objective, { hasAux: true })(tree.ref(state.model));
    const { parameters: model, state: optimizer } = descent.update(
      state.model,
      gradients,
      state.optimizer,
      learningRate,
    );
    return { state: { model, statistics, optimizer, key }, measured: loss };
  });
}

// Training ------------------------------------------------------------------------------------------------------------

export const NAME = "jigsaw";

export function trainingOf(config: Config, { data: { train }, temperatureOverride }: Context) {
  const { epochs, batch, pieces, seed, exchanges, hidden } = config;
  const steps = stepsAnEpoch(config, train);
  const cut = cutOf(train, pieces);
  if (exchanges > 0 && hidden === 0) {
    throw new RangeError(`exchanges needs a hidden layer: expected 0 where hidden is 0, got ${exchanges}.`);
  }
  return {
    name: NAME,
    epochs,
    steps,
    examples: batch,
    begin: () => initState(config, cut),
    settingsAt: scheduledSettings(config, steps * epochs, temperatureOverride),
    async batchesOf(epoch: number) {
      const order = await epochOrder(seed, epoch, train);
      const shuffles = await shuffledOrders(streamKey(seed, streams.secondOrder + epoch), steps * batch, pieces ** 2);
      return (step: number) => {
        const part = (all: Uint32Array, size: number) => all.subarray(step * batch * size, (step + 1) * batch * size);
        return gatherBatch(train, part(order, 1), part(shuffles, pieces ** 2), cut);
      };
    },
    update: trainingStep(config),
  };
}
