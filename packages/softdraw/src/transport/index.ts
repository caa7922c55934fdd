/**
 * Transport: matrices of m rows and n columns, of which the sums of rows and columns are given. Logits have shape
 * `[..., m, n]`: entry (i, j) is what a unit of mass gains on its way from i to j, minus its cost.
 *
 * A plan is the matrix that has the largest gain with the temperature times its entropy,
 *
 *     sum_ij P_ij logits_ij - T sum_ij P_ij (log P_ij - 1)
 *
 * among those with these sums: `P = diag(u) exp(logits / T) diag(v)`, by Sinkhorn's iterations (Cuturi 2013). In place
 * of sums there may be penalties on how far from them a plan is (unbalanced, Chizat et al. 2018), and slack for rows
 * and columns that stay without a partner (partial matching, as in Sarlin et al. 2020). `permutation.sinkhorn` is the
 * square with sums of 1.
 *
 * The law that `sample` draws from is that of the best matching of perturbed logits, `mode(logits + G)` (Hazan,
 * Jaakkola 2012), of rows and columns whose sums are 1. `relax` is the plan of the same perturbed logits. The law has
 * no tractable probabilities, and so there is no `logProb`, `entropy` or `kl`; of general sums there is no draw and no
 * `mode` either.
 *
 * A logit of -Infinity, or below -1e30, is a forbidden way. A row or column whose sum is 0 takes part in nothing. Where
 * a logit is NaN or Infinity, a row or column with mass has no way, a sum is negative, or totals do not match, there is
 * no plan, and it is NaN.
 *
 * @module
 */

import { jit, lax, numpy as np, tree } from "@jax-js/jax";
import { columnsOfLargest } from "../assignment/columns.ts";
import {
  checkConcrete,
  checkCount,
  checkFloat,
  checkKey,
  checkLogits,
  checkPositive,
  describe,
  isArray,
  kindOf,
} from "../checks.ts";
import { isNumber } from "../lawful.ts";
import { perturb } from "../noise.ts";
import { finite, LOWEST, logarithm } from "../numerics.ts";
import {
  checkNoise,
  checkOfEvents,
  checkOptions,
  checkTemperature,
  LARGEST,
  type NoiseScale,
  TEMPERATURE,
  type Temperature,
  type TemperatureOptions,
} from "../options.ts";
import { matrixOf } from "../permutation/matrices.ts";
import { applied, checkItems, largestOf } from "../plans.ts";
import { column, ofRow, row } from "../rows.ts";
import { SMALLEST_TEMPERATURE as SMALLEST } from "../tempered.ts";
import { countUntil } from "./counting.ts";
import type { SinkhornForm } from "./forms.ts";
import { COMPUTATION, checkSettings, planOf, type Settings } from "./plan.ts";
import * as byPotentials from "./potentials.ts";
import { extrasOf, finishPlan, type Given, MISMATCH, type Prepared, prepare } from "./prepare.ts";
import { advance, drift, longestRun, potentials as potentialsOf, type State, stabilized, start } from "./stabilized.ts";
import type { Sides } from "./sums.ts";

type Potentials = byPotentials.Potentials;

/** Sums: an array, or a list of numbers of 0 or more, which is checked. */
export type Sums = np.Array | readonly number[];

/** What is given of a plan beside its logits. */
export interface Marginals extends TemperatureOptions {
  /**
   * The sums of the rows, `[..., m]`; default the total of the columns, spread evenly, or 1 each where neither is
   * given.
   */
  rows?: Sums | undefined;
  /** The sums of the columns, `[..., n]`; default the total of the rows, spread evenly; with slack 1 each. */
  columns?: Sums | undefined;
  /**
   * A positive number, or an array as a temperature's: the sums of the rows are not kept, but their divergence `sum_i
   * (r_i log (r_i / rows_i) - r_i + rows_i)` costs so much. Default Infinity: they are kept.
   */
  rowPenalty?: Temperature | undefined;
  /** The same of the columns. */
  columnPenalty?: Temperature | undefined;
  /**
   * What a row gains that stays without a column: a number, or an array that broadcasts to `[..., m]`. Default
   * -Infinity: none may. A pair is worth more than two that stay alone when its logit is above the sum of both slacks.
   */
  rowSlack?: number | np.Array | undefined;
  /** What a column gains that stays without a row: a number, or an array that broadcasts to `[..., n]`. */
  columnSlack?: number | np.Array | undefined;
  /**
   * Potentials of the columns to begin from, `[..., n]`, as `potentials` gives them; without a gradient. Default 0. Finite,
   * else there is no plan. Where both sums are kept they count relative to one another, and may be of any size; beside
   * penalties they are what they are, as exactly as float32 holds them over the temperature.
   */
  start?: np.Array | undefined;
}

export interface TransportOptions extends Marginals {
  /**
   * Scalings of the rows and then the columns, default 20; `iterationsFor` says how many a tolerance takes. Up to 1,000,
   * which are compiled as a whole, or 100,000 by "auto" and "implicit", in pieces.
   */
  iterations?: number | undefined;
  /** How they are computed, as for `permutation.sinkhorn`: "auto", the default, "scaling" or "log". */
  form?: SinkhornForm | undefined;
  /** "unrolled", the default, or "implicit", as for `permutation.sinkhorn`. */
  gradient?: "unrolled" | "implicit" | undefined;
}

export interface TransportRelaxOptions extends TransportOptions {
  /** From 0 to 1e18; default 1. Dynamic, as the temperature is. */
  noise?: NoiseScale | undefined;
}

export interface TransportIterationsOptions extends Marginals {
  /** The largest deviation that will do: positive, default 1e-3. */
  tolerance?: number | undefined;
  /** Give up after so many iterations: a whole number, default 10,000. */
  limit?: number | undefined;
}

/** What a row, or a column, gains that stays alone. */
export interface MatchingOptions {
  /** As in `TransportOptions`; finite, also all entries of an array. */
  rowSlack?: number | np.Array | undefined;
  columnSlack?: number | np.Array | undefined;
}

const SLACK = ["rowSlack", "columnSlack"];
const MARGINALS = [...TEMPERATURE, "rows", "columns", "rowPenalty", "columnPenalty", ...SLACK, "start"];
const TRANSPORT = [...MARGINALS, ...COMPUTATION];
const RELAX = [...TRANSPORT, "noise"];
const ITERATIONS_FOR = [...MARGINALS, "tolerance", "limit"];
const RESIDUAL = ["rows", "columns"];

/**
 * What comes to each row by a plan: `result_i = sum_j plan_ij items_j`. Divide by the sum of the row for the mean of
 * what comes.
 *
 * @param plan `[..., m, n]`, consumed
 * @param items `[..., n, ...any]`, with as many batch axes, which broadcast; consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const moved = transport.apply(plan, np.array([[0, 0], [1, 0], [0, 1]]));
 */
export function apply(plan: np.Array, items: np.Array): np.Array {
  checkLogits("transport.apply", plan, 2, "plan", SHAPE);
  checkItems("transport.apply", plan, items, -1);
  return applied(plan, items);
}

/**
 * `apply` with the transposed plan, what comes to each column: `result_j = sum_i plan_ij items_i`.
 *
 * @param plan `[..., m, n]`, consumed
 * @param items `[..., m, ...any]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function applyInverse(plan: np.Array, items: np.Array): np.Array {
  checkLogits("transport.applyInverse", plan, 2, "plan", SHAPE);
  checkItems("transport.applyInverse", plan, items, -2);
  return applied(np.swapaxes(plan, -1, -2), items);
}

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/**
 * How many iterations of `sinkhorn` it takes until one more would change no row's sum by more than a tolerance;
 * Infinity when `limit` of them do not. Without penalties that is how far the sums of the rows are from those that were
 * given. Solves on the host's demand, so outside `jit`.
 *
 * @param logits `[..., m, n]`, consumed
 * @param options those of `sinkhorn` that say what the plan is
 * @param options.tolerance positive, default 1e-3
 * @param options.limit default 10,000
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit; the promise is
 *   rejected with a RangeError where there is no plan
 *
 * @example
 * const iterations = await transport.iterationsFor(logits.ref, { temperature: 0.1, tolerance: 0.01 });
 */
export function iterationsFor(logits: np.Array, options: TransportIterationsOptions = {}): Promise<number> {
  const where = "transport.iterationsFor";
  const { temperature, given } = checkMarginals(where, logits, options, ITERATIONS_FOR);
  checkConcrete(where, logits, temperature, ...Object.values(given));
  const { tolerance = 1e-3, limit = 10_000 } = options;
  checkPositive(where, "tolerance", tolerance);
  checkCount(where, "limit", limit, 0);
  const longest = longestFor(logits.shape.slice(-2), options);
  const prepared = prepare(logits, temperature as np.Array, taken(given));
  return longest === 1
    ? countIterations(BY_POTENTIALS, prepared, tolerance, limit)
    : countIterations(byScalings(longest), prepared, tolerance, limit);
}

/** Which law estimators may rely on: see `Structure`. */
export const law = "gumbel-max";

/**
 * The best matching, a matrix `[..., m, n]` of zeros and ones: with the largest sum of the logits of its pairs and of
 * the slacks of what stays alone. Without slack every row and column has a partner, so that m = n; with `rowSlack`
 * alone every column has, with `columnSlack` alone every row. It is what the plan with sums of 1 tends to as the
 * temperature falls. Of equals it is the first in the order of `permutation.support` for squares of up to 10 without both
 * slacks, and else one of them, the same one each time. No gradient. Solved on the host, so outside `jit`.
 *
 * @param logits `[..., m, n]`, consumed
 * @param options.rowSlack what a row gains that stays alone: a finite number, or an array that broadcasts to `[..., m]`
 * @param options.columnSlack the same of a column, `[..., n]`
 * @throws TypeError for arrays that `jit`, `grad` or `vmap` trace, RangeError for sizes that leave something over; the
 *   promise is rejected with a RangeError for a logit of NaN or Infinity, for an entry of a slack that is not finite, or
 *   where no matching is possible
 *
 * @example
 * const pairs = await transport.mode(logits, { rowSlack: 0, columnSlack: 0 });
 */
export function mode(logits: np.Array, options: MatchingOptions = {}): Promise<np.Array> {
  const slack = checkMatching("transport.mode", logits, options);
  checkConcrete("transport.mode", logits, ...Object.values(slack));
  return matching("transport.mode", logits, slack);
}

/**
 * The potentials f of the rows and g of the columns after some iterations, `[..., m]` and `[..., n]`: with them the
 * plan is `exp((logits_ij + f_i + g_j) / temperature)`. No gradient. What is solved anew after a small change may begin
 * from `columns`: see `start`. With slack they are relative to that of the rows, of which the potential is 0.
 *
 * @param logits `[..., m, n]`, consumed
 * @param options those of `sinkhorn` that say what the plan is, and `iterations`
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const { rows, columns } = transport.potentials(logits.ref, { iterations: 100 });
 */
export function potentials(
  logits: np.Array,
  options: Marginals & { iterations?: number | undefined } = {},
): { rows: np.Array; columns: np.Array } {
  const where = "transport.potentials";
  const { temperature, given } = checkMarginals(where, logits, options, [...MARGINALS, "iterations"]);
  const { iterations } = checkSettings(where, options, 1);
  const sizes = logits.shape.slice(-2) as [number, number];
  const fixed = (x: np.Array) => (isArray(x) ? lax.stopGradient(x) : x);
  const t = fixed(temperature as np.Array);
  const all: Given = Object.fromEntries(Object.entries(taken(given)).map(([name, x]) => [name, fixed(x)]));
  const { x, sides, mass, origin } = prepare(lax.stopGradient(logits), isArray(t) ? t.ref : t, all);
  const once = isSettledAtOnce(x, given) ? 1 : iterations;
  const longest = longestFor(sizes, options);
  const scaled =
    longest === 1 ? byPotentials.potentialsAfter(x, sides, once) : potentialsOf(stabilized(x, sides, once, longest));
  tree.dispose(sides);
  return potentialsKernel(scaled, { origin, ...(mass && { mass }) }, t, ...sizes);
}

/**
 * A relaxed draw: the plan of `(logits + G) / temperature`, shape `[..., m, n]`; slack has no noise. As the temperature
 * falls, and the iterations rise, it tends to what `sample` returns for the same key, where the sums are 1.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., m, n]`, consumed
 * @param options those of `sinkhorn`
 * @param options.noise scale of G, 0 to 1e18, or an array that broadcasts over the batch; default 1
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const plan = transport.relax(random.key(0), logits, { rowSlack: 0, columnSlack: 0, temperature: 0.5 });
 */
export function relax(key: np.Array, logits: np.Array, options: TransportRelaxOptions = {}): np.Array {
  checkKey("transport.relax", key);
  const { temperature, given } = checkMarginals("transport.relax", logits, options, RELAX);
  const [noise] = checkNoise("transport.relax", logits, 2, options) as np.Array[];
  const settings = checkSettings("transport.relax", options, 1);
  const longest = longestFor(logits.shape.slice(-2), options);
  return plan(logits, temperature, { ...taken(given), key, ...(noise !== undefined && { noise }) }, longest, settings);
}

/**
 * The largest deviation of a row's or column's sum from what it is to be, shape `[...]`; of plans without slack and
 * penalties.
 *
 * @param plan `[..., m, n]`, consumed
 * @param options.rows the sums of the rows, as they were given to `sinkhorn`
 * @param options.columns those of the columns
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function residual(plan: np.Array, options: Pick<Marginals, "rows" | "columns"> = {}): np.Array {
  checkLogits("transport.residual", plan, 2, "plan", SHAPE);
  checkOptions("transport.residual", options, RESIDUAL, "{ rows: [0.5, 0.5] }");
  return residualKernel(plan, taken(checkSums("transport.residual", plan, options)));
}

/**
 * A draw: the best matching of `logits + G`, a matrix `[..., m, n]`; see `mode`. No gradient. Solved on the host, so
 * outside `jit`.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., m, n]`, consumed
 * @param options those of `mode`
 * @throws as `mode` does
 *
 * Hazan, Jaakkola, "On the Partition Function and Random Maximum A-Posteriori Perturbations", 2012.
 */
export function sample(key: np.Array, logits: np.Array, options: MatchingOptions = {}): Promise<np.Array> {
  checkKey("transport.sample", key);
  const slack = checkMatching("transport.sample", logits, options);
  checkConcrete("transport.sample", key, logits, ...Object.values(slack));
  return matching("transport.sample", keysKernel(key, lax.stopGradient(logits)), slack);
}

/**
 * The plan after some of Sinkhorn's iterations, `[..., m, n]`: `exp(logits / temperature)`, with the rows and then the
 * columns scaled to their sums, so many times. The columns have their sums, the rows nearly: see `residual`. With slack
 * it is the part of the pairs: a row keeps for itself what is left to its sum.
 *
 * With a penalty rho the scalings are `u = (rows / sum)^(rho / (rho + temperature))`, and what is kept is a compromise:
 * the mass may grow as `exp(logit / penalty)`, so that logits are best costs, below 0.
 *
 * @param logits `[..., m, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.rows sums of the rows, `[..., m]`, or a list of m numbers; default 1 each
 * @param options.columns sums of the columns; default m / n each, or 1 each with slack
 * @param options.rowPenalty and `columnPenalty`: positive; default Infinity
 * @param options.rowSlack and `columnSlack`: logits; default -Infinity
 * @param options.start potentials of the columns, finite
 * @param options.iterations whole number from 1 to 1,000, default 20; implicitly up to 100,000
 * @param options.form "auto", "log" or "scaling"
 * @param options.gradient "unrolled" or "implicit"
 * @throws TypeError for arguments of another type; RangeError for shapes or numbers that do not fit, and for lists of
 *   sums that are negative or do not match. The values of arrays are not looked at: where they do not fit, the plan is
 *   NaN
 *
 * Cuturi, "Sinkhorn Distances: Lightspeed Computation of Optimal Transport", 2013; Chizat, Peyre, Schmitzer, Vialard,
 * "Scaling Algorithms for Unbalanced Optimal Transport Problems", 2018; Sarlin et al., "SuperGlue: Learning Feature
 * Matching with Graph Neural Networks", 2020.
 *
 * @example
 * const plan = transport.sinkhorn(np.negative(costs), { rows: [0.5, 0.5], columns: [0.2, 0.3, 0.5] });
 */
export function sinkhorn(logits: np.Array, options: TransportOptions = {}): np.Array {
  return sinkhornOf("transport.sinkhorn", logits, options);
}

/**
 * The relaxation without noise: `sinkhorn` by another name, the one that all structures share.
 *
 * @param logits `[..., m, n]`, consumed
 * @param options those of `sinkhorn`
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: TransportOptions = {}): np.Array {
  return sinkhornOf("transport.softMode", logits, options);
}

function sinkhornOf(where: string, logits: np.Array, options: TransportOptions): np.Array {
  const { temperature, given } = checkMarginals(where, logits, options, TRANSPORT);
  const longest = longestFor(logits.shape.slice(-2), options);
  const settings = checkSettings(where, options, 1);
  return plan(logits, temperature, taken(given), longest, settings);
}

function plan(logits: np.Array, temperature: Temperature, given: Given, longest: number, settings: Settings): np.Array {
  const [m = 0, n = 0] = logits.shape.slice(-2);
  const { x, sides, mass, origin } = prepare(logits, temperature as np.Array, given);
  origin.dispose();
  const iterations = isSettledAtOnce(x, given) ? 1 : settings.iterations;
  const scaled = planOf(x, sides, longest, { ...settings, iterations });
  return mass === undefined ? scaled : finishPlan(scaled, mass, m, n);
}

/**
 * Whether one iteration is all that it takes: a single row or column, without penalties.
 *
 * Upstream: a sum of one number is no barrier, so that iterations would be written into one another, twice each time.
 */
function isSettledAtOnce(x: np.Array, given: object): boolean {
  return x.shape.slice(-2).includes(1) && !("rowPenalty" in given || "columnPenalty" in given);
}

/**
 * Iterations between two absorptions: as many as is known to be right, and one where the sums are not known or not
 * kept.
 */
function longestFor([m = 0, n = 0]: number[], { rows, columns, ...options }: Marginals): number {
  const isKept = [options.rowPenalty, options.columnPenalty].every((x) => x === undefined || x === POSITIVE_INFINITY);
  if (!isKept || isArray(rows) || isArray(columns)) return 1;
  const total = (sums: readonly number[]) => sums.reduce((a, b) => a + b, 0);
  const even = (size: number, sum: number) => Array.from({ length: size }, () => sum / size);
  const extras = extrasOf([m, n], givenSlack(options));
  const hasSlack = extras.row || extras.column;
  const a = rows ?? even(m, columns === undefined ? m : total(columns));
  const b = columns ?? even(n, hasSlack && rows === undefined ? n : total(a));
  const [ofRows, ofColumns] = [total(a), total(b)];
  const alone = extras.row && extras.column ? [ofRows, ofColumns] : hasSlack ? [Math.abs(ofRows - ofColumns)] : [];
  const least = [...a, ...b, ...alone].reduce((x, y) => Math.min(x, y));
  if (least <= 0) return 1;
  return longestRun(Math.max(ofRows, ofColumns, extras.row && extras.column ? ofRows + ofColumns : 0) / least);
}

function givenSlack({ rowSlack, columnSlack }: MatchingOptions): object {
  return {
    ...(isSlack(rowSlack) && { rowSlack }),
    ...(isSlack(columnSlack) && { columnSlack }),
  };
}

function isSlack(slack: number | np.Array | undefined): slack is number | np.Array {
  return slack !== undefined && slack !== Number.NEGATIVE_INFINITY;
}

/** Iterations one by one. */
interface Method<State> {
  start(x: np.Array, sides: Sides): State;
  next(state: State, x: np.Array, sides: Sides): State;
  drift(state: State, x: np.Array, sides: Sides): np.Array;
}

const BY_POTENTIALS: Method<Potentials> = {
  start: byPotentials.start,
  next: (state, x, sides) => byPotentials.advance(state, x, sides, 1),
  drift: byPotentials.drift,
};

function byScalings(longest: number): Method<State> {
  return { start, next: (state, x, sides) => advance(state, x, sides, 1, true, longest), drift };
}

async function countIterations<S extends Potentials | State>(
  method: Method<S>,
  { x, sides, mass, origin }: Prepared,
  tolerance: number,
  limit: number,
): Promise<number> {
  origin.dispose();
  const largest =
    mass === undefined
      ? 1
      : await np
          .max(mass)
          .data()
          .then(([value]) => value!);
  const iterations = await countUntil(
    {
      begin: () => method.start(x.ref, tree.ref(sides)),
      next: (state) => method.next(state, x.ref, tree.ref(sides)),
      deviationOf: async (state) =>
        largest * largestOf(await method.drift(tree.ref(state), x.ref, tree.ref(sides)).data()),
    },
    tolerance,
    limit,
  );
  tree.dispose([x, sides]);
  if (!Number.isNaN(iterations)) return iterations;
  throw new RangeError(
    "transport.iterationsFor: there is no plan: of a logit of NaN or Infinity, of a start that is not finite, of sums " +
      "that are negative or do not match, or of a row or column that has mass and no way.",
  );
}

async function matching(where: string, logits: np.Array, slack: Checked): Promise<np.Array> {
  const n = logits.shape.at(-1)!;
  const given = taken(slack);
  try {
    for (const [name, x] of Object.entries(given)) await checkIsFinite(where, name, x);
  } catch (error) {
    for (const x of [logits, ...Object.values(given)]) if (isArray(x)) x.dispose();
    throw error;
  }
  const weights = weightsKernel(lax.stopGradient(logits), given);
  return pairsKernel(await columnsOfLargest(where, "logits", weights, true), n);
}

/** Refuses an array with an entry that is not finite. */
async function checkIsFinite(where: string, name: string, x: np.Array): Promise<void> {
  if (!isArray(x)) return;
  const entries = [...(await x.ref.data())] as number[];
  const found = entries.find((entry) => !Number.isFinite(entry));
  if (found !== undefined) throw new RangeError(`${where}: ${name} must be finite, got ${found}.`);
}

/** Logits above what the two of a pair have alone; where both may be, with a column of its own for each row. */
const weightsKernel = jit(function weights(logits: np.Array, { rowSlack, columnSlack }: Given): np.Array {
  const ofRows = rowSlack === undefined ? logits : logits.sub(column(rowSlack.ref));
  const worth =
    columnSlack === undefined ? ofRows : ofRows.sub(columnSlack.ndim === 0 ? columnSlack : row(columnSlack));
  if (rowSlack === undefined || columnSlack === undefined) return worth;
  const m = worth.shape.at(-2)!;
  const alone = np.where(np.eye(m).greater(0), 0, Number.NEGATIVE_INFINITY);
  return np.concatenate([worth, np.broadcastTo(alone, [...worth.shape.slice(0, -2), m, m])], -1);
});

const pairsKernel = jit(matrixOf, { staticArgnums: [1] });

const keysKernel = jit(function sample(key: np.Array, logits: np.Array) {
  const keys = perturb(key, finite(logits.ref));
  const isGiven = isNumber(logits.ref).mul(logits.less(Number.POSITIVE_INFINITY));
  return np.where(isGiven, np.where(keys.ref.lessEqual(LOWEST), Number.NEGATIVE_INFINITY, keys), Number.NaN);
});

const residualKernel = jit(function residual(plan: np.Array, { rows, columns }: Given) {
  const [m = 0, n = 0] = plan.shape.slice(-2);
  const total = (sums: np.Array) => sums.ref.sum(-1, { keepdims: true });
  const ofRows = rows ?? (columns === undefined ? np.ones([m]) : total(columns).div(m));
  const ofColumns = columns ?? (rows === undefined ? np.array(m / n) : total(rows).div(n));
  const worst = (sums: np.Array, wanted: np.Array) => np.max(np.absolute(sums.sub(wanted)), -1);
  const largest = np.maximum(worst(plan.ref.sum(-1), ofRows), worst(plan.ref.sum(-2), ofColumns));
  return np.where(np.all(isNumber(plan), [-1, -2]), largest, Number.NaN);
});

const potentialsKernel = jit(
  function potentials(
    { rows, columns }: { rows: np.Array; columns: np.Array },
    { origin, mass }: Record<string, np.Array>,
    temperature: np.Array,
    m: number,
    n: number,
  ) {
    const part = (x: np.Array, from: number, to: number) =>
      x.ref.slice(...x.shape.slice(0, -1).map(() => [] as []), [from, to]);
    const t = ofRow(temperature);
    const scale = mass === undefined ? undefined : logarithm(np.max(mass, [-1, -2]));
    const ofRows = rows.mul(t.ref).sub(origin!);
    const scaled = scale === undefined ? ofRows : ofRows.add(column(scale).mul(t.ref));
    const ofColumns = columns.mul(t);
    const slack = ofColumns.shape.at(-1)! > n ? part(ofColumns, n, n + 1) : np.zeros([]);
    return { rows: part(scaled, 0, m).add(slack.ref), columns: part(ofColumns, 0, n).sub(slack) };
  },
  { staticArgnums: [3, 4] },
);

const { POSITIVE_INFINITY } = Number;

/** What was given, checked, and not yet used. */
type Checked = Record<string, np.Array | number | readonly number[]>;

const SHAPE = "[..., m, n] with m and n at least 1";

/** Checks all that says what a plan is. */
function checkMarginals(
  where: string,
  logits: np.Array,
  options: Marginals,
  names: readonly string[],
): { temperature: Temperature; given: Checked } {
  checkLogits(where, logits, 2, "logits", SHAPE);
  const temperature = checkTemperature(where, logits, 2, options, names);
  const given = {
    ...checkSums(where, logits, options),
    ...checkPenalties(where, logits, options),
    ...checkSlack(where, logits, options),
  };
  const { start } = options;
  if (start !== undefined) checkLine(where, "start", start, logits, -1);
  checkTotals(where, logits, options);
  return { temperature, given: start === undefined ? given : { ...given, start } };
}

/** What was given as the kernels take it, once all has been checked. Consumes its arrays. */
function taken(given: Checked): Given {
  const arrays: Given = {};
  for (const [name, value] of Object.entries(given)) {
    // A number becomes an array where it enters a kernel.
    arrays[name] = Array.isArray(value) ? np.array([...value]) : (value as np.Array);
  }
  // Upstream: a gradient that enters a jitted function and ends there leaks arrays; so it is stopped out here.
  if (arrays.start !== undefined) arrays.start = lax.stopGradient(arrays.start);
  return arrays;
}

function checkMatching(where: string, logits: np.Array, options: MatchingOptions): Checked {
  checkLogits(where, logits, 2, "logits", SHAPE);
  checkOptions(where, options, SLACK, "{ rowSlack: 0, columnSlack: 0 }");
  const slack = checkSlack(where, logits, options);
  checkLeft(where, logits, slack);
  return slack;
}

/** Refuses sizes of which something is left over that may not stay alone, where all sums are 1. */
function checkLeft(where: string, logits: np.Array, slack: object): void {
  const [m = 0, n = 0] = logits.shape.slice(-2);
  const isLeft = (m > n && !("rowSlack" in slack)) || (m < n && !("columnSlack" in slack));
  if (!isLeft) return;
  const [left, name] = m > n ? ["rows", "rowSlack"] : ["columns", "columnSlack"];
  throw new RangeError(
    `${where}: logits ${describe(logits)} leave ${left} without a partner: say by ${name} what that is worth, such as ` +
      `{ ${name}: 0 }.`,
  );
}

function checkSums(where: string, logits: np.Array, { rows, columns }: Pick<Marginals, "rows" | "columns">): Checked {
  if (rows !== undefined) checkSumsOf(where, "rows", rows, logits, -2);
  if (columns !== undefined) checkSumsOf(where, "columns", columns, logits, -1);
  return { ...(rows !== undefined && { rows }), ...(columns !== undefined && { columns }) };
}

function checkSumsOf(where: string, name: string, sums: Sums, logits: np.Array, axis: -1 | -2): void {
  if (isArray(sums)) {
    checkLine(where, name, sums, logits, axis);
    return;
  }
  const size = logits.shape.at(axis)!;
  const isList = Array.isArray(sums) && sums.length === size && sums.every((x) => Number.isFinite(x) && x >= 0);
  if (isList && sums.some((x) => x > 0)) {
    if (sums.every((x) => x === 0 || x >= SMALLEST) && sums.reduce((a, b) => a + b, 0) <= LARGEST) return;
    throw new RangeError(
      `${where}: ${name} must be 0 or from 1.2e-38 on, with a total of up to 3.4e38, as float32 holds them, got ` +
        `[${sums.join(", ")}].`,
    );
  }
  const got = Array.isArray(sums) ? `[${sums.map(kindOf).join(", ")}]` : kindOf(sums);
  throw new RangeError(
    `${where}: ${name} must be ${size} numbers of 0 or more, not all of them 0, or an array [..., ${size}], got ` +
      `${got}.`,
  );
}

/** A floating-point array that has the size of one axis of the logits, and broadcasts over their batch. */
function checkLine(where: string, name: string, line: np.Array, logits: np.Array, axis: -1 | -2): void {
  if (!isArray(line)) throw new TypeError(`${where}: ${name} must be an array, got ${kindOf(line)}.`);
  checkFloat(where, name, line, 1);
  const wanted = [...logits.shape.slice(0, -2), logits.shape.at(axis)!];
  const fits = line.ndim >= 1 && line.shape.at(-1) === wanted.at(-1) && broadcastsTo(line.shape, wanted);
  if (fits) return;
  throw new RangeError(
    `${where}: ${name} must have shape [${wanted}], or one that broadcasts to it over the batch, got ` +
      `${describe(line)}.`,
  );
}

function broadcastsTo(shape: number[], wanted: number[]): boolean {
  return shape.length <= wanted.length && shape.every((size, i) => [1, wanted.at(i - shape.length)].includes(size));
}

function checkPenalties(where: string, logits: np.Array, options: Marginals): Checked {
  const given: Checked = {};
  for (const name of ["rowPenalty", "columnPenalty"] as const) {
    const penalty = options[name];
    if (penalty === undefined || penalty === Number.POSITIVE_INFINITY) continue;
    if (typeof penalty === "number") {
      if (!(penalty > 0)) throw new RangeError(`${where}: ${name} must be a positive number, got ${penalty}.`);
      if (penalty < SMALLEST || penalty > LARGEST) {
        throw new RangeError(
          `${where}: ${name} must be Infinity or from 1.2e-38 to 3.4e38, as float32 holds it, got ${penalty}.`,
        );
      }
    } else checkOfEvents(where, name, penalty, logits, 2);
    given[name] = penalty;
  }
  return given;
}

function checkSlack(where: string, logits: np.Array, options: MatchingOptions): Checked {
  const given: Checked = {};
  for (const name of ["rowSlack", "columnSlack"] as const) {
    const slack = options[name];
    if (!isSlack(slack)) continue;
    given[name] = slack;
    if (typeof slack === "number") {
      if (Math.abs(slack) <= LARGEST) continue;
      throw new RangeError(
        `${where}: ${name} must be a finite number${Number.isFinite(slack) ? " of up to 3.4e38, as float32 holds it" : ""}, ` +
          `got ${slack}.`,
      );
    }
    if (!isArray(slack)) throw new TypeError(`${where}: ${name} must be a number or an array, got ${kindOf(slack)}.`);
    checkFloat(where, name, slack);
    const wanted = [...logits.shape.slice(0, -2), logits.shape.at(name === "rowSlack" ? -2 : -1)!];
    if (!broadcastsTo(slack.shape, wanted)) {
      throw new RangeError(`${where}: ${name} must broadcast to [${wanted}], got ${describe(slack)}.`);
    }
  }
  return given;
}

/** Refuses totals that cannot match, as far as they are numbers. */
function checkTotals(where: string, logits: np.Array, options: Marginals): void {
  const { rows, columns, rowPenalty, columnPenalty, rowSlack, columnSlack } = options;
  if ([rowPenalty, columnPenalty].some((x) => x !== undefined && x !== Number.POSITIVE_INFINITY)) return;
  const slack = givenSlack(options);
  const isLoose = Object.keys(slack).length > 0;
  if (rows === undefined && columns === undefined && isLoose) checkLeft(where, logits, slack);
  if (!Array.isArray(rows) || !Array.isArray(columns)) return;
  const [ofRows, ofColumns] = [rows, columns].map((sums: readonly number[]) => sums.reduce((a, b) => a + b, 0)) as [
    number,
    number,
  ];
  const rounding = MISMATCH * Math.max(ofRows, ofColumns);
  const isOver = ofRows - ofColumns > rounding && !isSlack(rowSlack);
  const isUnder = ofColumns - ofRows > rounding && !isSlack(columnSlack);
  if (!isOver && !isUnder) return;
  throw new RangeError(
    `${where}: rows and columns must have one total, got ${ofRows} and ${ofColumns}. A penalty or a slack allows ` +
      "others.",
  );
}
