/**
 * The conditional Bernoulli law: of sets of k entries, in proportion to the products of their weights `exp(logit)`. It is that of n
 * choices of yes or no, each by itself with the log-odds `d_i = logit_i - t`, given that k are yes, whatever t is. So
 *
 *     log e_k = k t + sum_i max(d_i, 0) + log E,
 *
 * with E the coefficient of z^k in `prod_i (off_i + on_i z)`, where the likely one of on and off is 1, and the other `exp(-|d_i|)`. At the
 * t for which k are yes in the mean, k is about the most probable number: then E is made of terms that float32 has the range for,
 * whatever the size of the logits. An error of t changes nothing.
 *
 * Gradients are written out, `marginals` being that of log e_k: they take a way down the tree, and not the engine's way back through
 * it, which takes ten times as long. So there are no second derivatives, but by way of `marginals`.
 *
 * Chen, Dempster, Liu, "Weighted Finite Population Sampling to Maximize Entropy", 1994.
 */

import { lax, numpy as np } from "@jax-js/jax";
import { canBe, isNumber, orNaN } from "../lawful.ts";
import { finite, indicator, LOWEST, log1p, notNegative } from "../numerics.ts";
import { aboveThreshold } from "../subset/threshold.ts";
import { growthOf, logCoefficientOf, type Tree, treeOf, weightsOfOthers } from "./counts.ts";

/** log e_k, `[...]`. */
export function logPartition(logits: np.Array, k: number): np.Array {
  const keys = finite(logits.ref);
  const { above, least, level } = oddsOf(lax.stopGradient(keys.ref), k);
  const { isLikely } = sidesOf(above.ref);
  // k t and the sum of `logit_i - t` over the likely, with what they have in common left out.
  const excess = np.subtract(k, sumOf(indicator(isLikely.ref)));
  const likely = sumOf(np.where(isLikely, lax.stopGradient(keys.ref), 0))
    .add(least.mul(excess.ref))
    .add(level.mul(excess));
  const { logWays, taken } = waysOf(above, k);
  return orNaN(likely.add(logWays).add(change(keys, taken)), logits, k);
}

/** The log-probability of a set: `-sum_i |d_i|` over those of which it has the less likely, less log E. */
export function logProb(khot: np.Array, logits: np.Array, k: number): np.Array {
  const [x, l] = np.broadcastArrays(khot, logits) as [np.Array, np.Array];
  const keys = finite(l.ref);
  const { above } = oddsOf(lax.stopGradient(keys.ref), k);
  const { isLikely, distance } = sidesOf(above.ref);
  const { logWays, taken } = waysOf(above, k);
  const isTaken = x.ref.greater(0.5);
  const ofTaken = np.where(isLikely.ref, 0, distance.ref);
  const lost = sumOf(np.where(isTaken, ofTaken, np.where(isLikely, distance, 0)));
  const logP = np.negative(lost.add(logWays)).add(change(keys, x.ref.sub(taken)));
  const isNumberInAll = np.all(isNumber(x.ref), -1);
  const isSubset = np.squeeze(canBe(x, l.ref, k), -1);
  const value = np.where(isSubset, logP, Number.NEGATIVE_INFINITY);
  return orNaN(np.where(isNumberInAll, value, Number.NaN), l, k);
}

/** The mean of a draw, `[..., n]`, of keys over a temperature. It has a gradient by both. */
export function marginals(keys: np.Array, inverse: np.Array, k: number): np.Array {
  const { above } = aboveThreshold(keys, inverse, k);
  return meanOf(treeOfOdds(above, k)).taken;
}

/** From here on the probability of what is unlikely, times how unlikely it is, is 0. */
const FARTHEST = 100;

/** `log E + sum_i |d_i| P(entry i is the less likely)`, of which all terms are positive. */
export function entropy(logits: np.Array, k: number): np.Array {
  const { above } = oddsOf(finite(logits.ref), k);
  const { logWays, taken, left } = waysOf(above.ref, k);
  const fixed = lax.stopGradient(above);
  const { isLikely, distance } = sidesOf(fixed.ref);
  const unlikely = np.where(isLikely, left, lax.stopGradient(taken.ref));
  const value = notNegative(logWays.add(sumOf(unlikely.mul(np.minimum(distance, FARTHEST)))));
  const gradient = np.negative(np.clip(fixed, -FARTHEST, FARTHEST));
  return orNaN(value.add(change(taken, gradient)), logits, k);
}

/** As far apart two laws have log-odds that the gradient of their divergence tells from others. */
const FARTHEST_APART = 1e9;

/** Log-odds closer than this, and logarithms of E, are compared by their difference, which has the last digits that they lack. */
const NEAR = 0.4;

/** The divergence of the law from a prior: see `divergenceOf`. Its gradient by the logits is that of the marginals, times `d - f`. */
export function kl(logits: np.Array, prior: np.Array, k: number): np.Array {
  const [l, m] = np.broadcastArrays(logits, prior) as [np.Array, np.Array];
  const [keys, priorKeys] = [finite(l.ref), finite(m.ref)];
  const ofLaw = oddsOf(keys.ref, k);
  const ofPrior = oddsOf(lax.stopGradient(priorKeys.ref), k);
  const shift = lax.stopGradient(ofLaw.least.sub(ofPrior.least)).add(ofLaw.level.sub(ofPrior.level));
  const apart = lax.stopGradient(keys.sub(lax.stopGradient(priorKeys.ref))).sub(np.expandDims(shift, -1));
  const tree = treeOfOdds(ofLaw.above.ref, k);
  const { taken, left } = meanOf(tree);
  const fixedTaken = lax.stopGradient(taken.ref);
  const ways = waysOf(ofPrior.above.ref, k);
  const [d, f] = [lax.stopGradient(ofLaw.above), ofPrior.above];
  const logRatio = ways.logWays.sub(lax.stopGradient(logWaysOf(tree)));
  const means = { taken: fixedTaken.ref, left };
  const divergence = divergenceOf(tree, means, { d: d.ref, f: f.ref, apart }, logRatio);
  const value = notNegative(lax.stopGradient(divergence));

  const isMissing = np.any(np.where(m.ref.greater(LOWEST), false, fixedTaken.ref.greater(0)), -1);
  const byLaw = change(taken, np.clip(d.sub(f), -FARTHEST_APART, FARTHEST_APART));
  const byPrior = change(priorKeys, ways.taken.sub(fixedTaken));
  const withGradient = np.where(isMissing, Number.POSITIVE_INFINITY, value).add(byLaw).add(byPrior);
  return orNaN(orNaN(withGradient, m, k), l, k);
}

interface Apart {
  /** The log-odds of the law and of the prior, `[..., n]`. */
  d: np.Array;
  f: np.Array;
  /** `d - f`, to the last digits of the logits. */
  apart: np.Array;
}

/**
 * The divergence, without a gradient, two ways. With u the probability, under the law, of what is less likely for the law, and v of what
 * is less likely for the prior, it is `sum_i (v_i |f_i| - u_i |d_i|) + log E_f - log E_d`. And with the prior's entries that are near
 * written as those of the law are, on whichever side they are, E_f is E_d and what it grows by: all terms are differences then, and
 * none of it is lost where they are small.
 */
function divergenceOf(
  { tree, isMirrored, batch }: OddsTree,
  { taken, left }: Pick<Ways, "taken" | "left">,
  { d, f, apart }: Apart,
  logRatio: np.Array,
): np.Array {
  const [side, priorSide] = [sidesOf(d), sidesOf(f)];
  const isSame = side.isLikely.ref.equal(priorSide.isLikely.ref);
  const isNear = np.absolute(apart.ref).less(NEAR);
  const isAlike = np.where(isNear.ref, true, isSame.ref);
  const unlikely = np.where(side.isLikely.ref, left.ref, taken.ref);
  const unlikelyToPrior = np.where(priorSide.isLikely, left, taken);
  /** How much less likely what is less likely for the law is for the prior. */
  const less = np.where(side.isLikely.ref, np.negative(apart.ref), apart);
  const ofSides = unlikelyToPrior.mul(priorSide.distance.ref).sub(unlikely.ref.mul(side.distance.ref));
  const ofLess = unlikely.mul(less.ref);
  const farTerms = sumOf(np.where(isSame, ofLess.ref, ofSides.ref));
  const nearTerms = sumOf(np.where(isAlike.ref, ofLess, ofSides));

  const weight = np.exp(np.negative(side.distance.ref));
  const priorWeight = np.exp(np.negative(priorSide.distance.ref));
  const grown = np.where(
    isNear,
    weight.ref.mul(expm1(np.clip(np.negative(less), -NEAR, NEAR))),
    priorWeight.sub(weight),
  );
  const ofUnlikely = np.where(isAlike.ref, grown, np.negative(expm1(np.negative(side.distance))));
  const ofLikely = np.where(isAlike, 0, expm1(np.negative(priorSide.distance)));
  const [more, other] = [
    np.where(side.isLikely.ref, ofLikely.ref, ofUnlikely.ref),
    np.where(side.isLikely, ofUnlikely, ofLikely),
  ];
  const [on, off] = isMirrored ? [other, more] : [more, other];
  const growth = growthOf(tree, inColumns(on), inColumns(off)).reshape(batch);

  const far = farTerms.add(logRatio);
  const isClose = np.absolute(far.ref.sub(nearTerms.ref)).less(NEAR);
  return np.where(isClose, nearTerms.add(log1p(np.clip(growth, -0.5, 1))), far);
}

/** Log-odds `[..., n]` of entries that are yes or no by themselves, of which k are yes in the mean. */
export function oddsOf(keys: np.Array, k: number) {
  return aboveThreshold(keys, np.ones([]), k);
}

interface Ways {
  /** log E, `[...]`: of the weight of all ways to take k. Without a gradient. */
  logWays: np.Array;
  /** The probability that an entry is taken, `[..., n]`. */
  taken: np.Array;
  /** The probability that it is not, without a gradient. */
  left: np.Array;
}

/** @param above log-odds `[..., n]`, consumed */
function waysOf(above: np.Array, k: number): Ways {
  const tree = treeOfOdds(above, k);
  return { logWays: lax.stopGradient(logWaysOf(tree)), ...meanOf(tree) };
}

function logWaysOf({ tree, batch }: OddsTree): np.Array {
  return logCoefficientOf(tree).reshape(batch);
}

/** An entry is taken in proportion to its own weight, times that of the others if they make up k with it. */
function meanOf({ tree, on, off, isMirrored }: OddsTree): Pick<Ways, "taken" | "left"> {
  const { shape } = on;
  const others = weightsOfOthers(tree, shape.at(-1)!);
  const ofOthers = (power: 0 | 1) => inRows(others.ref.slice(power), shape);
  const ifOff = off.ref.mul(ofOthers(0));
  const ifOn = others.shape[0] === 1 ? on.ref.mul(0) : on.ref.mul(ofOthers(1));
  const sum = ifOn.ref.add(ifOff.ref);
  const [counted, rest] = [ifOn.div(sum.ref), ifOff.div(sum)];
  const [taken, left] = isMirrored ? [rest, counted] : [counted, rest];
  return { taken, left: lax.stopGradient(left) };
}

interface OddsTree {
  tree: Tree;
  /** What an entry weighs if it is counted, and if it is not, `[..., n]`. */
  on: np.Array;
  off: np.Array;
  /** Whether those are counted that are not taken, because they are fewer. */
  isMirrored: boolean;
  batch: number[];
}

/** @param above log-odds `[..., n]`, consumed */
export function treeOfOdds(above: np.Array, k: number): OddsTree {
  const n = above.shape.at(-1)!;
  const batch = above.shape.slice(0, -1);
  const isMirrored = 2 * k > n;
  const { isLikely, distance } = sidesOf(above);
  const unlikely = np.exp(np.negative(distance));
  const taken = np.where(isLikely.ref, 1, unlikely.ref);
  const left = np.where(isLikely, unlikely, 1);
  const [on, off] = isMirrored ? [left, taken] : [taken, left];
  const tree = treeOf(inColumns(on.ref), inColumns(off.ref), isMirrored ? n - k : k);
  return { tree, on, off, isMirrored, batch };
}

/**
 * Whether an entry is rather taken than not, and its log-odds or minus them, which are not negative. All that is made of both has the
 * derivative of one side at 0, too.
 */
function sidesOf(above: np.Array): { isLikely: np.Array; distance: np.Array } {
  const isLikely = above.ref.greater(0);
  return { isLikely: isLikely.ref, distance: np.where(isLikely, above.ref, np.negative(above)) };
}

/** 0, with a gradient of its own by each entry of `[..., n]`. */
function change(x: np.Array, gradient: np.Array): np.Array {
  return sumOf(x.ref.sub(lax.stopGradient(x)).mul(lax.stopGradient(gradient)));
}

/** exp(x) - 1 for x from -100 to 1/2. */
function expm1(x: np.Array): np.Array {
  const small = np.clip(x.ref, -0.5, 0.5);
  let series = np.zeros([]).add(small.ref.mul(0)).add(1);
  for (let i = SERIES_TERMS; i > 1; i--) series = series.mul(small.ref.mul(1 / i)).add(1);
  return np.where(x.ref.less(-0.5), np.exp(x).sub(1), series.mul(small));
}

/** The next one is below 1e-9 of the sum. */
const SERIES_TERMS = 10;

/** `[..., n]` as `[n, batch]`. */
function inColumns(x: np.Array): np.Array {
  return np.transpose(x.reshape([-1, x.shape.at(-1)!]));
}

/** `[n, batch]` as `[..., n]`. */
export function inRows(x: np.Array, shape: number[]): np.Array {
  return np.transpose(x).reshape(shape);
}

/** The sum of each row in two steps, which adds up the roundings of a few numbers, and not of all. */
function sumOf(x: np.Array): np.Array {
  const n = x.shape.at(-1)!;
  const batch = x.shape.slice(0, -1);
  const width = 2 ** Math.round(Math.log2(n) / 2);
  const height = Math.ceil(n / width);
  const padded = np.pad(x, [...batch.map((): [number, number] => [0, 0]), [0, width * height - n]]);
  return padded
    .reshape([...batch, height, width])
    .sum(-1)
    .sum(-1);
}
