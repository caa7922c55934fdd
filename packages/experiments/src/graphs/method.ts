/**
 * Neural relational inference: from the paths of particles a network tells which of them act on each other, by a draw
 * for every pair that is relaxed while training, and a second one predicts how they move on from that graph. Nobody
 * tells them the graph.
 *
 * After Kipf, Fetaya, Wang, Welling, Zemel, "Neural Relational Inference for Interacting Systems", 2018. The order
 * below is theirs: configuration, objective, step. The simulations are made in simulator.ts and cut in motion.ts, the
 * networks are in model.ts; what is measured is in judge.ts, what is shown of it in show.ts, and the loop in
 * training/loop.ts.
 */

import { jit, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { categorical, expectation } from "softdraw";
import { z } from "zod";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam } from "../nn/adam.ts";
import { splitKey } from "../nn/keys.ts";
import { epochOrder } from "../training/epochs.ts";
import { learningRateOptions, seedOption, temperatureOptions } from "../training/options.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";
import {
  byBatch,
  byRunning,
  decode,
  type EncoderStatistics,
  encode,
  initDecoder,
  initEncoder,
  initStatistics,
  type Model,
} from "./model.ts";
import { type Batch, gatherBatch, SEEN_FRAMES, scaleOf, simulationsOf, startsIn, type Window } from "./motion.ts";
import { systems } from "./simulator.ts";

// Configuration -------------------------------------------------------------------------------------------------------

/** Estimators of the library that call the decoder once for each draw, and differentiate it. */
export const estimators = [
  "relaxed",
  "straight-through",
  "simple",
  "gumbel-rao",
  "gapped-straight-through",
  "reinmax",
] as const;

export const schema = z.strictObject({
  ...seedOption,
  system: z.enum(systems).default("springs").describe("what acts between particles"),
  particles: z.int().min(2).max(10).default(5).describe("particles in a box"),
  simulations: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2000)
    .describe("to train on; a fifth as many to validate, and to test"),
  graph: z
    .enum(["inferred", "true", "none", "full"])
    .default("inferred")
    .describe("which graph the decoder gets: the encoder's, or for comparison the true one, no edges or all edges"),
  epochs: z.int().min(1).default(20).describe("passes over the training simulations"),
  batch: z.int().min(1).default(32).describe("simulations a step"),
  unroll: z
    .int()
    .min(1)
    .max(SEEN_FRAMES - 1)
    .default(10)
    .describe("frames that are predicted from one true frame"),
  estimator: z.enum(estimators).default("relaxed").describe("how the gradient of the prediction reaches the encoder"),
  ...temperatureOptions({ temperature: 0.5, schedule: "constant", temperatureEnd: 0.5 }),
  variance: z.number().positive().default(5e-5).describe("of the Gaussian likelihood of a predicted number"),
  ...learningRateOptions("Adam's step size", 3e-3, "cosine"),
  hidden: z.int().min(1).default(64).describe("units of every hidden layer"),
  normalization: z.boolean().default(true).describe("batch normalization in the encoder"),
});

export type Config = z.infer<typeof schema>;

export const presets: Presets<Config> = {
  tutorial: {
    description:
      "the published settings and data: 256 units, batches of 128, constant learning rate of 0.0005; takes hours",
    values: {
      simulations: 50_000,
      epochs: 10,
      batch: 128,
      hidden: 256,
      learningRate: 5e-4,
      learningRateDecay: "none",
    },
  },
};

// Objective -----------------------------------------------------------------------------------------------------------

/**
 * `-log p` of the frames to be predicted, `[simulations]`, up to a constant: with every number normal around what is
 * predicted, `sum (x - predicted)^2 / (2 variance)`.
 */
function predictionLoss(predicted: readonly np.Array[], targets: np.Array, window: Window, variance: number) {
  const errors = predicted.map((frame, step) => {
    const error = np.square(frame.sub(targets.ref.slice(step))).sum([2, 3]);
    return np.vecdot(error, countedStarts(window, step));
  });
  targets.dispose();
  return errors.reduce((sum, more) => sum.add(more)).div(2 * variance);
}

/** 1 for the starts from which a step, counted from 0, stays in the window, `[starts]`. */
function countedStarts(window: Window, step: number): np.Array {
  const { first, last, steps } = window;
  const reached = np
    .arange(startsIn(window))
    .mul(steps)
    .add(first + step + 1);
  return reached.lessEqual(last).astype(np.float32);
}

/** `KL(q(kinds | paths) || uniform)` of all pairs, `[simulations]`. */
export function divergence(logits: np.Array): np.Array {
  return categorical.kl(logits).sum(-1);
}

/** The kinds of pairs that are not inferred, one-hot `[simulations, pairs, 2]`. */
export function givenKinds(graph: Exclude<Config["graph"], "inferred">, edges: np.Array): np.Array {
  const given = edges.mul(graph === "true" ? 1 : 0).add(graph === "full" ? 1 : 0);
  return np.stack([np.subtract(1, given.ref), given], -1);
}

/** Where there is batch normalization. */
type Normalization = { statistics?: EncoderStatistics };

type Draw = Normalization & { key: np.Array; temperature: np.Array };

/**
 * Negative evidence lower bound of a batch, a mean over simulations and particles, and the encoder's next statistics.
 */
export function objective(
  { encoder, decoder }: Model,
  { paths, starts, targets, edges }: Batch,
  config: Config,
  { key, temperature, statistics }: Draw,
): [loss: np.Array, next: Normalization] {
  const { particles, system, unroll, variance, graph, estimator } = config;
  const cost = (kinds: np.Array) =>
    predictionLoss(decode(decoder, kinds, starts, system, unroll), targets, trainingWindow(config), variance);
  if (graph === "inferred") {
    const { normalize, next } = statistics ? byBatch(statistics) : { normalize: byRunning(undefined) };
    const logits = encode(encoder!, paths, particles, normalize);
    const distance = divergence(logits.ref);
    const options = estimator === "simple" ? { estimator } : { estimator, temperature };
    const costOfDraws = (kinds: np.Array) => cost(kinds.reshape([-1, ...kinds.shape.slice(2)])).reshape([1, -1]);
    const prediction = expectation(categorical, key, logits, costOfDraws, options);
    return [prediction.add(distance).mean().div(particles), next ? { statistics: next } : {}];
  }
  return [cost(givenKinds(graph, edges)).mean().div(particles), {}];
}

// Step ----------------------------------------------------------------------------------------------------------------

const descent = adam();

/** All that training changes on the device. */
export type State = Normalization & { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config): State {
  const [encoderKey, decoderKey, key] = splitKey(random.key(config.seed), 3);
  const model: Model = { decoder: initDecoder(decoderKey, config) };
  if (config.graph === "inferred") model.encoder = initEncoder(encoderKey, config);
  else encoderKey.dispose();
  const state: State = { model, optimizer: descent.init(model), key };
  if (model.encoder && config.normalization) state.statistics = initStatistics(config);
  return state;
}

/** Gradient and optimizer in one jitted function, which consumes the state and the batch. */
function trainingStep(config: Config) {
  return jit(function step(state: State, batch: Batch, { temperature, learningRate }: StepSettings) {
    const [key, drawKey] = splitKey(state.key, 2);
    const { model: before, optimizer, key: _, ...normalization } = state;
    const loss = (model: Model) => objective(model, batch, config, { key: drawKey, temperature, ...normalization });
    const [[value, next], gradients] = valueAndGrad(loss, { hasAux: true })(tree.ref(before));
    const { parameters: model, state: after } = descent.update(before, gradients, optimizer, learningRate);
    return { state: { model, optimizer: after, key, ...next }, measured: value };
  });
}

// Training ------------------------------------------------------------------------------------------------------------

export const NAME = "graphs";

/** Predicts from every so many frames to the last that the encoder sees. */
function trainingWindow({ unroll }: Config): Window {
  return { first: 0, last: SEEN_FRAMES - 1, steps: unroll };
}

export function trainingOf(config: Config, { temperatureOverride }: Context) {
  const { epochs, batch, seed, simulations, graph, system } = config;
  if (system === "charges" && (graph === "none" || graph === "full")) {
    throw new RangeError(`graph must be inferred or true for charges, all of which act on each other, got ${graph}.`);
  }
  if (batch > simulations) {
    throw new RangeError(`batch must be at most the ${simulations} simulations to train on, got ${batch}.`);
  }
  const steps = Math.floor(simulations / batch);
  return {
    name: NAME,
    epochs,
    steps,
    examples: batch,
    begin: () => initState(config),
    settingsAt: scheduledSettings(config, steps * epochs, temperatureOverride),
    async batchesOf(epoch: number) {
      const order = await epochOrder(seed, epoch, { count: simulations });
      const [made, scale] = [await simulationsOf(config, "train"), await scaleOf(config)];
      const rowsOf = (step: number) => order.subarray(step * batch, (step + 1) * batch);
      return (step: number) => gatherBatch(made, rowsOf(step), trainingWindow(config), scale);
    },
    update: trainingStep(config),
  };
}
