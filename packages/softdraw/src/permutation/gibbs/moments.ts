/**
 * Means over the law, from the walk that draws from it (passes.ts): how often it comes through each subset by each
 * column, and how these means change.
 *
 * When the logarithm of each step S -> S without j is given a change t, before they are normalized anew, then
 *
 *     D(S) = sum_j P(j | S) (t(S, j) + D(S without j))        the change of log W(S)
 *     d log P(j | S) = t(S, j) + D(S without j) - D(S)
 *
 * and the flows follow on the way down. Their sums by row and column are the change of the mean, which is the
 * covariance of the permutation with its own sum of t.
 */

import { numpy as np } from "@jax-js/jax";
import { materializeGradient } from "../../materialize.ts";
import { row } from "../../rows.ts";
import { memberships, take } from "./passes.ts";
import { levelsOf, placesInLevels, sizeOf } from "./tables.ts";

/** Of each size of subsets, from 1 up: how often a walk leaves them by each column, `[..., n, subsets]`. */
export type Flows = np.Array[];

/** @param steps probabilities, `[..., n, subsets]`, consumed */
export function flowsOf(steps: np.Array[]): Flows {
  const n = steps.length;
  let visits = np.ones([...steps[0]!.shape.slice(0, -2), 1]);
  const flows = steps.map((_, i) => {
    const size = n - i;
    const flow = steps[size - 1]!.mul(row(visits));
    visits = arriving(flow.ref, size);
    return flow;
  });
  visits.dispose();
  return flows.reverse();
}

/** What leaves the subsets of a size, as what arrives at those of one less: `[..., subsets]`. */
function arriving(flow: np.Array, size: number): np.Array {
  const n = flow.shape.at(-2)!;
  const { with: above } = levelsOf(n)[size - 1]!;
  const flat = flow.reshape([...flow.shape.slice(0, -2), -1]);
  return np.where(memberships(above, n), take(flat, above, n), 0).sum(-2);
}

/** The sums by row and column, `[..., n, n]`: of flows, the marginals. The last rows take the smallest subsets. */
export function sumsByRow(flows: Flows): np.Array {
  return np.stack(flows.map((flow) => flow.sum(-1)).reverse(), -2);
}

/** The sum of all, `[...]`. */
export function sumOfAll(flows: Flows): np.Array {
  return flows.map((flow) => flow.sum([-1, -2])).reduce((a, b) => a.add(b));
}

/**
 * The change of the marginals, `[..., n, n]`, by changes of the steps.
 *
 * @param steps probabilities, consumed
 * @param flows those of the steps, consumed
 * @param changes `[..., n, subsets]`, 0 where there is no step, consumed
 */
export function changeOfMarginals(steps: np.Array[], flows: Flows, changes: np.Array[]): np.Array {
  const n = steps.length;
  let total = np.zeros([...steps[0]!.shape.slice(0, -2), 1]);
  const logChanges = steps.map((step, i) => {
    const change = changes[i]!.add(take(total, levelsOf(n)[i]!.without, n));
    total = step.ref.mul(change.ref).sum(-2);
    return change.sub(row(total.ref));
  });
  let visits = total.mul(0);
  const changed = steps.map((_, i) => {
    const size = n - i;
    const moved = flows[size - 1]!.mul(logChanges[size - 1]!).add(steps[size - 1]!.mul(row(visits)));
    visits = arriving(moved.ref, size);
    return moved;
  });
  visits.dispose();
  return sumsByRow(changed.reverse());
}

/**
 * The same by a change of the entries, `[..., n, n]`, in a form that the engine can differentiate: all 2^n subsets lie
 * in the order of their bits, so that those a column apart are a flipped axis apart. Each of n sweeps over them all
 * carries what it finds one size further. Linear in the change.
 *
 * Upstream: the gradient by entries at given places (`take`) does not compile under `vmap`, and takes long.
 *
 * @param steps probabilities, consumed
 * @param flows those of the steps, consumed
 * @param change consumed; all that has a gradient
 */
export function changeOfMarginalsByEntries(steps: np.Array[], flows: Flows, change: np.Array): np.Array {
  const n = steps.length;
  const [step, flow, rowOfSubset] = [byBits(steps), byBits(flows), rowsBySize(change)];
  const changes = np.matmul(np.swapaxes(change, -1, -2), rowOfSubset.ref);
  const own = materializeGradient(step.ref.mul(changes.ref).sum(-2));
  const total = swept(own, n, (x) => overColumns(n, (j) => ofColumn(step.ref, j).mul(flipped(x.ref, j))));
  const below = np.stack(
    Array.from({ length: n }, (_, j) => flipped(total.ref, j)),
    -2,
  );
  const moved = materializeGradient(flow.mul(changes.add(below).sub(row(total))));
  const leaving = overColumns(n, (j) => flipped(ofColumn(moved.ref, j), j));
  const visits = swept(leaving, n, (x) => overColumns(n, (j) => flipped(ofColumn(step.ref, j).mul(x.ref), j)));
  const changed = moved.add(step.mul(row(visits)));
  return np.matmul(rowOfSubset, np.swapaxes(changed, -1, -2));
}

/** The sum `x + f(x) + f(f(x)) + ...` of n terms, each kept for the next. */
function swept(x: np.Array, n: number, f: (x: np.Array) => np.Array): np.Array {
  let total = materializeGradient(x.ref);
  for (let size = 1; size < n; size++) total = materializeGradient(x.ref.add(f(total)));
  return total;
}

function overColumns(n: number, of: (j: number) => np.Array): np.Array {
  return Array.from({ length: n }, (_, j) => of(j)).reduce((a, b) => a.add(b));
}

/** `[..., n, subsets]` to `[..., subsets]`. */
function ofColumn(x: np.Array, j: number): np.Array {
  return x.slice(...x.shape.slice(0, -2).map(() => [] as []), j);
}

/**
 * 1 where a row is the one that a subset's step is of, `[..., n, 2^n]`.
 *
 * Upstream: `matmul` of one matrix and a batch of them is wrong; so it is broadcast by hand.
 */
function rowsBySize(like: np.Array): np.Array {
  const n = like.shape.at(-1)!;
  const sizes = Array.from({ length: 2 ** n }, (_, subset) => sizeOf(subset));
  const isOfRow = Float32Array.from({ length: n * sizes.length }, (_, at) =>
    sizes[at % sizes.length] === n - Math.floor(at / sizes.length) ? 1 : 0,
  );
  return np.broadcastTo(np.array(isOfRow, { shape: [n, sizes.length] }), [...like.shape.slice(0, -1), sizes.length]);
}

/** Steps of all sizes, `[..., n, 2^n]`, the subsets as numbers whose bits are the columns. */
function byBits(steps: np.Array[]): np.Array {
  const n = steps.length;
  const ofNone = np.zeros([...steps[0]!.shape.slice(0, -1), 1]);
  return np.take(np.concatenate([ofNone, ...steps], -1), np.array(placesInLevels(n)), -1);
}

/** What the subsets have that differ in column j. */
function flipped(x: np.Array, j: number): np.Array {
  const { shape } = x;
  const byBit = x.reshape([...shape.slice(0, -1), shape.at(-1)! / 2 ** (j + 1), 2, 2 ** j]);
  return np.flip(byBit, -2).reshape(shape);
}
