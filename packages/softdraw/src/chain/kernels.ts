/** The verbs without their checks, compiled for each shape when they are first called. They consume their arrays. */

import { jit, lax, numpy as np, tree } from "@jax-js/jax";
import { isArray, isTraced } from "../checks.ts";
import { straightThrough } from "../estimators.ts";
import { keepNaN } from "../lawful.ts";
import { gumbel } from "../noise.ts";
import { finite } from "../numerics.ts";
import { ifScale, perturbedBy } from "../structure.ts";
import { inverseOf, isTemperature } from "../tempered.ts";
import type { Given } from "./arrays.ts";
import { sequencesOf } from "./draw.ts";
import * as law from "./law.ts";
import { maximaOf } from "./messages.ts";

/** Arrays with their gradients, and without: see law.ts. Transitions from a single place are not looked at. */
export interface Pair {
  logits: np.Array;
  transitions: np.Array;
  fixedLogits: np.Array;
  fixedTransitions: np.Array;
}

export function bothOf(logits: np.Array, transitions: np.Array): Pair {
  const fixedLogits = lax.stopGradient(logits.ref);
  const fixedTransitions = lax.stopGradient(transitions.ref);
  const isUsed = logits.shape.at(-2)! > 1;
  return { logits, transitions: isUsed ? transitions : lax.stopGradient(transitions), fixedLogits, fixedTransitions };
}

/** An option with its gradient, and without: a number, or an array. */
export function withFixed(option: np.Array): [np.Array, np.Array] {
  return [option, isArray(option) ? lax.stopGradient(option.ref) : option];
}

/** The arrays of a kernel, with 1 / temperature in a list, or none. */
function given(pair: Pair, lengths: np.Array[], inverse: np.Array[] = [], fixedInverse: np.Array[] = []): law.Both {
  const ref = (arrays: np.Array[]) => arrays.map((x) => x.ref);
  return {
    moving: { logits: pair.logits, transitions: pair.transitions, lengths: ref(lengths), inverse },
    fixed: {
      logits: pair.fixedLogits,
      transitions: pair.fixedTransitions,
      lengths: ref(lengths),
      inverse: fixedInverse,
    },
  };
}

/** The marginals. That they have a gradient takes most of the time: so only where one may be asked for. */
export function meanOf(of: law.Moment, logits: np.Array, transitions: np.Array, lengths: np.Array[]): np.Array {
  return isTraced(logits) || isTraced(transitions)
    ? marginalsKernel(bothOf(logits, transitions), lengths, of)
    : marginalsAloneKernel(logits, transitions, lengths, of);
}

export const entropyKernel = jit(function entropy(pair: Pair, lengths: np.Array[]) {
  return law.entropy(given(pair, lengths));
});

export const klKernel = jit(function kl(pair: Pair, prior: Pair, lengths: np.Array[]) {
  return law.kl(given(pair, lengths), given(prior, lengths));
});

export const logPartitionKernel = jit(function logPartition(pair: Pair, lengths: np.Array[]) {
  return law.logPartition(given(pair, lengths));
});

export const logPartitionAloneKernel = jit(function logPartition(
  logits: np.Array,
  transitions: np.Array,
  lengths: np.Array[],
) {
  return law.logPartitionAlone({ logits, transitions, lengths, inverse: [] });
});

export const logProbKernel = jit(function logProb(value: np.Array, pair: Pair, lengths: np.Array[]) {
  return law.logProb(value, given(pair, lengths));
});

const marginalsKernel = jit(
  function marginals(pair: Pair, lengths: np.Array[], of: law.Moment) {
    return law.marginals(given(pair, lengths), of);
  },
  { staticArgnums: [2] },
);

const marginalsAloneKernel = jit(
  function marginals(logits: np.Array, transitions: np.Array, lengths: np.Array[], of: law.Moment) {
    return law.marginalsAlone({ logits, transitions, lengths, inverse: [] }, of);
  },
  { staticArgnums: [3] },
);

export const modeKernel = jit(function mode(logits: np.Array, transitions: np.Array, lengths: np.Array[]) {
  return largest({ logits, transitions, lengths, inverse: [] });
});

export const sampleKernel = jit(function sample(
  key: np.Array,
  logits: np.Array,
  transitions: np.Array,
  lengths: np.Array[],
) {
  const fixed: Given = { logits, transitions, lengths, inverse: [] };
  const passed = law.passedAlong(fixed);
  return law.ifInside(sequencesOf(passed, [key]), fixed, passed, "labels");
});

export const softModeKernel = jit(function softMode(
  pair: Pair,
  [temperature, fixed]: [np.Array, np.Array],
  lengths: np.Array[],
) {
  const both = given(pair, lengths, [inverseOf(temperature.ref)], [inverseOf(fixed)]);
  return np.where(isTemperature(temperature), law.marginals(both, "labels"), Number.NaN);
});

/** The most probable sequence of perturbed logits: the draw of that law. */
export const perturbedSampleKernel = jit(function sample(
  key: np.Array,
  logits: np.Array,
  transitions: np.Array,
  lengths: np.Array[],
) {
  return largest({ logits: keysOf(key, logits, []), transitions, lengths, inverse: [] });
});

/** The marginals of the same at a temperature, or the sequence with their gradient. */
export const relaxKernel = jit(
  function relax(
    key: np.Array,
    pair: Pair,
    [temperature, fixed]: [np.Array, np.Array],
    scales: [np.Array, np.Array][],
    lengths: np.Array[],
    isHard: boolean,
  ) {
    const [scale, fixedScale] = [scales.map(([one]) => one), scales.map(([, one]) => one)];
    const keys = keysOf(key.ref, pair.logits, tree.ref(scale));
    const fixedKeys = keysOf(key, pair.fixedLogits, tree.ref(fixedScale));
    const perturbed = { ...pair, logits: keys, fixedLogits: fixedKeys.ref };
    const vertex = isHard
      ? [
          largest({
            logits: fixedKeys,
            transitions: pair.fixedTransitions.ref,
            lengths: tree.ref(lengths),
            inverse: [],
          }),
        ]
      : [];
    const both = given(perturbed, lengths, [inverseOf(temperature.ref)], [inverseOf(fixed)]);
    const soft = law.marginals(both, "labels");
    const relaxed = vertex.reduce((x, hard) => straightThrough(x, hard), soft);
    return ifScale(np.where(isTemperature(temperature), relaxed, Number.NaN), scale);
  },
  { staticArgnums: [5] },
);

function keysOf(key: np.Array, logits: np.Array, scale: np.Array[]): np.Array {
  return keepNaN(logits.ref, perturbedBy(gumbel, key, finite(logits), scale));
}

function largest(fixed: Given): np.Array {
  const passed = law.passedAlong(fixed, maximaOf);
  return law.ifInside(sequencesOf(passed, []), fixed, passed, "labels");
}
