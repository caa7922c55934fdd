/**
 * Learning to sort numbers: a network looks at each number alone and scores its places, and the permutation that sorts
 * the list is trained through its relaxation. It never sees an order, only the error of the sorted list.
 *
 * After Mena, Belanger, Linderman, Snoek, "Learning Latent Permutations with Gumbel-Sinkhorn Networks", 2018, section
 * 5.1. The order below is theirs: configuration, model, objective, step. What is measured is in judge.ts, what is shown of
 * it in show.ts, and the loop in training/loop.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { permutation } from "softdraw";
import { z } from "zod";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam, initAdam } from "../nn/adam.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { noBatches } from "../training/loop.ts";
import { learningRateOptions, MOST_ITERATIONS, seedOption, temperatureOptions } from "../training/options.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";

// Configuration ------------------------------------------------------------------------------------------------------

export const schema = z.strictObject({
  ...seedOption,
  n: z.int().min(2).max(500).default(5).describe("numbers in a list, uniform from 0 to 1"),
  epochs: z.int().min(1).default(10).describe("reports while training"),
  steps: z.int().min(1).default(200).describe("steps between two reports"),
  batch: z.int().min(1).default(20).describe("lists a step"),
  noise: z.boolean().default(true).describe("train on relaxed draws; without, on the plan of the scores alone"),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 1 }),
  iterations: z.int().min(1).max(MOST_ITERATIONS).default(20).describe("Sinkhorn iterations"),
  ...learningRateOptions("Adam's step size", 0.1, "cosine"),
  hidden: z.int().min(1).default(32).describe("units of the hidden layer"),
  initialization: z.enum(initializations).default("he").describe("how the weights of the hidden layer begin"),
});

export type Config = z.infer<typeof schema>;

export const presets: Presets<Config> = {};

// Model --------------------------------------------------------------------------------------------------------------

export type Model = { hidden: Dense; output: Dense };

/**
 * The scores begin at zero: what the places then learn differs from one to the next only by their place, and their order
 * comes out with fewer exchanged neighbours than from random scores: for 30 numbers, a tenth of the errors.
 */
function initModel(key: np.Array, { n, hidden, initialization }: Config): Model {
  const output = { weight: np.zeros([n, hidden]), bias: np.zeros([n]) };
  return { hidden: initDense(key, 1, hidden, initialization), output };
}

/** Lists `[..., n]` to the score of every place for every number, `[..., n, n]`. */
export function scoreNumbers({ hidden, output }: Model, lists: np.Array): np.Array {
  const shape = lists.shape;
  const features = nn.relu(dense(hidden, lists.reshape([-1, 1])));
  return dense(output, features).reshape([...shape, shape.at(-1)!]);
}

// Objective ----------------------------------------------------------------------------------------------------------

/** The squared error of lists sorted by plans (rows are numbers, columns places), a mean a number. */
function sortingError(plans: np.Array, lists: np.Array): np.Array {
  const sorted = np.sort(lists.ref, -1);
  return np.square(permutation.applyInverse(plans, lists).sub(sorted)).mean();
}

// Step ---------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
export type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2);
  const model = initModel(modelKey, config);
  return { model, optimizer: initAdam(model), key };
}

/** New lists, gradient and optimizer in one jitted function, which consumes the state. */
function trainingStep({ n, batch, noise, iterations }: Config) {
  return jit(function step(state: State, _: Record<string, never>, { temperature, learningRate }: StepSettings) {
    const [key, listsKey, drawKey] = splitKey(state.key, 3);
    const lists = random.uniform(listsKey, [batch, n]);
    const objective = (model: Model) => {
      const scores = scoreNumbers(model, lists.ref);
      const options = { temperature, iterations };
      const plans = noise ? permutation.relax(drawKey, scores, options) : permutation.softMode(scores, options);
      return sortingError(plans, lists);
    };
    const [loss, gradients] = valueAndGrad(objective)(tree.ref(state.model));
    const { parameters: model, state: optimizer } = adam(state.model, gradients, state.optimizer, learningRate);
    return { state: { model, optimizer, key }, measured: loss };
  });
}

// Training -----------------------------------------------------------------------------------------------------------

export const NAME = "sort";

export function trainingOf(config: Config, { temperatureOverride }: Context) {
  const { epochs, steps, batch } = config;
  return {
    name: NAME,
    epochs,
    steps,
    examples: batch,
    begin: () => initState(config),
    settingsAt: scheduledSettings(config, steps * epochs, temperatureOverride),
    batchesOf: noBatches,
    update: trainingStep(config),
  };
}
