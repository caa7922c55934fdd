/** How well a nearest-neighbour classifier does: by the majority of the exact neighbours in its learned space. */

import { jit, tree } from "@jax-js/jax";
import { withModel } from "../checkpoint/model.ts";
import { lossColumn, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../columns.ts";
import { stretch } from "../data/folds.ts";
import { gatherPatches } from "../data/patches.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../experiment.ts";
import { blocksOf } from "../mathematics/blocks.ts";
import { majorityVote, nearestNeighbours, type Points } from "../nn/neighbours.ts";
import type { EpochEnd } from "../training/loop.ts";
import { KERNEL } from "./batches.ts";
import { type Config, embed, FEATURES, type Model, type State, splitOff, VALIDATION_POINTS } from "./method.ts";

/** Held-out images that are classified after an epoch. */
const VALIDATED = 2000;

/** Divides the two counts, those of the embedded digits and those of MNIST, so that one kernel serves all blocks. */
const EMBEDDED_AT_ONCE = 250;

export const columns = [
  lossColumn("loss", 3),
  {
    key: "relaxed",
    label: "relaxed",
    digits: 2,
    unit: "%",
    description: "% of relaxed neighbours that have the query's class, while training",
  },
  {
    key: "discrete",
    label: "discrete",
    name: "own class",
    digits: 2,
    unit: "%",
    description: "% of exactly drawn neighbours, same noise",
    note: "neighbours drawn exactly, while training",
  },
  {
    key: "validation",
    label: "validation",
    name: "validation accuracy",
    digits: 2,
    unit: "%",
    description: "% of held-out images that are classified right",
    note: "of held-out training images",
  },
  {
    key: "test",
    label: "test",
    name: "test accuracy",
    digits: 2,
    unit: "%",
    description: "% of test images that are classified right; after the last",
    note: "majority of the exact nearest neighbours",
    isOccasional: true,
  },
  temperatureColumn,
  paceColumn("imagesPerSecond", "images/s"),
] as const;

export const headlines = ["test", "validation", "discrete"] as const;

export const objectives = {
  discrete: { key: "test", goal: "largest", meanwhile: "validation" },
  relaxed: { key: "relaxed", goal: "largest" },
} as const;

export async function measureEpoch(
  config: Config,
  data: DatasetSplits,
  { model }: State,
  { epoch, loss, sums, steps, temperature, pace }: EpochEnd,
): Promise<RecordOf<typeof columns>> {
  const [, relaxed = Number.NaN, exact = Number.NaN] = sums;
  const percent = 100 / (steps * config.k);
  const { training, validation } = splitOff(data.train);
  const part = (dataset: Dataset, count: number) => stretch(dataset, 0, Math.min(count, dataset.count));
  // The test set is touched once, when nothing is left to be decided. What it is compared with begins with what the others are.
  const isLast = epoch === config.epochs;
  const points = isLast ? training : part(training, VALIDATION_POINTS);
  const among = await embedAll(model, points);
  const accuracy = async (queries: Dataset, points: Dataset) => {
    const values = among.values.subarray(0, points.count * FEATURES);
    const asked = await embedAll(model, queries);
    return (await vote(asked, { ...among, values }, { queries, points }, config.k)).accuracy;
  };
  return {
    epoch,
    loss,
    relaxed: relaxed * percent,
    discrete: exact * percent,
    validation: await accuracy(part(validation, VALIDATED), part(training, VALIDATION_POINTS)),
    ...(isLast && { test: await accuracy(data.test, training) }),
    temperature,
    imagesPerSecond: pace,
  };
}

export interface Sets {
  readonly queries: Dataset;
  readonly points: Dataset;
}

/** Classifies queries by the majority of their nearest neighbours in the learned space. Keeps the model. */
export async function classify(model: Model, { queries, points }: Sets, k: number, onProgress?: Progress) {
  const asked = await embedAll(model, queries);
  return vote(asked, await embedAll(model, points), { queries, points }, k, onProgress);
}

/** The neighbours of the queries among the points, and the share of queries in percent that they classify right. */
export async function vote(asked: Points, among: Points, { queries, points }: Sets, k: number, onProgress?: Progress) {
  const neighbours = await nearestNeighbours(asked, among, k, onProgress);
  const predicted = majorityVote(neighbours, k, points.labels);
  const right = predicted.filter((label, query) => label === queries.labels[query]).length;
  return { neighbours, predicted, accuracy: (100 * right) / queries.count };
}

/** Embeds a data set, block by block. Keeps the model. */
async function embedAll(model: Model, dataset: Dataset): Promise<Points> {
  const values = new Float32Array(dataset.count * FEATURES);
  for (const { first, size } of blocksOf(dataset.count, EMBEDDED_AT_ONCE)) {
    const block = Uint32Array.from({ length: size }, (_, i) => first + i);
    const points = await embedKernel(tree.ref(model), gatherPatches(dataset, block, KERNEL)).data();
    values.set(points as Float32Array, first * FEATURES);
  }
  return { values, dimensions: FEATURES };
}

const embedKernel = jit(embed);

function pixelsOf({ images, height, width }: Dataset): Points {
  return { values: Float32Array.from(images, (byte) => byte / 255), dimensions: height * width };
}

// Evaluation ----------------------------------------------------------------------------------------------------------

/** Judges the learned space, and the raw pixels by the same code. */
export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  { train, test }: DatasetSplits,
  { examples = test.count, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const sets = { queries: stretch(test, 0, Math.min(examples, test.count)), points: splitOff(train).training };
  const learned = await withModel(checkpoint, (model: Model) =>
    classify(model, sets, config.k, (done, total) => onProgress?.(done, 2 * total)),
  );
  const raw = await vote(pixelsOf(sets.queries), pixelsOf(sets.points), sets, config.k, (done, total) =>
    onProgress?.(total + done, 2 * total),
  );
  const [accuracy] = resultsOf(columns, ["test"], { test: learned.accuracy });
  const note = `${sets.queries.count} test images, ${config.k} nearest of ${sets.points.count} training images`;
  return [
    { ...accuracy!, note },
    { ...accuracy!, name: "on pixels", value: raw.accuracy, note: "the same without a model" },
  ];
}
