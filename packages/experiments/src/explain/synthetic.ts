/**
 * Four synthetic benchmarks of feature selection: ten features, of which two to five decide the label, and which ones is
 * known. Chen et al. 2018, section 4.1, with the generators of their code.
 *
 * The order below: configuration, data, model; then what is measured. What the tasks share is in model.ts and training.ts.
 */

import { jit, nn, numpy as np, random, tree } from "@jax-js/jax";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { curvesOf } from "../curves.ts";
import type { EpochRecord, EvaluationOptions, Experiment, NamedPicture, Result, Trained } from "../experiment.ts";
import { medianRank } from "../mathematics/statistics.ts";
import { multipleOfFour } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { initPerceptron, type Perceptron, perceptron } from "../nn/perceptron.ts";
import { arraysOf } from "../nn/tensors.ts";
import { type Cell, cellPicture } from "../report/cells.ts";
import { chooseFeatures, type Task } from "./model.ts";
import { explainOptions, NAME, REFERENCES } from "./options.ts";
import { generatedTraining, type NothingGiven } from "./training.ts";

// Configuration ------------------------------------------------------------------------------------------------------

const FEATURES = 10;

const names = ["xor", "orange-skin", "additive", "switch"] as const;
type Name = (typeof names)[number];

function schemaOf(task: Name, k: number) {
  return z.strictObject({
    task: z.literal(task).default(task),
    ...explainOptions(
      {
        ...{ k, sampler: "threshold", epochs: 10, steps: 50, batch: 1000, learningRate: 2e-3, hidden: 100 },
        ...{ temperature: 0.1, schedule: "constant", temperatureEnd: 0.1 },
      },
      FEATURES,
    ),
  });
}

export type SyntheticConfig = z.infer<ReturnType<typeof schemaOf>>;

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

function orangeSkinLogit(x: np.Array, first = 0): np.Array {
  return np
    .square(x.slice([], [first, first + 4]))
    .sum(-1)
    .sub(4);
}

function additiveLogit(x: np.Array, first = 0): np.Array {
  const [a, b, c, d] = [0, 1, 2, 3].map((at) => column(x, first + at)) as [np.Array, np.Array, np.Array, np.Array];
  x.dispose();
  const wave = np.sin(a.mul(0.2)).mul(-100);
  return wave
    .add(np.absolute(b))
    .add(c)
    .add(np.exp(np.negative(d)))
    .sub(2.4);
}

const SWITCH = 9;

/** Where the last feature is one of the upper half of its two normal humps, at 3 and at -3, orange skin; else additive. */
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

const benchmarks: Readonly<Record<Name, Benchmark>> = {
  xor: { title: "XOR", k: 2, features: same, logit: xorLogit, decisive: () => [0, 1] },
  "orange-skin": { title: "Orange skin", k: 4, features: same, logit: orangeSkinLogit, decisive: firstFour },
  additive: { title: "Nonlinear additive", k: 4, features: same, logit: additiveLogit, decisive: firstFour },
  switch: { title: "Switch", k: 5, features: withHumps, logit: switchLogit, decisive: byTheSwitch },
};

/** Features `[size, 10]`, the probability of class 0 and a class drawn by it, both `[size]`. Consumes the key. */
function drawExamples({ features, logit }: Benchmark, key: np.Array, size: number) {
  const [featuresKey, classKey] = splitKey(key, 2) as [np.Array, np.Array];
  const x = features(random.normal(featuresKey, [size, FEATURES]));
  const probability = nn.sigmoid(np.clip(logit(x.ref), -LARGEST_LOGIT, LARGEST_LOGIT));
  const label = random.uniform(classKey, [size]).greaterEqual(probability.ref).astype(np.int32);
  return { x, probability, label };
}

/** Beyond it, float32 knows no other probability; the engine's sigmoid overflows at 88. */
const LARGEST_LOGIT = 40;

// Model --------------------------------------------------------------------------------------------------------------

type Model = { explainer: Perceptron; classifier: Perceptron };

/** The classifier's hidden layers are so many times as wide as the explainer's, as in the paper. */
const CLASSIFIER_WIDTH = 2;
const CLASSES = 2;

const PADDED_FEATURES = multipleOfFour(FEATURES);

function initModel(key: np.Array, { hidden }: SyntheticConfig): Model {
  const [explainerKey, classifierKey] = splitKey(key, 2) as [np.Array, np.Array];
  const wide = CLASSIFIER_WIDTH * hidden;
  return {
    explainer: initPerceptron(explainerKey, [PADDED_FEATURES, hidden, hidden, PADDED_FEATURES]),
    classifier: initPerceptron(classifierKey, [PADDED_FEATURES, wide, wide, multipleOfFour(CLASSES)]),
  };
}

/** The score of each feature, `[batch, 10]` to the same. */
function scoreFeatures({ explainer }: Model, x: np.Array): np.Array {
  return perceptron(explainer, padded(x)).slice([], [0, FEATURES]);
}

/** A feature that is not seen is 0. */
function classifyFeatures({ classifier }: Model, x: np.Array, seen: np.Array): np.Array {
  return perceptron(classifier, padded(x.mul(seen))).slice([], [0, CLASSES]);
}

function padded(x: np.Array): np.Array {
  return np.pad(x, [
    [0, 0],
    [0, PADDED_FEATURES - FEATURES],
  ]);
}

/** The shared model on a benchmark. */
export function syntheticTask(config: SyntheticConfig): Task<Model, NothingGiven, { x: np.Array }> {
  return {
    init: (key) => initModel(key, config),
    batch(key, size) {
      const { x, probability, label } = drawExamples(benchmarks[config.task], key, size);
      probability.dispose();
      return { inputs: { x }, labels: nn.oneHot(label, CLASSES) };
    },
    explain: (model, { x }) => scoreFeatures(model, x),
    classify: (model, { x }, seen) => classifyFeatures(model, x, seen),
  };
}

const { check, run } = generatedTraining(syntheticTask, (config: SyntheticConfig, model, epoch) =>
  measure(config, model, epoch === config.epochs ? MEASURED_LAST : MEASURED, config.seed),
);

// What is measured ---------------------------------------------------------------------------------------------------

/** Fresh examples that are explained after an epoch, and after the last. */
const MEASURED = 2000;
const MEASURED_LAST = 10_000;
const EXPLAINED_AT_ONCE = 1000;

/** The first stream for measuring: training draws from stream 0. */
const MEASURING = 2 ** 31;

const columns = [
  { key: "loss", label: "loss", digits: 4, description: "mean over the epoch of the loss that was minimized, nats" },
  {
    key: "rank",
    label: "rank",
    digits: 3,
    description: "median rank of the features that decide, a mean over examples",
  },
  { key: "chosen", label: "chosen", digits: 2, description: "% of the features that decide which are chosen" },
  {
    key: "accuracy",
    label: "accuracy",
    digits: 2,
    description: "% of fresh examples classified by the chosen features",
  },
  { key: "gap", label: "gap", digits: 2, description: "what is missing to the Bayes classifier's accuracy, in %" },
  { key: "temperature", label: "temp", digits: 3, description: "temperature of the last step" },
  { key: "examplesPerSecond", label: "ex/s", digits: 0, description: "training speed, measuring apart" },
] as const;

const objectives = {
  discrete: { key: "accuracy", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

type Measures = { rank: number; chosen: number; accuracy: number; gap: number };

/** Explains and classifies fresh examples, the explanation discrete. Keeps the model. */
async function measure(
  { task, k }: SyntheticConfig,
  model: Model,
  count: number,
  seed: number,
  onProgress?: (done: number, total: number) => void | Promise<void>,
): Promise<Measures> {
  const totals = { rank: 0, chosen: 0, decisive: 0, right: 0, bayes: 0 };
  for (let first = 0; first < count; first += EXPLAINED_AT_ONCE) {
    const size = Math.min(EXPLAINED_AT_ONCE, count - first);
    const explained = await explainFresh(task, model, streamKey(seed, MEASURING + first), size, k);
    addMeasures(totals, task, explained);
    await onProgress?.(first + size, count);
  }
  const { rank, chosen, decisive, right, bayes } = totals;
  const [accuracy, best] = [(100 * right) / count, (100 * bayes) / count];
  return { rank: rank / count, chosen: (100 * chosen) / decisive, accuracy, gap: best - accuracy };
}

type Totals = { rank: number; chosen: number; decisive: number; right: number; bayes: number };

function addMeasures(
  totals: Totals,
  task: Name,
  { x, scores, chosen, predicted, label, probability, ties }: Explained,
) {
  label.forEach((truth, row) => {
    const rowOf = (values: Float32Array) => values.subarray(row * FEATURES, (row + 1) * FEATURES);
    const decisive = benchmarks[task].decisive(rowOf(x));
    totals.rank += medianRank(rowOf(scores), decisive, rowOf(ties));
    totals.chosen += decisive.filter((feature) => rowOf(chosen)[feature] === 1).length;
    totals.decisive += decisive.length;
    totals.right += predicted[row] === truth ? 1 : 0;
    totals.bayes += Math.max(probability[row]!, 1 - probability[row]!);
  });
}

/** New examples on the host, with what is chosen of them and the class that the classifier makes of that. */
interface Explained {
  readonly x: Float32Array;
  readonly scores: Float32Array;
  /** Random numbers, by which equal scores are ordered. */
  readonly ties: Float32Array;
  /** 1 for a chosen feature. */
  readonly chosen: Float32Array;
  readonly predicted: Int32Array;
  readonly label: Int32Array;
  /** Of class 0. */
  readonly probability: Float32Array;
}

async function explainFresh(task: Name, model: Model, key: np.Array, size: number, k: number): Promise<Explained> {
  const arrays = Object.entries(explainKernel(tree.ref(model), key, task, size, k));
  const read = await Promise.all(arrays.map(async ([name, array]) => [name, await array.data()] as const));
  return Object.fromEntries(read) as unknown as Explained;
}

const explainKernel = jit(
  function explain(model: Model, key: np.Array, task: Name, size: number, k: number) {
    const [examplesKey, tiesKey] = splitKey(key, 2) as [np.Array, np.Array];
    const { x, probability, label } = drawExamples(benchmarks[task], examplesKey, size);
    const scores = scoreFeatures(tree.ref(model), x.ref);
    const chosen = chooseFeatures(scores.ref, k);
    const predicted = np.argmax(classifyFeatures(model, x.ref, chosen.ref), -1);
    return { x, scores, chosen, predicted, label, probability, ties: random.uniform(tiesKey, [size, FEATURES]) };
  },
  { staticArgnums: [2, 3, 4] },
);

// Results and curves -------------------------------------------------------------------------------------------------

function measureResults(task: Name, { rank, chosen, accuracy, gap }: Measures, count: number): Result[] {
  const optimal = (benchmarks[task].k + 1) / 2;
  const fresh = `of ${count.toLocaleString("en-US")} fresh examples`;
  return [
    { name: "median rank", value: rank, digits: 3, note: `of the features that decide, a mean; optimal is ${optimal}` },
    { name: "chosen", value: chosen, digits: 2, unit: "%", note: "of the features that decide" },
    { name: "accuracy", value: accuracy, digits: 2, unit: "%", note: `${fresh}, by the chosen features alone` },
    { name: "gap to Bayes", value: gap, digits: 2, unit: "%", note: "accuracy that no classifier could add to" },
  ];
}

function charts(records: readonly EpochRecord[]) {
  const x = { label: "epoch" };
  const series = curvesOf(records);
  return [
    {
      title: "Median rank",
      caption: "Of the features that decide, among the explainer's scores: a mean over fresh examples.",
      ...{ x, y: { label: "rank" } },
      series: [series("median rank", "rank")],
    },
    {
      title: "Accuracy",
      caption: "On fresh examples, by the chosen features alone, and what is missing to the best that can be.",
      ...{ x, y: { label: "%" } },
      series: [series("accuracy", "accuracy"), series("gap to Bayes", "gap")],
    },
    {
      title: "Loss",
      caption: "Cross-entropy of the classifier that sees a relaxed draw of the features.",
      ...{ x, y: { label: "nats" } },
      series: [series("loss", "loss")],
    },
  ];
}

// Pictures -----------------------------------------------------------------------------------------------------------

const PICTURED = 50;

async function pictures({ config, checkpoint }: Trained<SyntheticConfig>): Promise<NamedPicture[]> {
  const { task, k, seed } = config;
  const model = restoreModel(checkpoint);
  const explained = await explainFresh(task, model, streamKey(seed, MEASURING), EXPLAINED_AT_ONCE, k);
  tree.dispose(model);
  return [
    {
      name: "features",
      title: "Features that were chosen",
      caption:
        `Each column is one of ${PICTURED} fresh examples, each row one of the ${FEATURES} features, the first on top. Blue: ` +
        "chosen, and it decides. Red: chosen, but it does not. Light grey: not chosen, though it decides.",
      alt: "A grid of features by examples, in colours.",
      picture: chosenCells(task, explained),
      text: shareLines(explained),
    },
  ];
}

function chosenCells(task: Name, { x, chosen }: Explained) {
  const rows = Array.from({ length: FEATURES }, (_, feature) =>
    Array.from({ length: PICTURED }, (_, example): Cell => {
      const decides = benchmarks[task].decisive(x.subarray(example * FEATURES)).includes(feature);
      if (chosen[example * FEATURES + feature] === 1) return decides ? "right" : "wrong";
      return decides ? "missed" : "none";
    }),
  );
  return cellPicture(rows);
}

/** How often each feature is chosen. */
function shareLines({ chosen, label }: Explained): string[] {
  return Array.from({ length: FEATURES }, (_, feature) => {
    const count = chosen.filter((value, at) => value === 1 && at % FEATURES === feature).length;
    const percent = (100 * count) / label.length;
    return `feature ${String(feature + 1).padStart(2)}  chosen in ${percent.toFixed(1).padStart(5)} % of the examples`;
  });
}

// Evaluation ---------------------------------------------------------------------------------------------------------

function restoreModel({ tensors }: Checkpoint): Model {
  return arraysOf(tensors, "model") as Model;
}

async function evaluate(
  { config, checkpoint }: Trained<SyntheticConfig>,
  _data: unknown,
  { examples = MEASURED_LAST, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const model = restoreModel(checkpoint);
  const measures = await measure(config, model, examples, seed, onProgress);
  tree.dispose(model);
  return measureResults(config.task, measures, examples);
}

function experimentOf(task: Name): Experiment<SyntheticConfig> {
  const { title, k } = benchmarks[task];
  return {
    name: NAME,
    title: `Explained features: ${title}`,
    summary: `A network that chooses the ${k} of ten features by which another tells the class.`,
    references: REFERENCES,
    schema: schemaOf(task, k),
    presets: {},
    results(records) {
      const last = records.at(-1) as (EpochRecord & Measures) | undefined;
      return last ? measureResults(task, last, MEASURED_LAST) : [];
    },
    ...{ columns, objectives, check, run, charts, pictures, evaluate },
  };
}

export const xor = experimentOf("xor");
export const orangeSkin = experimentOf("orange-skin");
export const additive = experimentOf("additive");
export const switching = experimentOf("switch");
