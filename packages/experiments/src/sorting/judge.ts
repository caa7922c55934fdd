/** How well a sorter sorts: by the exact order of its scores, on lists that it has not seen. */

import { jit, numpy as np, random, tree } from "@jax-js/jax";
import { permutation } from "softdraw";
import { withModel } from "../checkpoint/model.ts";
import { lossColumn, type MeasuresOf, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../columns.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../experiment.ts";
import { blocksOf } from "../mathematics/blocks.ts";
import { streamKey } from "../nn/keys.ts";
import { exactOrder } from "../orders.ts";
import type { EpochEnd } from "../training/loop.ts";
import { streams } from "../training/streams.ts";
import { type Config, type Model, type State, scoreNumbers } from "./method.ts";

/** Fresh lists that are sorted after an epoch, and after the last. */
const MEASURED = 1000;
export const MEASURED_LAST = 10_000;
const SORTED_AT_ONCE = 200;

const errorColumns = [
  {
    key: "wrongElements",
    label: "wrong",
    name: "wrong elements",
    digits: 3,
    unit: "%",
    description: "% of numbers in a wrong place, on fresh lists",
    note: "numbers in a wrong place",
  },
  {
    key: "wrongLists",
    label: "lists",
    name: "wrong lists",
    digits: 2,
    unit: "%",
    description: "% of fresh lists with any error",
    note: (judged = MEASURED_LAST) => `of ${judged.toLocaleString("en-US")} fresh lists, sorted by the scores`,
  },
] as const;

export const columns = [
  lossColumn("loss", 6),
  ...errorColumns,
  temperatureColumn,
  paceColumn("listsPerSecond", "lists/s"),
] as const;

export const headlines = ["wrongElements", "wrongLists"] as const;

export const objectives = {
  discrete: { key: "wrongElements", goal: "smallest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

export async function measureEpoch(
  config: Config,
  { model }: State,
  { epoch, loss, temperature, pace }: EpochEnd,
): Promise<RecordOf<typeof columns>> {
  const count = epoch === config.epochs ? MEASURED_LAST : MEASURED;
  const errors = await measureErrors(model, count, config);
  return { epoch, loss, ...errors, temperature, listsPerSecond: pace };
}

/** Sorts fresh lists by the exact order of their scores. Keeps the model. */
async function measureErrors(
  model: Model,
  count: number,
  config: Pick<Config, "n" | "relaxation" | "seed">,
  onProgress?: Progress,
): Promise<MeasuresOf<typeof errorColumns>> {
  const { n, seed } = config;
  let [wrongElements, wrongLists] = [0, 0];
  for (const { first, size } of blocksOf(count, SORTED_AT_ONCE)) {
    const lists = random.uniform(streamKey(seed, streams.measuring + first), [size, n]);
    const matching = await exactOrder(config, scoreKernel(tree.ref(model), lists.ref));
    const found = permutation.applyInverse(matching, lists.ref);
    const wrong = (await found.notEqual(np.sort(lists, -1)).astype(np.float32).sum(-1).data()) as Float32Array;
    for (const errors of wrong) {
      wrongElements += errors;
      wrongLists += errors > 0 ? 1 : 0;
    }
    await onProgress?.(first + size, count);
  }
  return { wrongElements: (100 * wrongElements) / (count * n), wrongLists: (100 * wrongLists) / count };
}

const scoreKernel = jit(scoreNumbers);

export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  _data: unknown,
  { examples = MEASURED_LAST, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const errors = await withModel(checkpoint, (model: Model) =>
    measureErrors(model, examples, { ...config, seed }, onProgress),
  );
  return resultsOf(columns, headlines, errors, examples);
}
