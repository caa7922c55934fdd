/** How well a jigsaw solver solves: the places that the best assignment of its scores gives to shuffled pieces. */

import { jit, tree } from "@jax-js/jax";
import { permutation } from "softdraw";
import { modelOf, withArrays } from "../checkpoint/model.ts";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import { lossColumn, type MeasuresOf, paceColumn, type RecordOf, resultsOf, temperatureColumn } from "../columns.ts";
import { shuffledOrders } from "../data/batches.ts";
import {
  arrangePieces,
  bestKendallTau,
  type Cut,
  cutOf,
  gatherPieces,
  identicalPieces,
  sizeOfPiece,
  withIdenticalExchanged,
} from "../data/pieces.ts";
import type { Dataset, DatasetSplits } from "../data/types.ts";
import type { EvaluationOptions, Progress, Result, Trained } from "../experiment.ts";
import { blocksOf } from "../mathematics/blocks.ts";
import { kendallTau } from "../mathematics/statistics.ts";
import type { BatchStatistics } from "../nn/batch-norm.ts";
import { streamKey } from "../nn/keys.ts";
import { arraysOf } from "../nn/tensors.ts";
import type { EpochEnd } from "../training/loop.ts";
import { streams } from "../training/streams.ts";
import { type Config, judgePieces, type Model, patchesOf, type State, scaled } from "./method.ts";

/** Pictures that are scored at once. */
const SOLVED_AT_ONCE = 200;

const solvedColumns = [
  {
    key: "tau",
    label: "tau",
    name: "Kendall's tau",
    digits: 4,
    description: "Kendall's tau of the places found on the test set, a mean",
    note: "of the places found on the test set",
  },
  {
    key: "solved",
    label: "solved",
    digits: 2,
    unit: "%",
    description: "% of test pictures with every piece in its place",
    note: "pictures with every piece in its place",
  },
  {
    key: "pieces",
    label: "pieces",
    digits: 2,
    unit: "%",
    description: "% of pieces in their place",
    note: "in their place",
  },
  {
    key: "tauAlike",
    label: "tau =",
    name: "Kendall's tau, alike",
    digits: 4,
    description: "Kendall's tau with identical pieces interchangeable",
    note: "with identical pieces, such as blank ones, interchangeable",
  },
  {
    key: "solvedAlike",
    label: "solved =",
    name: "solved, alike",
    digits: 2,
    unit: "%",
    description: "% solved with identical pieces interchangeable",
    note: "the same",
  },
  {
    key: "piecesAlike",
    label: "pieces =",
    name: "pieces, alike",
    digits: 2,
    unit: "%",
    description: "% of pieces, identical ones interchangeable",
    note: "the same",
  },
  {
    key: "l1",
    label: "L1",
    digits: 4,
    description: "mean absolute error of the reassembled pixels, white is 1",
    note: "mean absolute error of a pixel",
  },
  {
    key: "l2",
    label: "L2",
    digits: 4,
    description: "mean squared error of the reassembled pixels",
    note: "mean squared error of a pixel",
  },
] as const;

export const columns = [
  lossColumn("loss", 2),
  ...solvedColumns,
  temperatureColumn,
  paceColumn("imagesPerSecond", "images/s"),
] as const;

export const headlines = solvedColumns.map(({ key }) => key);

export const objectives = {
  discrete: { key: "tauAlike", goal: "largest" },
  relaxed: { key: "loss", goal: "smallest" },
} as const;

export async function measureEpoch(
  config: Config,
  test: Dataset,
  { model, statistics }: State,
  { epoch, loss, temperature, pace }: EpochEnd,
): Promise<RecordOf<typeof columns>> {
  const measures = await measureSolver(config, { model, statistics }, test, test.count, config.seed);
  return { epoch, loss, ...measures, temperature, imagesPerSecond: pace };
}

/** What solving needs of a state. */
export type Solver = Pick<State, "model" | "statistics">;

/** The caller disposes of it. */
export function restoreSolver(checkpoint: Checkpoint): Solver {
  return {
    model: modelOf<Model>(checkpoint),
    statistics: arraysOf<BatchStatistics>(checkpoint.tensors, "statistics"),
  };
}

type Measures = MeasuresOf<typeof solvedColumns>;
type Totals = { -readonly [Key in keyof Measures]: number };

/** Solves the first `count` pictures, shuffled by the seed, and judges the places found. Keeps the solver. */
async function measureSolver(
  { pieces }: Config,
  solver: Solver,
  dataset: Dataset,
  count: number,
  seed: number,
  onProgress?: Progress,
): Promise<Measures> {
  const cut = cutOf(dataset, pieces);
  const totals: Totals = { tau: 0, solved: 0, pieces: 0, tauAlike: 0, solvedAlike: 0, piecesAlike: 0, l1: 0, l2: 0 };
  for (const { first, size } of blocksOf(count, SOLVED_AT_ONCE)) {
    const rows = Uint32Array.from({ length: size }, (_, i) => first + i);
    const original = gatherPieces(dataset, rows, cut);
    const orders = await shuffledOrders(streamKey(seed, streams.measuring + first), rows.length, pieces ** 2);
    const places = await placesOf(solver, arrangePieces(original, orders, cut), cut);
    addMeasures(totals, original, orders, places, cut);
    await onProgress?.(first + rows.length, count);
  }
  for (const name of Object.keys(totals) as (keyof Totals)[]) totals[name] /= count;
  return totals;
}

/** The place of each of the shuffled pieces (byte / 255), by the best assignment. Keeps the solver. */
export async function placesOf({ model, statistics }: Solver, shuffled: Float32Array, cut: Cut): Promise<Uint32Array> {
  const scores = judgeKernel(tree.ref(model), tree.ref(statistics), patchesOf(shuffled.map(scaled), cut));
  const matching = await permutation.mode(scores);
  return columnsOf((await matching.data()) as Float32Array, cut.across ** 2);
}

export const judgeKernel = jit(judgePieces);

/** The column of the one in each row. */
export function columnsOf(matrices: Float32Array, size: number): Uint32Array {
  return Uint32Array.from({ length: matrices.length / size }, (_, row) =>
    matrices.subarray(row * size, (row + 1) * size).indexOf(1),
  );
}

/** Adds what the pictures of a block score, each as a mean over its pieces or pixels. */
function addMeasures(totals: Totals, original: Float32Array, orders: Uint32Array, places: Uint32Array, cut: Cut) {
  const [size, pixels] = [cut.across ** 2, sizeOfPiece(cut)];
  for (let first = 0; first < orders.length; first += size) {
    const order = orders.subarray(first, first + size);
    const found = places.subarray(first, first + size);
    const alike = identicalPieces(original.subarray(first * pixels, (first + size) * pixels), size);
    const forgiven = withIdenticalExchanged(order, found, alike);
    const share = (right: Uint32Array) => right.filter((place, slot) => place === order[slot]).length / size;
    totals.tau += kendallTau(order, found);
    totals.pieces += 100 * share(found);
    totals.solved += share(found) === 1 ? 100 : 0;
    totals.tauAlike += kendallTau(order, forgiven);
    totals.piecesAlike += 100 * share(forgiven);
    totals.solvedAlike += share(forgiven) === 1 ? 100 : 0;
    const { l1, l2 } = pixelErrors(original, first, order, found, pixels);
    totals.l1 += l1;
    totals.l2 += l2;
  }
}

/** Mean absolute and squared error of a reassembled picture: what lies at a place against what belongs there. */
function pixelErrors(
  original: Float32Array,
  first: number,
  order: Uint32Array,
  found: Uint32Array,
  pixels: number,
): { l1: number; l2: number } {
  let [l1, l2] = [0, 0];
  found.forEach((place, slot) => {
    if (place === order[slot]) return;
    const [lying, belonging] = [(first + order[slot]!) * pixels, (first + place) * pixels];
    for (let i = 0; i < pixels; i++) {
      const error = original[lying + i]! - original[belonging + i]!;
      l1 += Math.abs(error);
      l2 += error * error;
    }
  });
  const count = found.length * pixels;
  return { l1: l1 / count, l2: l2 / count };
}

// Evaluation ----------------------------------------------------------------------------------------------------------

export async function evaluate(
  { config, checkpoint }: Trained<Config>,
  { test }: DatasetSplits,
  { examples = test.count, seed, onProgress }: EvaluationOptions,
): Promise<Result[]> {
  const measures = await withArrays(restoreSolver(checkpoint), (solver) =>
    measureSolver(config, solver, test, Math.min(examples, test.count), seed, onProgress),
  );
  const best = meanBestTau(config, test, Math.min(examples, test.count));
  const note = "Kendall's tau that a perfect solver can expect: identical pieces lie in random order";
  return [...resultsOf(columns, headlines, measures), { name: "best tau", value: best, digits: 4, note }];
}

function meanBestTau({ pieces }: Config, test: Dataset, count: number): number {
  const cut = cutOf(test, pieces);
  let total = 0;
  for (let row = 0; row < count; row++) {
    total += bestKendallTau(identicalPieces(gatherPieces(test, Uint32Array.of(row), cut), pieces ** 2));
  }
  return total / count;
}
