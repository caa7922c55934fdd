/** How well features are explained: whether those that decide rank first, and how much the chosen ones tell of the class. */

import { jit, numpy as np, random, tree } from "@jax-js/jax";
import { withModel } from "../../checkpoint/model.ts";
import { lossColumn, type MeasuresOf, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../../columns.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../../experiment.ts";
import { medianRank } from "../../mathematics/statistics.ts";
import { splitKey, streamKey } from "../../nn/keys.ts";
import type { EpochEnd } from "../../training/loop.ts";
import { streams } from "../../training/streams.ts";
import { freshBlocks, JUDGED_AT_ONCE, MEASURED_LAST, readArrays, recordOf } from "../judge.ts";
import { chooseFeatures, type State } from "../model.ts";
import {
  benchmarks,
  type Config,
  classifyFeatures,
  drawExamples,
  FEATURES,
  type Model,
  type Name,
  scoreFeatures,
} from "./method.ts";

/** Fresh examples that are judged after an epoch, but the last. */
const MEASURED = 2000;

/** Of what is judged on fresh examples. The best rank depends on how many features decide. */
function judgedColumnsOf(task: Name) {
  return [
    {
      key: "rank",
      label: "rank",
      name: "median rank",
      digits: 3,
      description: "median rank of the features that decide, a mean over examples",
      note: `of the features that decide, a mean; optimal is ${(benchmarks[task].k + 1) / 2}`,
    },
    {
      key: "chosen",
      label: "chosen",
      digits: 2,
      unit: "%",
      description: "% of the features that decide which are chosen",
      note: "of the features that decide",
    },
    {
      key: "accuracy",
      label: "accuracy",
      digits: 2,
      unit: "%",
      description: "% of fresh examples classified by the chosen features",
      note: (judged = MEASURED_LAST) =>
        `of ${judged.toLocaleString("en-US")} fresh examples, by the chosen features alone`,
    },
    {
      key: "gap",
      label: "gap",
      name: "gap to Bayes",
      digits: 2,
      unit: "%",
      description: "what is missing to the Bayes classifier's accuracy, in %",
      note: "accuracy that no classifier could add to",
    },
  ] as const;
}

export function columnsOf(task: Name) {
  return [
    lossColumn("loss", 4, ", nats"),
    ...judgedColumnsOf(task),
    temperatureColumn,
    paceColumn("examplesPerSecond", "ex/s"),
  ] as const;
}

export type Columns = ReturnType<typeof columnsOf>;

export const headlines = ["rank", "chosen", "accuracy", "gap"] as const;

export async function measureEpoch(config: Config, { model }: State<Model>, end: EpochEnd): Promise<RecordOf<Columns>> {
  const count = end.epoch === config.epochs ? MEASURED_LAST : MEASURED;
  return recordOf(end, await measure(model, count, config));
}

/** Chooses features of fresh examples, and classifies by these alone. Keeps the model. */
async function measure(
  model: Model,
  count: number,
  { task, k, seed }: Pick<Config, "task" | "k" | "seed">,
  onProgress?: Progress,
): Promise<MeasuresOf<ReturnType<typeof judgedColumnsOf>>> {
  const totals = { rank: 0, chosen: 0, decisive: 0, right: 0, bayes: 0 };
  for await (const { key, size } of freshBlocks(count, seed, onProgress)) {
    addJudged(totals, task, await drawAndChoose(model, key, { task, size, k }));
  }
  const { rank, chosen, decisive, right, bayes } = totals;
  const [accuracy, best] = [(100 * right) / count, (100 * bayes) / count];
  return { rank: rank / count, chosen: (100 * chosen) / decisive, accuracy, gap: best - accuracy };
}

/** Sums over examples; `decisive` is how many features decide, `bayes` how often the best classifier would be right. */
type Totals = { rank: number; chosen: number; decisive: number; right: number; bayes: number };

function addJudged(
  totals: Totals,
  task: Name,
  { x, scores, chosen, predicted, label, probability, ties }: FreshExamples,
): void {
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

export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  _data: unknown,
  { examples = MEASURED_LAST, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const measures = await withModel(checkpoint, (model: Model) =>
    measure(model, examples, { ...config, seed }, onProgress),
  );
  return resultsOf(columnsOf(config.task), headlines, measures, examples);
}

// Choosing -----------------------------------------------------------------------------------------------------------

/** New examples, what is chosen of them, and the class that the classifier tells by that alone. */
export interface FreshExamples {
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

/** Keeps the model. */
async function drawAndChoose(
  model: Model,
  key: np.Array,
  { task, size, k }: { readonly task: Name; readonly size: number; readonly k: number },
): Promise<FreshExamples> {
  return readArrays<FreshExamples>(chooseKernel(tree.ref(model), key, task, size, k));
}

const chooseKernel = jit(
  function choose(model: Model, key: np.Array, task: Name, size: number, k: number) {
    const [examplesKey, tiesKey] = splitKey(key, 2);
    const { x, probability, label } = drawExamples(task, examplesKey, size);
    const scores = scoreFeatures(tree.ref(model), x.ref);
    const chosen = chooseFeatures(scores.ref, k);
    const predicted = np.argmax(classifyFeatures(model, x.ref, chosen.ref), -1);
    return { x, scores, chosen, predicted, label, probability, ties: random.uniform(tiesKey, [size, FEATURES]) };
  },
  { staticArgnums: [2, 3, 4] },
);

/** The first block of the examples that are judged. */
export async function freshExamples({ config, checkpoint }: Trained<Config>): Promise<FreshExamples> {
  const key = streamKey(config.seed, streams.measuring);
  return withModel(checkpoint, (model: Model) => drawAndChoose(model, key, { ...config, size: JUDGED_AT_ONCE }));
}
