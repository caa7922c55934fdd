/**
 * What is known exactly of the law of a chain. Values are computed from arrays without a gradient; what is added to them
 * is zero, with the gradient that is known of them.
 *
 * Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`). A gradient that enters a jitted
 * function and ends there leaks arrays; so arrays come without a gradient, too.
 */

import { lax, numpy as np, tree } from "@jax-js/jax";
import { isNumber } from "../lawful.ts";
import { logSumExp, notNegative, polynomial } from "../numerics.ts";
import { column } from "../rows.ts";
import {
  batchOf,
  type Chain,
  canBeSummed,
  chainOf,
  type Given,
  inOrder,
  isInside,
  LOWEST_SUM,
  type Natural,
  naturalOf,
} from "./arrays.ts";
import { joined, type Messages, messagesOf, type Walk, walkOf } from "./messages.ts";
import { type Changes, changeAlong, changeOfSum, changesOfWalk, pairsOf } from "./moments.ts";

/** The same arrays with their gradients, and without. */
export interface Both {
  moving: Given;
  fixed: Given;
}

/** What marginals are of: labels `[..., length, labels]`, or pairs that follow each other `[..., length - 1, labels, labels]`. */
export type Moment = "labels" | "pairs";

/** log Z, `[...]`. */
export function logPartition({ moving, fixed }: Both): np.Array {
  const { walk, ...passed } = walkedAlong(fixed);
  const { batch, chain, messages, origin } = passed;
  const value = logSumOf(messages).reshape(batch).add(origin);
  const change = changeOfSum(walk, changesFrom(moving, chain, batch));
  return ifLawful(value.add(change.reshape(batch)), fixed, passed);
}

/** The same where no gradient is asked for. */
export function logPartitionAlone(fixed: Given): np.Array {
  const passed = passedAlong(fixed);
  const { batch, messages, origin } = passed;
  return ifLawful(logSumOf(messages).reshape(batch).add(origin), fixed, passed);
}

/** Probabilities. */
export function marginals({ moving, fixed }: Both, of: Moment): np.Array {
  const { walk, ...passed } = walkedAlong(fixed);
  const { batch, chain } = passed;
  const change = changesOfWalk(walk, changesFrom(moving, chain, batch));
  const mean = meansOf(walk, of).map((one, t) => one.add(change[of][t]!));
  return ifInside(inOrder(joined(mean), batch), fixed, passed, of);
}

/** The same where no gradient is asked for. */
export function marginalsAlone(fixed: Given, of: Moment): np.Array {
  const { walk, ...passed } = walkedAlong(fixed);
  return ifInside(inOrder(joined(meansOf(walk, of)), passed.batch), fixed, passed, of);
}

function meansOf(walk: Walk, of: Moment): np.Array[] {
  return of === "labels" ? walk.labels : pairsOf(walk);
}

/** The log-probability of values, `[...]`: the sum of what they take, less log Z. */
export function logProb(value: np.Array, { moving, fixed }: Both): np.Array {
  const { walk, ...passed } = walkedAlong(fixed);
  const { batch, chain, messages } = passed;
  const change = changeOfSum(walk, changesFrom(tree.ref(moving), chain, batch));
  const total = logSumOf(messages).add(change).reshape(batch);
  const score = scoreOf(value.ref, naturalOf(moving));
  const [length = 0] = value.shape.slice(-2);
  const isKnown = np.all(isNumber(value.ref), [-1, -2]);
  const isOneOrNone = np.all(np.where(value.ref.equal(0), true, value.ref.equal(1)), [-1, -2]);
  const isTaken = np.all(value.sum(-1).equal(onesOf(fixed, length)), -1);
  const isPossible = isOneOrNone.mul(isTaken).mul(lax.stopGradient(score.ref).greater(LOWEST_SUM));
  const logP = np.where(isPossible, score.sub(total), Number.NEGATIVE_INFINITY);
  return ifLawful(np.where(isKnown, logP, Number.NaN), fixed, passed);
}

/** The entropy, `[...]`: that of the first label, and of each place the mean of that of the next. */
export function entropy({ moving, fixed }: Both): np.Array {
  const { walk, ...passed } = walkedAlong(fixed);
  const { batch, chain } = passed;
  const score = scoresOf(walk);
  const value = notNegative(np.negative(changeOfSum(walk, score)));
  const slope = changeAlong(walk, score, changesFrom(moving, chain, batch));
  return ifLawful(value.sub(slope).reshape(batch), fixed, passed);
}

/**
 * The divergence from a prior, `[...]`: that of the first label, and of each place the mean of that of the next. Its
 * gradient by the law is what the means change by along the log-ratio; by the prior it is how far the means are apart.
 */
export function kl(own: Both, prior: Both): np.Array {
  const batch = np.broadcastShapes(batchOf(own.fixed), batchOf(prior.fixed));
  const [p, q] = [walkedAlong(own.fixed, batch), walkedAlong(prior.fixed, batch)];
  const ratio = ratioOf(p.walk, q.walk);
  const largest = np.maximum(np.max(ratio.logits.ref, [0, 1]), np.max(ratio.transitions.ref, [0, 1, 2]));
  const value = divergenceOf(p.walk, q.walk);
  const slope = changeAlong(p.walk, ratio, changesFrom(own.moving, p.chain, batch));
  const byPrior = changesFrom(prior.moving, q.chain, batch);
  const priorSlope = changeOfSum(q.walk, byPrior).sub(changeOfSum(p.walk, byPrior));
  const sum = notNegative(value).add(slope).add(priorSlope);
  const divergence = np.where(largest.greater(-LOWEST_SUM), Number.POSITIVE_INFINITY, sum).reshape(batch);
  return ifLawful(ifLawful(divergence, prior.fixed, q), own.fixed, p);
}

/** What is closer than this is compared by its difference, which has the last digits that both lack. */
const NEAR = 0.4;

/** `(exp(-x) - 1 + x) / x^2` in powers of x; the next one is below 1e-9. */
const EXCESS = [1 / 2, -1 / 6, 1 / 24, -1 / 120, 1 / 720, -1 / 5040, 1 / 40320];

/**
 * `sum p log (p / q)` as `sum p (log (p / q) + q / p - 1)`, of which no term is negative: of the first label, and of the
 * next at each place.
 */
function divergenceOf(p: Walk, q: Walk): np.Array {
  const excess = (share: np.Array, logShare: np.Array, other: np.Array, logOther: np.Array) => {
    const apart = logShare.sub(logOther);
    const small = np.clip(apart.ref, -NEAR, NEAR);
    const near = share.ref.mul(polynomial(small.ref, EXCESS).mul(np.square(small)));
    const far = other.ref.sub(share.ref).add(share.ref.mul(apart.ref));
    return np.where(share.greater(0), np.where(np.absolute(apart).less(NEAR), near, far), other);
  };
  const first = excess(p.labels[0]!.ref, p.logFirst.ref, q.labels[0]!.ref, q.logFirst.ref).sum(0);
  const rows = p.steps.map(({ share, logShare }, t) =>
    excess(share.ref, logShare.ref, q.steps[t]!.share.ref, q.steps[t]!.logShare.ref).sum(1),
  );
  if (rows.length === 0) return first;
  const weights = joined(p.labels.slice(0, rows.length));
  return first.add(
    np
      .where(weights.ref.greater(0), weights.mul(joined(rows)), 0)
      .sum(1)
      .sum(0),
  );
}

/** The log-probabilities of the steps of a walk, where it takes them, as changes of a chain. */
function scoresOf(walk: Walk): Changes {
  return whereTaken(
    walk,
    walk.logFirst.ref,
    walk.steps.map(({ logShare }) => logShare.ref),
  );
}

/** By how much they are above those of another. */
function ratioOf(walk: Walk, other: Walk): Changes {
  const steps = walk.steps.map(({ logShare }, t) => logShare.ref.sub(other.steps[t]!.logShare.ref));
  return whereTaken(walk, walk.logFirst.ref.sub(other.logFirst.ref), steps);
}

function whereTaken(walk: Walk, first: np.Array, steps: np.Array[]): Changes {
  const [labels = 0, batch = 0] = first.shape;
  const taken = np.expandDims(np.where(walk.labels[0]!.ref.greater(0), first, 0), 0);
  if (steps.length === 0) return { logits: taken, transitions: np.zeros([1, labels, labels, 1]) };
  const pairs = pairsOf(walk);
  return {
    logits: np.concatenate([taken, np.zeros([steps.length, labels, batch])], 0),
    transitions: joined(steps.map((step, t) => np.where(pairs[t]!.greater(0), step, 0))),
  };
}

/** 0, with the gradients of the arrays, in the layout of a chain. */
function changesFrom(moving: Given, chain: Chain, batch: number[]): Changes {
  const natural = naturalOf(moving);
  natural.origin.dispose();
  const { logits, transitions } = chainOf(natural, batch);
  return { logits: logits.sub(chain.logits.ref), transitions: transitions.sub(chain.transitions.ref) };
}

export interface Passed {
  batch: number[];
  chain: Chain;
  messages: Messages;
  /** What all sequences have in common, `[...]`. */
  origin: np.Array;
}

/** @param fixed its arrays are kept */
export function passedAlong(fixed: Given, pass: (chain: Chain) => Messages = messagesOf): Passed {
  const batch = batchOf(fixed);
  const natural = naturalOf(tree.ref(fixed));
  const chain = chainOf(natural, batch);
  return { batch, chain, messages: pass(chain), origin: natural.origin };
}

/** The same with the walk. */
function walkedAlong(fixed: Given, batch: number[] = batchOf(fixed)): Passed & { walk: Walk } {
  const { origin, ...natural } = naturalOf(tree.ref(fixed));
  const chain = chainOf(natural, batch);
  return { batch, chain, origin, ...walkOf(chain) };
}

/** The logarithm of the sum over all sequences, `[batch]`. */
function logSumOf({ u, origin }: Messages): np.Array {
  return logSumExp(np.transpose(u[0]!.ref)).add(origin.ref);
}

/** The sum of the logits and transitions that a value takes, relative to the largest, `[...]`. */
function scoreOf(value: np.Array, { logits, transitions, origin }: Natural): np.Array {
  origin.dispose();
  const [length = 0] = value.shape.slice(-2);
  const batch = value.shape.slice(0, -2).map((): [] => []);
  const ofLabels = value.ref.mul(logits).sum([-1, -2]);
  if (length === 1) return ofLabels;
  const before = value.ref.slice(...batch, [0, length - 1]);
  const after = value.slice(...batch, [1, length]);
  const reached = column(before).mul(transitions).sum(-2);
  return ofLabels.add(reached.mul(after).sum([-1, -2]));
}

/** Numbers of each chain, `[...]`, but NaN where it has no law. */
function ifLawful(result: np.Array, fixed: Given, passed: Passed): np.Array {
  return np.where(isLawful(fixed, passed), result, Number.NaN);
}

/** Probabilities or values, 0 behind the end of a sequence, and NaN where there is no law. */
export function ifInside(result: np.Array, fixed: Given, passed: Passed, of: Moment): np.Array {
  const axes = of === "labels" ? 2 : 3;
  const length = result.shape.at(-axes)! + (of === "labels" ? 0 : 1);
  const [inside] = isInside(tree.ref(fixed.lengths), length).map((x) => {
    if (of === "labels") return column(x);
    const batch = x.shape.slice(0, -1).map((): [] => []);
    return column(column(x.slice(...batch, [1, length])));
  });
  const event = Array.from({ length: axes }, (_, i) => -1 - i);
  const lawful = np.expandDims(isLawful(fixed, passed), event);
  return np.where(lawful, inside === undefined ? result : np.where(inside, result, 0), Number.NaN);
}

/** 1 at each place of a sequence, 0 behind its end, `[..., length]` or a number. */
function onesOf(fixed: Given, length: number): np.Array | number {
  const [inside] = isInside(tree.ref(fixed.lengths), length);
  return inside === undefined ? 1 : np.where(inside, 1, 0);
}

/** Whether there is a law: no array is spoilt, and a sequence is possible. Booleans `[...]`. */
function isLawful(fixed: Given, { batch, messages: { u, origin } }: Passed): np.Array {
  const best = np.max(u[0]!.ref, 0).add(origin.ref).reshape(batch);
  return canBeSummed(tree.ref(fixed)).mul(best.greater(LOWEST_SUM));
}
