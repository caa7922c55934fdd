import { lax, numpy as np } from "@jax-js/jax";
import { finite, indicator, logSoftmax, onlyGradient } from "../numerics.ts";
import * as subset from "../subset/index.ts";
import { costsOf } from "./costs.ts";
import { checkSamples, type UnorderedSetOptions } from "./options.ts";
import type { Task } from "./task.ts";

/**
 * The unordered set estimator: k different values s, drawn without replacement as a set S, of which each counts
 * `p(s) R(S, s)`, with `R(S, s) = P(S without s | s is out of the domain) / P(S)`. The gradient has a baseline that
 * is made of the same set:
 *
 *     sum_s grad p(s) R(S, s) (cost(s) - sum_s' p(s') R(S, s, s') cost(s')),
 *     R(S, s, s') = P(S without s, s' | s, s' are out) / P(S without s | s is out)
 *
 * Kool, van Hoof, Welling, "Estimating Gradients for Discrete Random Variables by Sampling without Replacement", 2020.
 */
export function unorderedSetEstimate(task: Task<UnorderedSetOptions>): np.Array {
  const { where, key, logits, options } = task;
  const samples = checkSamples(where, options.samples);
  const n = logits.shape.at(-1)!;
  if (samples > n)
    throw new RangeError(
      `${where}: "unordered-set" draws without replacement: samples must be at most n = ${n}, got ${samples}.`,
    );
  const indices = subset.sampleOrdered(key, lax.stopGradient(logits.ref), samples);
  // The members of the set come first: [samples, ...batch, n].
  const members = lax.stopGradient(np.moveaxis(indicator(np.expandDims(indices, -1).equal(np.arange(n))), -2, 0));
  const costs = costsOf(task, members.ref);
  if (costs.ndim !== logits.ndim) {
    throw new RangeError(
      `${where}: "unordered-set" is for costs of one choice each, which keep all batch axes: [${samples}, ${logits.shape.slice(0, -1)}], got [${costs.shape}].`,
    );
  }
  const p = np.exp(members.ref.mul(logSoftmax(finite(logits.ref))).sum(-1));
  const { ratio, baseline } = leaveOneOut(members, lax.stopGradient(logits), samples, {
    p: lax.stopGradient(p.ref),
    costs: lax.stopGradient(costs.ref),
  });
  const share = lax.stopGradient(p.ref).mul(ratio.ref);
  const change = onlyGradient(p).mul(ratio).mul(lax.stopGradient(costs.ref).sub(baseline));
  return costs.mul(share).add(change).sum(0);
}

interface LeftOut {
  /** R(S, s), `[samples, ...batch]`. */
  ratio: np.Array;
  /** The mean cost as each member's others tell it, likewise. */
  baseline: np.Array | number;
}

/** @param members one-hot `[samples, ...batch, n]`, consumed */
function leaveOneOut(
  members: np.Array,
  logits: np.Array,
  samples: number,
  { p, costs }: { p: np.Array; costs: np.Array },
): LeftOut {
  const set = members.ref.sum(0);
  const ofSet = subset.setLogProb(set.ref, logits.ref, samples);
  const without = logProbWithout(members.ref, set.ref, logits.ref, samples - 1);
  const ratio = np.exp(without.ref.sub(ofSet));
  if (samples === 1) {
    for (const unused of [members, set, logits, without, p, costs]) unused.dispose();
    // A single draw tells nothing of the others.
    return { ratio, baseline: 0 };
  }
  const pair = np.expandDims(members.ref, 1).add(np.expandDims(members, 0));
  const withoutPair = logProbWithout(np.minimum(pair, 1), set, logits, samples - 2);
  const ratios = np.exp(withoutPair.sub(np.expandDims(without, 1)));
  const isSame = np
    .eye(samples)
    .reshape([samples, samples, ...p.shape.slice(1).map(() => 1)])
    .greater(0);
  return { ratio, baseline: np.where(isSame, 1, ratios).mul(p.mul(costs)).sum(1) };
}

/**
 * The log-probability of what is left of a set, when some of its members are taken out of it and of the domain.
 *
 * @param taken 1 for those members, `[..., n]`, consumed
 * @param left how many are left where it is right; elsewhere what comes is not used
 */
function logProbWithout(taken: np.Array, set: np.Array, logits: np.Array, left: number): np.Array {
  if (left < 1) {
    for (const unused of [set, logits]) unused.dispose();
    return taken.sum(-1).mul(0);
  }
  const rest = np.maximum(np.subtract(set, taken.ref), 0);
  const domain = np.where(taken.greater(0), Number.NEGATIVE_INFINITY, logits);
  return subset.setLogProb(rest, domain, left);
}
