/**
 * What makes a 3 a 3, and an 8 an 8: a small convolutional classifier is trained to tell them apart, and then explained by 4
 * of the 49 patches of 4 x 4 pixels. The classifier has to say from these alone, all else black, what it says of the digit.
 *
 * After Chen et al. 2018, section 4.3. The order below: configuration, data, model, the classifier's step, training. The
 * explainer's draw, objective and step are in ../model.ts, what is measured is in judge.ts, and what is shown of it in
 * show.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { z } from "zod";
import type { Checkpoint } from "../../checkpoint/safetensors.ts";
import type { EpochRecord } from "../../columns.ts";
import { gatherImages } from "../../data/batches.ts";
import { checkGrey, type Dataset } from "../../data/types.ts";
import type { Context, TrainingEvent } from "../../experiment.ts";
import { adamW } from "../../nn/adam.ts";
import { type Convolution, flatten, initConvolution, pooledConvolution } from "../../nn/convolution.ts";
import { type Dense, dense, initDense, multipleOfFour } from "../../nn/dense.ts";
import { splitKey } from "../../nn/keys.ts";
import type { Perceptron } from "../../nn/perceptron.ts";
import { type EpochEnd, type Training, train } from "../../training/loop.ts";
import { dataOptions } from "../../training/options.ts";
import { checkCheckpoint, readPosition, type Start, startOf } from "../../training/position.ts";
import { type Settings, type StepSettings, scheduledSettings } from "../../training/settings.ts";
import { crossEntropy, initState, type State, trainingStep } from "../model.ts";
import { sharedOptions } from "../options.ts";
import { type Given, patchMembers, postHocTask, probabilitiesKernel, randomRows, type Subject } from "../post-hoc.ts";
import { checkpointName } from "../training.ts";

// Configuration ------------------------------------------------------------------------------------------------------

export const SIDE = 28;
export const PATCH = 4;
export const ACROSS = SIDE / PATCH;
export const PATCHES = ACROSS ** 2;

export const schema = z.strictObject({
  task: z.literal("digits").default("digits"),
  ...sharedOptions(PATCHES, { k: 4, epochs: 5, steps: 100, batch: 100, hidden: 128 }),
  ...dataOptions,
  classifierEpochs: z.int().min(1).default(4).describe("reports while the classifier trains, before the explainer"),
  channels: z.int().min(4).multipleOf(4).default(32).describe("maps of the classifier's first layer, a multiple of 4"),
});

export type Config = z.infer<typeof schema>;

// Data ---------------------------------------------------------------------------------------------------------------

/** The two digits; a class is the place in this list. */
export const DIGITS = [3, 8];
const CLASSES = multipleOfFour(DIGITS.length);

/** The 3s and 8s of a data set, with the labels 0 and 1. */
export function threesAndEights({ images, labels, height, width, ...rest }: Dataset): Dataset {
  const rows = Array.from(labels, (_, row) => row).filter((row) => DIGITS.includes(labels[row]!));
  const size = height * width;
  const taken = new Uint8Array(rows.length * size);
  rows.forEach((row, i) => {
    taken.set(images.subarray(row * size, (row + 1) * size), i * size);
  });
  const classes = Uint8Array.from(rows, (row) => DIGITS.indexOf(labels[row]!));
  return { ...rest, height, width, count: rows.length, classes: DIGITS.length, images: taken, labels: classes };
}

/** The first images, `[count, 784]`. */
export function imagesOf(dataset: Dataset, count = dataset.count): np.Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  return gatherImages(dataset, order, 0, count);
}

// Model --------------------------------------------------------------------------------------------------------------

export type Classifier = { patches: Dense; convolution: Convolution; output: Dense };

/** Places each way after a 2 x 2 convolution of the patches, and 2 x 2 pooling. */
const POOLED = (ACROSS - 1) / 2;

function initClassifier(key: np.Array, { channels }: Config): Classifier {
  const [patchesKey, convolutionKey, outputKey] = splitKey(key, 3);
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
export function classifyImages({ patches, convolution, output }: Classifier, images: np.Array): np.Array {
  const batch = images.shape[0]!;
  const squares = np.transpose(images.reshape([batch, ACROSS, PATCH, ACROSS, PATCH]), [1, 3, 0, 2, 4]);
  const maps = nn.relu(dense(patches, squares.reshape([PATCHES * batch, PATCH ** 2])));
  const pooled = pooledConvolution(convolution, maps.reshape([ACROSS, ACROSS, batch, -1]));
  return dense(output, flatten(pooled)).slice([], [0, DIGITS.length]);
}

/** Explains by patches what is to be explained of pixels; the rest of a digit is black. */
export function subjectOf(classifier: Classifier): Subject<Classifier> {
  return {
    parameters: classifier,
    members: patchMembers({ height: SIDE, width: SIDE, size: PATCH }),
    background: np.zeros([SIDE * SIDE]),
  };
}

export function digitsTask({ hidden }: Config) {
  return postHocTask(classifyImages, { features: SIDE * SIDE, groups: PATCHES, hidden });
}

// Step ---------------------------------------------------------------------------------------------------------------

/** All training images and their classes, int32. */
type Labelled = { images: np.Array; labels: np.Array };

/** A batch, gradient and optimizer of the classifier in one jitted function, which consumes all. */
function classifierStep({ batch, weightDecay }: Config) {
  const descent = adamW({ weightDecay });
  return jit(function step(state: State<Classifier>, { images, labels }: Labelled, { learningRate }: StepSettings) {
    const [key, rowsKey] = splitKey(state.key, 2);
    const rows = randomRows(rowsKey, batch, images);
    const [x, y] = [np.take(images, rows.ref, 0), nn.oneHot(np.take(labels, rows, 0), DIGITS.length)];
    const objective = (model: Classifier) => crossEntropy(classifyImages(model, x), y);
    const [loss, gradients] = valueAndGrad(objective)(tree.ref(state.model));
    const next = descent.update(state.model, gradients, state.optimizer, learningRate);
    return { state: { model: next.parameters, optimizer: next.state, key }, measured: loss };
  });
}

/** While the explainer trains, the classifier is kept beside it. */
export type Explaining = { classifier: Classifier; explainer: State<Perceptron> };

/** The explainer's step is the shared one. The classifier passes through. */
function explainerStep(config: Config): Training<Explaining, Given<Classifier>, Settings>["update"] {
  const step = trainingStep(config, digitsTask(config));
  const update = ({ classifier, explainer }: Explaining, given: Given<Classifier>, settings: Settings) => {
    const { state, measured } = step(explainer, given, settings);
    return { state: { classifier, explainer: state }, measured };
  };
  return Object.assign(update, { dispose: () => step.dispose() });
}

// Training -----------------------------------------------------------------------------------------------------------

const name = checkpointName("digits");

/** The whole training: the classifier's epochs, and then the explainer's. */
function extentOf({ classifierEpochs, epochs, steps, batch }: Config) {
  return { name, epochs: classifierEpochs + epochs, steps, examples: batch };
}

function beginClassifier(config: Config): State<Classifier> {
  return initState(random.key(config.seed), (key) => initClassifier(key, config));
}

/** The explainer begins with the key that the classifier ended with. */
function beginExplainer(config: Config, { model, optimizer, key }: State<Classifier>): Explaining {
  tree.dispose(optimizer);
  return { classifier: model, explainer: initState(key, digitsTask(config).init) };
}

function isOfClassifier({ classifierEpochs }: Config, checkpoint: Checkpoint): boolean {
  return readPosition(name, checkpoint).epoch <= classifierEpochs;
}

export function check(config: Config, { data, checkpoint }: Context): void {
  const { height, width, labels } = data.train;
  checkGrey("explain --task digits", data.train);
  if (height !== SIDE || width !== SIDE) {
    throw new RangeError(`Images of ${SIDE} x ${SIDE} pixels were expected, got ${height} x ${width}.`);
  }
  for (const digit of DIGITS) {
    if (labels.includes(digit)) continue;
    throw new RangeError(`Images of the classes ${DIGITS.join(" and ")} were expected, got none of class ${digit}.`);
  }
  if (checkpoint === undefined) return;
  const begin = () => {
    const state = beginClassifier(config);
    return isOfClassifier(config, checkpoint) ? state : beginExplainer(config, state);
  };
  checkCheckpoint({ ...extentOf(config), begin }, checkpoint);
}

/** What an epoch of each part ends with. Keeps the states. */
interface Measuring {
  classifier(state: State<Classifier>, end: EpochEnd): Promise<EpochRecord>;
  explainer(state: Explaining, end: EpochEnd): Promise<EpochRecord>;
}

/** Trains the classifier, unless the checkpoint has it already, and then the explainer. */
export async function* run(
  config: Config,
  context: Context,
  measure: Measuring,
): AsyncGenerator<TrainingEvent, void, void> {
  const { data, checkpoint } = context;
  const digits = threesAndEights(data.train);
  let start: Start<Explaining>;
  if (checkpoint === undefined || isOfClassifier(config, checkpoint)) {
    const trained = yield* trainClassifier(config, context, digits, measure.classifier);
    const position = { epoch: config.classifierEpochs + 1, step: 0, sums: [] };
    start = { state: beginExplainer(config, trained), position };
  } else {
    start = startOf({ name, begin: () => beginExplainer(config, beginClassifier(config)) }, checkpoint);
  }
  yield* trainExplainer(config, context, digits, start, measure.explainer);
}

/** To the trained classifier, which the caller owns. */
async function* trainClassifier(
  config: Config,
  { checkpoint, temperatureOverride }: Context,
  digits: Dataset,
  measure: Measuring["classifier"],
): AsyncGenerator<TrainingEvent, State<Classifier>, void> {
  const { classifierEpochs, steps } = config;
  const given: Labelled = { images: imagesOf(digits), labels: np.array(Int32Array.from(digits.labels)) };
  const training: Training<State<Classifier>, Labelled, Settings> = {
    ...extentOf(config),
    part: { first: 1, last: classifierEpochs },
    begin: () => beginClassifier(config),
    settingsAt: scheduledSettings(config, steps * classifierEpochs, temperatureOverride),
    batchesOf: async () => () => tree.ref(given),
    update: classifierStep(config),
    measure,
  };
  try {
    return yield* train(training, startOf(training, checkpoint));
  } finally {
    tree.dispose(given);
  }
}

/** @param start whose state is consumed */
async function* trainExplainer(
  config: Config,
  { temperatureOverride }: Context,
  digits: Dataset,
  start: Start<Explaining>,
  measure: Measuring["explainer"],
): AsyncGenerator<TrainingEvent, void, void> {
  const { classifierEpochs, epochs, steps } = config;
  const given = givenOf(start.state.classifier, digits);
  const training: Training<Explaining, Given<Classifier>, Settings> = {
    ...extentOf(config),
    part: { first: classifierEpochs + 1, last: classifierEpochs + epochs },
    begin: () => beginExplainer(config, beginClassifier(config)),
    settingsAt: scheduledSettings(config, steps * epochs, temperatureOverride),
    batchesOf: async () => () => tree.ref(given),
    update: explainerStep(config),
    measure,
  };
  try {
    tree.dispose(yield* train(training, start));
  } finally {
    tree.dispose(given);
  }
}

/** The images to learn from, and what the classifier says of them. Keeps the classifier. */
function givenOf(classifier: Classifier, digits: Dataset): Given<Classifier> {
  const examples = imagesOf(digits);
  const labels = probabilities(tree.ref(classifier), examples.ref);
  return { subject: subjectOf(tree.ref(classifier)), examples, labels };
}

/** What the classifier says of images. Consumes both. */
export const probabilities = probabilitiesKernel(classifyImages);
