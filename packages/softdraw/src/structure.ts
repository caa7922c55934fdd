/**
 * The verbs of a structure, put together in this one place from what a structure is: how a PRNG key perturbs its
 * logits, which vertex of its polytope is the exact maximum of some keys, and how that maximum is relaxed.
 *
 *     sample             vertex(keys(logits) + noise(key))
 *     relax              relaxation(keys(logits) + scale * noise(key), temperature)
 *     relax with hard    the value of the first, with the gradient of the second
 *     mode               vertex(logits)
 *     softMode           relaxation(keys(logits), temperature)
 *     perturbGiven       perturbTo(key, value, keys(logits))
 *     relaxGiven         relaxation(perturbTo(key, value, keys(logits)), temperature)
 *
 * and NaN where the logits have no law, or the value can be none of it. So one key gives `sample` and `relax` the same
 * noise, and structures agree on what is compiled and where gradients end. A structure's public functions check their
 * arguments, and then call these.
 *
 * Permutations cannot be compiled whole: their maximum is found on the host, and their relaxation is computed in
 * pieces. They have kernels of their own, by the same rules.
 */

import { jit, lax, numpy as np, tree } from "@jax-js/jax";
import { straightThrough } from "./estimators.ts";
import { isNumber } from "./lawful.ts";
import { LARGEST_NOISE } from "./numerics.ts";
import type { NoiseScale, Temperature, TemperatureOptions } from "./options.ts";
import { column } from "./rows.ts";
import { isTemperature } from "./tempered.ts";

/**
 * What code for any structure takes: `bernoulli`, `categorical`, `ranking`, `permutation`, `permutation.gibbs`,
 * `spanningTree`, `arborescence`, their `perturbed`, and what `subset.of(k)` and `conditionalBernoulli.of(k)` return. It awaits exact draws, which are promises where they are found
 * on the host. What a structure may lack is optional: `Structure & Required<Pick<Structure, "logProb">>` has a
 * `logProb`.
 */
export interface Structure {
  /** How many of the last axes of the logits are one choice, its event: the others are batch axes. */
  readonly eventAxes?: 0 | 1 | 2;
  /**
   * How many of the last axes of a value are one choice, where that is another number: an order of n logits is a matrix. No
   * value can then be added to logits, or be moved along with them.
   */
  readonly valueAxes?: 2;
  /**
   * Which law an estimator may rely on.
   *
   * - "bernoulli": each entry is a choice of its own, 1 with probability `sigmoid(logit)`.
   * - "categorical": a row is one choice among n, with the probabilities `softmax(logits)`.
   * - "gumbel-max": `sample` is the mode of perturbed logits, `mode(noise.perturb(key, logits))`, and no more is said.
   *   So it is of a categorical choice too, of which more is known.
   */
  readonly law?: "bernoulli" | "categorical" | "gumbel-max";
  /** An exact draw. */
  sample(key: np.Array, logits: np.Array): np.Array | Promise<np.Array>;
  /** The same draw relaxed, with a gradient; absent where no noise is known whose maximum is the exact draw. */
  relax?(key: np.Array, logits: np.Array, options?: TemperatureOptions): np.Array;
  /** The most probable value. */
  mode(logits: np.Array): np.Array | Promise<np.Array>;
  /** The relaxation without noise. */
  softMode(logits: np.Array, options?: TemperatureOptions): np.Array;
  /** The log-probability that `sample` returns a value, where there is an exact law of that. */
  logProb?(value: np.Array, logits: np.Array): np.Array;
  /** The mean of a value, exactly, shape of a value, with a gradient, where there is a short formula for it. */
  marginals?(logits: np.Array): np.Array;
  /** All values that one choice can take, `[values, ...event]`, in an order that each structure states. */
  support?(logits: np.Array): np.Array;
  /**
   * The perturbed logits of a draw whose exact draw is known, with a gradient by the logits: over values from `sample`,
   * the law of those of any draw.
   */
  perturbGiven?(key: np.Array, value: np.Array, logits: np.Array): np.Array;
  /** The relaxation of those: a draw of `relax` whose exact draw is known. */
  relaxGiven?(key: np.Array, value: np.Array, logits: np.Array, options?: TemperatureOptions): np.Array;
}

/**
 * A structure of two arrays, which its verbs take where those of others take the logits: `chain` has logits and
 * transitions. `expectation` takes them as a list. A value has the shape of the first, and the batch axes of the second
 * broadcast to those of the first.
 */
export interface PairStructure {
  /** How many arrays there are. */
  readonly arrays: 2;
  /** How many of the last axes of the first array are one choice: the others are batch axes. */
  readonly eventAxes?: Structure["eventAxes"];
  sample(key: np.Array, first: np.Array, second: np.Array): np.Array | Promise<np.Array>;
  relax?(key: np.Array, first: np.Array, second: np.Array, options?: TemperatureOptions): np.Array;
  mode(first: np.Array, second: np.Array): np.Array | Promise<np.Array>;
  softMode(first: np.Array, second: np.Array, options?: TemperatureOptions): np.Array;
  logProb?(value: np.Array, first: np.Array, second: np.Array): np.Array;
  marginals?(first: np.Array, second: np.Array): np.Array;
  support?(first: np.Array, second: np.Array): np.Array;
}

export type AnyStructure = Structure | PairStructure;

/** What a structure is. Its sizes, such as the k of a subset, are numbers that are compiled in. */
export interface Definition<Sizes extends number[] = []> {
  /** Whether a value is a matrix `[..., n, n]`, of logits `[..., n]`; else it has the shape of the logits. */
  isMatrix?: true;
  /** Logits as keys without noise, and without the infinities that a relaxation cannot compute with. */
  keys(logits: np.Array): np.Array;
  /** The noise of a PRNG key, which is added to the keys. */
  noise(key: np.Array, shape: number[]): np.Array;
  /** The exact maximum of keys, or of logits with their infinities. No gradient reaches it. */
  vertex(keys: np.Array, ...sizes: Sizes): np.Array;
  /** The relaxation of that maximum, which tends to it as the temperature falls. */
  relaxation(keys: np.Array, temperature: np.Array, ...sizes: Sizes): np.Array;
  /**
   * Keys with the noise of a PRNG key, given the vertex that is their exact maximum. No gradient reaches that. Absent, with
   * `canBe`, where there is no `perturbGiven`.
   */
  perturbTo?(key: np.Array, vertex: np.Array, keys: np.Array, ...sizes: Sizes): np.Array;
  /** Whether a value is a vertex, and one that is possible: booleans that broadcast with the logits. */
  canBe?(value: np.Array, logits: np.Array, ...sizes: Sizes): np.Array;
  /** Whether logits have a law: booleans that broadcast with the logits. Where they have none, every verb gives NaN. */
  isLawful(logits: np.Array, ...sizes: Sizes): np.Array;
}

/** The verbs without their checks. They consume their arrays. */
export interface Kernels<Sizes extends number[]> {
  mode(logits: np.Array, ...sizes: Sizes): np.Array;
  perturbGiven(key: np.Array, value: np.Array, logits: np.Array, ...sizes: Sizes): np.Array;
  relax(
    key: np.Array,
    logits: np.Array,
    temperature: Temperature,
    scale: NoiseScale[],
    hard: boolean,
    ...sizes: Sizes
  ): np.Array;
  relaxGiven(key: np.Array, value: np.Array, logits: np.Array, temperature: Temperature, ...sizes: Sizes): np.Array;
  sample(key: np.Array, logits: np.Array, ...sizes: Sizes): np.Array;
  softMode(logits: np.Array, temperature: Temperature, ...sizes: Sizes): np.Array;
}

/** Compiles the verbs of a structure, each when it is first called, and again for other shapes and sizes. */
export function kernelsOf<Sizes extends number[] = []>(definition: Definition<Sizes>): Kernels<Sizes> {
  const { keys, noise, vertex, relaxation, perturbTo, canBe, isLawful, isMatrix }: Definition<number[]> = definition;
  /** One number, or one of each event beside its logits, as it broadcasts with a value. */
  const ofValue = (x: np.Array) => (isMatrix && x.ndim > 0 ? column(x) : x);
  const exactly = (value: np.Array, logits: np.Array, sizes: number[]) =>
    np.where(ofValue(isLawful(logits, ...sizes)), value, Number.NaN);
  const softly = (value: np.Array, logits: np.Array, temperature: np.Array, sizes: number[]) =>
    np.where(ofValue(isTemperature(temperature)), exactly(value, logits, sizes), Number.NaN);
  const perturbed = (key: np.Array, logits: np.Array, scale: np.Array[] = []) =>
    perturbedBy(noise, key, keys(logits), scale);
  const together = (value: np.Array, logits: np.Array) => broadcastOver(isMatrix ? 2 : 0, value, logits);

  const modeKernel = jit(
    function mode(logits: np.Array, sizes: number[]) {
      return exactly(vertex(logits.ref, ...sizes), logits, sizes);
    },
    { staticArgnums: [1] },
  );

  const sampleKernel = jit(
    function sample(key: np.Array, logits: np.Array, sizes: number[]) {
      return exactly(vertex(perturbed(key, logits.ref), ...sizes), logits, sizes);
    },
    { staticArgnums: [2] },
  );

  const softModeKernel = jit(
    function softMode(logits: np.Array, temperature: np.Array, sizes: number[]) {
      return softly(relaxation(keys(logits.ref), temperature.ref, ...sizes), logits, temperature, sizes);
    },
    { staticArgnums: [2] },
  );

  const relaxKernel = jit(
    function relax(key: np.Array, logits: np.Array, temperature: np.Array, scale: np.Array[], sizes: number[]) {
      const relaxed = relaxation(perturbed(key, logits.ref, tree.ref(scale)), temperature.ref, ...sizes);
      return ifScale(softly(relaxed, logits, temperature, sizes), scale.map(ofValue));
    },
    { staticArgnums: [4] },
  );

  const relaxHardKernel = jit(
    function relaxHard(key: np.Array, logits: np.Array, temperature: np.Array, scale: np.Array[], sizes: number[]) {
      const at = perturbed(key, logits.ref, tree.ref(scale));
      const soft = relaxation(at.ref, temperature.ref, ...sizes);
      const hard = straightThrough(soft, vertex(at, ...sizes));
      return ifScale(softly(hard, logits, temperature, sizes), scale.map(ofValue));
    },
    { staticArgnums: [4] },
  );

  const perturbGivenKernel = jit(
    function perturbGiven(key: np.Array, value: np.Array, logits: np.Array, sizes: number[]) {
      const [v, l] = together(value, logits);
      const given = perturbTo!(key, v.ref, keys(l.ref), ...sizes);
      const isPossible = canBe!(v, l.ref, ...sizes);
      return np.where(isLawful(l, ...sizes), np.where(isPossible, given, Number.NaN), Number.NaN);
    },
    { staticArgnums: [3] },
  );

  const relaxGivenKernel = jit(
    function relaxGiven(key: np.Array, value: np.Array, logits: np.Array, temperature: np.Array, sizes: number[]) {
      const [v, l] = together(value, logits);
      const given = perturbTo!(key, v.ref, keys(l.ref), ...sizes);
      const relaxed = relaxation(given, temperature.ref, ...sizes);
      const isPossible = ofValue(canBe!(v, l.ref, ...sizes));
      return softly(np.where(isPossible, relaxed, Number.NaN), l, temperature, sizes);
    },
    { staticArgnums: [4] },
  );

  // An exact value has no gradient. It is stopped out here.
  // Upstream: a gradient that enters a jitted function and ends there leaks arrays.
  return {
    mode: (logits, ...sizes) => modeKernel(lax.stopGradient(logits), sizes),
    perturbGiven: (key, value, logits, ...sizes) => perturbGivenKernel(key, lax.stopGradient(value), logits, sizes),
    relax: (key, logits, temperature, scale, hard, ...sizes) =>
      (hard ? relaxHardKernel : relaxKernel)(key, logits, temperature, scale as np.Array[], sizes),
    relaxGiven: (key, value, logits, temperature, ...sizes) =>
      relaxGivenKernel(key, lax.stopGradient(value), logits, temperature, sizes),
    sample: (key, logits, ...sizes) => sampleKernel(key, lax.stopGradient(logits), sizes),
    softMode: (logits, temperature, ...sizes) => softModeKernel(logits, temperature, sizes),
  };
}

/** Values and logits with the same batch axes, which broadcast; of values that are matrices, the last two are none. */
function broadcastOver(axes: 0 | 2, value: np.Array, logits: np.Array): [np.Array, np.Array] {
  if (axes === 0) return np.broadcastArrays(value, logits) as [np.Array, np.Array];
  const n = logits.shape.at(-1)!;
  const batch = np.broadcastShapes(value.shape.slice(0, -2), logits.shape.slice(0, -1));
  return [np.broadcastTo(value, [...batch, n, n]), np.broadcastTo(logits, [...batch, n])];
}

/**
 * Keys with the noise of a PRNG key, or with as much of it as a scale says.
 *
 * @param scale of the noise, or empty: then it is added whole
 */
export function perturbedBy(
  noise: (key: np.Array, shape: number[]) => np.Array,
  key: np.Array,
  keys: np.Array,
  [scale]: np.Array[],
): np.Array {
  const whole = noise(key, keys.shape);
  return keys.add(scale === undefined ? whole : whole.mul(scale));
}

/** A result, but NaN where the noise that it came from was scaled by what is no scale. */
export function ifScale(result: np.Array, [scale]: np.Array[]): np.Array {
  if (scale === undefined) return result;
  const fixed = lax.stopGradient(scale);
  const isScale = fixed.ref.greaterEqual(0).mul(fixed.ref.lessEqual(LARGEST_NOISE)).mul(isNumber(fixed));
  return np.where(isScale, result, Number.NaN);
}
