/**
 * The model that all explanations share: an explainer scores each feature, k features are drawn by their scores, and a
 * classifier sees only those.
 *
 * After Chen, Song, Wainwright, Jordan, "Learning to Explain: An Information-Theoretic Perspective on Model
 * Interpretation", 2018.
 */

import { jit, lax, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { categorical, straightThrough, subset } from "softdraw";
import { type AdamState, adamW, type Parameters } from "../nn/adam.ts";
import type { Regularize } from "../nn/attention.ts";
import { dropout } from "../nn/dropout.ts";
import { splitKey } from "../nn/keys.ts";
import { shapeOf } from "../nn/shapes.ts";
import type { Training } from "../training/loop.ts";
import type { Settings, StepSettings } from "../training/settings.ts";
import type { Sampler } from "./samplers.ts";

// Model --------------------------------------------------------------------------------------------------------------

/** What a task makes of the shared model. Every function consumes its arrays. */
export interface Task<Model extends Parameters, Given extends Parameters, Inputs extends Parameters> {
  init(key: np.Array): Model;
  /** New examples, drawn from the key and from what the training was given; labels are probabilities, `[size, classes]`. */
  batch(key: np.Array, size: number, given: Given): { inputs: Inputs; labels: np.Array };
  /** The explainer: a score for every feature, `[batch, n]`. */
  score(model: Model, inputs: Inputs, regularize: Regularize): np.Array;
  /** The classifier: logits `[batch, classes]`. `seen`, `[batch, n]`, says how much it sees of each feature. */
  classify(model: Model, inputs: Inputs, seen: np.Array): np.Array;
}

// Draw ---------------------------------------------------------------------------------------------------------------

export interface Drawing {
  readonly sampler: Sampler;
  /** Features to be drawn. */
  readonly k: number;
  /** Train on exact draws with the relaxed gradient. */
  readonly hard: boolean;
}

/**
 * How much of each feature the classifier sees: a relaxed draw of k of n, shape `[batch, n]`. Consumes the arrays.
 *
 * @param scores `[batch, n]`: the logits of the draw
 */
export function drawFeatures(
  { sampler, k, hard }: Drawing,
  key: np.Array,
  scores: np.Array,
  temperature: np.Array,
): np.Array {
  if (sampler === "concrete-max") return concreteMax(key, scores, k, temperature, hard);
  return subset.relax(key, scores, k, { temperature, hard, relaxation: sampler });
}

/** With `hard`, the features that the k draws of the same noise take: k of them or fewer. */
function concreteMax(key: np.Array, scores: np.Array, k: number, temperature: np.Array, hard: boolean): np.Array {
  const [batch, n] = shapeOf(scores, 2);
  const repeated = np.broadcastTo(scores.reshape([batch, 1, n]), [batch, k, n]);
  const relaxed = np.max(categorical.relax(key.ref, repeated.ref, { temperature }), 1);
  if (!hard) return relaxed;
  return straightThrough(relaxed, np.max(categorical.sample(key, lax.stopGradient(repeated)), 1));
}

/** The explanation: the k features of the highest scores, `[batch, n]` of zeros and ones. Consumes the scores. */
export function chooseFeatures(scores: np.Array, k: number): np.Array {
  return subset.mode(scores, k);
}

// Objective ----------------------------------------------------------------------------------------------------------

/**
 * The bound on the mutual information of the drawn features and the label, as a loss: the cross-entropy of the classifier's
 * prediction and the distribution of the label, a mean in nats. Consumes both.
 *
 * @param logits `[batch, classes]`
 * @param labels probabilities, `[batch, classes]`
 */
export function crossEntropy(logits: np.Array, labels: np.Array): np.Array {
  return np.negative(nn.logSoftmax(logits, -1).mul(labels).sum(-1).mean());
}

/** The loss of a batch as a function of the model. Takes the arrays over. */
export function objective<Model extends Parameters, Inputs extends Parameters>(
  { dropout: rate = 0, ...drawing }: Drawing & Pick<StepConfig, "dropout">,
  task: Pick<Task<Model, Parameters, Inputs>, "score" | "classify">,
  key: np.Array,
  { inputs, labels }: { inputs: Inputs; labels: np.Array },
  temperature: np.Array,
) {
  return (model: Model): np.Array => {
    // One key for the draw, and one for each dropout of an encoder layer.
    const [drawKey, ...dropoutKeys] = splitKey(key, 5);
    const regularize: Regularize = (x) => dropout(dropoutKeys.pop()!, x, rate);
    const scores = task.score(tree.ref(model), tree.ref(inputs), regularize);
    const seen = drawFeatures(drawing, drawKey, scores, temperature);
    return crossEntropy(task.classify(model, inputs, seen), labels);
  };
}

// Step ---------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
export type State<Model extends Parameters> = { model: Model; optimizer: AdamState<Model>; key: np.Array };

/** @param startKey PRNG key, consumed */
export function initState<Model extends Parameters>(startKey: np.Array, init: (key: np.Array) => Model): State<Model> {
  const [modelKey, key] = splitKey(startKey, 2);
  const model = init(modelKey);
  return { model, optimizer: adamW().init(model), key };
}

export interface StepConfig extends Drawing {
  /** Examples in a batch. */
  readonly batch: number;
  readonly weightDecay: number;
  /** The share of the explainer's activations that is dropped; default 0. */
  readonly dropout?: number;
}

/** A batch, gradient and optimizer in one jitted function, which consumes the state and what is given. */
export function trainingStep<Model extends Parameters, Given extends Parameters, Inputs extends Parameters>(
  config: StepConfig,
  task: Task<Model, Given, Inputs>,
): Training<State<Model>, Given, Settings>["update"] {
  const any: Task<Parameters, Parameters, Parameters> = task;
  const descent = adamW({ weightDecay: config.weightDecay });
  const step = jit(function step(state: State<Parameters>, given: Parameters, settings: StepSettings) {
    const [key, batchKey, noiseKey] = splitKey(state.key, 3);
    const examples = any.batch(batchKey, config.batch, given);
    const loss = objective(config, any, noiseKey, examples, settings.temperature);
    const [value, gradients] = valueAndGrad(loss)(tree.ref(state.model));
    const { learningRate } = settings;
    const next = descent.update(state.model, gradients, state.optimizer, learningRate);
    return { state: { model: next.parameters, optimizer: next.state, key }, measured: value };
  });
  // The engine's types follow a tree leaf by leaf, which they cannot do for a tree that is not known yet.
  return step as unknown as Training<State<Model>, Given, Settings>["update"];
}
