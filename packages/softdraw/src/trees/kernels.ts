/** The compiled functions of the laws of trees, undirected or with a root, which is fixed when they are compiled. */

import { jit, lax, type numpy as np } from "@jax-js/jax";
import { isTraced } from "../checks.ts";
import type { gumbel } from "../noise.ts";
import type { NoiseScale, Temperature } from "../options.ts";
import { kernelsOf as structureKernelsOf } from "../structure.ts";
import { besideMatrix, type Frame } from "./frame.ts";
import * as law from "./law.ts";
import { isNumeric, keysOf } from "./pass.ts";

export interface Definition {
  /** A root, or -1. */
  frameOf(root: number): Frame;
  /** The tree with the largest sum of logits; NaN where there is none. */
  largest(logits: np.Array, root: number): np.Array;
}

/** The verbs without their checks, the root last. They consume their arrays. */
export function kernelsOf({ frameOf, largest }: Definition) {
  const entropyKernel = jit(
    function entropy(logits: np.Array, root: number) {
      return law.entropy(frameOf(root), logits);
    },
    { staticArgnums: [1] },
  );

  const klKernel = jit(
    function kl(logits: np.Array, prior: np.Array, root: number) {
      return law.kl(frameOf(root), logits, prior);
    },
    { staticArgnums: [2] },
  );

  const klToUniformKernel = jit(
    function kl(logits: np.Array, root: number) {
      return law.klToUniform(frameOf(root), logits);
    },
    { staticArgnums: [1] },
  );

  const logPartitionKernel = jit(
    function logPartition(logits: np.Array, hasGradient: boolean, root: number) {
      return law.logPartition(frameOf(root), logits, hasGradient);
    },
    { staticArgnums: [1, 2] },
  );

  const logProbKernel = jit(
    function logProb(value: np.Array, logits: np.Array, root: number) {
      return law.logProb(frameOf(root), value, logits);
    },
    { staticArgnums: [2] },
  );

  const marginalsKernel = jit(
    function marginals(logits: np.Array, hasGradient: boolean, root: number) {
      return law.marginals(frameOf(root), logits, hasGradient);
    },
    { staticArgnums: [1, 2] },
  );

  const modeKernel = jit(
    function mode(logits: np.Array, root: number) {
      return law.ifNumeric(frameOf(root), largest(logits.ref, root), logits);
    },
    { staticArgnums: [1] },
  );

  const sampleKernel = jit(
    function sample(key: np.Array, logits: np.Array, root: number) {
      return law.sample(frameOf(root), key, logits);
    },
    { staticArgnums: [2] },
  );

  const softModeKernel = jit(
    function softMode(logits: np.Array, temperature: np.Array, hasGradient: boolean, root: number) {
      return law.softMode(frameOf(root), logits, temperature, hasGradient);
    },
    { staticArgnums: [2, 3] },
  );

  // Gradients that end are stopped before these kernels, as in structure.ts.
  // Upstream: a gradient that enters a jitted function and ends there leaks arrays.
  return {
    entropy: (logits: np.Array, root: number): np.Array => entropyKernel(logits, root),
    kl: (logits: np.Array, prior: np.Array | undefined, root: number): np.Array =>
      prior === undefined ? klToUniformKernel(logits, root) : klKernel(logits, prior, root),
    logPartition: (logits: np.Array, root: number): np.Array => logPartitionKernel(logits, isTraced(logits), root),
    logProb: (value: np.Array, logits: np.Array, root: number): np.Array =>
      logProbKernel(lax.stopGradient(value), logits, root),
    marginals: (logits: np.Array, root: number): np.Array => marginalsKernel(logits, isTraced(logits), root),
    mode: (logits: np.Array, root: number): np.Array => modeKernel(lax.stopGradient(logits), root),
    sample: (key: np.Array, logits: np.Array, root: number): np.Array =>
      sampleKernel(key, lax.stopGradient(logits), root),
    softMode: (logits: np.Array, temperature: Temperature, root: number): np.Array =>
      softModeKernel(logits, temperature as np.Array, isTraced(logits) || isTraced(temperature), root),
  };
}

/**
 * Those of the other law, that of the tree with the largest sum of perturbed keys, where they are others.
 *
 * @param noise of the edges, as `gumbel` has it
 */
export function perturbedKernelsOf({ frameOf, largest }: Definition, noise: typeof gumbel) {
  const [withGradient, without] = [true, false].map((hasGradient) =>
    structureKernelsOf<[root: number]>({
      keys: (logits) => keysOf(frameOf(-1), logits),
      noise,
      vertex: largest,
      relaxation: (keys, temperature, root) => law.relaxed(frameOf(root), keys, temperature, hasGradient),
      isLawful: (logits, root) => besideMatrix(isNumeric(frameOf(root), logits)),
    }),
  ) as [Kernels, Kernels];
  return {
    sample: without.sample,
    relax: (
      key: np.Array,
      logits: np.Array,
      settings: [temperature: Temperature, scale: NoiseScale[], hard: boolean],
      root: number,
    ): np.Array => {
      const { relax } = [logits, settings[0], ...settings[1]].some(isTraced) ? withGradient : without;
      return relax(key, logits, ...settings, root);
    },
  };
}

type Kernels = ReturnType<typeof structureKernelsOf<[root: number]>>;
