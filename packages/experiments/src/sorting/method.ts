/**
 * Learning to sort numbers: a network looks at each number alone and scores its places, or gives it one score, and the
 * permutation that sorts the list is trained through its relaxation. It never sees an order, only the error of the sorted
 * list.
 *
 * After Mena, Belanger, Linderman, Snoek, "Learning Latent Permutations with Gumbel-Sinkhorn Networks", 2018, section
 * 5.1. The order below is theirs: configuration, model, objective, step. The relaxations are in orders.ts, what is measured
 * in judge.ts, what is shown of it in show.ts, and the loop in training/loop.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { permutation } from "softdraw";
import { z } from "zod";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam } from "../nn/adam.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { orderOptions, orderScopes, relaxedOrder, scoresPlaces } from "../orders.ts";
import { noBatches } from "../training/loop.ts";
import { learningRateOptions, seedOption, temperatureOptions, temperatureScopes } from "../training/options.ts";
import type { Scope } from "../training/scopes.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";

// Configuration ------------------------------------------------------------------------------------------------------

export const schema = z.strictObject({
  ...seedOption,
  n: z.int().min(2).max(500).default(5).describe("numbers in a list, uniform from 0 to 1"),
  epochs: z.int().min(1).default(10).describe("reports while training"),
  steps: z.int().min(1).default(200).describe("steps between two reports"),
  batch: z.int().min(1).default(20).describe("lists a step"),
  ...orderOptions({ relaxation: "gumbel-sinkhorn", noise: true }),
  ...temperatureOptions({ temperature: 1, schedule: "constant", temperatureEnd: 1 }),
  ...learningRateOptions("Adam's step size", 0.1, "cosine"),
  hidden: z.int().min(1).default(32).describe("units of the hidden layer"),
  initialization: z.enum(initializations).default("he").describe("how the weights of the hidden layer begin"),
});

export type Config = z.infer<typeof schema>;

export const scopes: readonly Scope<keyof Config>[] = [...orderScopes, ...temperatureScopes];

export const presets: Presets<Config> = {};

// Model --------------------------------------------------------------------------------------------------------------

export type Model = { hidden: Dense; output: Dense };

/**
 * The scores of places begin at zero: what the places then learn differs from one to the next only by their place, and
 * their order comes out with fewer exchanged neighbours than from random scores: for 30 numbers, a tenth of the errors. Of
 * single scores that are all equal, no relaxation knows which way is up, so these begin at random.
 */
export function initModel(key: np.Array, config: Config): Model {
  const { n, hidden, initialization } = config;
  if (scoresPlaces(config)) {
    const output = { weight: np.zeros([n, hidden]), bias: np.zeros([n]) };
    return { hidden: initDense(key, 1, hidden, initialization), output };
  }
  const [hiddenKey, outputKey] = splitKey(key, 2);
  return {
    hidden: initDense(hiddenKey, 1, hidden, initialization),
    output: initDense(outputKey, hidden, 1, initialization),
  };
}

/** Lists `[..., n]` to the score of every place for every number, `[..., n, n]`; or to one score for each, `[..., n]`. */
export function scoreNumbers({ hidden, output }: Model, lists: np.Array): np.Array {
  const [shape, outputs] = [lists.shape, output.bias.size];
  const features = nn.relu(dense(hidden, lists.reshape([-1, 1])));
  return dense(output, features).reshape(outputs === 1 ? shape : [...shape, outputs]);
}

// Objective ----------------------------------------------------------------------------------------------------------

/** The squared error of lists sorted by plans (rows are numbers, columns places), a mean a number. */
function sortingError(plans: np.Array, lists: np.Array): np.Array {
  const sorted = np.sort(lists.ref, -1);
  return np.square(permutation.applyInverse(plans, lists).sub(sorted)).mean();
}

// Step ---------------------------------------------------------------------------------------------------------------

const descent = adam();

/** All that training changes on the device. */
export type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2);
  const model = initModel(modelKey, config);
  return { model, optimizer: descent.init(model), key };
}

/** New lists, gradient and optimizer in one jitted function, which consumes the state. */
function trainingStep(config: Config) {
  const { n, batch, noise } = config;
  return jit(function step(state: State, _: Record<string, never>, { temperature, learningRate }: StepSettings) {
    const [key, listsKey, drawKey] = splitKey(state.key, 3);
    const lists = random.uniform(listsKey, [batch, n]);
    const objective = (model: Model) => {
      const scores = scoreNumbers(model, lists.ref);
      return sortingError(relaxedOrder(config, scores, temperature, noise ? drawKey : undefined), lists);
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
