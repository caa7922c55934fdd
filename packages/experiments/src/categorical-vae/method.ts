/**
 * A variational autoencoder whose latent code is 30 choices among 10, trained through relaxed choices.
 *
 * After Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", 2017, and Maddison, Mnih, Teh, "The
 * Concrete Distribution", 2017. The order below is theirs: configuration, model, objective, step, loop; then what is
 * measured, and the pictures.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { bernoulli, categorical } from "softdraw";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { curvesOf } from "../curves.ts";
import { gatherImages, imageBlocks, shuffledOrder } from "../data/batches.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type {
  Context,
  EpochRecord,
  EvaluationOptions,
  Experiment,
  NamedPicture,
  Result,
  SampleOptions,
  Trained,
  TrainingEvent,
} from "../experiment.ts";
import { meanWithError, streamingLogSumExp } from "../mathematics/statistics.ts";
import { type AdamState, adam, initAdam } from "../nn/adam.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { arraysOf, readTensors } from "../nn/tensors.ts";
import { tileImages } from "../report/pixels.ts";
import { dataOptions, decays, dials, temperatureOptions, temperatureSchedule } from "../training/configuration.ts";
import { checkCheckpoint, finiteLoss, positionMetadata, readPosition, stepsAnEpoch } from "../training/loop.ts";

// Configuration ------------------------------------------------------------------------------------------------------

const schema = z.strictObject({
  ...dataOptions,
  epochs: z.int().min(1).default(10).describe("passes over the training images"),
  batch: z.int().min(1).default(50).describe("images a step"),
  learningRate: z.number().positive().default(1e-3).describe("Adam's step size, at the first step if it decays"),
  learningRateDecay: z.enum(decays).default("linear").describe("whether it falls to 0 at the last step"),
  divergenceWarmup: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe("share of the training over which the divergence's weight rises to 1"),
  ...temperatureOptions({ temperature: 1, schedule: "linear", temperatureEnd: 0.25 }),
  hard: z.boolean().default(false).describe("train on exact choices with the relaxed gradient (straight-through)"),
  encoderRelu: z.boolean().default(false).describe("also apply ReLU to the logits, as the tutorial does"),
  initialization: z.enum(initializations).default("he").describe("how weights begin"),
  variables: z.int().min(1).default(30).describe("choices in the latent code"),
  classes: z.int().min(2).default(10).describe("categories of each choice"),
});

type Config = z.infer<typeof schema>;

const presets: Experiment<Config>["presets"] = {
  tutorial: {
    description: "the tutorial's settings: temperature 1 throughout, ReLU on the logits, PyTorch's initialization",
    values: {
      ...{ temperature: 1, schedule: "constant", encoderRelu: true, initialization: "fan-in" },
      ...{ batch: 100, learningRateDecay: "none", divergenceWarmup: 0 },
    },
  },
};

// Model --------------------------------------------------------------------------------------------------------------

type Model = { encoder: Dense[]; decoder: Dense[] };

const HIDDEN = [512, 256];

function initModel(key: np.Array, config: Config, pixels: number): Model {
  const code = config.variables * config.classes;
  const [encoderKey, decoderKey] = splitKey(key, 2) as [np.Array, np.Array];
  const layers = (key: np.Array, sizes: number[]) =>
    splitKey(key, sizes.length - 1).map((k, i) => initDense(k, sizes[i]!, sizes[i + 1]!, config.initialization));
  return {
    encoder: layers(encoderKey, [pixels, ...HIDDEN, code]),
    decoder: layers(decoderKey, [code, ...HIDDEN.toReversed(), pixels]),
  };
}

/** Images `[batch, pixels]` to the logits of the choices, `[batch, variables, classes]`. */
function encode(encoder: Dense[], images: np.Array, config: Config): np.Array {
  const output = multilayer(encoder, images);
  const logits = config.encoderRelu ? nn.relu(output) : output;
  return logits.reshape([-1, config.variables, config.classes]);
}

/** Choices `[batch, variables, classes]`, relaxed or exact, to the logits of the pixels, `[batch, pixels]`. */
function decode(decoder: Dense[], choices: np.Array): np.Array {
  const [batch, variables, classes] = choices.shape as [number, number, number];
  return multilayer(decoder, choices.reshape([batch, variables * classes]));
}

function multilayer(layers: Dense[], x: np.Array): np.Array {
  return layers.reduce((h, layer, i) => dense(layer, i === 0 ? h : nn.relu(h)), x);
}

// Objective ----------------------------------------------------------------------------------------------------------
// The negative evidence lower bound, in nats an image, is the sum of its two parts.

/** `-log p(x | z)`, pixels as Bernoulli variables (grey ones in expectation), `[batch]`. */
function reconstructionLoss(decoder: Dense[], choices: np.Array, images: np.Array): np.Array {
  return np.negative(bernoulli.logProb(images, decode(decoder, choices)).sum(-1));
}

/** `KL(q(z | x) || uniform)`, exact and summed over the variables, `[batch]`. */
function divergence(logits: np.Array): np.Array {
  return categorical.kl(logits).sum(-1);
}

// Step ---------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config, pixels: number): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2) as [np.Array, np.Array];
  const model = initModel(modelKey, config, pixels);
  return { model, optimizer: initAdam(model), key };
}

/** What changes from step to step. */
type Dials = { temperature: np.Array; learningRate: np.Array; divergenceWeight: np.Array };

/** Gradient and optimizer in one jitted function, which consumes the state and the images. */
function trainingStep(config: Config) {
  return jit(function step(state: State, images: np.Array, { temperature, learningRate, divergenceWeight }: Dials) {
    const [key, drawKey] = splitKey(state.key, 2) as [np.Array, np.Array];
    const loss = ({ encoder, decoder }: Model) => {
      const logits = encode(encoder, images.ref, config);
      const choices = categorical.relax(drawKey, logits.ref, { temperature, hard: config.hard });
      return reconstructionLoss(decoder, choices, images).add(divergence(logits).mul(divergenceWeight)).mean();
    };
    const [value, gradients] = valueAndGrad(loss)(tree.ref(state.model));
    const { parameters: model, state: optimizer } = adam(state.model, gradients, state.optimizer, learningRate);
    return { state: { model, optimizer, key }, loss: value };
  });
}

// Loop ---------------------------------------------------------------------------------------------------------------

/** `step` steps of epoch `epoch` are done; their losses sum to `lossSum`. */
type Position = { epoch: number; step: number; lossSum: number };

function check(config: Config, { data: { train }, checkpoint }: Context): void {
  const extent = { epochs: config.epochs, steps: stepsAnEpoch(config, train) };
  if (checkpoint === undefined) return;
  const position = readPosition<Position>("vae", checkpoint);
  checkCheckpoint(checkpoint, initState(config, train.height * train.width), position, extent);
}

async function* run(config: Config, context: Context): AsyncGenerator<TrainingEvent, void, void> {
  const { data, checkpoint } = context;
  const { train } = data;
  const { epochs, batch } = config;
  const steps = stepsAnEpoch(config, train);
  const dialsAt = vaeDials(config, steps * epochs, context);
  const update = trainingStep(config);
  const report = epochReport(config, data);
  let state = checkpoint ? restoreState(checkpoint) : initState(config, train.height * train.width);
  let { epoch, step, lossSum } = checkpoint
    ? readPosition<Position>("vae", checkpoint)
    : { epoch: 1, step: 0, lossSum: 0 };
  let images: np.Array | undefined;
  try {
    for (; epoch <= epochs; epoch++, step = 0, lossSum = 0) {
      const order = await shuffledOrder(streamKey(config.seed, epoch), train.count);
      const batchAfter = (step: number) => (step < steps ? gatherImages(train, order, step * batch, batch) : undefined);
      const [firstStep, started] = [step, performance.now()];
      images = batchAfter(step);
      while (images) {
        const dialled = dialsAt((epoch - 1) * steps + step);
        const { temperature } = dialled;
        const result = update(state, images, dialled);
        state = result.state;
        step++;
        // The next batch is made between asking for this one's loss and waiting for it.
        const reading = result.loss.data();
        images = batchAfter(step);
        const loss = finiteLoss((await reading)[0]!, epoch, step);
        lossSum += loss;
        const pace = () => ((step - firstStep) * batch * 1000) / (performance.now() - started);
        yield {
          ...{ epoch, epochs, step, steps, loss, temperature, examples: batch },
          record: step === steps ? await report(state.model, { epoch, lossSum, temperature, pace: pace() }) : undefined,
          checkpoint: () => saveState(state, { epoch, step, lossSum }),
        };
      }
    }
  } finally {
    tree.dispose(state);
    images?.dispose();
    update.dispose();
  }
}

/** What is turned at a step, of `total`. */
function vaeDials(config: Config, total: number, { temperature }: Context) {
  const dialsAt = dials(config, total, temperature);
  return (step: number) => ({
    ...dialsAt(step),
    divergenceWeight: Math.min(1, (step + 1) / (config.divergenceWarmup * total + 1)),
  });
}

// Checkpoints --------------------------------------------------------------------------------------------------------

async function saveState({ model, optimizer, key }: State, position: Position): Promise<Checkpoint> {
  return { tensors: await readTensors({ model, optimizer, key }), metadata: positionMetadata("vae", position) };
}

function restoreState({ tensors }: Checkpoint): State {
  return arraysOf(tensors) as State;
}

function restoreModel({ tensors }: Checkpoint): Model {
  return arraysOf(tensors, "model") as Model;
}

// What is measured ---------------------------------------------------------------------------------------------------

/** Images in one call when no gradient is taken. */
const MEASURED_AT_ONCE = 500;

/** Training images that are measured after an epoch. */
const MEASURED_OF_TRAINING = 10_000;

const columns = [
  {
    key: "optimized",
    label: "optimized",
    digits: 2,
    description: "mean over the epoch of the loss that was minimized",
  },
  { key: "relaxed", label: "relaxed", digits: 2, description: "training loss with relaxed choices, after the epoch" },
  { key: "discrete", label: "discrete", digits: 2, description: "training loss with exact choices, same noise" },
  { key: "gap", label: "gap", digits: 2, description: "discrete less relaxed: what the relaxation hides" },
  {
    key: "test",
    label: "test",
    digits: 2,
    description: "test loss with exact choices: minus the bound, nats an image",
  },
  { key: "reconstruction", label: "recon", digits: 2, description: "its reconstruction part" },
  { key: "divergence", label: "KL", digits: 2, description: "its divergence from the uniform prior" },
  { key: "temperature", label: "temp", digits: 3, description: "temperature of the last step" },
  { key: "imagesPerSecond", label: "images/s", digits: 0, description: "training speed, measuring apart" },
] as const;

const objectives = {
  discrete: { key: "test", goal: "smallest" },
  relaxed: { key: "relaxed", goal: "smallest" },
} as const;

type Measures = { relaxed: number; reconstruction: number; divergence: number };
/** What the loop knows of the epoch that it ends: the sum of its losses, and its pace in images a second. */
type Training = { epoch: number; lossSum: number; temperature: number; pace: number };

/** Measures the model on training and test images after an epoch, with the same noise after every epoch. */
function epochReport(config: Config, { train, test }: DatasetSplits) {
  const measure = measurement(config);
  return async (model: Model, training: Training): Promise<EpochRecord> => {
    const { epoch, lossSum, temperature, pace } = training;
    const onTraining = await measure(model, train, Math.min(train.count, MEASURED_OF_TRAINING), temperature);
    const onTest = await measure(model, test, test.count, temperature);
    const discrete = onTraining.reconstruction + onTraining.divergence;
    return {
      ...{ epoch, optimized: lossSum / stepsAnEpoch(config, train) },
      ...{ relaxed: onTraining.relaxed, discrete, gap: discrete - onTraining.relaxed },
      test: onTest.reconstruction + onTest.divergence,
      ...{ reconstruction: onTest.reconstruction, divergence: onTest.divergence },
      ...{ temperature, imagesPerSecond: pace },
    };
  };
}

/** The relaxed loss, and the discrete loss in its parts, as means over the first `count` images. Keeps the model. */
function measurement(config: Config) {
  const sums = jit(function measure(model: Model, images: np.Array, key: np.Array, temperature: np.Array) {
    const logits = encode(model.encoder, images.ref, config);
    const relaxed = categorical.relax(key.ref, logits.ref, { temperature });
    const exact = categorical.sample(key, logits.ref);
    const parts = [
      reconstructionLoss(tree.ref(model.decoder), relaxed, images.ref).sum(),
      reconstructionLoss(model.decoder, exact, images).sum(),
      divergence(logits).sum(),
    ];
    return np.stack(parts);
  });
  return async (model: Model, dataset: Dataset, count: number, temperature: number): Promise<Measures> => {
    const totals = [0, 0, 0];
    for (const { start, images } of imageBlocks(dataset, count, MEASURED_AT_ONCE)) {
      const values = await sums(tree.ref(model), images, streamKey(config.seed, MEASURING + start), temperature).data();
      for (const [i, value] of values.entries()) totals[i]! += value / count;
    }
    const [relaxedReconstruction, reconstruction, divergence] = totals as [number, number, number];
    return { relaxed: relaxedReconstruction + divergence, reconstruction, divergence };
  };
}

/** The first stream of noise for measuring; those below it shuffle the epochs. */
const MEASURING = 2 ** 31;

// Results and curves -------------------------------------------------------------------------------------------------

function results(records: readonly EpochRecord[]): Result[] {
  const last = records.at(-1);
  if (!last) return [];
  const nats = { digits: 2, unit: "nats" };
  return [
    { ...nats, name: "discrete test loss", value: last.test!, note: "minus the evidence lower bound, an image" },
    { ...nats, name: "reconstruction", value: last.reconstruction!, note: "-log p(x | z) on the test set" },
    { ...nats, name: "divergence", value: last.divergence!, note: "KL to the uniform prior on the test set" },
    { ...nats, name: "soft-hard gap", value: last.gap!, note: "discrete less relaxed training loss, same noise" },
  ];
}

function charts(records: readonly EpochRecord[]) {
  const x = { label: "epoch" };
  const series = curvesOf(records);
  return [
    {
      title: "Loss",
      caption: "Minus the evidence lower bound. The gap between relaxed and discrete is what the relaxation hides.",
      ...{ x, y: { label: "nats an image" } },
      series: [
        series("relaxed, training", "relaxed"),
        series("discrete, training", "discrete"),
        series("discrete, test", "test"),
      ],
    },
    {
      title: "Parts of the test loss",
      caption: "Reconstruction falls while the code carries more: its divergence from the prior rises.",
      ...{ x, y: { label: "nats an image" } },
      series: [series("reconstruction", "reconstruction"), series("divergence", "divergence")],
    },
    {
      title: "Temperature",
      caption: "At the last step of each epoch.",
      ...{ x, y: { label: "temperature" } },
      series: [series("temperature", "temperature")],
    },
  ];
}

// Pictures -----------------------------------------------------------------------------------------------------------

const GRID = 8;
const RECONSTRUCTED = 12;
const TRAVERSED = 8;

async function pictures(trained: Trained<Config>, data: DatasetSplits): Promise<NamedPicture[]> {
  return [
    await sample(trained, data, { count: GRID * GRID, seed: trained.config.seed }),
    await reconstructions(trained, data),
    await traversal(trained, data),
  ];
}

/** New images: choices from the uniform prior, decoded. */
async function sample(
  trained: Trained<Config>,
  { test }: DatasetSplits,
  options: SampleOptions,
): Promise<NamedPicture> {
  const { variables, classes } = trained.config;
  const { count, seed } = options;
  const model = restoreModel(trained.checkpoint);
  const choices = categorical.sample(streamKey(seed, MEASURING), np.zeros([count, variables, classes]));
  const images = await pixelProbabilities(model.decoder, choices);
  tree.dispose(model.encoder);
  return {
    name: "samples",
    title: "Samples from the prior",
    caption: `${count} codes drawn uniformly, each of ${variables} choices among ${classes}, decoded to the probability of ink.`,
    alt: "A grid of generated images.",
    picture: tileImages(images, { ...sizeOf(test), columns: Math.min(count, GRID) }),
  };
}

/** Test images above their reconstructions from a relaxed and from an exact draw of the same noise. */
async function reconstructions(
  { config, checkpoint }: Trained<Config>,
  { train, test }: DatasetSplits,
): Promise<NamedPicture> {
  const { encoder, decoder } = restoreModel(checkpoint);
  const originals = firstImages(test, RECONSTRUCTED);
  const logits = encode(encoder, originals.ref, config);
  const temperature = temperatureReached({ config, checkpoint }, train);
  const soft = categorical.relax(streamKey(config.seed, MEASURING), logits.ref, { temperature });
  const exact = categorical.sample(streamKey(config.seed, MEASURING), logits);
  const rows = [
    await originals.data(),
    await pixelProbabilities(tree.ref(decoder), soft),
    await pixelProbabilities(decoder, exact),
  ];
  return {
    name: "reconstructions",
    title: "Reconstructions",
    caption: `Top: test images. Middle: decoded from a relaxed draw at temperature ${temperature.toPrecision(2)}. Bottom: from the exact draw of the same noise.`,
    alt: "Three rows of images: originals, relaxed reconstructions, exact reconstructions.",
    picture: tileImages(concatenate(rows), { ...sizeOf(test), columns: RECONSTRUCTED }),
  };
}

/** Codes from the prior, a row each, with one choice set to each of its categories in turn. */
async function traversal({ config, checkpoint }: Trained<Config>, { test }: DatasetSplits): Promise<NamedPicture> {
  const { variables, classes } = config;
  const { encoder, decoder } = restoreModel(checkpoint);
  tree.dispose(encoder);
  const codes = categorical.sample(streamKey(config.seed, MEASURING), np.zeros([TRAVERSED, variables, classes]));
  const [images, variable] = traverseKernel(decoder, codes) as [np.Array, np.Array];
  const choice = (await variable.data())[0]! + 1;
  return {
    name: "traversal",
    title: "Traversal of one choice",
    caption:
      `Each row is a code from the prior, with choice ${choice} of ${variables} set to each of its ${classes} categories. ` +
      "It is the choice that changes the images most; most choices alone change little, because the code is redundant.",
    alt: "Rows of images that change from column to column.",
    picture: tileImages((await images.data()) as Float32Array, { ...sizeOf(test), columns: classes }),
  };
}

/** The images for every category of the choice that changes them most, and which choice that is. */
const traverseKernel = jit(function traverse(decoder: Dense[], codes: np.Array) {
  const [rows, variables, classes] = codes.shape as [number, number, number];
  const isTraversed = np.eye(variables).reshape([variables, 1, 1, variables, 1]).astype(np.bool);
  const everyCategory = np.eye(classes).reshape([1, 1, classes, 1, classes]);
  const choices = np.where(isTraversed, everyCategory, codes.reshape([1, rows, 1, variables, classes]));
  const logits = decode(decoder, choices.reshape([variables * rows * classes, variables, classes]));
  const images = bernoulli.softMode(logits).reshape([variables, rows, classes, -1]);
  const variable = np.argmax(np.var_(images.ref, 2).mean([1, 2]));
  return [np.take(images, variable.ref, 0), variable];
});

/** Consumes decoder and choices. */
async function pixelProbabilities(decoder: Dense[], choices: np.Array): Promise<Float32Array> {
  return (await pixelKernel(decoder, choices).data()) as Float32Array;
}

const pixelKernel = jit(function pixels(decoder: Dense[], choices: np.Array) {
  return bernoulli.softMode(decode(decoder, choices));
});

function firstImages(dataset: Dataset, count: number): np.Array {
  return [...imageBlocks(dataset, count, count)][0]!.images;
}

function sizeOf({ height, width }: Dataset) {
  return { height, width };
}

function concatenate(parts: ArrayLike<number>[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => Array.from(part)));
}

// Evaluation ---------------------------------------------------------------------------------------------------------

/** Rows that the decoder takes at once: it bounds the memory, whatever the number of samples. */
const DECODED_AT_ONCE = 2000;

const IMAGES_AT_ONCE = 100;

const IMPORTANCE_SAMPLES = 100;

/**
 * The importance-weighted bound on the discrete model's log-likelihood, `log (1/K) sum_k p(x | z_k) p(z_k) / q(z_k | x)`,
 * z_k drawn from q. It grows with K towards log p(x); K = 1 is the evidence lower bound.
 *
 * Burda, Grosse, Salakhutdinov, "Importance Weighted Autoencoders", 2016.
 */
async function evaluate(
  { config, checkpoint }: Trained<Config>,
  { train, test }: DatasetSplits,
  { importanceSamples = IMPORTANCE_SAMPLES, examples = test.count, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const model = restoreModel(checkpoint);
  const count = Math.min(examples, test.count);
  const temperature = temperatureReached({ config, checkpoint }, train);
  const measured = await measurement(config)(model, test, count, temperature);
  const weigh = importanceKernel(config);
  const bounds: number[] = [];
  for (const { start, images } of imageBlocks(test, count, IMAGES_AT_ONCE)) {
    const sums = streamingLogSumExp(images.shape[0]!);
    const key = streamKey(seed, MEASURING + start);
    for await (const { logWeights, drawn } of importanceWeights(weigh, model, images, importanceSamples, key)) {
      sums.add(logWeights);
      await onProgress?.(start * importanceSamples + drawn * images.shape[0]!, count * importanceSamples);
    }
    bounds.push(...sums.values().map((sum) => sum - Math.log(importanceSamples)));
    images.dispose();
  }
  tree.dispose(model);
  const { mean, standardError } = meanWithError(bounds);
  const loss = measured.reconstruction + measured.divergence;
  const unit = "nats";
  return [
    { name: "discrete test loss", value: loss, digits: 2, unit, note: "minus the evidence lower bound, one sample" },
    { name: "reconstruction", value: measured.reconstruction, digits: 2, unit },
    { name: "divergence", value: measured.divergence, digits: 2, unit },
    { name: "soft-hard gap", value: loss - measured.relaxed, digits: 2, unit, note: "discrete less relaxed test loss" },
    {
      ...{ name: "log-likelihood bound", value: mean, digits: 2, unit },
      note: `${importanceSamples} importance samples, ${count} images, standard error ${standardError.toFixed(2)}`,
    },
  ];
}

/** Log-weights `[samples, images]` in parts, row by row. Keeps model and images, and consumes the key. */
async function* importanceWeights(
  weigh: ReturnType<typeof importanceKernel>,
  model: Model,
  images: np.Array,
  samples: number,
  key: np.Array,
) {
  const atOnce = Math.max(1, Math.floor(DECODED_AT_ONCE / images.shape[0]!));
  for (let drawn = 0; drawn < samples; ) {
    const size = Math.min(atOnce, samples - drawn);
    const [next, drawKey] = splitKey(key, 2) as [np.Array, np.Array];
    key = next;
    drawn += size;
    yield { logWeights: await weigh(tree.ref(model), images.ref, drawKey, size).data(), drawn };
  }
  key.dispose();
}

function importanceKernel({ variables, classes, ...config }: Config) {
  return jit(
    function importance(model: Model, images: np.Array, key: np.Array, samples: number) {
      const [batch, pixels] = images.shape as [number, number];
      const logits = encode(model.encoder, images.ref, { variables, classes, ...config });
      const shape = [samples, batch, variables, classes];
      const choices = categorical.sample(key, np.broadcastTo(logits.ref, shape));
      const logPosterior = categorical.logProb(choices.ref, logits).sum(-1);
      const logPrior = -variables * Math.log(classes);
      const rows = decode(model.decoder, choices.reshape([samples * batch, variables, classes]));
      const logLikelihood = bernoulli.logProb(images, rows.reshape([samples, batch, pixels])).sum(-1);
      return logLikelihood.add(logPrior).sub(logPosterior);
    },
    { staticArgnums: [3] },
  );
}

/** The temperature of the last step that the model has been trained for. */
function temperatureReached({ config, checkpoint }: Trained<Config>, train: Dataset): number {
  const steps = stepsAnEpoch(config, train);
  const { epoch, step } = readPosition<Position>("vae", checkpoint);
  return temperatureSchedule(config, steps * config.epochs)((epoch - 1) * steps + step - 1);
}

export const categoricalVae: Experiment<Config> = {
  name: "vae",
  title: "Categorical VAE",
  summary: "An autoencoder of images whose code is a row of exact choices, trained through their relaxation.",
  references: [
    {
      text: "Jang, Gu, Poole: Categorical Reparameterization with Gumbel-Softmax, 2017",
      url: "https://arxiv.org/abs/1611.01144",
    },
    {
      text: "Maddison, Mnih, Teh: The Concrete Distribution, 2017",
      url: "https://arxiv.org/abs/1611.00712",
    },
  ],
  evaluationOptions: ["importanceSamples"],
  ...{ schema, presets, columns, objectives, check, run, results, charts, pictures, evaluate, sample },
};
