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
import { joined, type Walk } from "./messages.ts";

/** Changes of a chain, in its layout. */
export interface Changes {
  /** `[length, labels, batch]` */
  logits: np.Array;
  /** `[1 or length - 1, labels, labels, 1 or batch]` */
  transitions: np.Array;
}

/** How often two labels follow each other, `[length - 1, labels, labels, batch]`. */
export function pairsOf({ labels, steps }: Walk): np.Array {
  const length = labels.shape[0]!;
  return np.expandDims(labels.ref.slice([0, length - 1]), 2).mul(steps!.ref);
}

/** `sum_t <p_t, dl_t> + sum_t <pairs_t, da_t>`, `[batch]`: the change of the logarithm of the sum over all sequences. */
export function changeOfSum(walk: Walk, { logits, transitions }: Changes): np.Array {
  const ofLabels = walk.labels.ref.mul(logits.ref).sum([0, 1]);
  if (walk.steps === undefined) return ofLabels;
  return ofLabels.add(countsFor(transitions, pairsOf(walk)).mul(transitions.ref).sum([0, 1, 2]));
}

/** What is of pairs at each place, summed up where transitions are the same at all. */
export function countsFor(transitions: np.Array, pairs: np.Array): np.Array {
  return transitions.shape[0] === 1 ? pairs.sum(0, { keepdims: true }) : pairs;
}

/** The changes of the probabilities of labels, and of pairs of them where there is a pair. */
export function changesOfWalk(walk: Walk, { logits, transitions }: Changes): { labels: np.Array; pairs?: np.Array } {
  const { labels, steps } = walk;
  const length = labels.shape[0]!;
  const weighted = labels.ref.mul(logits.ref);
  if (steps === undefined) {
    const total = weighted.ref.sum(1, { keepdims: true });
    return { labels: weighted.sub(labels.ref.mul(total)) };
  }
  const pairs = pairsOf(walk);
  const ahead = steps.ref.mul(transitions.ref).sum(2);
  const behind = pairs.ref.mul(transitions.ref).sum(1);
  let following = np.zeros(labels.shape.slice(1));
  const allFollowing = [following];
  for (let t = length - 2; t >= 0; t--) {
    const next = logits.ref.slice(t + 1).add(following.ref);
    following = steps.ref.slice(t).mul(np.expandDims(next, 0)).sum(1).add(ahead.ref.slice(t));
    allFollowing.unshift(following);
  }
  let before = weighted.ref.slice(0);
  const allBefore = [before];
  for (let t = 0; t < length - 1; t++) {
    const moved = steps.ref.slice(t).mul(np.expandDims(before.ref, 1)).sum(0);
    before = moved.add(behind.ref.slice(t)).add(weighted.ref.slice(t + 1));
    allBefore.push(before);
  }
  const total = np.expandDims(before.ref.sum(0), [0, 1]);
  const [later, earlier] = [joined(allFollowing.map((x) => x.ref)), joined(allBefore.map((x) => x.ref))];
  const ofLabels = earlier.ref.add(labels.ref.mul(later.ref.sub(total.ref)));
  const rest = logits
    .slice([1, length])
    .add(later.slice([1, length]))
    .sub(np.squeeze(total, 0));
  const ofPairs = steps.ref
    .mul(np.expandDims(earlier.slice([0, length - 1]), 2))
    .add(pairs.mul(transitions.add(np.expandDims(rest, 1))));
  return { labels: ofLabels, pairs: ofPairs };
}
