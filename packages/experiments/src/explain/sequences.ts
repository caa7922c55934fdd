/**
 * Which tokens decide what a sequence is: nine of them, five equal to the label. An encoder layer reads them all and
 * scores each; the classifier sees the embeddings of the three that are drawn, and nothing of the others.
 *
 * The order below: configuration, data, model; then what is measured, and the pictures. What the tasks share is in
 * model.ts and training.ts.
 */

import { jit, nn, numpy as np, random, tree } from "@jax-js/jax";
import { subset } from "softdraw";
import { z } from "zod";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { curvesOf } from "../curves.ts";
import type { EpochRecord, EvaluationOptions, Experiment, NamedPicture, Result, Trained } from "../experiment.ts";
import { type EncoderLayer, encoderLayer, initEncoderLayer, type Regularize } from "../nn/attention.ts";
import { multipleOfFour } from "../nn/dense.ts";
import { type Embedding, embed, initEmbedding } from "../nn/embedding.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { initPerceptron, type Perceptron, perceptron } from "../nn/perceptron.ts";
import { arraysOf } from "../nn/tensors.ts";
import { glyphTile, type MarkedTile, markedTiles } from "../report/marked-tiles.ts";
import { chooseFeatures, type Task } from "./model.ts";
import { explainOptions, NAME, REFERENCES } from "./options.ts";
import { generatedTraining, type NothingGiven } from "./training.ts";

// Configuration ------------------------------------------------------------------------------------------------------

const TOKENS = 9;
const DECISIVE = 5;
const WORDS = 9;

const schema = z.strictObject({
  task: z.literal("sequences").default("sequences"),
  ...explainOptions(
    {
      ...{ k: 3, sampler: "threshold", epochs: 10, steps: 100, batch: 128, learningRate: 2e-3, hidden: 32 },
      ...{ temperature: 0.1, schedule: "constant", temperatureEnd: 0.1 },
    },
    TOKENS,
  ),
  width: z.int().min(4).multipleOf(4).default(32).describe("of the embedding, a multiple of 4"),
  feedForward: z.int().min(1).default(64).describe("units of the encoder layer's hidden layer"),
  dropout: z.number().min(0).max(0.9).default(0.1).describe("share of the encoder's activations that is dropped"),
});

export type SequencesConfig = z.infer<typeof schema>;

const presets: Experiment<SequencesConfig>["presets"] = {
  original: {
    description: "the original's settings: a hidden layer of 2048, learning rate 0.0005, concrete-max",
    values: { feedForward: 2048, learningRate: 5e-4, learningRateDecay: "none", sampler: "concrete-max" },
  },
};

// Data ---------------------------------------------------------------------------------------------------------------

/** `tokens` from 1 to 9, int32 `[size, 9]`, and the `label` of each sequence, int32 `[size]`. */
type Sequences = { tokens: np.Array; label: np.Array };

/**
 * Five places that any five are as likely to be hold the label, the other four any tokens, the label among them.
 *
 * @param key PRNG key, consumed
 */
function drawSequences(key: np.Array, size: number): Sequences {
  const [tokensKey, placesKey] = splitKey(key, 2) as [np.Array, np.Array];
  const drawn = np.floor(random.uniform(tokensKey, [size, TOKENS + 1]).mul(WORDS)).add(1);
  const label = drawn.ref.slice([], [TOKENS, TOKENS + 1]);
  const isLabel = subset.sample(placesKey, np.zeros([size, TOKENS]), DECISIVE).greater(0);
  const tokens = np.where(isLabel, label.ref, drawn.slice([], [0, TOKENS])).astype(np.int32);
  return { tokens, label: label.reshape([size]).astype(np.int32) };
}

// Model --------------------------------------------------------------------------------------------------------------

type Model = { embedding: Embedding; encoder: EncoderLayer; explainer: Perceptron; classifier: Perceptron };

const HEADS = 4;

/** Words and classes from 0 to 9, of which 0 is never seen, as the engine multiplies fast. */
const PADDED_WORDS = multipleOfFour(WORDS + 1);

function initModel(key: np.Array, { width, feedForward, hidden }: SequencesConfig): Model {
  const [embeddingKey, encoderKey, explainerKey, classifierKey] = splitKey(key, 4) as [
    np.Array,
    np.Array,
    np.Array,
    np.Array,
  ];
  return {
    embedding: initEmbedding(embeddingKey, PADDED_WORDS, width),
    encoder: initEncoderLayer(encoderKey, width, feedForward),
    explainer: initPerceptron(explainerKey, [width, hidden, multipleOfFour(1)]),
    classifier: initPerceptron(classifierKey, [width, hidden, PADDED_WORDS]),
  };
}

/** Attention runs along the sequence, so each token is scored knowing the others. */
function scoreTokens({ embedding, encoder, explainer }: Model, tokens: np.Array, regularize?: Regularize): np.Array {
  const mixed = encoderLayer(encoder, embed(embedding, tokens), HEADS, regularize);
  const [batch, length, width] = mixed.shape as [number, number, number];
  const scores = perceptron(explainer, mixed.reshape([batch * length, width]));
  return scores.slice([], 0).reshape([batch, length]);
}

/**
 * By the mean of the embeddings that are seen, weighted by how much. Not of the encoder's vectors, in which every token
 * knows the others: any three would do then, and nothing would be explained.
 */
function classifySequences({ embedding, classifier }: Model, tokens: np.Array, seen: np.Array): np.Array {
  const weights = seen.ref.div(seen.sum(-1, { keepdims: true }));
  const pooled = np.matmul(np.expandDims(weights, 1), embed(embedding, tokens));
  return perceptron(classifier, pooled.reshape([pooled.shape[0]!, -1]));
}

/** The shared model on sequences. */
export function sequencesTask(config: SequencesConfig): Task<Model, NothingGiven, { tokens: np.Array }> {
  return {
    init: (key) => initModel(key, config),
    batch(key, size) {
      const { tokens, label } = drawSequences(key, size);
      return { inputs: { tokens }, labels: nn.oneHot(label, PADDED_WORDS) };
    },
    explain: (model, { tokens }, regularize) => scoreTokens(model, tokens, regularize),
    classify: (model, { tokens }, seen) => classifySequences(model, tokens, seen),
  };
}

const { check, run } = generatedTraining(sequencesTask, (config: SequencesConfig, model, epoch) =>
  measure(config, model, epoch === config.epochs ? MEASURED_LAST : MEASURED, config.seed),
);

// What is measured ---------------------------------------------------------------------------------------------------

/** Fresh sequences that are explained after an epoch, and after the last. */
const MEASURED = 1000;
const MEASURED_LAST = 10_000;
const EXPLAINED_AT_ONCE = 1000;

/** The first stream for measuring: training draws from stream 0. */
const MEASURING = 2 ** 31;

const columns = [
  { key: "loss", label: "loss", digits: 4, description: "mean over the epoch of the loss that was minimized" },
  {
    key: "accuracy",
    label: "accuracy",
    digits: 2,
    description: "% of fresh sequences classified by the chosen tokens",
  },
  {
    key: "precision",
    label: "precision",
    digits: 2,
    description: "% of the chosen tokens that are equal to the label",
  },
  { key: "temperature", label: "temp", digits: 3, description: "temperature of the last step" },
  { key: "examplesPerSecond", label: "seq/s", digits: 0, description: "training speed, measuring apart" },
] as const;

const objectives = {
  discrete: { key: "accuracy", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

type Measures = { accuracy: number; precision: number };
type Progress = (done: number, total: number) => void | Promise<void>;

/** Explains and classifies fresh sequences, the explanation discrete. Keeps the model. */
async function measure(
  { k }: SequencesConfig,
  model: Model,
  count: number,
  seed: number,
  onProgress?: Progress,
): Promise<Measures> {
  let [right, equal] = [0, 0];
  for (let first = 0; first < count; first += EXPLAINED_AT_ONCE) {
    const size = Math.min(EXPLAINED_AT_ONCE, count - first);
    const { tokens, label, chosen, predicted } = await explainFresh(model, streamKey(seed, MEASURING + first), size, k);
    predicted.forEach((word, row) => {
      if (word === label[row]) right++;
      for (let at = row * TOKENS; at < (row + 1) * TOKENS; at++) {
        if (chosen[at] === 1 && tokens[at] === label[row]) equal++;
      }
    });
    await onProgress?.(first + size, count);
  }
  return { accuracy: (100 * right) / count, precision: (100 * equal) / (count * k) };
}

/** New sequences on the host, with what is chosen of them and the word that the classifier makes of that. */
export interface Explained {
  readonly tokens: Int32Array;
  readonly label: Int32Array;
  /** 1 for a chosen token. */
  readonly chosen: Float32Array;
  readonly predicted: Int32Array;
}

async function explainFresh(model: Model, key: np.Array, size: number, k: number): Promise<Explained> {
  const { tokens, label } = freshKernel(key, size);
  const judged = judgeKernel(tree.ref(model), tokens.ref, k);
  const reading = [tokens.data(), label.data(), judged.chosen.data(), judged.predicted.data()] as const;
  const [allTokens, labels, chosen, predicted] = await Promise.all(reading);
  return { tokens: allTokens, label: labels, chosen, predicted } as Explained;
}

const freshKernel = jit(drawSequences, { staticArgnums: [1] });

/** What is chosen of sequences, and the word that the classifier makes of that. */
const judgeKernel = jit(
  function judge(model: Model, tokens: np.Array, k: number) {
    const chosen = chooseFeatures(scoreTokens(tree.ref(model), tokens.ref), k);
    return { chosen: chosen.ref, predicted: np.argmax(classifySequences(model, tokens, chosen), -1) };
  },
  { staticArgnums: [2] },
);

/** New sequences, and what a trained model chooses of them and says. */
export async function explainSequences(
  { config, checkpoint }: Trained<SequencesConfig>,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Explained> {
  const model = restoreModel(checkpoint);
  const explained = await explainFresh(model, streamKey(seed, MEASURING), count, config.k);
  tree.dispose(model);
  return explained;
}

/**
 * What a trained model chooses of the reader's own sequences, and says.
 *
 * @param tokens from 1 to 9, nine of each sequence
 */
export async function explainTokens(
  { config, checkpoint }: Trained<SequencesConfig>,
  tokens: Int32Array<ArrayBuffer>,
): Promise<Pick<Explained, "chosen" | "predicted">> {
  const given = np.array(tokens, { shape: [tokens.length / TOKENS, TOKENS], dtype: np.int32 });
  const judged = judgeKernel(restoreModel(checkpoint), given, config.k);
  const [chosen, predicted] = await Promise.all([judged.chosen.data(), judged.predicted.data()]);
  return { chosen, predicted } as Pick<Explained, "chosen" | "predicted">;
}

// Results and curves -------------------------------------------------------------------------------------------------

function measureResults({ accuracy, precision }: Measures, count: number): Result[] {
  const note = `of ${count.toLocaleString("en-US")} fresh sequences, by the chosen tokens alone`;
  return [
    { name: "accuracy", value: accuracy, digits: 2, unit: "%", note },
    { name: "precision", value: precision, digits: 2, unit: "%", note: "chosen tokens that are equal to the label" },
  ];
}

function results(records: readonly EpochRecord[]): Result[] {
  const last = records.at(-1) as (EpochRecord & Measures) | undefined;
  return last ? measureResults(last, MEASURED_LAST) : [];
}

function charts(records: readonly EpochRecord[]) {
  const x = { label: "epoch" };
  const series = curvesOf(records);
  return [
    {
      title: "Explanations",
      caption: "On fresh sequences: classified right by the chosen tokens alone, and chosen tokens equal to the label.",
      ...{ x, y: { label: "%" } },
      series: [series("accuracy", "accuracy"), series("precision", "precision")],
    },
    {
      title: "Loss",
      caption: "Cross-entropy of the classifier that sees a relaxed draw of the tokens.",
      ...{ x, y: { label: "nats", log: true } },
      series: [series("loss", "loss")],
    },
  ];
}

// Pictures -----------------------------------------------------------------------------------------------------------

const PICTURED = 10;

async function pictures({ config, checkpoint }: Trained<SequencesConfig>): Promise<NamedPicture[]> {
  const model = restoreModel(checkpoint);
  const explained = await explainFresh(model, streamKey(config.seed, MEASURING), PICTURED, config.k);
  tree.dispose(model);
  return [
    {
      name: "tokens",
      title: "Sequences and the tokens that were chosen",
      caption:
        `Each row is a fresh sequence; its first tile is the label. The ${config.k} chosen tokens are framed in blue where they ` +
        "are equal to the label, and in crossed red where they are not.",
      alt: "Rows of numbers, some of them framed.",
      picture: tokenTiles(explained),
      text: tokenLines(explained),
    },
  ];
}

function tokenTiles({ tokens, label, chosen }: Explained) {
  const tiles = Array.from(label, (word, row): MarkedTile[] => [
    { ...glyphTile(word), mark: "none" },
    ...Array.from(tokens.subarray(row * TOKENS, (row + 1) * TOKENS), (token, at): MarkedTile => {
      const mark = chosen[row * TOKENS + at] === 0 ? "none" : token === word ? "query" : "wrong";
      return { ...glyphTile(token), mark };
    }),
  ]);
  const [{ height, width }] = [glyphTile(0)];
  return markedTiles(tiles.flat(), { height, width, columns: 1 + TOKENS });
}

/** Such as ` 3:  [3] 7 [3] 1  3  3 [3] 9  5`. */
function tokenLines({ tokens, label, chosen }: Explained): string[] {
  return Array.from(label, (word, row) => {
    const cells = Array.from({ length: TOKENS }, (_, at) => {
      const token = tokens[row * TOKENS + at]!;
      return chosen[row * TOKENS + at] === 1 ? `[${token}]` : ` ${token} `;
    });
    return `${word}: ${cells.join("")}`;
  });
}

// Evaluation ---------------------------------------------------------------------------------------------------------

function restoreModel({ tensors }: Checkpoint): Model {
  return arraysOf(tensors, "model") as Model;
}

async function evaluate(
  { config, checkpoint }: Trained<SequencesConfig>,
  _data: unknown,
  { examples = MEASURED_LAST, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const model = restoreModel(checkpoint);
  const measures = await measure(config, model, examples, seed, onProgress);
  tree.dispose(model);
  return measureResults(measures, examples);
}

export const sequences: Experiment<SequencesConfig> = {
  name: NAME,
  title: "Explained sequences",
  summary: "A network that chooses the three of nine tokens by which another tells the most frequent one.",
  references: REFERENCES,
  ...{ schema, presets, columns, objectives, check, run, results, charts, pictures, evaluate },
};
