/**
 * Which columns are enough? Learned with every row told by its neighbours.
 *
 * A choice of k columns is drawn, relaxed, and says how much each counts in the distance of two rows. A row's target is what a line
 * through the chosen columns says, and a mean over all other rows of what that line leaves, weighed by their nearness. What it is off by,
 * squared, is the cost, and the logits of the choice follow its gradient. No row tells about itself, so a column that only fits by chance
 * costs as much as it gains; and columns that say something only together bring rows together that belong together.
 *
 * Nadaraya, "On Estimating Regression", 1964; Watson, "Smooth Regression Analysis", 1964; Yang, Wang, Zuo, "Neighborhood Component Feature
 * Selection for High-Dimensional Data", 2012, which learns weights of columns by the same leave-one-out cost.
 */

import { blockUntilReady, jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { conditionalBernoulli, expectation, subset } from "softdraw";
import { type AdamState, adam, type Parameters } from "../nn/adam.ts";
import { multipleOfFour } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import type { Encoded, Targets } from "./encoding.ts";
import { type Draws, drawsOf, someOf, streams } from "./rows.ts";

/** Rows that something is learned from, encoded by themselves. */
export interface Part {
  readonly encoded: Encoded;
  readonly targets: Targets;
  readonly rows: readonly number[];
}

/** The estimators of the gradient that a subset or a conditional Bernoulli choice has. */
export const estimators = ["relaxed", "straight-through", "gumbel-rao", "simple", "score-function"] as const;
export type EstimatorName = (typeof estimators)[number];

export interface Choosing {
  /** Columns to be chosen. */
  readonly k: number;
  readonly estimator: EstimatorName;
  readonly steps: number;
  readonly seed: number;
  onStep?(step: number): void;
}

/**
 * The logarithm of what distances are multiplied by in the beginning, one for each start. A sharp one sees what columns do together, a smooth one
 * what each does by itself.
 */
const STARTS = [2, 0.7];

/** Rows that are each other's neighbours in a step. All pairs of them are looked at. */
const MOST_ROWS = 320;

const LEARNING_RATE = 0.05;
const descent = adam();

/** From draws that see all columns a little to draws that are nearly discrete. */
const TEMPERATURES = { first: 2, last: 0.2 };

/** All parts and starts side by side: `[parts, starts, ...]`. */
type Model = {
  /** `[parts, starts, columns]` */
  logits: np.Array;
  /** Logarithms of what distances are multiplied by, `[parts, starts, 1]`. */
  scale: np.Array;
  /** The line, `[parts, starts, outputs, width]`. */
  line: np.Array;
};

type State = { model: Model; optimizer: AdamState<Model>; key: np.Array };

/** Rows of each part: features `[parts, rows, width]` and targets `[parts, rows, outputs]`. */
type Batch = { x: np.Array; y: np.Array };

/**
 * Chooses k columns for each part, from each start, and orders them: the one that is missed least is the last, and of the others again.
 *
 * @returns `[parts][starts]` orders of k columns
 */
export async function learnOrders(parts: readonly Part[], choosing: Choosing): Promise<number[][][]> {
  const sizes = sizesOf(parts);
  const { steps, seed, k, estimator } = choosing;
  const draws = await drawsOf(seed, streams.choiceRows, parts.length * sizes.rows * (steps + 1));
  const members = membersOf(parts[0]!.encoded, sizes.width);
  const drawing = { k, estimator, sizes };
  let state = initState(seed, sizes);
  for (let i = 0; i < steps; i++) {
    const share = steps > 1 ? i / (steps - 1) : 1;
    const temperature = TEMPERATURES.first * (TEMPERATURES.last / TEMPERATURES.first) ** share;
    state = step(state, batchOf(parts, sizes, draws), members.ref, np.array(temperature), drawing) as State;
    await blockUntilReady(state.key);
    choosing.onStep?.(i + 1);
  }
  const { model, ...rest } = state;
  tree.dispose(rest as Parameters);
  return eliminate(model, batchOf(parts, sizes, draws), members, k, sizes);
}

interface Sizes {
  readonly parts: number;
  readonly columns: number;
  /** Of the batch. */
  readonly rows: number;
  /** Features and outputs, filled up with zeros: products whose widths are no multiples of 4 are slow. */
  readonly width: number;
  readonly outputs: number;
}

function sizesOf(parts: readonly Part[]): Sizes {
  const [{ encoded, targets }] = parts as [Part];
  return {
    parts: parts.length,
    columns: encoded.groups.length,
    rows: Math.min(MOST_ROWS, ...parts.map(({ rows }) => rows.length)),
    width: multipleOfFour(encoded.width),
    outputs: multipleOfFour(targets.outputs),
  };
}

function initState(seed: number, { parts, columns, outputs, width }: Sizes): State {
  const [key, logitsKey] = splitKey(streamKey(seed, streams.choice), 2);
  const starts = STARTS.length;
  const scale = np.broadcastTo(np.array(STARTS).reshape([1, starts, 1]), [parts, starts, 1]);
  const model = {
    logits: random.normal(logitsKey, [parts, starts, columns]).mul(0.1),
    scale,
    line: np.zeros([parts, starts, outputs, width]),
  };
  return { model, optimizer: descent.init(model), key };
}

/** Which features a column has, `[columns, width]`. */
function membersOf({ groups }: Encoded, width: number): np.Array {
  const members = new Float32Array(groups.length * width);
  groups.forEach((group, column) => {
    for (const feature of group) members[column * width + feature] = 1;
  });
  return np.array(members, { shape: [groups.length, width] });
}

/** Other rows of every part than the last time. */
function batchOf(parts: readonly Part[], { rows, width, outputs }: Sizes, draws: Draws): Batch {
  const x = new Float32Array(parts.length * rows * width);
  const y = new Float32Array(parts.length * rows * outputs);
  parts.forEach(({ encoded, targets, rows: own }, part) => {
    someOf(own, rows, draws).forEach((row, place) => {
      const to = part * rows + place;
      x.set(encoded.values.subarray(row * encoded.width, (row + 1) * encoded.width), to * width);
      y.set(targets.values.subarray(row * targets.outputs, (row + 1) * targets.outputs), to * outputs);
    });
  });
  return {
    x: np.array(x, { shape: [parts.length, rows, width] }),
    y: np.array(y, { shape: [parts.length, rows, outputs] }),
  };
}

/** What a step is compiled for. */
type Drawing = Pick<Choosing, "k" | "estimator"> & { readonly sizes: Sizes };

const step = jit(
  (
    { model, optimizer, key }: State,
    batch: Batch,
    members: np.Array,
    temperature: np.Array,
    { k, estimator, sizes }: Drawing,
  ) => {
    const [next, drawKey] = splitKey(key, 2);
    const loss = ({ logits, ...predictor }: Model) => {
      const cost = (mask: np.Array) => neighbourCosts(predictor, batch, np.dot(mask, members), sizes);
      return expectedCost(estimator, k, drawKey, logits, cost, temperature).sum();
    };
    const [, gradients] = valueAndGrad(loss)(tree.ref(model) as Model);
    const stepped = descent.update(model, gradients as Model, optimizer, LEARNING_RATE);
    return { model: stepped.parameters, optimizer: stepped.state, key: next };
  },
  { staticArgnums: [4] },
);

/** Samples of an estimator that compares draws with each other. */
const COMPARED = 4;

function expectedCost(
  estimator: EstimatorName,
  k: number,
  key: np.Array,
  logits: np.Array,
  cost: (mask: np.Array) => np.Array,
  temperature: np.Array,
): np.Array {
  if (estimator === "simple" || estimator === "score-function") temperature.dispose();
  switch (estimator) {
    case "simple":
      return expectation(conditionalBernoulli.of(k), key, logits, cost, { estimator });
    case "score-function":
      return expectation(subset.of(k), key, logits, cost, { estimator, samples: COMPARED, baseline: "leave-one-out" });
    default:
      return expectation(subset.of(k), key, logits, cost, { estimator, temperature });
  }
}

/**
 * The mean squared distance of targets from what is said of them.
 *
 * @param mask how much each feature counts, `[samples, parts, starts, width]`
 * @returns `[samples, parts, starts]`
 */
function neighbourCosts(
  { scale, line }: Omit<Model, "logits">,
  { x, y }: Batch,
  mask: np.Array,
  { parts, rows, width, outputs }: Sizes,
): np.Array {
  const [samples, , starts] = mask.shape as [number, number, number, number];
  const lanes = samples * parts * starts;
  const inLanes = (array: np.Array, shape: number[]) =>
    np.broadcastTo(array, [samples, parts, starts, ...shape]).reshape([lanes, ...shape]);
  const features = inLanes(x.reshape([1, parts, 1, rows, width]), [rows, width]);
  const targets = inLanes(y.reshape([1, parts, 1, rows, outputs]), [rows, outputs]);
  const counted = features.ref.mul(mask.reshape([lanes, 1, width]));
  const lines = inLanes(line.reshape([1, parts, starts, outputs, width]), [outputs, width]);
  const rest = targets.sub(rowProducts(counted.ref, lines));
  const sharpness = inLanes(np.exp(scale).reshape([1, parts, starts, 1, 1]), [1, 1]);
  const nearness = nearnessOf(features, counted, np.square(sharpness));
  const told = rowProducts(nearness, np.transpose(rest.ref, [0, 2, 1]));
  return np.square(rest.sub(told)).sum(-1).mean(-1).reshape([samples, parts, starts]);
}

/** How near each other row is to each row, `[lanes, rows, rows]`: a softmax of squared distances, without the row itself. */
function nearnessOf(features: np.Array, counted: np.Array, sharpness: np.Array): np.Array {
  const [lanes, rows] = features.shape as [number, number, number];
  const squares = features.ref.mul(counted.ref).sum(-1);
  const products = rowProducts(counted, features);
  const distances = squares.ref
    .reshape([lanes, rows, 1])
    .add(squares.reshape([lanes, 1, rows]))
    .sub(products.mul(2));
  const itself = np.eye(rows).mul(FAR).reshape([1, rows, rows]);
  return nn.softmax(np.negative(distances.mul(sharpness)).sub(itself), -1);
}

/** Farther than any row is. */
const FAR = 1e9;

/** The products of rows with rows, lane by lane: `[lanes, a, n]` and `[lanes, b, n]` to `[lanes, a, b]`. */
function rowProducts(a: np.Array, b: np.Array): np.Array {
  const [lanes, ours, n] = a.shape as [number, number, number];
  return np.vecdot(a.reshape([lanes, ours, 1, n]), b.reshape([lanes, 1, b.shape[1]!, n]));
}

// Order --------------------------------------------------------------------------------------------------------------

/** Of more columns than this several go at a time: to try them all takes the square of their number. */
const ONE_BY_ONE = 12;

const costsOf = jit(
  (predictor: Omit<Model, "logits">, batch: Batch, mask: np.Array, members: np.Array, sizes: Sizes) =>
    neighbourCosts(predictor, batch, np.dot(mask, members), sizes),
  { staticArgnums: [4] },
);

/** Takes from what was chosen, again and again, the column without which the rest says most. Consumes the arrays. */
async function eliminate(
  { logits, ...predictor }: Model,
  batch: Batch,
  members: np.Array,
  k: number,
  sizes: Sizes,
): Promise<number[][][]> {
  const { parts, columns } = sizes;
  const starts = STARTS.length;
  const cost = async (kept: readonly (readonly number[])[]) => {
    const mask = new Float32Array(parts * starts * columns);
    kept.forEach((own, lane) => {
      for (const column of own) mask[lane * columns + column] = 1;
    });
    const masks = np.array(mask, { shape: [1, parts, starts, columns] });
    return costsOf(tree.ref(predictor) as typeof predictor, tree.ref(batch) as Batch, masks, members.ref, sizes).data();
  };
  const scores = await logits.data();
  const lanes = Array.from({ length: parts * starts }, (_, lane) => ({
    kept: largest(scores.subarray(lane * columns, (lane + 1) * columns), k),
    gone: [] as number[],
  }));
  while (lanes[0]!.kept.length > 1) {
    const size = lanes[0]!.kept.length;
    const tried: ArrayLike<number>[] = [];
    for (let place = 0; place < size; place++)
      tried.push(await cost(lanes.map(({ kept }) => kept.toSpliced(place, 1))));
    const going = size <= ONE_BY_ONE ? 1 : Math.ceil(size / 8);
    lanes.forEach((lane, index) => {
      const byCost = lane.kept.map((column, place) => ({ column, cost: tried[place]![index]! }));
      byCost.sort((a, b) => b.cost - a.cost);
      lane.kept = byCost.slice(0, size - going).map(({ column }) => column);
      lane.gone.unshift(...byCost.slice(size - going).map(({ column }) => column));
    });
  }
  tree.dispose([predictor, batch, members] as Parameters);
  return Array.from({ length: parts }, (_, part) =>
    lanes.slice(part * starts, (part + 1) * starts).map(({ kept, gone }) => [...kept, ...gone]),
  );
}

/** Of equal ones the first. */
function largest(scores: ArrayLike<number>, count: number): number[] {
  const order = Array.from(scores, (_, place) => place).sort((a, b) => scores[b]! - scores[a]!);
  return order.slice(0, count);
}
