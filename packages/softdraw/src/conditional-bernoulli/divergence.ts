/** The divergence of two laws of sets of one size. */

import { lax, numpy as np } from "@jax-js/jax";
import { orNaN } from "../lawful.ts";
import { finite, LOWEST, log1p, notNegative, polynomial } from "../numerics.ts";
import { growthOf } from "./counts.ts";
import {
  change,
  inColumns,
  logWaysOf,
  meanOf,
  type OddsTree,
  oddsOf,
  sidesOf,
  sumOf,
  treeOfOdds,
  type Ways,
  waysOf,
} from "./odds.ts";

/** As far apart two laws have log-odds that the gradient of their divergence tells from others. */
const FARTHEST_APART = 1e9;

/** What is closer than this is compared by its difference, which has the last digits that both lack. */
const NEAR = 0.4;

/**
 * The divergence of the law from a prior. Its gradient by the logits is that of the marginals, times what log-odds are
 * apart; by the prior it is what the marginals are apart.
 */
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
 * The divergence, without a gradient, two ways. With u the probability, under the law, of what is less likely for the
 * law, and v of what is less likely for the prior, it is `sum_i (v_i |f_i| - u_i |d_i|) + log E_f - log E_d`. And with
 * the prior's entries that are near written as those of the law are, on whichever side they are, E_f is E_d and what it
 * grows by: all terms are differences then, and none of it is lost where they are small.
 */
function divergenceOf(
  ofLaw: OddsTree,
  { taken, left }: Pick<Ways, "taken" | "left">,
  { d, f, apart }: Apart,
  logRatio: np.Array,
): np.Array {
  const [side, priorSide] = [sidesOf(d), sidesOf(f)];
  const isSame = side.isLikely.ref.equal(priorSide.isLikely.ref);
  const isAlike = np.where(np.absolute(apart.ref).less(NEAR), true, isSame.ref);
  const unlikely = np.where(side.isLikely.ref, left.ref, taken.ref);
  const unlikelyToPrior = np.where(priorSide.isLikely, left, taken);
  // How much more likely what is less likely for the law is for the prior.
  const more = np.where(side.isLikely.ref, apart.ref, np.negative(apart.ref));
  const ofSides = unlikelyToPrior.mul(priorSide.distance.ref).sub(unlikely.ref.mul(side.distance.ref));
  const ofDifference = np.negative(unlikely.mul(more.ref));
  const farTerms = sumOf(np.where(isSame, ofDifference.ref, ofSides.ref));
  const nearTerms = sumOf(np.where(isAlike.ref, ofDifference, ofSides));
  const far = farTerms.add(logRatio);
  const isClose = np.absolute(far.ref.sub(nearTerms.ref)).less(NEAR);

  const weight = np.exp(np.negative(side.distance.ref));
  const grown = weight.ref.mul(expm1(np.clip(more, -NEAR, NEAR)));
  const apartByFar = np.exp(np.negative(priorSide.distance.ref)).sub(weight);
  const ofSameSide = np.where(np.absolute(apart).less(NEAR), grown, apartByFar);
  const ofUnlikely = np.where(isAlike.ref, ofSameSide, np.negative(expm1(np.negative(side.distance))));
  const ofLikely = np.where(isAlike, 0, expm1(np.negative(priorSide.distance)));
  const ofTaken = np.where(side.isLikely.ref, ofLikely.ref, ofUnlikely.ref);
  const ofLeft = np.where(side.isLikely, ofUnlikely, ofLikely);
  const [on, off] = ofLaw.isMirrored ? [ofLeft, ofTaken] : [ofTaken, ofLeft];
  const growth = growthOf(ofLaw.tree, inColumns(on), inColumns(off)).reshape(ofLaw.batch);
  return np.where(isClose, nearTerms.add(log1p(np.clip(growth, -0.5, 1))), far);
}

/** `(exp(x) - 1) / x` from -1/2 to 1/2, in powers of x; the next one is below 1e-9. */
const EXPM1 = [1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320];

/** exp(x) - 1 for x up to 1/2. */
function expm1(x: np.Array): np.Array {
  const small = np.clip(x.ref, -0.5, 0.5);
  return np.where(x.ref.less(-0.5), np.exp(x).sub(1), polynomial(small.ref, EXPM1).mul(small));
}
