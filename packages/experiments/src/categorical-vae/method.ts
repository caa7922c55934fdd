/**
 * A variational autoencoder whose latent code is 30 choices among 10, trained through relaxed choices; or through any
 * other estimator of the gradient, and with a code of other choices.
 *
 * After Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", 2017, and Maddison, Mnih, Teh, "The
 * Concrete Distribution", 2017. The order below is theirs: configuration, data, model, objective, step. The choices of
 * the code are in latent.ts, the estimators in estimator.ts; what is measured is in judge.ts, what is shown of it in
 * show.ts, and the loop in training/loop.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { expectation } from "softdraw";
import { z } from "zod";
import { gatherImages } from "../data/batches.ts";
import { binarizedDataset, drawnPixels } from "../data/binarized.ts";
import { bytesAnImage, type DatasetSplits } from "../data/types.ts";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam, rAdam } from "../nn/adam.ts";
import { materializeTwice } from "../nn/convolution.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { epochOrder, stepsAnEpoch } from "../training/epochs.ts";
import {
  dataOptions,
  learningRateOptions,
  TEMPERATURE,
  temperatureOptions,
  temperatureScopes,
} from "../training/options.ts";
import type { Scope } from "../training/scopes.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";
import {
  checkEstimator,
  differentiatesCost,
  estimatorOptions,
  estimatorScopes,
  expectationOptions,
  tempered,
} from "./estimator.ts";
import { type CodeConfig, divergenceFromUniform, latentOf, latents } from "./latent.ts";
import { likelihoodOf, likelihoods } from "./likelihood.ts";

// Configuration -------------------------------------------------------------------------------------------------------

export const schema = z.strictObject({
  ...dataOptions,
  epochs: z.int().min(1).default(10).describe("passes over the training images"),
  batch: z.int().min(1).default(50).describe("images a step"),
  optimizer: z.enum(["adam", "radam"]).default("adam").describe("Adam, or Adam rectified in its first steps"),
  ...learningRateOptions("the optimizer's step size", 1e-3, "linear"),
  divergenceWarmup: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe("share of the training over which the divergence's weight rises to 1"),
  ...temperatureOptions({ temperature: 1, schedule: "linear", temperatureEnd: 0.25 }),
  ...estimatorOptions,
  encoderRelu: z.boolean().default(false).describe("also apply ReLU to the logits, as the tutorial does"),
  initialization: z.enum(initializations).default("he").describe("how weights begin"),
  network: z
    .enum(["deep", "linear"])
    .default("deep")
    .describe("encoder and decoder: with hidden layers of 512 and 256 units, or a linear layer each"),
  latent: z
    .enum(latents)
    .default("categorical")
    .describe("what a choice is: one of the classes, yes or no, or k of the classes, by either law of sets"),
  variables: z.int().min(1).default(30).describe("choices in the latent code"),
  classes: z.int().min(2).default(10).describe("categories of each choice"),
  k: z.int().min(1).default(3).describe("how many of the classes a subset has"),
  binarize: z
    .enum(["none", "static", "dynamic"])
    .default("none")
    .describe("draw each pixel as ink or none: never, once, or anew in every step (and once to be measured)"),
  likelihood: z
    .enum(likelihoods)
    .default("bernoulli")
    .describe("of the pixels: ink or none, or each of a byte's 256 values by a discretized logistic law"),
});

export type Config = z.infer<typeof schema>;

/** Of the trainings by which estimators are compared. */
const comparison: Partial<Config> = {
  epochs: 20,
  batch: 100,
  optimizer: "radam",
  learningRate: 5e-4,
  learningRateDecay: "none",
  divergenceWarmup: 0,
  temperature: 1,
  schedule: "constant",
  initialization: "fan-in",
};

export const presets: Presets<Config> = {
  comparison: {
    description: "the settings by which estimators are compared, 20 epochs: rectified Adam, temperature 1 throughout",
    values: comparison,
  },
  "comparison-small": {
    description: "the same with a code of 4 choices among 8",
    values: { ...comparison, variables: 4, classes: 8 },
  },
  binary: {
    description: "200 choices of yes or no, linear encoder and decoder, pixels drawn once, temperature 2/3 throughout",
    values: {
      latent: "bernoulli",
      variables: 200,
      network: "linear",
      binarize: "static",
      batch: 100,
      learningRateDecay: "none",
      divergenceWarmup: 0,
      temperature: 0.66,
      schedule: "constant",
      initialization: "fan-in",
    },
  },
  tutorial: {
    description: "the tutorial's settings: temperature 1 throughout, ReLU on the logits, PyTorch's initialization",
    values: {
      temperature: 1,
      schedule: "constant",
      encoderRelu: true,
      initialization: "fan-in",
      batch: 100,
      learningRateDecay: "none",
      divergenceWarmup: 0,
    },
  },
};

// Data ----------------------------------------------------------------------------------------------------------------

/** The images that are measured, and trained on but for those that every step draws anew. */
export async function imagesOf({ binarize }: Config, data: DatasetSplits, part: "train" | "test") {
  return binarize === "none" ? data[part] : binarizedDataset(data[part], part);
}

// Model ---------------------------------------------------------------------------------------------------------------

export type Model = { encoder: Dense[]; decoder: Dense[] };

const HIDDEN = { deep: [512, 256], linear: [] } as const;

export function initModel(key: np.Array, config: Config, pixels: number): Model {
  const hidden = HIDDEN[config.network];
  const code = config.variables * latentOf(config).event.reduce((size, length) => size * length, 1);
  const [encoderKey, decoderKey] = splitKey(key, 2);
  const layers = (key: np.Array, sizes: number[]) =>
    splitKey(key, sizes.length - 1).map((k, i) => initDense(k, sizes[i]!, sizes[i + 1]!, config.initialization));
  return {
    encoder: layers(encoderKey, [pixels, ...hidden, code]),
    decoder: layers(decoderKey, [code, ...hidden.toReversed(), pixels * likelihoodOf(config).parameters]),
  };
}

/** Images `[batch, pixels]` to the logits of the choices, `[batch, variables, ...event]`. */
export function encode(encoder: Dense[], images: np.Array, config: Config): np.Array {
  const output = multilayer(encoder, images);
  const logits = config.encoderRelu ? nn.relu(output) : output;
  return logits.reshape([-1, config.variables, ...latentOf(config).event]);
}

/** Choices `[..., variables, ...event]`, relaxed or exact, to what the likelihood is given of the pixels, `[..., pixels]` or more. */
export function decode(decoder: Dense[], choices: np.Array, config: CodeConfig): np.Array {
  const shape = [config.variables, ...latentOf(config).event];
  const batch = choices.shape.slice(0, choices.ndim - shape.length);
  const output = multilayer(decoder, choices.reshape([-1, shape.reduce((size, length) => size * length, 1)]));
  return output.reshape([...batch, output.shape[1]!]);
}

function multilayer(layers: Dense[], x: np.Array): np.Array {
  return layers.reduce((h, layer, i) => dense(layer, i === 0 ? h : nn.relu(h)), x);
}

// Objective -----------------------------------------------------------------------------------------------------------
// The negative evidence lower bound, in nats an image, is the sum of its two parts.

/** `-log p(x | z)`, by the likelihood of the pixels, `[..., batch]`. */
export function reconstructionLoss(decoder: Dense[], choices: np.Array, images: np.Array, config: Config): np.Array {
  return distortion(decode(decoder, choices, config), images, config);
}

/** `-log p` of the images by what is decoded of their pixels, `[..., batch]`. */
function distortion(decoded: np.Array, images: np.Array, config: Config): np.Array {
  return np.negative(likelihoodOf(config).logProb(images, decoded));
}

/** `KL(q(z | x) || uniform)`, summed over the variables, `[batch]`: exact, and of subsets an estimate by draws. */
export function divergence(key: np.Array, logits: np.Array, samples: number, config: Config): np.Array {
  return divergenceFromUniform(latentOf(config), key, logits, samples).sum(-1);
}

/** `E[-log p(x | z)]` by draws from q(z | x), with the gradient of the configuration's estimator, `[batch]`. */
function expectedReconstruction(
  decoder: Dense[],
  key: np.Array,
  logits: np.Array,
  images: np.Array,
  temperature: np.Array,
  config: Config,
): np.Array {
  const keep = differentiatesCost(config) ? materializeTwice : (decoded: np.Array) => decoded;
  const cost = (choices: np.Array) => distortion(keep(decode(decoder, choices, config)), images, config);
  const options = expectationOptions(config, temperature);
  // What does not fit has been refused, which the types cannot follow.
  return expectation(latentOf(config).structure, key, logits, cost, options as never);
}

// Step ----------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
export type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config, pixels: number): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2);
  const model = initModel(modelKey, config, pixels);
  return { model, optimizer: optimizers[config.optimizer].init(model), key };
}

type Settings = StepSettings & { divergenceWeight: np.Array };

/** Gradient and optimizer in one jitted function, which consumes the state and the images. */
function trainingStep(config: Config) {
  return jit(function step(state: State, images: np.Array, { temperature, learningRate, divergenceWeight }: Settings) {
    const [key, drawKey, pixelKey] = splitKey<number>(state.key, config.binarize === "dynamic" ? 3 : 2);
    const targets = pixelKey ? drawnPixels(pixelKey, images) : images;
    const loss = ({ encoder, decoder }: Model) => {
      const logits = encode(encoder, targets.ref, config);
      const distance = divergence(drawKey!.ref, logits.ref, config.samples, config);
      const reconstruction = expectedReconstruction(decoder, drawKey!, logits, targets, temperature, config);
      return reconstruction.add(distance.mul(divergenceWeight)).mean();
    };
    const [value, gradients] = valueAndGrad(loss)(tree.ref(state.model));
    const { update } = optimizers[config.optimizer];
    const { parameters: model, state: optimizer } = update(state.model, gradients, state.optimizer, learningRate);
    return { state: { model, optimizer, key: key! }, measured: value };
  });
}

const optimizers = { adam: adam(), radam: rAdam() };

// Training ------------------------------------------------------------------------------------------------------------

export const NAME = "vae";

export function trainingOf(config: Config, { data, temperatureOverride }: Context) {
  const { epochs, batch, seed } = config;
  const { train } = data;
  checkConfiguration(config);
  const steps = stepsAnEpoch(config, train);
  return {
    name: NAME,
    epochs,
    steps,
    examples: batch,
    begin: () => initState(config, bytesAnImage(train)),
    settingsAt: settingsOf(config, steps * epochs, temperatureOverride),
    async batchesOf(epoch: number) {
      const order = await epochOrder(seed, epoch, train);
      const images = config.binarize === "static" ? await imagesOf(config, data, "train") : train;
      return (step: number) => gatherImages(images, order, step * batch, batch);
    },
    update: trainingStep(config),
  };
}

export const scopes: readonly Scope<keyof Config>[] = [
  ...estimatorScopes,
  { options: TEMPERATURE, by: "estimator", values: tempered },
  { options: ["classes"], by: "latent", values: latents.filter((latent) => latent !== "bernoulli") },
  { options: ["k"], by: "latent", values: ["subset", "conditional-bernoulli"] },
  ...temperatureScopes,
];

function checkConfiguration(config: Config): void {
  checkEstimator(config);
  const { latent, k, classes, likelihood, binarize } = config;
  if (likelihood !== "bernoulli" && binarize !== "none") {
    throw new RangeError(`binarize must be none for the likelihood ${likelihood}, of all values, got ${binarize}.`);
  }
  if ((latent === "subset" || latent === "conditional-bernoulli") && k >= classes) {
    // A set of all classes is no choice.
    throw new RangeError(`k must be less than the ${classes} classes that a subset is of, got ${k}.`);
  }
}

/** The divergence's weight rises over the first steps of `total`. */
function settingsOf(config: Config, total: number, temperatureOverride: Context["temperatureOverride"]) {
  const settingsAt = scheduledSettings(config, total, temperatureOverride);
  return (step: number) => ({
    ...settingsAt(step),
    divergenceWeight: Math.min(1, (step + 1) / (config.divergenceWarmup * total + 1)),
  });
}
