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
import { isForTree, messagesByTree } from "./tree.ts";

/** Messages are made relative to the largest after so many places, before they are large and lose their digits. */
const RELATIVE = 4;

/** So many arrays are joined at once. Each number of an array is looked for among them one by one. */
const JOINED = 8;

export interface Messages {
  /** Of each place `[labels, batch]`. */
  u: np.Array[];
  /** What was taken off them, `[batch]`. */
  origin: np.Array;
}

/**
 * From a place to the next: P, and its logarithm, `[labels, next labels, batch]`. What lies in the processor's cache is
 * used at once: so places have arrays of their own.
 */
interface Step {
  share: np.Array;
  logShare: np.Array;
}

/** @param chain its arrays are kept */
export function messagesOf(chain: Chain): Messages {
  return isForTree(chain) ? messagesByTree(chain, logSum) : passed(chain, (terms) => logSum(terms, 1));
}

function logSum(terms: np.Array, axis: number): np.Array {
  const high = np.max(terms.ref, axis, { keepdims: true });
  const sum = exponential(terms.sub(high.ref)).sum(axis);
  return np.squeeze(high, axis).add(logarithm(sum));
}

/** The same with the largest term in place of the logarithm of the sum. */
export function maximaOf(chain: Chain): Messages {
  return isForTree(chain) ? messagesByTree(chain, np.max) : passed(chain, (terms) => np.max(terms, 1));
}

/** A walk along a chain, in probabilities. */
export interface Walk {
  /** Those of the labels at each place, `[labels, batch]`. */
  labels: np.Array[];
  /** The logarithm of the first of them. */
  logFirst: np.Array;
  /** From each place to the next. */
  steps: Step[];
}

/** @param chain its arrays are kept */
export function walkOf(chain: Chain): { messages: Messages; walk: Walk } {
  const { messages, steps } = isForTree(chain) ? stepsByTree(chain) : stepsByPlace(chain);
  const first = normalized(messages.u[0]!.ref, 0);
  first.total.dispose();
  const labels = [materialize(first.share)];
  for (const { share } of steps) labels.push(np.expandDims(labels.at(-1)!.ref, 1).mul(share.ref).sum(0));
  return { messages, walk: { labels, logFirst: first.logShare, steps } };
}

interface Steps {
  messages: Messages;
  steps: Step[];
}

function stepsByPlace(chain: Chain): Steps {
  const steps: Step[] = [];
  const messages = passed(chain, (terms) => {
    const { total, ...step } = normalized(terms, 1);
    steps.unshift(step);
    return np.squeeze(total, 1);
  });
  return { messages, steps };
}

function stepsByTree(chain: Chain): Steps {
  const messages = messagesByTree(chain, logSum);
  const terms = chain.transitions.ref.add(np.expandDims(joined(messages.u.slice(1)), 1));
  const { share, logShare, total } = normalized(terms, 2);
  total.dispose();
  const all = materialize(share);
  const steps = messages.u.slice(1).map((_, t) => ({ share: all.ref.slice(t), logShare: logShare.ref.slice(t) }));
  return { messages, steps };
}

/** Terms as shares of their sum, which is kept apart, so that shares sum to 1 whatever the terms are; and its logarithm. */
function normalized(terms: np.Array, axis: number): Step & { total: np.Array } {
  const high = np.max(terms.ref, axis, { keepdims: true });
  const below = terms.sub(high.ref);
  const weights = exponential(below.ref);
  const sum = weights.ref.sum(axis, { keepdims: true });
  const logSum = logarithm(sum.ref);
  const share = weights.mul(materialize(np.reciprocal(sum)));
  return { share, logShare: below.sub(logSum.ref), total: high.add(logSum) };
}

/** @param total of the terms of each label, logarithms `[labels, next labels, batch]` */
function passed({ logits, transitions }: Chain, total: (terms: np.Array) => np.Array): Messages {
  const length = logits.shape[0]!;
  const u = [materialize(logits.ref.slice(length - 1))];
  const origins: np.Array[] = [];
  for (let t = length - 2; t >= 0; t--) {
    const terms = stepAt(transitions, t).add(np.expandDims(u[0]!.ref, 0));
    let message = materialize(total(terms).add(logits.ref.slice(t)));
    if (u.length % RELATIVE === 0) {
      const largest = np.max(message.ref, 0);
      origins.push(largest.ref);
      message = materialize(message.sub(np.expandDims(largest, 0)));
    }
    u.unshift(message);
  }
  const none = np.zeros(u[0]!.shape.slice(-1));
  return { u, origin: origins.reduce((sum, one) => sum.add(one), none) };
}

/** The transitions from a place to the next, `[labels, labels, 1 or batch]`. */
export function stepAt(transitions: np.Array, t: number): np.Array {
  return transitions.ref.slice(transitions.shape[0] === 1 ? 0 : t);
}

/** Arrays along a new first axis. They are kept. */
export function joined(arrays: readonly np.Array[]): np.Array {
  return concatenated(arrays.map((x) => np.expandDims(x.ref, 0)));
}

function concatenated(arrays: np.Array[]): np.Array {
  if (arrays.length === 1) return arrays[0]!;
  const parts = grouped(arrays);
  return concatenated(parts.map((part) => (part.length === 1 ? part[0]! : materialize(np.concatenate(part, 0)))));
}

/** The sum of arrays, few at a time: so many the engine adds up in one kernel. */
export function added(arrays: np.Array[]): np.Array {
  if (arrays.length === 1) return arrays[0]!;
  return added(grouped(arrays).map((part) => materialize(part.reduce((sum, x) => sum.add(x)))));
}

function grouped(arrays: np.Array[]): np.Array[][] {
  return Array.from({ length: Math.ceil(arrays.length / JOINED) }, (_, i) =>
    arrays.slice(i * JOINED, (i + 1) * JOINED),
  );
}
