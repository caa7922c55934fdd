/**
 * Means over the law of a chain, and how they change.
 *
 * When logits and transitions change by dl and da, the walk of probabilities (messages.ts) has
 *
 *     D_t(i) = sum_j P_t(j | i) (da_(i, j) + dl_(t+1, j) + D_(t+1)(j))             the change of all that follows
 *     A_(t+1)(j) = sum_i P_t(j | i) (A_t(i) + p_t(i) da_(i, j)) + p_(t+1)(j) dl_(t+1, j)       of all before, times p
 *     d p_t(i) = A_t(i) + p_t(i) (D_t(i) - d log Z)
 *
 * all of them sums of probabilities times changes. It is linear in the changes, which alone have a gradient.
 */

import { numpy as np } from "@jax-js/jax";
import { added, joined, stepAt, type Walk } from "./messages.ts";

/** Changes of a chain, in its layout: of which transitions may be the same at all places. */
export interface Changes {
  /** `[length, labels, batch]` */
  logits: np.Array;
  /** `[1 or length - 1, labels, labels, 1 or batch]` */
  transitions: np.Array;
}

/** Of each place how often two labels follow each other there, `[labels, labels, batch]`. */
export function pairsOf({ labels, steps }: Walk): np.Array[] {
  return steps.map(({ share }, t) => np.expandDims(labels[t]!.ref, 1).mul(share.ref));
}

/** `sum_t <p_t, dl_t> + sum_t <pairs_t, da_t>`, `[batch]`: the change of the logarithm of the sum over all sequences. */
export function changeOfSum(walk: Walk, changes: Changes): np.Array {
  return along(walk.labels, pairsOf(walk), changes);
}

/** The sum of products with changes, `[batch]`. An axis after the other: so no sum has many roundings. */
function along(labels: np.Array[], pairs: np.Array[], { logits, transitions }: Changes): np.Array {
  const ofLabels = joined(labels).mul(logits.ref).sum(1).sum(0);
  if (pairs.length === 0) return ofLabels;
  const counts = transitions.shape[0] === 1 ? np.expandDims(added(pairs), 0) : joined(pairs);
  return ofLabels.add(counts.mul(transitions.ref).sum(2).sum(1).sum(0));
}

/** How the mean of some changes changes along others. */
export function changeAlong(walk: Walk, direction: Changes, changes: Changes): np.Array {
  const { labels, pairs } = changesOfWalk(walk, direction);
  return along(labels, pairs, changes);
}

/** The changes of the probabilities of labels, and of pairs of them, at each place. */
export function changesOfWalk(walk: Walk, changes: Changes): { labels: np.Array[]; pairs: np.Array[] } {
  const { labels, steps } = walk;
  const transitions = steps.map((_, t) => stepAt(changes.transitions, t));
  const logits = labels.map((_, t) => changes.logits.ref.slice(t));
  const following = [np.zeros(labels[0]!.shape)];
  for (let t = steps.length - 1; t >= 0; t--) {
    const next = logits[t + 1]!.ref.add(following[0]!.ref);
    following.unshift(steps[t]!.share.ref.mul(transitions[t]!.ref.add(np.expandDims(next, 0))).sum(1));
  }
  const before = [labels[0]!.ref.mul(logits[0]!.ref)];
  for (const [t, { share }] of steps.entries()) {
    const own = np.expandDims(labels[t]!.ref, 1).mul(transitions[t]!.ref);
    const moved = share.ref.mul(np.expandDims(before[t]!.ref, 1).add(own)).sum(0);
    before.push(moved.add(labels[t + 1]!.ref.mul(logits[t + 1]!.ref)));
  }
  const total = before.at(-1)!.ref.sum(0, { keepdims: true });
  return {
    labels: labels.map((p, t) => before[t]!.ref.add(p.ref.mul(following[t]!.ref.sub(total.ref)))),
    pairs: pairsOf(walk).map((pair, t) => {
      const rest = logits[t + 1]!.ref.add(following[t + 1]!.ref).sub(total.ref);
      const later = pair.mul(transitions[t]!.ref.add(np.expandDims(rest, 0)));
      return steps[t]!.share.ref.mul(np.expandDims(before[t]!.ref, 1)).add(later);
    }),
  };
}
