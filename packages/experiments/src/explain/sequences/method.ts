/**
 * Which tokens decide what a sequence is: nine of them, five equal to the label. An encoder layer reads them all and
 * scores each; the classifier sees the embeddings of the three that are drawn, and nothing of the others.
 *
 * The order below: configuration, data, model, training. The draw, the objective and the step are in ../model.ts, what is
 * measured is in judge.ts, and what is shown of it in show.ts.
 */

import { nn, numpy as np, random } from "@jax-js/jax";
import { subset } from "softdraw";
import { z } from "zod";
import type { Context, Presets } from "../../experiment.ts";
import { type EncoderLayer, encoderLayer, initEncoderLayer, type Regularize } from "../../nn/attention.ts";
import { multipleOfFour } from "../../nn/dense.ts";
import { type Embedding, embed, initEmbedding } from "../../nn/embedding.ts";
import { splitKey } from "../../nn/keys.ts";
import { initPerceptron, type Perceptron, perceptron } from "../../nn/perceptron.ts";
import { shapeOf } from "../../nn/shapes.ts";
import type { Task } from "../model.ts";
import { sharedOptions } from "../options.ts";
import { generatedTraining, type NothingGiven } from "../training.ts";

// Configuration ------------------------------------------------------------------------------------------------------

export const TOKENS = 9;
const DECISIVE = 5;
/** Words are numbered from 1. */
export const WORDS = 9;

export const schema = z.strictObject({
  task: z.literal("sequences").default("sequences"),
  ...sharedOptions(TOKENS, { k: 3, epochs: 10, steps: 100, batch: 128, hidden: 32 }),
  width: z.int().min(4).multipleOf(4).default(32).describe("of the embedding, a multiple of 4"),
  feedForward: z.int().min(1).default(64).describe("units of the encoder layer's hidden layer"),
  dropout: z.number().min(0).max(0.9).default(0.1).describe("share of the encoder's activations that is dropped"),
});

export type Config = z.infer<typeof schema>;

export const presets: Presets<Config> = {
  original: {
    description: "the original's settings: a hidden layer of 2048, learning rate 0.0005, concrete-max",
    values: { feedForward: 2048, learningRate: 5e-4, learningRateDecay: "none", sampler: "concrete-max" },
  },
};

// Data ---------------------------------------------------------------------------------------------------------------

/** `tokens` from 1 to 9, int32 `[size, 9]`, and the `label` of each sequence, int32 `[size]`. */
type Sequences = { tokens: np.Array; label: np.Array };

/**
 * Five places hold the label, any five as likely as others. The other four hold any tokens, the label among them.
 *
 * @param key PRNG key, consumed
 */
export function drawSequences(key: np.Array, size: number): Sequences {
  const [tokensKey, placesKey] = splitKey(key, 2);
  const drawn = np.floor(random.uniform(tokensKey, [size, TOKENS + 1]).mul(WORDS)).add(1);
  const label = drawn.ref.slice([], [TOKENS, TOKENS + 1]);
  const isLabel = subset.sample(placesKey, np.zeros([size, TOKENS]), DECISIVE).greater(0);
  const tokens = np.where(isLabel, label.ref, drawn.slice([], [0, TOKENS])).astype(np.int32);
  return { tokens, label: label.reshape([size]).astype(np.int32) };
}

// Model --------------------------------------------------------------------------------------------------------------

export type Model = { embedding: Embedding; encoder: EncoderLayer; explainer: Perceptron; classifier: Perceptron };

const HEADS = 4;

/** Words and classes from 0 to 9, of which 0 is never seen, and some more: the engine multiplies widths of 4 fast. */
const PADDED_WORDS = multipleOfFour(WORDS + 1);

function initModel(key: np.Array, { width, feedForward, hidden }: Config): Model {
  const [embeddingKey, encoderKey, explainerKey, classifierKey] = splitKey(key, 4);
  return {
    embedding: initEmbedding(embeddingKey, PADDED_WORDS, width),
    encoder: initEncoderLayer(encoderKey, width, feedForward),
    explainer: initPerceptron(explainerKey, [width, hidden, multipleOfFour(1)]),
    classifier: initPerceptron(classifierKey, [width, hidden, PADDED_WORDS]),
  };
}

/** A score for each token. Attention runs along the sequence, so each is scored knowing the others. */
export function scoreTokens(
  { embedding, encoder, explainer }: Omit<Model, "classifier">,
  tokens: np.Array,
  regularize?: Regularize,
): np.Array {
  const mixed = encoderLayer(encoder, embed(embedding, tokens), HEADS, regularize);
  const [batch, length, width] = shapeOf(mixed, 3);
  const scores = perceptron(explainer, mixed.reshape([batch * length, width]));
  return scores.slice([], 0).reshape([batch, length]);
}

/**
 * Logits of the words, by the mean of the embeddings that are seen, weighted by how much. Not of the encoder's vectors, in
 * which every token knows the others: any three would do then, and nothing would be explained.
 */
export function classifySequences(
  { embedding, classifier }: Pick<Model, "embedding" | "classifier">,
  tokens: np.Array,
  seen: np.Array,
): np.Array {
  const weights = seen.ref.div(seen.sum(-1, { keepdims: true }));
  const pooled = np.matmul(np.expandDims(weights, 1), embed(embedding, tokens));
  return perceptron(classifier, pooled.reshape([pooled.shape[0]!, -1]));
}

/** The shared model on sequences. */
export function sequencesTask(config: Config): Task<Model, NothingGiven, { tokens: np.Array }> {
  return {
    init: (key) => initModel(key, config),
    batch(key, size) {
      const { tokens, label } = drawSequences(key, size);
      return { inputs: { tokens }, labels: nn.oneHot(label, PADDED_WORDS) };
    },
    score: (model, { tokens }, regularize) => scoreTokens(model, tokens, regularize),
    classify: (model, { tokens }, seen) => classifySequences(model, tokens, seen),
  };
}

// Training -----------------------------------------------------------------------------------------------------------

export function trainingOf(config: Config, context: Context) {
  return generatedTraining(config, sequencesTask(config), context);
}
