/**
 * Small networks, fitted side by side, each on rows and columns of its own: what some columns are worth is what a network that sees nothing
 * else says of rows that it has not seen.
 */

import { blockUntilReady, jit, nn, numpy as np, random, tree, valueAndGrad } from "@jax-js/jax";
import { type AdamState, adamW, type Parameters } from "../nn/adam.ts";
import { multipleOfFour } from "../nn/dense.ts";
import { splitKey, streamKey } from "../nn/keys.ts";
import { type Encoded, momentsOf } from "./encoding.ts";
import type { Problem } from "./problem.ts";
import { type Draws, drawsOf, streams } from "./rows.ts";

/** A network to fit. */
export interface Fit {
  readonly encoded: Encoded;
  /** What it sees. */
  readonly columns: readonly number[];
  readonly train: readonly number[];
  /** Rows that say when to stop. */
  readonly stop: readonly number[];
  readonly test: readonly number[];
}

/** How well it does. */
export interface Score {
  /** Of the rows to stop by, at its best: log loss in nats, or the mean squared error of the target in deviations. */
  readonly stopLoss: number;
  /** Of the test rows: the share that is classified right, or R2. */
  readonly score: number;
  /** Of the test rows, as `stopLoss`. */
  readonly loss: number;
}

export interface Fitting {
  readonly steps: number;
  readonly seed: number;
  onFit?(done: number): void;
}

const HIDDEN = 32;
const BATCH = 128;
const LEARNING_RATE = 0.02;
const descent = adamW({ weightDecay: 0.1 });

/** Steps between looks at the rows to stop by. */
const LOOK = 10;

/** Networks at a time, and numbers of one layer of all of them: many rows to look at leave room for fewer. */
const MOST_LANES = 64;
const MOST_NUMBERS = 2 ** 24;

/**
 * Fits all of them: a layer of units with ReLU, beside a line. Each is kept as it was when it did best on the rows to stop by.
 */
export async function fitAll(problem: Problem, fits: readonly Fit[], fitting: Fitting): Promise<Score[]> {
  const scores = new Array<Score>(fits.length);
  let done = 0;
  for (const places of groupsOf(fits)) {
    const lanes = places.map((place) => laneOf(problem, fits[place]!));
    const fitted = await fitSome(problem, lanes, fitting);
    places.forEach((place, i) => {
      scores[place] = fitted[i]!;
    });
    done += places.length;
    fitting.onFit?.(done);
  }
  return scores;
}

/** What sees as many features side by side, so that none is computed for nothing. */
function groupsOf(fits: readonly Fit[]): number[][] {
  const byWidth = new Map<number, number[]>();
  fits.forEach((fit, place) => {
    const width = multipleOfFour(featuresOf(fit).length);
    byWidth.set(width, [...(byWidth.get(width) ?? []), place]);
  });
  return Array.from(byWidth.values()).flatMap((places) => {
    const rows = Math.max(...places.map((place) => Math.max(fits[place]!.stop.length, fits[place]!.test.length)));
    const room = Math.max(1, Math.min(MOST_LANES, Math.floor(MOST_NUMBERS / (rows * HIDDEN))));
    const count = Math.ceil(places.length / room);
    const size = Math.ceil(places.length / count);
    return Array.from({ length: count }, (_, i) => places.slice(i * size, (i + 1) * size));
  });
}

function featuresOf({ encoded, columns }: Fit): number[] {
  return columns.flatMap((column) => encoded.groups[column]!);
}

interface Lane extends Fit {
  readonly features: readonly number[];
  /** Of a value among the rows to learn from. */
  readonly mean: number;
  readonly deviation: number;
}

function laneOf({ target, classes }: Problem, fit: Fit): Lane {
  const { mean, deviation } = momentsOf(classes.length > 0 ? [] : fit.train.map((row) => target[row]!));
  return { ...fit, features: featuresOf(fit), mean, deviation: deviation || 1 };
}

type Network = { first: np.Array; bias: np.Array; second: np.Array; line: np.Array; constant: np.Array };
type State = { network: Network; optimizer: AdamState<Network> };
type Best = { network: Network; loss: np.Array };
/** Rows of each lane: `[lanes, rows, ...]`, and how much each row counts, `[lanes, rows]`. */
type Batch = { x: np.Array; y: np.Array; weights: np.Array };

async function fitSome(problem: Problem, lanes: readonly Lane[], { steps, seed }: Fitting): Promise<Score[]> {
  const draws = await drawsOf(seed, streams.networkRows, lanes.length * BATCH * steps);
  const network = initNetwork(seed, lanes, problem);
  const classes = problem.classes.length;
  let state: State = { network, optimizer: descent.init(network) };
  let best: Best = { network: tree.ref(network) as Network, loss: np.full([lanes.length], Number.MAX_VALUE) };
  const stopRows = batchOf(
    problem,
    lanes,
    lanes.map(({ stop }) => stop),
  );
  for (let i = 0; i < steps; i++) {
    const batch = batchOf(problem, lanes, drawnRows(lanes, draws));
    const rate = (LEARNING_RATE * (1 + Math.cos((Math.PI * i) / steps))) / 2;
    state = step(state, batch, np.array(rate), classes) as State;
    if (i % LOOK === LOOK - 1 || i === steps - 1) {
      best = look(tree.ref(state.network) as Network, best, tree.ref(stopRows) as Batch, classes) as Best;
    }
    await blockUntilReady(best.loss);
    await blockUntilReady(state.optimizer.count);
  }
  tree.dispose([state, stopRows] as unknown as Parameters);
  return scoresOf(problem, lanes, best);
}

function drawnRows(lanes: readonly Lane[], draws: Draws): number[][] {
  return lanes.map(({ train }) => Array.from({ length: BATCH }, () => train[draws.below(train.length)]!));
}

function outputsOf({ classes }: Problem): number {
  return multipleOfFour(Math.max(1, classes.length));
}

function widthOf([lane]: readonly Lane[]): number {
  return multipleOfFour(lane!.features.length);
}

function initNetwork(seed: number, lanes: readonly Lane[], problem: Problem): Network {
  const [firstKey, biasKey, secondKey] = splitKey(streamKey(seed, streams.networks), 3);
  const [count, width, outputs] = [lanes.length, widthOf(lanes), outputsOf(problem)];
  const features = np.array(Float32Array.from(lanes, (lane) => Math.sqrt(2 / Math.max(1, lane.features.length))));
  return {
    first: random.normal(firstKey, [count, HIDDEN, width]).mul(features.reshape([count, 1, 1])),
    bias: random.normal(biasKey, [count, 1, HIDDEN]).mul(0.5),
    second: random.normal(secondKey, [count, outputs, HIDDEN]).mul(0.3 / Math.sqrt(HIDDEN)),
    line: np.zeros([count, outputs, width]),
    constant: np.zeros([count, 1, outputs]),
  };
}

/** These rows of every lane, filled up with rows that do not count. */
function batchOf({ classes, target }: Problem, lanes: readonly Lane[], rows: readonly (readonly number[])[]): Batch {
  const [width, outputs] = [widthOf(lanes), multipleOfFour(Math.max(1, classes.length))];
  const most = Math.max(...rows.map((own) => own.length));
  const x = new Float32Array(lanes.length * most * width);
  const y = new Float32Array(lanes.length * most * outputs);
  const weights = new Float32Array(lanes.length * most);
  lanes.forEach(({ encoded, features, mean, deviation }, lane) => {
    rows[lane]!.forEach((row, place) => {
      const at = lane * most + place;
      weights[at] = 1 / rows[lane]!.length;
      for (let i = 0; i < features.length; i++) x[at * width + i] = encoded.values[row * encoded.width + features[i]!]!;
      if (classes.length > 0) y[at * outputs + target[row]!] = 1;
      else y[at * outputs] = (target[row]! - mean) / deviation;
    });
  });
  return {
    x: np.array(x, { shape: [lanes.length, most, width] }),
    y: np.array(y, { shape: [lanes.length, most, outputs] }),
    weights: np.array(weights, { shape: [lanes.length, most] }),
  };
}

/** Compiled once for all networks of a shape. */
const step = jit(
  ({ network, optimizer }: State, batch: Batch, learningRate: np.Array, classes: number) => {
    const loss = (network: Network) => lossesOf(classes, network, batch).sum();
    const [, gradients] = valueAndGrad(loss)(tree.ref(network) as Network);
    const { parameters, state } = descent.update(network, gradients as Network, optimizer, learningRate);
    return { network: parameters, optimizer: state };
  },
  { staticArgnums: [3] },
);

/** Keeps of each lane the better of two networks. */
const look = jit(
  (network: Network, best: Best, batch: Batch, classes: number) => {
    const loss = lossesOf(classes, tree.ref(network) as Network, batch);
    const isBetter = loss.ref.less(best.loss.ref);
    const choose = (ours: np.Array, theirs: np.Array) => np.where(isBetter.ref.reshape([-1, 1, 1]), ours, theirs);
    const kept = tree.map(choose, network, best.network) as Network;
    return { network: kept, loss: np.where(isBetter, loss, best.loss) };
  },
  { staticArgnums: [3] },
);

/** What the networks say of their rows, and what that costs each lane. */
const say = jit(
  (network: Network, batch: Batch, classes: number) => ({
    said: outputOf(tree.ref(network) as Network, batch.x.ref),
    losses: lossesOf(classes, network, batch),
  }),
  { staticArgnums: [2] },
);

/** Of each lane. */
function lossesOf(classes: number, network: Network, { x, y, weights }: Batch): np.Array {
  return rowLosses(classes, outputOf(network, x), y).mul(weights).sum(-1);
}

/** `[lanes, rows, width]` to `[lanes, rows, outputs]`. */
function outputOf({ first, bias, second, line, constant }: Network, x: np.Array): np.Array {
  const hidden = nn.relu(products(x.ref, first).add(bias));
  return products(hidden, second).add(products(x, line)).add(constant);
}

function products(x: np.Array, weight: np.Array): np.Array {
  const [lanes, rows, inputs] = x.shape as [number, number, number];
  return np.vecdot(x.reshape([lanes, rows, 1, inputs]), weight.reshape([lanes, 1, weight.shape[1]!, inputs]));
}

/** `[lanes, rows]`: of classes the log loss, of values the squared error. */
function rowLosses(classes: number, output: np.Array, y: np.Array): np.Array {
  if (classes === 0) return np.square(output.sub(y)).sum(-1);
  return np.negative(
    nn
      .logSoftmax(output.add(fillings(output.shape[2]!, classes)), -1)
      .mul(y)
      .sum(-1),
  );
}

/** What makes outputs impossible that are there to fill the width up. */
function fillings(outputs: number, classes: number): np.Array {
  return np.array(Float32Array.from({ length: outputs }, (_, place) => (place < classes ? 0 : -1e9)));
}

async function scoresOf(problem: Problem, lanes: readonly Lane[], best: Best): Promise<Score[]> {
  const batch = batchOf(
    problem,
    lanes,
    lanes.map(({ test }) => test),
  );
  const { said: output, losses: lost } = say(best.network, batch, problem.classes.length);
  const [, rows] = output.shape as [number, number, number];
  const [said, losses, stopLosses] = [await output.data(), await lost.data(), await best.loss.data()];
  return lanes.map((lane, place) => ({
    stopLoss: stopLosses[place]!,
    loss: losses[place]!,
    score: scoreOf(problem, lane, (row, output) => said[(place * rows + row) * outputsOf(problem) + output]!),
  }));
}

/** @param said an output for a test row, by its place */
function scoreOf(
  problem: Problem,
  { test, mean, deviation }: Lane,
  said: (place: number, output: number) => number,
): number {
  const { classes, target } = problem;
  if (classes.length > 0) {
    const guess = (place: number) =>
      classes.reduce((best, _, output) => (said(place, output) > said(place, best) ? output : best), 0);
    return test.filter((row, place) => guess(place) === target[row]).length / Math.max(1, test.length);
  }
  return determination(
    test.map((row) => target[row]!),
    test.map((_, place) => mean + deviation * said(place, 0)),
  );
}

/** R2: 1 less the share of the values' variance that is left. */
export function determination(values: readonly number[], said: readonly number[]): number {
  const { mean } = momentsOf(values);
  const left = values.reduce((sum, value, place) => sum + (value - said[place]!) ** 2, 0);
  const all = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return 1 - left / (all || 1);
}
