/**
 * Permutations of n, as matrices with a single 1 in every row and column. Logits have shape `[..., n, n]`: entry (i, j)
 * is the log-weight of j in place i.
 *
 * Three laws are easily taken for one another; from n = 2 on they differ:
 *
 * - The Gibbs law of the permanent, `P(pi) = exp(sum_i logits_(i, pi(i))) / perm(exp(logits))`. To normalize it, or to
 *   draw from it, takes a number of steps that grows exponentially (Valiant 1979). `gibbs` has it, for n up to 12.
 * - Gumbel-matching: the permutation with the largest sum of perturbed logits, `argmax_pi sum_i (logits + G)_(i,
 *   pi(i))`, with n^2 independent Gumbels (Hazan, Jaakkola 2012). This is what `sample` draws from. It has no tractable
 *   probabilities, so there is no `logProb`, `entropy` or `kl`.
 * - The Sinkhorn plan of the logits, which is a matrix and no law: doubly stochastic, of the form `diag(a) exp(logits)
 *   diag(b)` (Sinkhorn 1964). It holds the marginals of neither. `softMode` and `sinkhorn` give it.
 *
 * `relax` is the Sinkhorn plan of perturbed logits divided by a temperature: Gumbel-Sinkhorn (Mena et al. 2018). As the
 * temperature falls, and the iterations rise, it tends to what `sample` draws for the same key.
 *
 * A logit of -Infinity, or below -1e30, is an impossible place: it is never taken and its gradient is zero. A matrix
 * with a logit of NaN or Infinity, or with a row or a column without a possible place, has no law: its plans are NaN,
 * and what is solved on the host is rejected.
 *
 * @module
 */

import { jit, lax, numpy as np, tree } from "@jax-js/jax";
import { columnsOfLargest } from "../assignment/columns.ts";
import { MOST_FIRST } from "../assignment/first.ts";
import {
  checkArray,
  checkConcrete,
  checkCount,
  checkKey,
  checkPositive,
  checkSquare,
  describe,
  FLOATS,
  INDICES,
  isArray,
} from "../checks.ts";
import { straightThrough } from "../estimators.ts";
import { canPermute, keepNaN } from "../lawful.ts";
import { gumbel, perturb } from "../noise.ts";
import { finite, LOWEST } from "../numerics.ts";
import {
  checkHard,
  checkNoise,
  checkTemperature,
  type NoiseScale,
  TEMPERATURE,
  type TemperatureOptions,
} from "../options.ts";
import { applied, checkItems, largestOf } from "../plans.ts";
import { originOfRow } from "../rows.ts";
import { sort, sortingIndices } from "../sorting.ts";
import { ifScale, perturbedBy } from "../structure.ts";
import { inverseOf, isTemperature, tempered } from "../tempered.ts";
import { countUntil } from "../transport/counting.ts";
import type { SinkhornForm } from "../transport/forms.ts";
import { COMPUTATION, checkSettings, planOf } from "../transport/plan.ts";
import { advance, finish, longestRun, start } from "../transport/stabilized.ts";
import { ONES } from "../transport/sums.ts";
import { supportOfPermutations } from "./enumeration.ts";
import { largestPermutation } from "./gibbs/maximum.ts";
import { isPermutationMatrix, matrixOf, residualOf } from "./matrices.ts";

export type { SinkhornForm } from "../transport/forms.ts";
export * as gibbs from "./gibbs/index.ts";

export interface SinkhornOptions extends TemperatureOptions {
  /**
   * Normalizations of the rows and then the columns, default 20; `iterationsFor` says how many a tolerance takes. Up to
   * 1,000, which are compiled as a whole, or 100,000 by "auto" and "implicit", in pieces.
   */
  iterations?: number | undefined;
  /**
   * How they are computed. "auto", the default: by matrix-vector products that stay in range at any temperature.
   * "scaling": by such products alone, a little faster, right only while the logits of a row differ by less than some
   * 40 temperatures. "log": by log-sum-exps, as it is often written; several times slower, and no safer than "auto".
   */
  form?: SinkhornForm | undefined;
  /**
   * "unrolled", the default: of the iterations as they are, from their scalings, a few vectors an iteration ("auto"),
   * or from matrices (the other forms). "implicit": of the fixed point that they approach, from the plan alone. It
   * keeps nothing of the iterations, and is wrong by as much as they have left to converge. There is no second
   * derivative but of the unrolled iterations of "scaling" and "log".
   */
  gradient?: "unrolled" | "implicit" | undefined;
}

export interface PermutationRelaxOptions extends Omit<SinkhornOptions, "hard"> {
  /**
   * Return the exact draw of `sample` for the same key, with the gradient of the relaxation; of another `noise` than 1,
   * the exact maximum of the same keys. For n up to 10. Default false.
   */
  hard?: boolean | undefined;
  /** From 0 to 1e18; default 1. Dynamic, as the temperature is. Mena et al. call it the noise factor. */
  noise?: NoiseScale | undefined;
}

export interface IterationsForOptions extends TemperatureOptions {
  /** The largest `residual` that will do: positive, default 1e-3. Float32 reaches about 1e-6. */
  tolerance?: number | undefined;
  /** Give up after so many iterations: a whole number, default 10,000. */
  limit?: number | undefined;
}

const SINKHORN = [...TEMPERATURE, ...COMPUTATION];
const RELAX = [...SINKHORN, "hard", "noise"];
const ITERATIONS_FOR = [...TEMPERATURE, "tolerance", "limit"];

/**
 * A permutation, or a relaxed one, of items: `result_i = sum_j plan_ij items_j`, shape of the items.
 *
 * @param plan `[..., n, n]`, consumed
 * @param items `[..., n, ...any]`, with as many batch axes, which broadcast, and any shape of an item; consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * @example
 * const sorted = permutation.apply(plan, np.array([30, 10, 20]));
 */
export function apply(plan: np.Array, items: np.Array): np.Array {
  checkSquare("permutation.apply", "plan", plan);
  checkItems("permutation.apply", plan, items, -1);
  return applied(plan, items);
}

/**
 * `apply` with the transposed plan, which puts back what a permutation moved: `result_j = sum_i plan_ij items_i`.
 *
 * @param plan `[..., n, n]`, consumed
 * @param items `[..., n, ...any]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function applyInverse(plan: np.Array, items: np.Array): np.Array {
  checkSquare("permutation.applyInverse", "plan", plan);
  checkItems("permutation.applyInverse", plan, items, -1);
  return applied(np.swapaxes(plan, -1, -2), items);
}

/**
 * The permutation that does `second` and then `first`, as a product of matrices does: `apply(compose(a, b), x)` is
 * `apply(a, apply(b, x))`.
 *
 * Either both are floating-point matrices `[..., n, n]` or both integer index vectors `[..., n]`, in which p stands for
 * the matrix with ones at (i, p_i), as `np.argmax(matrix, -1)` gives it.
 *
 * @param first matrix or index vector, consumed
 * @param second the same kind and shape, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function compose(first: np.Array, second: np.Array): np.Array {
  const isIndices = checkPermutation("permutation.compose", "first", first);
  if (
    checkPermutation("permutation.compose", "second", second) !== isIndices ||
    `${first.shape}` !== `${second.shape}`
  ) {
    throw new RangeError(
      `permutation.compose: first and second must be of one kind and shape, got ${describe(first)} and ` +
        `${describe(second)}.`,
    );
  }
  return isIndices ? np.takeAlongAxis(second, first, -1) : np.matmul(first, second);
}

/**
 * The inverse permutation, of the same kind: the transposed matrix, or the indices that sort an index vector.
 *
 * @param value floating-point matrix `[..., n, n]` or integer index vector `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function invert(value: np.Array): np.Array {
  if (checkPermutation("permutation.invert", "value", value)) return sortingIndices(value);
  return np.swapaxes(value, -1, -2);
}

/**
 * Whether each matrix or index vector is a permutation, exactly: booleans of shape `[...]`.
 *
 * @param value floating-point matrix `[..., n, n]` or integer index vector `[..., n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function isPermutation(value: np.Array): np.Array {
  const isIndices = checkPermutation("permutation.isPermutation", "value", value);
  const stopped = lax.stopGradient(value); // as in structure.ts
  return isIndices ? isIndexPermutationKernel(stopped) : isMatrixPermutationKernel(stopped);
}

/**
 * How many iterations of `sinkhorn` bring the `residual` of every plan down to a tolerance; Infinity when `limit` of
 * them do not, as where forbidden pairs leave entries that no permutation takes. Solves on the host's demand, so
 * outside `jit`.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.tolerance positive, default 1e-3; float32 reaches about 1e-6
 * @param options.limit default 10,000
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 *
 * @example
 * const iterations = await permutation.iterationsFor(logits.ref, { temperature: 0.1, tolerance: 0.01 });
 */
export function iterationsFor(logits: np.Array, options: IterationsForOptions = {}): Promise<number> {
  checkSquare("permutation.iterationsFor", "logits", logits);
  const temperature = checkTemperature("permutation.iterationsFor", logits, 2, options, ITERATIONS_FOR);
  checkConcrete("permutation.iterationsFor", logits, temperature);
  const { tolerance = 1e-3, limit = 10_000 } = options;
  checkPositive("permutation.iterationsFor", "tolerance", tolerance);
  checkCount("permutation.iterationsFor", "limit", limit, 0);
  return countIterations(scaledKernel(logits, temperature, true), tolerance, limit);
}

/** How many of the last axes of the logits are one choice: see `Structure`. */
export const eventAxes = 2;

/** Which law estimators may rely on: see `Structure`. */
export const law = "gumbel-max";

/**
 * The permutation with the largest sum of logits, as a matrix `[..., n, n]`; of equals the first in the order of
 * `support`, for n up to 10, and the same one each time for a larger n. No gradient. Solved on the host, so outside
 * `jit`.
 *
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arrays that `jit`, `grad` or `vmap` trace; the promise is rejected with a RangeError for a
 *   logit of NaN or Infinity, or where every permutation is impossible: it names the matrix and the row
 */
export function mode(logits: np.Array): Promise<np.Array> {
  checkSquare("permutation.mode", "logits", logits);
  checkConcrete("permutation.mode", logits);
  return matching("permutation.mode", logits);
}

/**
 * A relaxed draw (Gumbel-Sinkhorn): the Sinkhorn plan of `(logits + G) / temperature`, shape `[..., n, n]`. Its columns
 * sum to 1, its rows nearly: see `residual`.
 *
 * As the temperature falls, and the iterations rise, it tends to what `sample` returns for the same key. With `hard`
 * the value is that exactly, and the gradient is that of the plan (straight-through). It is found by the engine, inside
 * `jit`, too, in a time that grows as n 2^n: so for n up to 10. Where every permutation is impossible it is NaN. For a
 * larger n draw by `sample` outside of `jit`, with the same key, and use `straightThrough(relax, draw)`.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, consumed
 * @param options those of `sinkhorn`
 * @param options.hard default false
 * @param options.noise scale of G, 0 to 1e18, or an array that broadcasts over the batch; default 1
 * @throws RangeError for a temperature that is not positive, and for `hard` where n is above 10; TypeError for a key
 *   that is none and for an option of another name
 *
 * Mena, Belanger, Linderman, Snoek, "Learning Latent Permutations with Gumbel-Sinkhorn Networks", 2018.
 *
 * @example
 * const plan = permutation.relax(random.key(0), logits, { temperature: 0.5, iterations: 50 });
 */
export function relax(key: np.Array, logits: np.Array, options: PermutationRelaxOptions = {}): np.Array {
  checkKey("permutation.relax", key);
  checkSquare("permutation.relax", "logits", logits);
  const settings = checkSinkhorn("permutation.relax", logits, options, RELAX);
  const scale = checkNoise("permutation.relax", logits, 2, options) as np.Array[];
  const isHard = checkHard("permutation.relax", options);
  if (isHard) checkIsSmall("permutation.relax", logits);
  // An exact value has no gradient: it is stopped out here, as in structure.ts.
  const hard = isHard ? [maximumKernel(key.ref, lax.stopGradient(logits.ref), fixed(scale))] : [];
  const soft = plan(scaledKeysKernel(key, logits, settings.temperature, scale, settings.iterations > 0), settings);
  return hard.reduce((result, exact) => straightThrough(result, exact), soft);
}

/**
 * The largest deviation of a row or column sum from 1, shape `[...]`: how far a plan is from doubly stochastic.
 *
 * @param plan `[..., n, n]`, consumed
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 */
export function residual(plan: np.Array): np.Array {
  checkSquare("permutation.residual", "plan", plan);
  return residualKernel(plan);
}

/**
 * A draw by Gumbel-matching, as a matrix `[..., n, n]`: the permutation with the largest sum of `logits + G`. Not a
 * draw from the Gibbs law. No gradient. Solved on the host, so outside `jit`.
 *
 * @param key PRNG key, consumed
 * @param logits `[..., n, n]`, consumed
 * @throws TypeError for arrays that `jit`, `grad` or `vmap` trace; the promise is rejected with a RangeError for a
 *   logit of NaN or Infinity, or where every permutation is impossible: it names the matrix and the row
 *
 * Hazan, Jaakkola, "On the Partition Function and Random Maximum A-Posteriori Perturbations", 2012.
 *
 * @example
 * const draw = await permutation.sample(random.key(0), np.zeros([5, 5]));
 */
export function sample(key: np.Array, logits: np.Array): Promise<np.Array> {
  checkKey("permutation.sample", key);
  checkSquare("permutation.sample", "logits", logits);
  checkConcrete("permutation.sample", key, logits);
  return matching("permutation.sample", keysKernel(key, lax.stopGradient(logits)));
}

/**
 * The Sinkhorn plan of `logits / temperature`: its exponential, with rows and then columns divided by their sums, so
 * many times. Shape `[..., n, n]`; the columns sum to 1, the rows nearly: see `residual`. With no iterations it is the
 * exponential itself.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options.temperature positive number, or an array that broadcasts over the batch; default 1
 * @param options.iterations whole number up to 1,000, default 20; implicitly up to 100,000
 * @param options.form "auto", "log" or "scaling": how it is computed; "auto" is right at any temperature
 * @param options.gradient "unrolled" (of the iterations) or "implicit" (of the fixed point, from the plan alone)
 * @throws RangeError for options that are none of these
 *
 * Sinkhorn, "A Relationship Between Arbitrary Positive Matrices and Doubly Stochastic Matrices", 1964.
 *
 * @example
 * const plan = permutation.sinkhorn(logits, { temperature: 0.1, iterations: 100, gradient: "implicit" });
 */
export function sinkhorn(logits: np.Array, options: SinkhornOptions = {}): np.Array {
  return sinkhornOf("permutation.sinkhorn", logits, options);
}

/**
 * The relaxation without noise: `sinkhorn` by another name, the one that all structures share.
 *
 * @param logits `[..., n, n]`, consumed
 * @param options those of `sinkhorn`
 * @throws TypeError for arguments of another type, RangeError for shapes or options that do not fit
 */
export function softMode(logits: np.Array, options: SinkhornOptions = {}): np.Array {
  return sinkhornOf("permutation.softMode", logits, options);
}

/**
 * The n! permutation matrices, `[n!, n, n]`, whatever the batch axes of the logits: in lexicographic order of the index
 * vectors, the columns of the ones. The first is the identity, the last the reversal.
 *
 * @param logits `[..., n, n]`, n at most 8, consumed; only their shape matters
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit, and for an n above 8
 */
export function support(logits: np.Array): np.Array {
  checkSquare("permutation.support", "logits", logits);
  return supportOfPermutations("permutation.support", logits);
}

/** The scales of noise, kept, without a gradient. */
function fixed(scale: np.Array[]): np.Array[] {
  return scale.map((one) => (isArray(one) ? lax.stopGradient(one.ref) : one));
}

/** Refuses matrices of which the engine does not find the maximum. */
function checkIsSmall(where: string, logits: np.Array): void {
  if (logits.shape.at(-1)! <= MOST_FIRST) return;
  throw new RangeError(
    `${where}: hard is for n up to ${MOST_FIRST}, because it takes a time that grows as n 2^n, got logits ` +
      `${describe(logits)}. Draw by sample outside of jit, with the key that relax has, and use straightThrough(relax, draw).`,
  );
}

type SinkhornSettings = ReturnType<typeof checkSinkhorn>;

function sinkhornOf(where: string, logits: np.Array, options: SinkhornOptions): np.Array {
  checkSquare(where, "logits", logits);
  const settings = checkSinkhorn(where, logits, options);
  return plan(scaledKernel(logits, settings.temperature, settings.iterations > 0), settings);
}

/** The plan of scaled logits. */
function plan(x: np.Array, settings: SinkhornSettings): np.Array {
  if (settings.iterations === 0) return exponentialKernel(x);
  // One iteration is all that a matrix of a single entry takes.
  // Upstream: a sum of one number is no barrier, so that iterations would be written into one another, twice each time.
  const iterations = x.shape.at(-1) === 1 ? 1 : settings.iterations;
  return planOf(x, ONES, longestRun(x.shape.at(-1)!), { ...settings, iterations });
}

/** The best assignment as a matrix. */
async function matching(where: string, logits: np.Array): Promise<np.Array> {
  return oneHotKernel(await columnsOfLargest(where, "logits", logits, true));
}

/** How many iterations bring the plan of scaled logits down to a tolerance; Infinity if that is more than the limit. */
async function countIterations(x: np.Array, tolerance: number, limit: number): Promise<number> {
  const longest = longestRun(x.shape.at(-1)!);
  const iterations = await countUntil(
    {
      begin: () => start(x.ref, ONES),
      next: (state) => advance(state, x.ref, ONES, 1, true, longest),
      deviationOf: (state) => largestResidual(finish(tree.ref(state))),
    },
    tolerance,
    limit,
  );
  x.dispose();
  if (!Number.isNaN(iterations)) return iterations;
  throw new RangeError(
    "permutation.iterationsFor: no matrix of logits may have NaN, Infinity, or a row or column of -Infinity alone, " +
      "and every temperature must be a positive number; got what has no plan.",
  );
}

async function largestResidual(plan: np.Array): Promise<number> {
  return largestOf(await residualKernel(plan).data());
}

// The verbs up to where the host takes over, which knows impossible pairs by -Infinity, or a plan that is computed in
// pieces. As in structure.ts, `sample` and `relax` have the same keys, and gradients that end are stopped before these.
const keysKernel = jit(function sample(key: np.Array, logits: np.Array) {
  const keys = perturb(key, finite(logits.ref));
  return keepNaN(logits, np.where(keys.ref.lessEqual(LOWEST), Number.NEGATIVE_INFINITY, keys));
});

const maximumKernel = jit(function relaxHard(key: np.Array, logits: np.Array, scale: np.Array[]) {
  const keys = perturbedBy(gumbel, key, finite(logits.ref), tree.ref(scale));
  return ifScale(largestPermutation(keys, logits), scale);
});

const scaledKeysKernel = jit(
  function relax(key: np.Array, logits: np.Array, temperature: np.Array, scale: np.Array[], isRelative: boolean) {
    const keys = perturbedBy(gumbel, key, finite(logits.ref), tree.ref(scale));
    return ifScale(scaled(keys, logits, temperature, isRelative), scale);
  },
  { staticArgnums: [4] },
);

const scaledKernel = jit(
  function softMode(logits: np.Array, temperature: np.Array, isRelative: boolean) {
    return scaled(finite(logits.ref), logits, temperature, isRelative);
  },
  { staticArgnums: [2] },
);

/**
 * Keys divided by the temperature, NaN where the logits have no law. As the iterations have them, relative to the
 * largest of each row, which the first normalization takes off anyway.
 */
function scaled(keys: np.Array, logits: np.Array, temperature: np.Array, isRelative: boolean): np.Array {
  const origin = isRelative ? originOfRow(keys.ref) : 0;
  const isLawful = canPermute(logits).mul(isTemperature(temperature.ref));
  return np.where(isLawful, tempered(keys, origin, inverseOf(temperature)), Number.NaN);
}

const exponentialKernel = jit(function exponential(x: np.Array) {
  return keepNaN(x.ref, np.exp(x));
});

const isIndexPermutationKernel = jit(function isPermutation(indices: np.Array) {
  const n = indices.shape.at(-1)!;
  return np.all(sort(indices).equal(np.arange(n, undefined, 1, { dtype: indices.dtype })), -1);
});

const isMatrixPermutationKernel = jit(function isPermutation(matrix: np.Array) {
  return isPermutationMatrix(matrix);
});

const oneHotKernel = jit(function oneHot(indices: np.Array) {
  return matrixOf(indices);
});

const residualKernel = jit(function residual(plan: np.Array) {
  return residualOf(plan);
});

function checkSinkhorn(
  where: string,
  logits: np.Array,
  options: Omit<SinkhornOptions, "hard">,
  names: readonly string[] = SINKHORN,
) {
  const temperature = checkTemperature(where, logits, 2, options, names);
  return { temperature, ...checkSettings(where, options, 0) };
}

/** Whether a permutation is given by its indices; else by its matrix. */
function checkPermutation(where: string, name: string, value: np.Array): boolean {
  // What has rows can only be a matrix, what has none only indices.
  const hasRows = Array.isArray(value) && Array.isArray(value[0]);
  checkArray(where, name, value, hasRows ? FLOATS[2] : INDICES);
  const isIndices = ["int32", "uint32"].includes(value.dtype);
  if (!isIndices) checkSquare(where, name, value);
  else if (value.ndim === 0) throw new RangeError(`${where}: ${name} must be indices of shape [..., n], got a scalar.`);
  return isIndices;
}
