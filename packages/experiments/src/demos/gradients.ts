/** The estimators of a gradient side by side: how far each one's estimates are from the exact gradient, and why. */

import { grad, jit, numpy as np } from "@jax-js/jax";
import { type categorical, type ExpectationOptions, expectation } from "softdraw";
import {
  type CloudMoments,
  cloudMoments,
  covarianceOf,
  dot,
  mainDirections,
  meanDistanceBound,
  traceOf,
} from "../mathematics/clouds.ts";
import { linearFit } from "../mathematics/least-squares.ts";
import { streamKey } from "../nn/keys.ts";
import { type Contestant, contestantsOf } from "./gradient-estimators.ts";
import { exactGradient, type GradientProblem, type ValueShare, valueShares } from "./gradient-problems.ts";

export interface GradientRequest {
  /** How many values of the cost an estimate may take: a comparison for each. */
  readonly budgets: readonly number[];
  /** Of the estimators that relax. */
  readonly temperature: number;
  /** Estimates of each estimator, at most `MOST_DRAWS`. */
  readonly draws: number;
  readonly seed: number;
}

export const MOST_DRAWS = 1_000_000;

/** The rate at which an estimator without a bias is said to have one, were the seed drawn anew. */
export const FALSE_ALARM = 1e-4;

/** How the estimates of one estimator compare with the exact gradient. Lengths are Euclidean, over all logits. */
export interface GradientComparison {
  readonly name: string;
  /** What an estimate was allowed to take, and what it took. */
  readonly budget: number;
  readonly values: number;
  readonly needsDerivative: boolean;
  readonly mean: readonly number[];
  /** The mean less the exact gradient. */
  readonly difference: readonly number[];
  /** Length of the difference between the mean and the exact gradient, and the standard error of that mean. */
  readonly bias: number;
  readonly biasError: number;
  /** Whether it is more than chance, rare draws and rounding can explain: at most at the rate `FALSE_ALARM` without a bias. */
  readonly isBiasSeen: boolean;
  /** The least bias that would have been seen. */
  readonly leastBias: number;
  /** Root of the summed variances of an estimate. */
  readonly deviation: number;
  /** Root of the mean squared distance of an estimate from the exact gradient. */
  readonly rootMeanSquare: number;
  /** Between an estimate and the exact gradient, on average, in degrees; 90 for an estimate of zero. */
  readonly angle: number;
  /** Of an estimate, of many that were computed together. */
  readonly milliseconds: number;
  /** Some of the estimates less the exact gradient, row by row. */
  readonly cloud: Float64Array;
  /** Of all estimates less the exact gradient: `E[x x']`, row by row. */
  readonly second: Float64Array;
}

/** The streams of a seed: that of the problem is the first, and every block of estimates has one of its own. */
export const PROBLEM_STREAM = 1;
const VARIATE_STREAM = 2;
const FIRST_STREAM = 2 ** 24;
const STREAMS_APIECE = 2 ** 20;

/** Numbers that the engine holds at once in the values of a block; in what an estimate makes of them, up to a hundred times as many. */
const ENTRIES_AT_ONCE = 2 ** 15;

/** Estimates that are shown. */
const SHOWN = 400;

/** How many comparisons there will be. */
export function countComparisons(problem: GradientProblem, request: GradientRequest): number {
  return contestantsIn(problem, request).length;
}

function contestantsIn({ name, logits }: GradientProblem, { budgets, temperature }: GradientRequest) {
  return budgets.flatMap((values) =>
    contestantsOf(name, { values, temperature, n: logits.length }).map((contestant) => ({
      contestant,
      budget: values,
    })),
  );
}

/**
 * Draws so many estimates from every estimator that the choice supports, with every budget, and compares them with the
 * exact gradient. No two estimators share their noise.
 */
export async function* compareGradients(
  problem: GradientProblem,
  request: GradientRequest,
): AsyncGenerator<GradientComparison> {
  const exact = await exactGradient(problem);
  const shares = await valueShares(problem);
  let variate: number[] | undefined;
  for (const [i, { contestant, budget }] of contestantsIn(problem, request).entries()) {
    if (contestant.options.estimator === "relax") variate ??= await fitVariate(problem, request.seed);
    const stream = FIRST_STREAM + i * STREAMS_APIECE;
    const measured = await measure(problem, contestant, exact, { ...request, variate: variate ?? [0], stream });
    yield { ...compare(contestant, measured, exact, shares), budget };
  }
}

interface Measured {
  /** Of the estimates less the exact gradient. */
  readonly moments: CloudMoments;
  readonly angle: number;
  readonly milliseconds: number;
  readonly cloud: Float64Array;
}

interface Measuring {
  readonly draws: number;
  readonly seed: number;
  readonly stream: number;
  readonly variate: readonly number[];
}

async function measure(
  problem: GradientProblem,
  contestant: Contestant,
  exact: readonly number[],
  { draws, seed, stream, variate }: Measuring,
): Promise<Measured> {
  const n = exact.length;
  const rows = Math.min(draws, Math.max(1, Math.floor(ENTRIES_AT_ONCE / (contestant.values * n))));
  const estimate = estimatesOf(problem, contestant, rows);
  const block = (i: number) =>
    estimate(
      streamKey(seed, stream + i),
      np.array([...problem.logits]),
      problem.parameters(),
      np.array([...variate]),
    ).data();
  // It is compiled before the clock starts.
  await block(0);
  const differences = cloudMoments(n);
  const blocks = Math.ceil(draws / rows);
  const cloud = new Float64Array(Math.min(SHOWN, draws) * n);
  let [angles, milliseconds] = [0, 0];
  for (let i = 0; i < blocks; i++) {
    const started = performance.now();
    const found = (await block(i)) as Float32Array;
    milliseconds += performance.now() - started;
    const estimates = found.subarray(0, Math.min(rows, draws - i * rows) * n);
    const apart = Float64Array.from(estimates, (x, at) => x - exact[at % n]!);
    const before = i * rows * n;
    if (before < cloud.length) cloud.set(apart.subarray(0, cloud.length - before), before);
    differences.add(apart);
    for (let at = 0; at < estimates.length; at += n) angles += angleBetween(estimates.subarray(at, at + n), exact);
  }
  estimate.dispose();
  const moments = differences.moments();
  return { moments, angle: angles / draws, milliseconds: milliseconds / (blocks * rows), cloud };
}

/** So many estimates of one key, a row each. */
function estimatesOf({ structure, cost }: GradientProblem, { options }: Contestant, rows: number) {
  return jit((key: np.Array, logits: np.Array, parameters: np.Array[], variate: np.Array) => {
    const loss = (l: np.Array) => {
      const chosen = options.estimator === "relax" ? { ...options, variate: linear(variate) } : options;
      return expectation(
        // Which estimators a structure has is in the table of contestants, and checked once more by the library.
        structure as typeof categorical,
        key,
        l,
        (values) => cost(values, parameters),
        chosen as ExpectationOptions<typeof categorical>,
      ).sum();
    };
    return grad(loss)(np.broadcastTo(logits, [rows, ...logits.shape]));
  });
}

/** In degrees. */
function angleBetween(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  if (lengths === 0) return 90;
  return (180 / Math.PI) * Math.acos(Math.min(1, Math.max(-1, dot(a, b) / lengths)));
}

/** What rounding to float32 takes off of an estimate, as a share of its length. */
const ROUNDING = 1e-5;

/** How many times what rare values add to the exact gradient an estimator may make of them, with a baseline or bias of its own. */
const RARE = 3;

function compare(
  { name, values, samples, needsDerivative, slopes }: Contestant,
  { moments, angle, milliseconds, cloud }: Measured,
  exact: readonly number[],
  shares: readonly ValueShare[],
): Omit<GradientComparison, "budget"> {
  const { count, mean: difference, second } = moments;
  const covariance = covarianceOf(moments);
  const bias = Math.hypot(...difference);
  const variance = Math.max(0, traceOf(covariance));
  const rootMeanSquare = Math.sqrt(traceOf(second));
  const chance = meanDistanceBound(covariance, count, FALSE_ALARM);
  const rare = rareGradient(shares, count * samples * slopes);
  const leastBias = chance + RARE * rare + ROUNDING * (Math.hypot(...exact) + rootMeanSquare);
  return {
    ...{ name, values, needsDerivative },
    mean: difference.map((x, i) => exact[i]! + x),
    difference,
    ...{ bias, biasError: Math.sqrt(variance / count), isBiasSeen: bias > leastBias, leastBias },
    ...{ deviation: Math.sqrt(variance), rootMeanSquare, angle, milliseconds, cloud, second },
  };
}

/**
 * What the least probable values add to the exact gradient, of which so many draws may have had none: they miss a set of
 * probability `-log(alarm) / draws` altogether with probability `alarm`. Their spread does not show that they missed it.
 */
export function rareGradient(shares: readonly ValueShare[], draws: number): number {
  const most = -Math.log(FALSE_ALARM) / draws;
  let probability = 0;
  const sum = new Float64Array(shares[0]?.gradient.length ?? 0);
  let longest = 0;
  for (const share of shares) {
    probability += share.probability;
    if (probability > most) break;
    share.gradient.forEach((x, i) => {
      sum[i]! += x;
    });
    longest = Math.max(longest, Math.hypot(...sum));
  }
  return longest;
}

/** The clouds of some comparisons of one problem in the plane of their two main directions, the exact gradient at its origin. */
export function mainPlane(comparisons: readonly GradientComparison[]) {
  const sum = new Float64Array(comparisons[0]?.second.length ?? 0);
  for (const { second } of comparisons) for (const [at, x] of second.entries()) sum[at]! += x;
  const [first, second] = mainDirections(sum);
  const n = first.length;
  const place = (x: ArrayLike<number>) => ({ x: dot(first, x), y: dot(second, x) });
  return comparisons.map(({ name, difference, cloud }) => {
    const points = Array.from({ length: cloud.length / n }, (_, i) => place(cloud.subarray(i * n, (i + 1) * n)));
    return { name, points, mean: place(difference) };
  });
}

// The control variate of "relax" ---------------------------------------------------------------------------------------

/** `w . z + u`, of the array of w and then u. */
function linear(weights: np.Array) {
  return (z: np.Array) => {
    const n = weights.shape[0]! - 1;
    return z
      .mul(weights.ref.slice([0, n]))
      .sum(-1)
      .add(weights.slice(n));
  };
}

/** Values of the cost that it is fitted to. They are not counted. */
const FITTED = 1024;

/** The linear control variate that is nearest to the cost of exact draws. */
async function fitVariate({ structure, cost, logits, parameters }: GradientProblem, seed: number): Promise<number[]> {
  const rows = np.broadcastTo(np.array([...logits]), [FITTED, logits.length]);
  const draws = await structure.sample(streamKey(seed, VARIATE_STREAM), rows);
  const found = await cost(draws.ref, parameters()).data();
  return linearFit(await draws.data(), found);
}
