/**
 * Four synthetic benchmarks of feature selection: ten features, of which two to five decide the label, and which ones is
 * known. Chen et al. 2018, section 4.1, with the generators of their code.
 *
 * The order below: configuration, data, model, training. The draw, the objective and the step are in ../model.ts, what is
 * measured is in judge.ts, and what is shown of it in show.ts.
 */

import { nn, numpy as np, random } from "@jax-js/jax";
import { z } from "zod";
import type { Context } from "../../experiment.ts";
import { multipleOfFour } from "../../nn/dense.ts";
import { splitKey } from "../../nn/keys.ts";
import { initPerceptron, type Perceptron, perceptron } from "../../nn/perceptron.ts";
import type { Task } from "../model.ts";
import { sharedOptions } from "../options.ts";
import { generatedTraining, type NothingGiven } from "../training.ts";

// Configuration ------------------------------------------------------------------------------------------------------

export const FEATURES = 10;

export type Name = "xor" | "orange-skin" | "additive" | "switch";

export function schemaOf(task: Name) {
  return z.strictObject({
    task: z.literal(task).default(task),
    ...sharedOptions(FEATURES, { k: benchmarks[task].k, epochs: 10, steps: 50, batch: 1000, hidden: 100 }),
  });
}

export type Config = z.infer<ReturnType<typeof schemaOf>>;

// Data ---------------------------------------------------------------------------------------------------------------

interface Benchmark {
  readonly title: string;
  /** How many features decide, at most. */
  readonly k: number;
  /** Standard normal numbers `[size, 10]` to features, which consumes them. */
  features(normal: np.Array): np.Array;
  /** The logit of class 0, `[size]`. Consumes the features. */
  logit(x: np.Array): np.Array;
  /** The features that decide an example, numbered from 0. */
  decisive(x: ArrayLike<number>): readonly number[];
}

/** A feature; keeps the others. */
const column = (x: np.Array, feature: number) => x.ref.slice([], feature);

function xorLogit(x: np.Array): np.Array {
  const logit = column(x, 0).mul(column(x, 1));
  x.dispose();
  return logit;
}

/** Of the first four features. */
function orangeSkinLogit(x: np.Array): np.Array {
  return np
    .square(x.slice([], [0, 4]))
    .sum(-1)
    .sub(4);
}

/** Of four features from the `first` on. */
function additiveLogit(x: np.Array, first = 0): np.Array {
  const [a, b, c, d] = [column(x, first), column(x, first + 1), column(x, first + 2), column(x, first + 3)];
  x.dispose();
  const wave = np.sin(a.mul(0.2)).mul(-100);
  return wave
    .add(np.absolute(b))
    .add(c)
    .add(np.exp(np.negative(d)))
    .sub(2.4);
}

const SWITCH = 9;

/** Where the last feature is of the upper of its two normal humps, at 3 and at -3, orange skin; else additive. */
function switchLogit(x: np.Array): np.Array {
  const isUpper = column(x, SWITCH).greater(0);
  return np.where(isUpper, orangeSkinLogit(x.ref), additiveLogit(x, 4));
}

/** The last feature is moved up by 3 in every other example, and down in the rest. */
function withHumps(normal: np.Array): np.Array {
  const size = normal.shape[0]!;
  const direction = Float32Array.from({ length: size }, (_, example) => (example % 2 === 0 ? 3 : -3));
  const isSwitch = np.arange(FEATURES).equal(SWITCH).astype(np.float32);
  return normal.add(np.array(direction, { shape: [size, 1] }).mul(isSwitch));
}

const same = (normal: np.Array) => normal;
const firstFour = () => [0, 1, 2, 3];
const byTheSwitch = (x: ArrayLike<number>) => (x[SWITCH]! > 0 ? [0, 1, 2, 3, SWITCH] : [4, 5, 6, 7, SWITCH]);

export const benchmarks: Readonly<Record<Name, Benchmark>> = {
  xor: { title: "XOR", k: 2, features: same, logit: xorLogit, decisive: () => [0, 1] },
  "orange-skin": { title: "Orange skin", k: 4, features: same, logit: orangeSkinLogit, decisive: firstFour },
  additive: { title: "Nonlinear additive", k: 4, features: same, logit: additiveLogit, decisive: firstFour },
  switch: { title: "Switch", k: 5, features: withHumps, logit: switchLogit, decisive: byTheSwitch },
};

/** Beyond it, float32 knows no other probability; the engine's sigmoid overflows at 88. */
const LARGEST_LOGIT = 40;

/** Features `[size, 10]`, the probability of class 0 and a class drawn by it, both `[size]`. Consumes the key. */
export function drawExamples(task: Name, key: np.Array, size: number) {
  const { features, logit } = benchmarks[task];
  const [featuresKey, classKey] = splitKey(key, 2);
  const x = features(random.normal(featuresKey, [size, FEATURES]));
  const probability = nn.sigmoid(np.clip(logit(x.ref), -LARGEST_LOGIT, LARGEST_LOGIT));
  const label = random.uniform(classKey, [size]).greaterEqual(probability.ref).astype(np.int32);
  return { x, probability, label };
}

// Model --------------------------------------------------------------------------------------------------------------

export type Model = { explainer: Perceptron; classifier: Perceptron };

/** The classifier's hidden layers are so many times as wide as the explainer's, as in the paper. */
const CLASSIFIER_WIDTH = 2;
const CLASSES = 2;

const PADDED_FEATURES = multipleOfFour(FEATURES);

function initModel(key: np.Array, { hidden }: Config): Model {
  const [explainerKey, classifierKey] = splitKey(key, 2);
  const wide = CLASSIFIER_WIDTH * hidden;
  return {
    explainer: initPerceptron(explainerKey, [PADDED_FEATURES, hidden, hidden, PADDED_FEATURES]),
    classifier: initPerceptron(classifierKey, [PADDED_FEATURES, wide, wide, multipleOfFour(CLASSES)]),
  };
}

/** The score of each feature, `[batch, 10]` to the same. */
export function scoreFeatures({ explainer }: Pick<Model, "explainer">, x: np.Array): np.Array {
  return perceptron(explainer, padded(x)).slice([], [0, FEATURES]);
}

/** Logits of the two classes. A feature that is not seen is 0. */
export function classifyFeatures({ classifier }: Pick<Model, "classifier">, x: np.Array, seen: np.Array): np.Array {
  return perceptron(classifier, padded(x.mul(seen))).slice([], [0, CLASSES]);
}

function padded(x: np.Array): np.Array {
  return np.pad(x, [
    [0, 0],
    [0, PADDED_FEATURES - FEATURES],
  ]);
}

/** The shared model on a benchmark. */
export function syntheticTask(config: Config): Task<Model, NothingGiven, { x: np.Array }> {
  return {
    init: (key) => initModel(key, config),
    batch(key, size) {
      const { x, probability, label } = drawExamples(config.task, key, size);
      probability.dispose();
      return { inputs: { x }, labels: nn.oneHot(label, CLASSES) };
    },
    score: (model, { x }) => scoreFeatures(model, x),
    classify: (model, { x }, seen) => classifyFeatures(model, x, seen),
  };
}

// Training -----------------------------------------------------------------------------------------------------------

export function trainingOf(config: Config, context: Context) {
  return generatedTraining(config, syntheticTask(config), context);
}
