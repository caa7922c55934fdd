/**
 * The verbs, as `conditionalBernoulli` and `conditionalBernoulli.of(k)` have them. Each is told the name of the
 * function that was called and the order of its arguments, for errors; it checks, and calls a kernel.
 */

import { jit, lax, numpy as np } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkKey, checkLogits, checkSize } from "../checks.ts";
import { canTake } from "../lawful.ts";
import { finite } from "../numerics.ts";
import { checkTemperature, type Temperature, type TemperatureOptions } from "../options.ts";
import { inverseOf, isTemperature } from "../tempered.ts";
import { kl as divergence } from "./divergence.ts";
import { draw } from "./draw.ts";
import * as law from "./law.ts";

// The most probable set is that of the k largest logits, and the sets are the same, whatever the law.
export { mode, support } from "../subset/verbs.ts";

export function entropy(where: string, order: string, logits: np.Array, k: number): np.Array {
  checkSize(where, order, logits, k);
  return entropyKernel(logits, k);
}

export function kl(where: string, order: string, logits: np.Array, k: number, prior?: np.Array): np.Array {
  checkSize(where, order, logits, k);
  if (prior === undefined) return klUniformKernel(logits, k);
  checkLogits(where, prior, 1, "prior");
  checkBroadcast(where, "prior", prior, logits, 1);
  return klKernel(logits, prior, k);
}

export function logPartition(where: string, order: string, logits: np.Array, k: number): np.Array {
  checkSize(where, order, logits, k);
  return logPartitionKernel(logits, k);
}

export function logProb(
  where: string,
  order: string,
  name: string,
  khot: np.Array,
  logits: np.Array,
  k: number,
): np.Array {
  checkSize(where, order, logits, k);
  checkFloat(where, name, khot, 1);
  checkBroadcast(where, name, khot, logits, 1);
  return logProbKernel(lax.stopGradient(khot), logits, k);
}

export function marginals(where: string, order: string, logits: np.Array, k: number): np.Array {
  checkSize(where, order, logits, k);
  return softModeKernel(logits, 1, k);
}

export function sample(where: string, order: string, key: np.Array, logits: np.Array, k: number): np.Array {
  checkKey(where, key);
  checkSize(where, order, logits, k);
  return sampleKernel(key, lax.stopGradient(logits), k);
}

export function softMode(
  where: string,
  order: string,
  logits: np.Array,
  k: number,
  options: TemperatureOptions,
): np.Array {
  checkSize(where, order, logits, k);
  return softModeKernel(logits, checkTemperature(where, logits, 1, options), k);
}

// Gradients that end are stopped before these kernels, as in structure.ts.
// Upstream: a gradient that enters a jitted function and ends there leaks arrays.
const entropyKernel = jit(law.entropy, { staticArgnums: [1] });

const klKernel = jit(divergence, { staticArgnums: [2] });

const klUniformKernel = jit(
  function kl(logits: np.Array, k: number) {
    return divergence(logits, np.zeros(logits.shape.slice(-1)), k);
  },
  { staticArgnums: [1] },
);

const logPartitionKernel = jit(law.logPartition, { staticArgnums: [1] });

const logProbKernel = jit(law.logProb, { staticArgnums: [2] });

const sampleKernel = jit(
  function sample(key: np.Array, logits: np.Array, k: number) {
    return np.where(canTake(logits.ref, k), draw(key, logits, k), Number.NaN);
  },
  { staticArgnums: [2] },
);

const softModeKernel = jit(
  function softMode(logits: np.Array, temperature: np.Array, k: number) {
    const mean = law.marginals(finite(logits.ref), inverseOf(temperature.ref), k);
    return np.where(isTemperature(temperature), np.where(canTake(logits, k), mean, Number.NaN), Number.NaN);
  },
  { staticArgnums: [2] },
) as (logits: np.Array, temperature: Temperature, k: number) => np.Array;
