/** How well sequences are explained: whether the chosen tokens tell the label, and whether they are equal to it. */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { modelOf, withModel } from "../../checkpoint/model.ts";
import { lossColumn, type MeasuresOf, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../../columns.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../../experiment.ts";
import { streamKey } from "../../nn/keys.ts";
import type { EpochEnd } from "../../training/loop.ts";
import { streams } from "../../training/streams.ts";
import { freshBlocks, MEASURED_LAST, readArrays, recordOf } from "../judge.ts";
import { chooseFeatures, type State } from "../model.ts";
import { type Config, classifySequences, drawSequences, type Model, scoreTokens, TOKENS } from "./method.ts";

/** Fresh sequences that are judged after an epoch, but the last. */
const MEASURED = 1000;

const judgedColumns = [
  {
    key: "accuracy",
    label: "accuracy",
    digits: 2,
    unit: "%",
    description: "% of fresh sequences classified by the chosen tokens",
    note: (judged = MEASURED_LAST) =>
      `of ${judged.toLocaleString("en-US")} fresh sequences, by the chosen tokens alone`,
  },
  {
    key: "precision",
    label: "precision",
    digits: 2,
    unit: "%",
    description: "% of the chosen tokens that are equal to the label",
    note: "chosen tokens that are equal to the label",
  },
] as const;

export const columns = [
  lossColumn("loss", 4),
  ...judgedColumns,
  temperatureColumn,
  paceColumn("examplesPerSecond", "seq/s"),
] as const;

export const headlines = ["accuracy", "precision"] as const;

export async function measureEpoch(
  config: Config,
  { model }: State<Model>,
  end: EpochEnd,
): Promise<RecordOf<typeof columns>> {
  const count = end.epoch === config.epochs ? MEASURED_LAST : MEASURED;
  return recordOf(end, await measure(model, count, config));
}

/** Chooses tokens of fresh sequences, and classifies by these alone. Keeps the model. */
async function measure(
  model: Model,
  count: number,
  { k, seed }: Pick<Config, "k" | "seed">,
  onProgress?: Progress,
): Promise<MeasuresOf<typeof judgedColumns>> {
  let [right, equal] = [0, 0];
  for await (const { key, size } of freshBlocks(count, seed, onProgress)) {
    const { tokens, label, chosen, predicted } = await drawAndChoose(model, key, size, k);
    predicted.forEach((word, row) => {
      if (word === label[row]) right++;
      for (let at = row * TOKENS; at < (row + 1) * TOKENS; at++) {
        if (chosen[at] === 1 && tokens[at] === label[row]) equal++;
      }
    });
  }
  return { accuracy: (100 * right) / count, precision: (100 * equal) / (count * k) };
}

export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  _data: unknown,
  { examples = MEASURED_LAST, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const measures = await withModel(checkpoint, (model: Model) =>
    measure(model, examples, { ...config, seed }, onProgress),
  );
  return resultsOf(columns, headlines, measures, examples);
}

// Choosing -----------------------------------------------------------------------------------------------------------

/** What is chosen of sequences, and the word that the classifier tells by that alone. */
export interface ChosenTokens {
  /** 1 for a chosen token. */
  readonly chosen: Float32Array;
  readonly predicted: Int32Array;
}

/** New sequences, and what is chosen of them. */
export interface FreshSequences extends ChosenTokens {
  readonly tokens: Int32Array;
  readonly label: Int32Array;
}

/** Keeps the model. */
async function drawAndChoose(model: Model, key: np.Array, size: number, k: number): Promise<FreshSequences> {
  const { tokens, label } = drawKernel(key, size);
  const { chosen, predicted } = chooseKernel(tree.ref(model), tokens.ref, k);
  return readArrays<FreshSequences>({ tokens, label, chosen, predicted });
}

const drawKernel = jit(drawSequences, { staticArgnums: [1] });

const chooseKernel = jit(
  function choose(model: Model, tokens: np.Array, k: number) {
    const chosen = chooseFeatures(scoreTokens(tree.ref(model), tokens.ref), k);
    return { chosen: chosen.ref, predicted: np.argmax(classifySequences(model, tokens, chosen), -1) };
  },
  { staticArgnums: [2] },
);

/** New sequences, the same for the same seed, and what a trained model chooses of them. */
export async function freshSequences(
  { config, checkpoint }: Trained<Config>,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<FreshSequences> {
  const key = streamKey(seed, streams.measuring);
  return withModel(checkpoint, (model: Model) => drawAndChoose(model, key, count, config.k));
}

/**
 * What a trained model chooses of the reader's own sequences.
 *
 * @param tokens from 1 to 9, nine of each sequence
 */
export async function chooseTokens(
  { config, checkpoint }: Trained<Config>,
  tokens: Int32Array<ArrayBuffer>,
): Promise<ChosenTokens> {
  const given = np.array(tokens, { shape: [tokens.length / TOKENS, TOKENS], dtype: np.int32 });
  return readArrays<ChosenTokens>(chooseKernel(modelOf<Model>(checkpoint), given, config.k));
}
