/**
 * What is passed along a chain from its end: of each label at each place the logarithm of the sum over all that may
 * follow (the backward recursion), and from it the probabilities of each next label.
 *
 *     u_t(i) = logits_(t, i) + log sum_j exp(transitions_(i, j) + u_(t+1)(j)) - some number
 *     P_t(j | i) = exp(transitions_(i, j) + u_(t+1)(j)) / sum_j' exp(transitions_(i, j') + u_(t+1)(j'))
 *
 * The walk that begins in proportion to `exp(u_0)`, and goes on by P, has the law of the chain. So what is summed over
 * sequences are probabilities from here on, none of which leaves the range of float32 if it matters. Nothing here has a
 * gradient: moments.ts says where those come from.
 *
 * Baum, Petrie, Soules, Weiss, "A Maximization Technique Occurring in the Statistical Analysis of Probabilistic
 * Functions of Markov Chains", 1970.
 */

import { numpy as np } from "@jax-js/jax";
import { materialize } from "../materialize.ts";
import { exponential, logarithm } from "../numerics.ts";
import type { Chain } from "./arrays.ts";

/** Messages are made relative to the largest after so many places, before they are large and lose their digits. */
const RELATIVE = 4;

/** So many arrays are joined at once. Each number of an array is looked for among them one by one. */
const JOINED = 8;

export interface Messages {
  /** `[length, labels, batch]` */
  u: np.Array;
  /** What was taken off them, `[batch]`. */
  origin: np.Array;
}

/** @param chain its arrays are kept */
export function messagesOf(chain: Chain): Messages {
  return passed(chain, (terms) => {
    const high = np.max(terms.ref, 1);
    const sum = exponential(terms.sub(np.expandDims(high.ref, 1))).sum(1);
    return high.add(logarithm(sum));
  });
}

/** The same with the largest term in place of the logarithm of the sum. */
export function maximaOf(chain: Chain): Messages {
  return passed(chain, (terms) => np.max(terms, 1));
}

/** @param total of the terms of each label, logarithms `[labels, next labels, batch]` */
function passed({ logits, transitions }: Chain, total: (terms: np.Array) => np.Array): Messages {
  const length = logits.shape[0]!;
  let u = materialize(logits.ref.slice(length - 1));
  const all = [u];
  const origins: np.Array[] = [];
  for (let t = length - 2; t >= 0; t--) {
    const terms = stepAt(transitions, t).add(np.expandDims(u.ref, 0));
    u = materialize(total(terms).add(logits.ref.slice(t)));
    if (all.length % RELATIVE === 0) {
      const largest = np.max(u.ref, 0);
      origins.push(largest.ref);
      u = materialize(u.sub(np.expandDims(largest, 0)));
    }
    all.unshift(u);
  }
  const none = np.zeros(u.shape.slice(-1));
  return { u: joined(all.map((one) => one.ref)), origin: origins.reduce((sum, one) => sum.add(one), none) };
}

/** The transitions from a place to the next, `[labels, labels, 1 or batch]`. */
function stepAt(transitions: np.Array, t: number): np.Array {
  return transitions.ref.slice(transitions.shape[0] === 1 ? 0 : t);
}

/** Arrays along a new first axis. */
export function joined(arrays: readonly np.Array[]): np.Array {
  return concatenated(arrays.map((x) => np.expandDims(x, 0)));
}

function concatenated(arrays: np.Array[]): np.Array {
  if (arrays.length === 1) return arrays[0]!;
  const parts = Array.from({ length: Math.ceil(arrays.length / JOINED) }, (_, i) =>
    arrays.slice(i * JOINED, (i + 1) * JOINED),
  );
  return concatenated(parts.map((part) => (part.length === 1 ? part[0]! : materialize(np.concatenate(part, 0)))));
}

/** The terms of each message, `[length - 1, labels, next labels, batch]`. */
export function termsOf({ transitions }: Chain, { u }: Messages): np.Array {
  const length = u.shape[0]!;
  return transitions.ref.add(np.expandDims(u.ref.slice([1, length]), 1));
}

/** A walk along a chain, in probabilities. */
export interface Walk {
  /** That of each label at each place, `[length, labels, batch]`. */
  labels: np.Array;
  /** P, `[length - 1, labels, next labels, batch]`; absent of a single place. */
  steps?: np.Array;
  /** The logarithms of the first place's probabilities, and of P. */
  logFirst: np.Array;
  logSteps?: np.Array;
}

/** @param chain its arrays are kept, as the messages' are */
export function walkOf(chain: Chain, messages: Messages): Walk {
  const length = messages.u.shape[0]!;
  const first = normalized(messages.u.ref.slice(0), 0);
  if (length === 1) return { labels: np.expandDims(first.share, 0), logFirst: first.logShare };
  const { share: steps, logShare: logSteps } = normalized(termsOf(chain, messages), 2);
  let here = materialize(first.share);
  const all = [here];
  for (let t = 0; t < length - 1; t++) {
    here = np.expandDims(here.ref, 1).mul(steps.ref.slice(t)).sum(0);
    all.push(here);
  }
  return { labels: joined(all.map((one) => one.ref)), steps, logFirst: first.logShare, logSteps };
}

/** Terms as shares of their sum along an axis: the sum is kept apart, so that shares sum to 1 whatever the terms are. */
function normalized(terms: np.Array, axis: number): { share: np.Array; logShare: np.Array } {
  const high = np.max(terms.ref, axis, { keepdims: true });
  const below = terms.sub(high);
  const weights = materialize(exponential(below.ref));
  const sum = weights.ref.sum(axis, { keepdims: true });
  const share = weights.mul(materialize(np.reciprocal(sum.ref)));
  return { share, logShare: below.sub(materialize(logarithm(sum))) };
}
