/**
 * The perturbed logits of a draw without replacement, given its set. With arrivals as in arrival.ts, of which the
 * perturbed logits are `-log`:
 *
 * 1. The time T at which the earliest of the others comes has a density that is known but for a factor.
 * 2. Given T, the members of the set come independently, each after an exponential time that is below T.
 * 3. Given all these times, the others come independently after the last member, as if they had just begun to wait.
 *
 * So T is drawn for the sake of the members alone, and drawn anew with the others. Nothing in it is a choice among
 * entries (such as which of the others comes at T), which would have no gradient.
 */

import { lax, numpy as np, random } from "@jax-js/jax";
import { below } from "../given.ts";
import { materialize, materializeGradient } from "../materialize.ts";
import { gumbel, perturb } from "../noise.ts";
import { aboveLogSumExp, LOWEST, logSigmoid, logSumExp } from "../numerics.ts";
import { column, row } from "../rows.ts";
import { exponentialFromUniform, uniformFromBits } from "../uniforms.ts";
import { logOfArrival, membersOf, timesOfOthers } from "./arrival.ts";

/** Keys with noise, the k largest of which are at the ones of a k-hot vector. */
export function withLargestAt(key: np.Array, khot: np.Array, keys: np.Array, k: number): np.Array {
  if (k === keys.shape.at(-1)) {
    khot.dispose();
    return perturb(key, keys);
  }
  const [timeKey, waitKey] = random.split(key) as unknown as [np.Array, np.Array];
  const isMember = khot.greater(0.5);
  const ratio = aboveLogSumExp(keys.ref, np.where(isMember.ref, LOWEST, keys.ref));
  const time = column(logTimeOfOthers(timeKey, membersOf(ratio.ref, isMember.ref, k), k));
  const v = uniformFromBits(random.bits(waitKey, keys.shape));
  const logShare = np.where(isMember.ref, logOfArrival(ratio.add(time)), 0);
  const perturbed = keys.sub(logOfWait(v, logShare));
  const last = column(materialize(np.min(np.where(isMember.ref, perturbed.ref, -LOWEST), -1)));
  return np.where(isMember, perturbed.ref, below(last, perturbed));
}

/** Below this, -log(1 - v) is v. */
const SMALL = 1e-30;

/**
 * The logarithm of an exponential time of rate 1, given that it is one of the shortest: `log(-log(1 - share v))`.
 *
 * @param v uniform, consumed
 * @param logShare the logarithm of the share of all such times that are so short, consumed
 */
function logOfWait(v: np.Array, logShare: np.Array): np.Array {
  const product = np.exp(logShare.ref).mul(v.ref);
  const isSmall = product.ref.less(SMALL);
  const wait = np.log(exponentialFromUniform(np.maximum(product, SMALL)));
  return np.where(isSmall, np.log(v).add(logShare), wait);
}

/**
 * The logarithm x of W T, where T is the time of the earliest of the others, given that all members have come: a draw
 * from the density in proportion to
 *
 *     exp(x - exp(x)) prod_i (1 - exp(-exp(x + logRatio_i)))
 *
 * It is drawn from nodes in equal steps of which the first is put anywhere within a step. The sum of the density over
 * them is the integral wherever that is, as in `setLogProb`, because the density is analytic: so the draw has the law
 * of it, but for 1e-6 that lies before the first node and for the 1e-5 of itself that a node's probability is off by.
 *
 * Its gradient is that of the quantile that it is, `-(dF/dlogRatio) / (dF/dx)` of the distribution function F: that is,
 * of the odds F / (1 - F), sums over the nodes on either side (implicit reparameterization). It is off by 1e-4 of 1
 * from the quantile 0.01 to 0.99, and by 6e-4 at 1e-4 and 0.9999. There is no second derivative.
 *
 * @param logRatio log w_i / W of the members, `[..., k]`, consumed
 * @returns shape `[...]`
 *
 * Figurnov, Mohamed, Mnih, "Implicit Reparameterization Gradients", 2018.
 */
export function logTimeOfOthers(key: np.Array, logRatio: np.Array, k: number): np.Array {
  const [offsetKey, nodeKey] = random.split(key) as unknown as [np.Array, np.Array];
  const batch = logRatio.shape.slice(0, -1);
  const { nodes, step } = timesOfOthers(k, { longest: 0.25, ofPeak: 0.7 });
  const count = nodes.length;
  const offset = uniformFromBits(random.bits(offsetKey, [...batch, 1])).mul(step);
  const x = offset.add(np.array(nodes));
  const logProduct = logOfArrival(column(x.ref).add(row(logRatio))).sum(-1);
  const logDensity = materializeGradient(logProduct.add(x.ref.sub(np.exp(x.ref))));

  // Never the first or the last node: the slope is that between the neighbours.
  const isEnd = np.array(nodes.map((_, i) => (i === 0 || i === count - 1 ? LOWEST : 0)));
  const scores = lax.stopGradient(logDensity.ref).add(gumbel(nodeKey, [...batch, count]));
  const chosen = np.argmax(scores.add(isEnd), -1, { keepdims: true });
  const nodesFrom = (first: number) => np.arange(first, first + count);
  const isChosen = nodesFrom(0).equal(chosen.ref);
  const at = (numbers: np.Array, isThere: np.Array) => materialize(np.where(isThere, numbers, 0).sum(-1));
  const [ahead, behind] = [-1, 1].map((first) => at(logDensity.ref, nodesFrom(first).equal(chosen.ref)));
  const here = at(logDensity.ref, isChosen.ref);

  // A sum over nodes has of the last one what lies on its side: 1/2, and by a sigmoid more or less on a slope, so that
  // the sum is the integral to the third order of the step.
  const slope = column(ahead!.sub(behind!)).mul(1 / 6);
  const side = (isOn: np.Array, share: np.Array) =>
    logSumExp(np.where(isChosen.ref, logDensity.ref.add(logSigmoid(share)), np.where(isOn, logDensity.ref, LOWEST)));
  const before = side(nodesFrom(0).less(chosen.ref), np.negative(slope.ref));
  const after = side(nodesFrom(0).greater(chosen), slope);
  const rate = np.exp(here.ref.sub(before.ref)).add(np.exp(here.sub(after.ref)));
  const change = after.sub(before).mul(lax.stopGradient(np.divide(step, rate)));
  return at(x, isChosen).add(change.ref.sub(lax.stopGradient(change)));
}
