/**
 * Neural relational inference: from the paths of particles a network tells which of them act on each other, by a draw
 * for every pair that is relaxed while training, and a second one predicts how they move on from that graph. Nobody
 * tells them the graph.
 *
 * After Kipf, Fetaya, Wang, Welling, Zemel, "Neural Relational Inference for Interacting Systems", 2018. The order
 * below is theirs: configuration, objective, step. The simulations are made in simulator.ts and layout.ts and cut in motion.ts,
 * the networks are in encoder.ts, decoder.ts and recurrent.ts, and how a graph is drawn is in inferred.ts; what is measured
 * is in judge.ts, what is shown of it in show.ts, and the loop in training/loop.ts.
 */

import { jit, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { z } from "zod";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam } from "../nn/adam.ts";
import { splitKey } from "../nn/keys.ts";
import { epochOrder } from "../training/epochs.ts";
import {
  learningRateOptions,
  seedOption,
  TEMPERATURE,
  temperatureOptions,
  temperatureScopes,
} from "../training/options.ts";
import type { Scope } from "../training/scopes.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";
import { byBatch, byRunning, type EncoderStatistics, encode, initEncoder, initStatistics } from "./encoder.ts";
import { estimators, type GraphOfDecoder, graphsOfDecoder, inferenceOf, treeEstimators } from "./inferred.ts";
import { decode, decoders, initDecoder, type Model } from "./model.ts";
import { type Batch, gatherBatch, scaleOf, simulationsOf, stepsOfLastIn, type Window } from "./motion.ts";
import { SEEN_FRAMES, systems } from "./systems.ts";

// Configuration -------------------------------------------------------------------------------------------------------

/** Numbers that are predicted are about 1: of a smaller variance, their rounding is the whole error. */
const SMALLEST_VARIANCE = 1e-12;

export const schema = z.strictObject({
  ...seedOption,
  system: z.enum(systems).default("springs").describe("what acts between particles; layout: trees that are laid out"),
  particles: z.int().min(2).max(10).default(5).describe("particles in a box, or vertices of a tree"),
  simulations: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(2000)
    .describe("to train on; a fifth as many to validate, and to test"),
  graph: z
    .enum(graphsOfDecoder)
    .default("inferred")
    .describe(
      "which graph the decoder gets: the encoder's, of independent edges or, for layouts, a tree; or for comparison the " +
        "true one, no edges or all edges",
    ),
  decoder: z
    .enum(decoders)
    .default("mlp")
    .describe(
      "what predicts: by the last frame, or carrying on what it has seen; lstm sees all particles at once, without a graph",
    ),
  epochs: z.int().min(1).default(20).describe("passes over the training simulations"),
  batch: z.int().min(1).default(32).describe("simulations a step"),
  unroll: z
    .int()
    .min(1)
    .max(SEEN_FRAMES.springs - 1)
    .default(10)
    .describe("frames that are predicted from one true frame, or as many as there are"),
  estimator: z.enum(estimators).default("relaxed").describe("how the gradient of the prediction reaches the encoder"),
  ...temperatureOptions({ temperature: 0.5, schedule: "constant", temperatureEnd: 0.5 }),
  variance: z
    .number()
    .min(SMALLEST_VARIANCE)
    .default(5e-5)
    .describe("of the Gaussian likelihood of a predicted number"),
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
  trees: {
    description: "six vertices of trees that are laid out, inferred as trees by draws that are soft at first",
    values: {
      system: "layout",
      particles: 6,
      simulations: 4000,
      graph: "tree",
      epochs: 6,
      unroll: 1,
      temperature: 3,
      schedule: "cosine",
      learningRateDecay: "none",
    },
  },
};

// Objective -----------------------------------------------------------------------------------------------------------

/**
 * `-log p` of the frames to be predicted, `[simulations]`, up to a constant: with every number normal around what is
 * predicted, `sum (x - predicted)^2 / (2 variance)`.
 */
function predictionLoss(predicted: readonly np.Array[], targets: np.Array, variance: number) {
  const errors = predicted.map((frame, step) => {
    const target = targets.ref.slice(step, [], [0, frame.shape[1]!]);
    return np.square(frame.sub(target)).sum([1, 2, 3]);
  });
  targets.dispose();
  return errors.reduce((sum, more) => sum.add(more)).div(2 * variance);
}

/** The kinds of pairs that are not inferred, one-hot `[simulations, pairs, 2]`. */
export function givenKinds(graph: GraphOfDecoder, edges: np.Array): np.Array {
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
  const { particles, variance, graph, estimator } = config;
  const window = trainingWindow(config);
  const [steps, stepsOfLast] = [window.steps, stepsOfLastIn(window)];
  const cost = (kinds: np.Array) =>
    predictionLoss(decode(decoder, config, { kinds, starts, steps, stepsOfLast }), targets, variance);
  const inference = inferenceOf(graph);
  if (inference === undefined) {
    return [cost(givenKinds(graph, edges)).mean().div(particles), {}];
  }
  const { normalize, next } = statistics ? byBatch(statistics) : { normalize: byRunning(undefined) };
  const logits = encode(encoder!, paths, particles, normalize);
  const distance = inference.divergence(logits.ref, particles);
  const prediction = inference.expectedCost(logits, particles, cost, { key, temperature, estimator });
  return [prediction.add(distance).mean().div(particles), next ? { statistics: next } : {}];
}

// Step ----------------------------------------------------------------------------------------------------------------

const descent = adam();

/** All that training changes on the device. */
export type State = Normalization & { model: Model; optimizer: AdamState<Model>; key: np.Array };

/** What of it tells graphs and predicts. */
export type Networks = Pick<State, "model" | "statistics">;

/** Consumes both keys. */
export function initNetworks(encoderKey: np.Array, decoderKey: np.Array, config: Config): Networks {
  const model: Model = { decoder: initDecoder(decoderKey, config) };
  if (inferenceOf(config.graph)) model.encoder = initEncoder(encoderKey, config);
  else encoderKey.dispose();
  return model.encoder && config.normalization ? { model, statistics: initStatistics(config) } : { model };
}

function initState(config: Config): State {
  const [encoderKey, decoderKey, key] = splitKey(random.key(config.seed), 3);
  const networks = initNetworks(encoderKey, decoderKey, config);
  return { ...networks, optimizer: descent.init(networks.model), key };
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
function trainingWindow({ system, unroll }: Config): Window {
  const last = SEEN_FRAMES[system] - 1;
  return { first: 0, last, steps: Math.min(unroll, last) };
}

/** Where a graph is given there is no encoder, and nothing is drawn; the estimator simple draws without a temperature. */
export const scopes: readonly Scope<keyof Config>[] = [
  { options: ["estimator", ...TEMPERATURE, "normalization"], by: "graph", values: ["inferred", "tree"] },
  { options: TEMPERATURE, by: "estimator", values: estimators.filter((name) => name !== "simple") },
  ...temperatureScopes,
];

/** What of a configuration does not fit the rest of it. */
function checkConfig(config: Config): void {
  const { system, graph, decoder, estimator, batch, simulations } = config;
  if (batch > simulations) {
    throw new RangeError(`batch must be at most simulations, got batch ${batch} and simulations ${simulations}.`);
  }
  if (graph === "tree" && system !== "layout") {
    throw new RangeError(`graph tree is for the system layout, whose graphs are trees, got the system ${system}.`);
  }
  if (graph === "tree" && !(treeEstimators as readonly string[]).includes(estimator)) {
    throw new RangeError(`estimator must be ${treeEstimators.join(" or ")} for the graph tree, got ${estimator}.`);
  }
  if (decoder === "lstm" && graph !== "none") {
    throw new RangeError(`graph must be none for the decoder lstm, which gets no graph, got ${graph}.`);
  }
  if (decoder !== "lstm" && system === "charges" && (graph === "none" || graph === "full")) {
    throw new RangeError(`graph must be inferred or true for charges, all of which act on each other, got ${graph}.`);
  }
}

export function trainingOf(config: Config, { temperatureOverride }: Context) {
  checkConfig(config);
  const { epochs, batch, seed, simulations } = config;
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
