/**
 * The verbs of both laws, as `arborescence`, `arborescence.perturbed` and what their `of` return have them. Each is told
 * the name of the function that was called, for errors, and the root, or -1; it checks, and calls a kernel.
 */

import type { numpy as np } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkKey, checkSquare, describe } from "../checks.ts";
import { gumbel } from "../noise.ts";
import { checkRelax, checkTemperature, RELAX, type RelaxOptions, type TemperatureOptions } from "../options.ts";
import { supportOf } from "../support.ts";
import { arborescences } from "../trees/enumeration.ts";
import { directedFrom } from "../trees/frame.ts";
import { type Definition, kernelsOf, perturbedKernelsOf } from "../trees/kernels.ts";
import { largest } from "../trees/law.ts";

const definition: Definition = {
  frameOf: directedFrom,
  largest: (logits, root) => largest(directedFrom(root), logits),
};

const kernels = kernelsOf(definition);
const perturbedKernels = perturbedKernelsOf(definition, gumbel);

/** Stands for any root. */
export const ANY_ROOT = -1;

export function entropy(where: string, logits: np.Array, root: number): np.Array {
  checkLogits(where, logits, root);
  return kernels.entropy(logits, root);
}

export function kl(where: string, logits: np.Array, prior: np.Array | undefined, root: number): np.Array {
  checkLogits(where, logits, root);
  if (prior !== undefined) {
    checkSquare(where, "prior", prior);
    checkBroadcast(where, "prior", prior, logits, 2);
  }
  return kernels.kl(logits, prior, root);
}

export function logPartition(where: string, logits: np.Array, root: number): np.Array {
  checkLogits(where, logits, root);
  return kernels.logPartition(logits, root);
}

export function logProb(where: string, value: np.Array, logits: np.Array, root: number): np.Array {
  checkLogits(where, logits, root);
  checkFloat(where, "value", value, 2);
  checkBroadcast(where, "value", value, logits, 2);
  return kernels.logProb(value, logits, root);
}

export function marginals(where: string, logits: np.Array, root: number): np.Array {
  checkLogits(where, logits, root);
  return kernels.marginals(logits, root);
}

/** The same of both laws, as is `softMode`. */
export function mode(where: string, logits: np.Array, root: number): np.Array {
  checkLogits(where, logits, root);
  return kernels.mode(logits, root);
}

export function perturbedSample(where: string, key: np.Array, logits: np.Array, root: number): np.Array {
  checkKey(where, key);
  checkLogits(where, logits, root);
  return perturbedKernels.sample(key, logits, root);
}

export function relax(where: string, key: np.Array, logits: np.Array, options: RelaxOptions, root: number): np.Array {
  checkKey(where, key);
  checkLogits(where, logits, root);
  return perturbedKernels.relax(key, logits, checkRelax(where, logits, 2, options, RELAX), root);
}

export function sample(where: string, key: np.Array, logits: np.Array, root: number): np.Array {
  checkKey(where, key);
  checkLogits(where, logits, root);
  return kernels.sample(key, logits, root);
}

export function softMode(where: string, logits: np.Array, options: TemperatureOptions, root: number): np.Array {
  checkLogits(where, logits, root);
  return kernels.softMode(logits, checkTemperature(where, logits, 2, options), root);
}

export function support(where: string, logits: np.Array, root: number): np.Array {
  checkLogits(where, logits, root);
  const n = logits.shape.at(-1)!;
  const ofOneRoot = n ** Math.max(0, n - 2);
  const count = root === ANY_ROOT ? n * ofOneRoot : ofOneRoot;
  return supportOf(where, logits, [n, n], { count, ones: () => arborescences(n, root) });
}

/** Square matrices of which the root is a vertex. */
function checkLogits(where: string, logits: np.Array, root: number): void {
  checkSquare(where, "logits", logits);
  const n = logits.shape.at(-1)!;
  if (root < n) return;
  throw new RangeError(`${where}: root must be a vertex, from 0 to n - 1 = ${n - 1}, of logits ${describe(logits)}.`);
}
