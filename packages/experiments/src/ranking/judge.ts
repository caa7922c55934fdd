/** How well pictures are sorted: by the exact order of their scores, on lists of test pictures. */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { withModel } from "../checkpoint/model.ts";
import { lossColumn, type MeasuresOf, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../columns.ts";
import { numbersOf } from "../data/numbers.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../experiment.ts";
import { blocksOf } from "../mathematics/blocks.ts";
import { streamKey } from "../nn/keys.ts";
import { exactOrder } from "../orders.ts";
import type { EpochEnd } from "../training/loop.ts";
import { streams } from "../training/streams.ts";
import { drawnRows, patchesOf } from "./batches.ts";
import { type Config, type Model, type State, scorePictures, scoresOfLists } from "./method.ts";

/** Fresh lists that are sorted after an epoch, and after the last. Both are whole blocks, so that one kernel serves all. */
const MEASURED = 500;
const MEASURED_LAST = 2000;
const SORTED_AT_ONCE = 50;

const orderColumns = [
  {
    key: "exact",
    label: "exact",
    name: "exact match",
    digits: 2,
    unit: "%",
    description: "% of fresh lists whose order is found as a whole, the first of equal numbers first",
    note: (judged = MEASURED_LAST) =>
      `of ${judged.toLocaleString("en-US")} fresh lists of test pictures, the first of equal numbers first`,
  },
  {
    key: "places",
    label: "places",
    name: "right places",
    digits: 2,
    unit: "%",
    description: "% of pictures in their place",
    note: "of the pictures",
  },
  {
    key: "exactAlike",
    label: "exact =",
    name: "exact match, alike",
    digits: 2,
    unit: "%",
    description: "% of lists with equal numbers interchangeable",
    note: "with equal numbers interchangeable",
  },
  {
    key: "placesAlike",
    label: "places =",
    name: "right places, alike",
    digits: 2,
    unit: "%",
    description: "% of pictures, equal numbers interchangeable",
    note: "the same",
  },
] as const;

export const columns = [
  lossColumn("loss", 4),
  ...orderColumns,
  temperatureColumn,
  paceColumn("listsPerSecond", "lists/s"),
] as const;

export const headlines = ["exactAlike", "placesAlike", "exact", "places"] as const;

export const objectives = {
  discrete: { key: "exactAlike", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

export async function measureEpoch(
  config: Config,
  test: Dataset,
  { model }: State,
  { epoch, loss, temperature, pace }: EpochEnd,
): Promise<RecordOf<typeof columns>> {
  const count = epoch === config.epochs ? MEASURED_LAST : MEASURED;
  const measures = await measureOrders(config, model, test, count, config.seed);
  return { epoch, loss, ...measures, temperature, listsPerSecond: pace };
}

type Measures = MeasuresOf<typeof orderColumns>;

/** Sorts fresh lists of a data set's pictures by the exact order of their scores. Keeps the model. */
async function measureOrders(
  config: Config,
  model: Model,
  dataset: Dataset,
  count: number,
  seed: number,
  onProgress?: Progress,
): Promise<Measures> {
  const { n, digits } = config;
  const totals = { exact: 0, places: 0, exactAlike: 0, placesAlike: 0 };
  for (const { first, size } of blocksOf(count, SORTED_AT_ONCE)) {
    const rows = await drawnRows(streamKey(seed, streams.measuring + first), size * n * digits, dataset);
    const numbers = numbersOf(dataset, rows, digits);
    const found = await placesFound(config, model, dataset, rows);
    for (let list = 0; list < numbers.length; list += n) {
      const right = rightPlaces(numbers.subarray(list, list + n), found.subarray(list, list + n));
      totals.exact += right.first === n ? 1 : 0;
      totals.places += right.first / n;
      totals.exactAlike += right.any === n ? 1 : 0;
      totals.placesAlike += right.any / n;
    }
    await onProgress?.(first + size, count);
  }
  for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] *= 100 / count;
  return totals;
}

/** The place of each picture of lists, `n` after `n`, by the exact order of the scores. Keeps the model. */
export async function placesFound(config: Config, model: Model, dataset: Dataset, rows: Uint32Array) {
  const order = await exactOrder(config, scoresOf(config, model, dataset, rows));
  return (await np.argmax(order, -1).ravel().data()) as Int32Array;
}

/** The scores of the pictures of lists. Keeps the model. */
export function scoresOf(config: Config, model: Model, dataset: Dataset, rows: Uint32Array): np.Array {
  return scoresOfLists(scoreKernel(tree.ref(model), patchesOf(config, dataset, rows), config.padded), config);
}

const scoreKernel = jit(scorePictures, { staticArgnums: [2] });

/** How many of a list's numbers are where they belong: with the first of equals first, and with equals interchangeable. */
export function rightPlaces(numbers: Iterable<number>, found: ArrayLike<number>): { first: number; any: number } {
  const list = Array.from(numbers);
  const order = list.map((_, i) => i).sort((a, b) => list[a]! - list[b]! || a - b);
  return {
    first: order.filter((own, place) => found[own] === place).length,
    any: list.filter((number, i) => number === list[order[found[i]!]!]).length,
  };
}

// Evaluation ----------------------------------------------------------------------------------------------------------

export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  { test }: DatasetSplits,
  { examples = MEASURED_LAST, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const measures = await withModel(checkpoint, (model: Model) =>
    measureOrders(config, model, test, examples, seed, onProgress),
  );
  return resultsOf(columns, headlines, measures, examples);
}
