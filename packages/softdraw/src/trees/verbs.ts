/**
 * The verbs of trees, undirected or directed, as a structure, its `perturbed` and what their `of` return have them. Each
 * is told the name of the function that was called, for errors, and the root; it checks, and calls a kernel.
 */

import type { numpy as np } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkKey, checkSquare, describe } from "../checks.ts";
import type { gumbel } from "../noise.ts";
import { checkRelax, checkTemperature, RELAX, type RelaxOptions, type TemperatureOptions } from "../options.ts";
import { supportOf } from "../support.ts";
import { type Definition, kernelsOf, perturbedKernelsOf } from "./kernels.ts";

/** All trees of one kind. */
export interface TreeDefinition extends Definition {
  /** How many there are of n vertices. */
  count(n: number, root: number): number;
  /** The places of the ones of each, in an order that is stated where they are shown. */
  all(n: number, root: number): (readonly number[])[];
}

/** The verbs of the Gibbs law, and those that the other law shares with it. */
export function verbsOf(definition: TreeDefinition) {
  const kernels = kernelsOf(definition);
  return {
    entropy(where: string, logits: np.Array, root: number): np.Array {
      checkLogits(where, logits, root);
      return kernels.entropy(logits, root);
    },

    kl(where: string, logits: np.Array, prior: np.Array | undefined, root: number): np.Array {
      checkLogits(where, logits, root);
      if (prior !== undefined) {
        checkSquare(where, "prior", prior);
        checkBroadcast(where, "prior", prior, logits, 2);
      }
      return kernels.kl(logits, prior, root);
    },

    logPartition(where: string, logits: np.Array, root: number): np.Array {
      checkLogits(where, logits, root);
      return kernels.logPartition(logits, root);
    },

    logProb(where: string, value: np.Array, logits: np.Array, root: number): np.Array {
      checkLogits(where, logits, root);
      checkFloat(where, "value", value, 2);
      checkBroadcast(where, "value", value, logits, 2);
      return kernels.logProb(value, logits, root);
    },

    marginals(where: string, logits: np.Array, root: number): np.Array {
      checkLogits(where, logits, root);
      return kernels.marginals(logits, root);
    },

    mode(where: string, logits: np.Array, root: number): np.Array {
      checkLogits(where, logits, root);
      return kernels.mode(logits, root);
    },

    sample(where: string, key: np.Array, logits: np.Array, root: number): np.Array {
      checkKey(where, key);
      checkLogits(where, logits, root);
      return kernels.sample(key, logits, root);
    },

    softMode(where: string, logits: np.Array, options: TemperatureOptions, root: number): np.Array {
      checkLogits(where, logits, root);
      return kernels.softMode(logits, checkTemperature(where, logits, 2, options), root);
    },

    support(where: string, logits: np.Array, root: number): np.Array {
      checkLogits(where, logits, root);
      const n = logits.shape.at(-1)!;
      return supportOf(where, logits, [n, n], {
        count: definition.count(n, root),
        ones: () => definition.all(n, root),
      });
    },
  };
}

/**
 * The verbs of perturb and maximize alone.
 *
 * @param noise of the edges, as `gumbel` has it
 */
export function perturbedVerbsOf(definition: TreeDefinition, noise: typeof gumbel) {
  const kernels = perturbedKernelsOf(definition, noise);
  return {
    relax(where: string, key: np.Array, logits: np.Array, options: RelaxOptions, root: number): np.Array {
      checkKey(where, key);
      checkLogits(where, logits, root);
      return kernels.relax(key, logits, checkRelax(where, logits, 2, options, RELAX), root);
    },

    sample(where: string, key: np.Array, logits: np.Array, root: number): np.Array {
      checkKey(where, key);
      checkLogits(where, logits, root);
      return kernels.sample(key, logits, root);
    },
  };
}

/** Square matrices of which the root is a vertex. */
function checkLogits(where: string, logits: np.Array, root: number): void {
  checkSquare(where, "logits", logits);
  const n = logits.shape.at(-1)!;
  if (root < n) return;
  throw new RangeError(`${where}: root must be a vertex, from 0 to n - 1 = ${n - 1}, of logits ${describe(logits)}.`);
}
