/**
 * What makes a 3 a 3, and an 8 an 8: a small convolutional classifier is trained to tell them apart, and then explained by 4
 * of the 49 patches of 4 x 4 pixels. The classifier has to say from these alone, all else black, what it says of the digit.
 *
 * After Chen et al. 2018, section 4.3. The order below: configuration, data, model, step, loop; then what is measured, and
 * the pictures. What the tasks share is in model.ts and training.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { curvesOf } from "../curves.ts";
import { gatherImages } from "../data/batches.ts";
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
import { adamW } from "../nn/adam.ts";
import { type Convolution, flatten, initConvolution, pooledConvolution } from "../nn/convolution.ts";
import { type Dense, dense, initDense, multipleOfFour } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import type { Perceptron } from "../nn/perceptron.ts";
import { arraysOf } from "../nn/tensors.ts";
import { highlightedTiles } from "../report/highlighted-tiles.ts";
import { dataOptions, dials } from "../training/configuration.ts";
import { checkCheckpoint, readPosition } from "../training/loop.ts";
import { crossEntropy, initState, type State, trainingStep } from "./model.ts";
import { explainOptions, NAME, REFERENCES } from "./options.ts";
import { explainKernel, patchMembers, postHocTask, probabilitiesKernel, randomRows, type Subject } from "./post-hoc.ts";
import { checkpointName, type Position, restore, type Stage, trainStage } from "./training.ts";

// Configuration ------------------------------------------------------------------------------------------------------

const SIDE = 28;
const PATCH = 4;
const ACROSS = SIDE / PATCH;
const PATCHES = ACROSS ** 2;

const schema = z.strictObject({
  task: z.literal("digits").default("digits"),
  ...explainOptions(
    {
      ...{ k: 4, sampler: "threshold", epochs: 5, steps: 100, batch: 100, learningRate: 2e-3, hidden: 128 },
      ...{ temperature: 0.1, schedule: "constant", temperatureEnd: 0.1 },
    },
    PATCHES,
  ),
  ...dataOptions,
  classifierEpochs: z.int().min(1).default(4).describe("reports while the classifier trains, before the explainer"),
  channels: z.int().min(4).multipleOf(4).default(32).describe("maps of the classifier's first layer, a multiple of 4"),
});

type Config = z.infer<typeof schema>;

// Data ---------------------------------------------------------------------------------------------------------------

/** The two digits; a class is the place in this list. */
const DIGITS = [3, 8];
const CLASSES = multipleOfFour(DIGITS.length);

/** The 3s and 8s of a data set, with the labels 0 and 1. */
function threesAndEights({ images, labels, height, width, ...rest }: Dataset): Dataset {
  const rows = Array.from(labels, (_, row) => row).filter((row) => DIGITS.includes(labels[row]!));
  const size = height * width;
  const taken = new Uint8Array(rows.length * size);
  rows.forEach((row, i) => {
    taken.set(images.subarray(row * size, (row + 1) * size), i * size);
  });
  const classes = Uint8Array.from(rows, (row) => DIGITS.indexOf(labels[row]!));
  return { ...rest, height, width, count: rows.length, classes: DIGITS.length, images: taken, labels: classes };
}

function imagesOf(dataset: Dataset, first = 0, size = dataset.count): np.Array {
  return gatherImages(
    dataset,
    Uint32Array.from({ length: size }, (_, i) => first + i),
    0,
    size,
  );
}

// Model --------------------------------------------------------------------------------------------------------------

type Classifier = { patches: Dense; convolution: Convolution; output: Dense };

/** Places each way after a 2 x 2 convolution of the patches, and 2 x 2 pooling. */
const POOLED = (ACROSS - 1) / 2;

function initClassifier(key: np.Array, { channels }: Config): Classifier {
  const [patchesKey, convolutionKey, outputKey] = splitKey(key, 3) as [np.Array, np.Array, np.Array];
  const outputs = 2 * channels;
  return {
    patches: initDense(patchesKey, PATCH ** 2, channels, "he"),
    convolution: initConvolution(convolutionKey, { size: 2, channels, outputs }, "he"),
    output: initDense(outputKey, POOLED ** 2 * outputs, CLASSES, "he"),
  };
}

/**
 * Images `[batch, 784]` to logits `[batch, classes]`. The first convolution takes each patch by itself, so that what a patch
 * that is not seen would say reaches no other one.
 */
function classifyImages({ patches, convolution, output }: Classifier, images: np.Array): np.Array {
  const batch = images.shape[0]!;
  const squares = np.transpose(images.reshape([batch, ACROSS, PATCH, ACROSS, PATCH]), [1, 3, 0, 2, 4]);
  const maps = nn.relu(dense(patches, squares.reshape([PATCHES * batch, PATCH ** 2])));
  const pooled = pooledConvolution(convolution, maps.reshape([ACROSS, ACROSS, batch, -1]));
  return dense(output, flatten(pooled)).slice([], [0, DIGITS.length]);
}

/** Explains by patches what is to be explained of pixels; the rest of a digit is black. */
function subjectOf(classifier: Classifier): Subject<Classifier> {
  return {
    parameters: classifier,
    members: patchMembers({ height: SIDE, width: SIDE, size: PATCH }),
    background: np.zeros([SIDE * SIDE]),
  };
}

function taskOf({ hidden }: Config) {
  return postHocTask(classifyImages, { features: SIDE * SIDE, groups: PATCHES, hidden });
}

// Step ---------------------------------------------------------------------------------------------------------------

type Learning = { images: np.Array; labels: np.Array };
type DialArrays = { temperature: np.Array; learningRate: np.Array };

/** A batch, gradient and optimizer of the classifier in one jitted function, which consumes all. */
function classifierStep({ batch, weightDecay }: Config) {
  return jit(function step(state: State<Classifier>, { images, labels }: Learning, { learningRate }: DialArrays) {
    const [key, rowsKey] = splitKey(state.key, 2) as [np.Array, np.Array];
    const rows = randomRows(rowsKey, batch, images);
    const [x, y] = [np.take(images, rows.ref, 0), nn.oneHot(np.take(labels, rows, 0), DIGITS.length)];
    const objective = (model: Classifier) => crossEntropy(classifyImages(model, x), y);
    const [loss, gradients] = valueAndGrad(objective)(tree.ref(state.model));
    const next = adamW(state.model, gradients, state.optimizer, { learningRate, weightDecay });
    return { state: { model: next.parameters, optimizer: next.state, key }, loss };
  });
}

// Loop ---------------------------------------------------------------------------------------------------------------

/** While the explainer trains, the classifier is kept beside it. */
type Explaining = { classifier: Classifier; explainer: State<Perceptron> };

const checkpoints = checkpointName("digits");

function check(config: Config, { data, checkpoint }: Context): void {
  const { height, width } = data.train;
  if (height !== SIDE || width !== SIDE) {
    throw new RangeError(`Images of ${SIDE} x ${SIDE} pixels were expected, got ${height} x ${width}.`);
  }
  if (checkpoint === undefined) return;
  const position = readPosition<Position>(checkpoints, checkpoint);
  const isFirst = position.epoch <= config.classifierEpochs;
  const extent = { epochs: config.classifierEpochs + config.epochs, steps: config.steps };
  checkCheckpoint(checkpoint, isFirst ? beginClassifier(config) : beginAny(config), position, extent);
}

function beginClassifier(config: Config): State<Classifier> {
  return initState(random.key(config.seed), (key) => initClassifier(key, config));
}

/** The explainer begins with the key that the classifier ended with. */
function beginExplainer(config: Config, { model, optimizer, key }: State<Classifier>): Explaining {
  tree.dispose(optimizer);
  return { classifier: model, explainer: initState(key, taskOf(config).init) };
}

function beginAny(config: Config): Explaining {
  return beginExplainer(config, beginClassifier(config));
}

async function* run(config: Config, context: Context): AsyncGenerator<TrainingEvent, void, void> {
  const { data, checkpoint } = context;
  const given: Given = {
    train: threesAndEights(data.train),
    test: threesAndEights(data.test),
    temperature: context.temperature,
  };
  const isFirst =
    checkpoint === undefined || readPosition<Position>(checkpoints, checkpoint).epoch <= config.classifierEpochs;
  let explaining: { state: Explaining; position: Position };
  if (isFirst) {
    const { state, position } = restore(checkpoints, checkpoint, () => beginClassifier(config));
    const trained = yield* trainClassifier(config, given, state, position);
    const first = config.classifierEpochs + 1;
    explaining = { state: beginExplainer(config, trained), position: { epoch: first, step: 0, lossSum: 0 } };
  } else {
    explaining = restore(checkpoints, checkpoint, () => beginAny(config));
  }
  yield* trainExplainer(config, given, explaining.state, explaining.position);
}

type Given = { readonly train: Dataset; readonly test: Dataset } & Pick<Context, "temperature">;

async function* trainClassifier(
  config: Config,
  { train, test, temperature }: Given,
  state: State<Classifier>,
  position: Position,
): AsyncGenerator<TrainingEvent, State<Classifier>, void> {
  const { classifierEpochs, epochs, steps, batch } = config;
  const given: Learning = { images: imagesOf(train), labels: np.array(Int32Array.from(train.labels)) };
  const update = classifierStep(config);
  const stage: Stage<State<Classifier>> = {
    ...{ name: checkpoints, first: 1, last: classifierEpochs, epochs: classifierEpochs + epochs, steps, batch },
    dialsAt: dials(config, steps * classifierEpochs, temperature),
    update: (before, dialled) => update(before, tree.ref(given), dialled),
    measure: async ({ model }) => ({ classifier: await classifierAccuracy(model, test) }),
  };
  try {
    return yield* trainStage(stage, state, position);
  } finally {
    tree.dispose(given);
    update.dispose();
  }
}

async function* trainExplainer(
  config: Config,
  { train, test, temperature }: Given,
  state: Explaining,
  position: Position,
): AsyncGenerator<TrainingEvent, void, void> {
  const { classifierEpochs, epochs, steps, batch } = config;
  const task = taskOf(config);
  const update = trainingStep(config, task);
  const [subject, examples] = [subjectOf(tree.ref(state.classifier)), imagesOf(train)];
  const given = { subject, examples, labels: probabilities(tree.ref(state.classifier), examples.ref) };
  const stage: Stage<Explaining> = {
    ...{ name: checkpoints, first: classifierEpochs + 1, last: classifierEpochs + epochs },
    ...{ epochs: classifierEpochs + epochs, steps, batch },
    dialsAt: dials(config, steps * epochs, temperature),
    update({ classifier, explainer }, dialled) {
      const result = update(explainer, tree.ref(given), dialled);
      return { state: { classifier, explainer: result.state }, loss: result.loss };
    },
    measure: ({ classifier, explainer }) => measure(config, classifier, explainer.model, test),
  };
  try {
    tree.dispose(yield* trainStage(stage, state, position));
  } finally {
    tree.dispose(given);
    update.dispose();
  }
}

const probabilities = probabilitiesKernel(classifyImages);

// What is measured ---------------------------------------------------------------------------------------------------

const JUDGED_AT_ONCE = 200;

const columns = [
  { key: "loss", label: "loss", digits: 4, description: "mean over the epoch of the loss that was minimized, nats" },
  { key: "classifier", label: "classifier", digits: 2, description: "% of test digits that the classifier knows" },
  {
    key: "postHoc",
    label: "post-hoc",
    digits: 2,
    description: "% of test digits of which it says the same by the chosen patches alone",
  },
  { key: "temperature", label: "temp", digits: 3, description: "temperature of the last step" },
  { key: "examplesPerSecond", label: "images/s", digits: 0, description: "training speed, measuring apart" },
] as const;

const objectives = {
  discrete: { key: "postHoc", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

type Measures = { classifier: number; postHoc: number };
type Progress = (done: number, total: number) => void | Promise<void>;

const classKernel = jit((classifier: Classifier, images: np.Array) =>
  np.argmax(classifyImages(classifier, images), -1),
);

async function classifierAccuracy(classifier: Classifier, test: Dataset): Promise<number> {
  let right = 0;
  for (let first = 0; first < test.count; first += JUDGED_AT_ONCE) {
    const size = Math.min(JUDGED_AT_ONCE, test.count - first);
    const classes = await classKernel(tree.ref(classifier), imagesOf(test, first, size)).data();
    right += classes.filter((found: number, i: number) => found === test.labels[first + i]).length;
  }
  return (100 * right) / test.count;
}

/** Explains the first `count` test digits. Keeps both networks. */
async function measure(
  { k }: Config,
  classifier: Classifier,
  explainer: Perceptron,
  test: Dataset,
  count = test.count,
  onProgress?: Progress,
): Promise<Measures> {
  let [known, same] = [0, 0];
  for (let first = 0; first < count; first += JUDGED_AT_ONCE) {
    const size = Math.min(JUDGED_AT_ONCE, count - first);
    const { alone, whole } = await explainImages(classifier, explainer, imagesOf(test, first, size), k);
    Array.from(whole).forEach((found, i) => {
      known += found === test.labels[first + i] ? 1 : 0;
      same += found === alone[i] ? 1 : 0;
    });
    await onProgress?.(first + size, count);
  }
  return { classifier: (100 * known) / count, postHoc: (100 * same) / count };
}

/** On the host: the chosen patches, and the class by them alone and by the whole. Consumes the images. */
async function explainImages(classifier: Classifier, explainer: Perceptron, images: np.Array, k: number) {
  const kernel = kernelFor(k);
  const found = kernel(tree.ref(explainer), subjectOf(tree.ref(classifier)), images);
  const [chosen, alone, whole] = await Promise.all([found.chosen.data(), found.alone.data(), found.whole.data()]);
  return { chosen, alone, whole };
}

/** Compiled once for each size of an explanation: who draws a digit does not wait for it at every stroke. */
const kernels = new Map<number, ReturnType<typeof explainKernel<Classifier>>>();

function kernelFor(k: number): ReturnType<typeof explainKernel<Classifier>> {
  const kernel = kernels.get(k) ?? explainKernel(classifyImages, k);
  kernels.set(k, kernel);
  return kernel;
}

/** What a trained pair of networks makes of one image. */
export interface ExplainedImage {
  /** Of the pixels, 1 in the chosen patches. */
  readonly marks: Uint8Array;
  /** The digit by the chosen patches alone. */
  readonly alone: number;
  /** The digit by the whole image. */
  readonly whole: number;
}

/**
 * @param image bytes, 28 x 28
 * @throws Error before there is an explainer
 */
export async function explainImage(
  { config, checkpoint }: Trained<Config>,
  image: Uint8Array,
): Promise<ExplainedImage> {
  const { classifier, explainer } = restoreWhole(checkpoint);
  const pixels = np.array(
    Float32Array.from(image, (byte) => byte / 255),
    { shape: [1, SIDE ** 2] },
  );
  const { chosen, alone, whole } = await explainImages(classifier, explainer, pixels, config.k);
  tree.dispose({ classifier, explainer });
  return { marks: pixelMarks(chosen), alone: DIGITS[alone[0]!]!, whole: DIGITS[whole[0]!]! };
}

// Results and curves -------------------------------------------------------------------------------------------------

function measureResults({ classifier, postHoc }: Measures, count?: number): Result[] {
  const digits = count === undefined ? "test digits" : `${count.toLocaleString("en-US")} test digits`;
  return [
    { name: "post-hoc accuracy", value: postHoc, digits: 2, unit: "%", note: `${digits}, by the chosen patches alone` },
    { name: "classifier", value: classifier, digits: 2, unit: "%", note: "test digits that it knows" },
  ];
}

function results(records: readonly EpochRecord[]): Result[] {
  const last = records.at(-1) as (EpochRecord & Partial<Measures>) | undefined;
  if (last?.classifier === undefined) return [];
  const { classifier, postHoc } = last;
  if (postHoc !== undefined) return measureResults({ classifier, postHoc });
  return measureResults({ classifier, postHoc: Number.NaN }).slice(1);
}

function charts(records: readonly EpochRecord[]) {
  const x = { label: "epoch" };
  const series = curvesOf(records);
  return [
    {
      title: "Accuracy",
      caption: "On the test digits: what the classifier knows, and what it says again by the chosen patches alone.",
      ...{ x, y: { label: "%" } },
      series: [series("classifier", "classifier"), series("post-hoc", "postHoc")],
    },
    {
      title: "Loss",
      caption: "First that of the classifier, then that of the classifier by a relaxed draw of the patches.",
      ...{ x, y: { label: "nats", log: true } },
      series: [series("loss", "loss")],
    },
  ];
}

// Pictures -----------------------------------------------------------------------------------------------------------

const PICTURED = 24;
const COLUMNS = 8;

async function pictures({ config, checkpoint }: Trained<Config>, data: DatasetSplits): Promise<NamedPicture[]> {
  const trained = restoreTrained(checkpoint);
  if (trained === undefined) return [];
  const test = threesAndEights(data.test);
  const count = Math.min(PICTURED, test.count);
  const found = await explainImages(trained.classifier, trained.explainer, imagesOf(test, 0, count), config.k);
  tree.dispose(trained);
  const same = Array.from(found.whole).filter((label, i) => label === found.alone[i]).length;
  return [
    {
      name: "patches",
      title: "Digits and the patches that were chosen",
      caption:
        `The first ${count} test digits, each with the ${config.k} of ${PATCHES} patches that were chosen in blue. Of ${same} of ` +
        "them the classifier says the same by these patches alone.",
      alt: "Digits with a few squares of each in blue.",
      picture: highlightedTiles(
        Array.from({ length: count }, (_, i) => ({
          image: test.images.subarray(i * SIDE ** 2, (i + 1) * SIDE ** 2),
          marks: pixelMarks(found.chosen.subarray(i * PATCHES, (i + 1) * PATCHES)),
        })),
        { height: SIDE, width: SIDE, columns: COLUMNS },
      ),
    },
  ];
}

/** The pixels of chosen patches. */
function pixelMarks(chosen: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: SIDE ** 2 }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / SIDE), pixel % SIDE].map((at) => Math.floor(at / PATCH)) as [number, number];
    return chosen[y * ACROSS + x]!;
  });
}

// Evaluation ---------------------------------------------------------------------------------------------------------

/** Both networks, which the caller owns; undefined before there is an explainer. */
function restoreTrained({ tensors }: Checkpoint): { classifier: Classifier; explainer: Perceptron } | undefined {
  if (!Object.keys(tensors).some((name) => name.startsWith("classifier."))) return undefined;
  return {
    classifier: arraysOf(tensors, "classifier") as Classifier,
    explainer: arraysOf(tensors, "explainer.model") as Perceptron,
  };
}

function restoreWhole(checkpoint: Checkpoint): { classifier: Classifier; explainer: Perceptron } {
  const trained = restoreTrained(checkpoint);
  if (trained) return trained;
  throw new Error("The classifier is still being trained, and there is nothing that explains it yet.");
}

async function evaluate(
  { config, checkpoint }: Trained<Config>,
  data: DatasetSplits,
  { examples, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const trained = restoreWhole(checkpoint);
  const test = threesAndEights(data.test);
  const count = Math.min(examples ?? test.count, test.count);
  const measures = await measure(config, trained.classifier, trained.explainer, test, count, onProgress);
  tree.dispose(trained);
  return measureResults(measures, count);
}

export const digits: Experiment<Config> = {
  name: NAME,
  title: "Explained digits",
  summary: "A network that chooses the 4 of 49 patches by which a classifier tells threes from eights.",
  references: REFERENCES,
  ...{ schema, presets: {}, columns, objectives, check, run, results, charts, pictures, evaluate },
};
