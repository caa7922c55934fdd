/**
 * A variational autoencoder whose latent code is 30 choices among 10, trained through relaxed choices.
 *
 * After Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", 2017, and Maddison, Mnih, Teh, "The
 * Concrete Distribution", 2017. The order below is theirs: configuration, model, objective, step. What is measured is in
 * judge.ts, what is shown of it in show.ts, and the loop in training/loop.ts.
 */

import { jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { bernoulli, categorical } from "softdraw";
import { z } from "zod";
import { gatherImages } from "../data/batches.ts";
import type { Context, Presets } from "../experiment.ts";
import { type AdamState, adam, initAdam } from "../nn/adam.ts";
import { type Dense, dense, initDense, initializations } from "../nn/dense.ts";
import { splitKey } from "../nn/keys.ts";
import { shapeOf } from "../nn/shapes.ts";
import { epochOrder, stepsAnEpoch } from "../training/epochs.ts";
import { dataOptions, learningRateOptions, temperatureOptions } from "../training/options.ts";
import { type StepSettings, scheduledSettings } from "../training/settings.ts";

// Configuration -------------------------------------------------------------------------------------------------------

export const schema = z.strictObject({
  ...dataOptions,
  epochs: z.int().min(1).default(10).describe("passes over the training images"),
  batch: z.int().min(1).default(50).describe("images a step"),
  ...learningRateOptions("Adam's step size", 1e-3, "linear"),
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

export type Config = z.infer<typeof schema>;

export const presets: Presets<Config> = {
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

// Model ---------------------------------------------------------------------------------------------------------------

export type Model = { encoder: Dense[]; decoder: Dense[] };

const HIDDEN = [512, 256];

function initModel(key: np.Array, config: Config, pixels: number): Model {
  const code = config.variables * config.classes;
  const [encoderKey, decoderKey] = splitKey(key, 2);
  const layers = (key: np.Array, sizes: number[]) =>
    splitKey(key, sizes.length - 1).map((k, i) => initDense(k, sizes[i]!, sizes[i + 1]!, config.initialization));
  return {
    encoder: layers(encoderKey, [pixels, ...HIDDEN, code]),
    decoder: layers(decoderKey, [code, ...HIDDEN.toReversed(), pixels]),
  };
}

/** Images `[batch, pixels]` to the logits of the choices, `[batch, variables, classes]`. */
export function encode(encoder: Dense[], images: np.Array, config: Config): np.Array {
  const output = multilayer(encoder, images);
  const logits = config.encoderRelu ? nn.relu(output) : output;
  return logits.reshape([-1, config.variables, config.classes]);
}

/** Choices `[batch, variables, classes]`, relaxed or exact, to the logits of the pixels, `[batch, pixels]`. */
export function decode(decoder: Dense[], choices: np.Array): np.Array {
  const [batch, variables, classes] = shapeOf(choices, 3);
  return multilayer(decoder, choices.reshape([batch, variables * classes]));
}

function multilayer(layers: Dense[], x: np.Array): np.Array {
  return layers.reduce((h, layer, i) => dense(layer, i === 0 ? h : nn.relu(h)), x);
}

// Objective -----------------------------------------------------------------------------------------------------------
// The negative evidence lower bound, in nats an image, is the sum of its two parts.

/** `-log p(x | z)`, pixels as Bernoulli variables (grey ones in expectation), `[batch]`. */
export function reconstructionLoss(decoder: Dense[], choices: np.Array, images: np.Array): np.Array {
  return np.negative(bernoulli.logProb(images, decode(decoder, choices)).sum(-1));
}

/** `KL(q(z | x) || uniform)`, exact and summed over the variables, `[batch]`. */
export function divergence(logits: np.Array): np.Array {
  return categorical.kl(logits).sum(-1);
}

// Step ----------------------------------------------------------------------------------------------------------------

/** All that training changes on the device. */
export type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

function initState(config: Config, pixels: number): State {
  const [modelKey, key] = splitKey(random.key(config.seed), 2);
  const model = initModel(modelKey, config, pixels);
  return { model, optimizer: initAdam(model), key };
}

type Settings = StepSettings & { divergenceWeight: np.Array };

/** Gradient and optimizer in one jitted function, which consumes the state and the images. */
function trainingStep(config: Config) {
  return jit(function step(state: State, images: np.Array, { temperature, learningRate, divergenceWeight }: Settings) {
    const [key, drawKey] = splitKey(state.key, 2);
    const loss = ({ encoder, decoder }: Model) => {
      const logits = encode(encoder, images.ref, config);
      const choices = categorical.relax(drawKey, logits.ref, { temperature, hard: config.hard });
      return reconstructionLoss(decoder, choices, images).add(divergence(logits).mul(divergenceWeight)).mean();
    };
    const [value, gradients] = valueAndGrad(loss)(tree.ref(state.model));
    const { parameters: model, state: optimizer } = adam(state.model, gradients, state.optimizer, learningRate);
    return { state: { model, optimizer, key }, measured: value };
  });
}

// Training ------------------------------------------------------------------------------------------------------------

export const NAME = "vae";

export function trainingOf(config: Config, { data: { train }, temperatureOverride }: Context) {
  const { epochs, batch, seed } = config;
  const steps = stepsAnEpoch(config, train);
  return {
    name: NAME,
    epochs,
    steps,
    examples: batch,
    begin: () => initState(config, train.height * train.width),
    settingsAt: settingsOf(config, steps * epochs, temperatureOverride),
    async batchesOf(epoch: number) {
      const order = await epochOrder(seed, epoch, train);
      return (step: number) => gatherImages(train, order, step * batch, batch);
    },
    update: trainingStep(config),
  };
}

/** The divergence's weight rises over the first steps of `total`. */
function settingsOf(config: Config, total: number, temperatureOverride: Context["temperatureOverride"]) {
  const settingsAt = scheduledSettings(config, total, temperatureOverride);
  return (step: number) => ({
    ...settingsAt(step),
    divergenceWeight: Math.min(1, (step + 1) / (config.divergenceWarmup * total + 1)),
  });
}
