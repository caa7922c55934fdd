/**
 * Means over the law of trees, and how they change, by going back through an elimination. Of the pointers among the
 * other vertices, those of which a share goes by way of v come to it; and v itself points, in the mean, to
 *
 *     share_vj (1 - sum_i p_iv) + sum_i p_ij (1 - kept_ij)
 *
 * which is the derivative of `log S_v` and of the ways by v.
 */

import { numpy as np } from "@jax-js/jax";
import { columnOf, restOf, rowOf, type Step } from "./elimination.ts";

/** The probability of each pointer, `[n, n + 1, batch]`, and those among fewer vertices, from one on. */
export function meansOf(steps: readonly Step[]): np.Array[] {
  const [last, ...before] = [...steps].reverse();
  let mean = withItself(last!.shares.ref);
  const means = [mean.ref];
  for (const { shares, kept } of before) {
    const around = mean.ref.mul(np.subtract(1, kept!.ref));
    const arriving = around.ref.sum(1);
    const own = shares.ref.mul(np.subtract(1, arriving.ref.sum(0))).add(around.sum(0));
    mean = withVertex(mean.mul(kept!.ref), arriving, np.clip(own, 0, 1));
    means.push(mean.ref);
  }
  return means;
}

/**
 * The change of the probabilities by a change of the logarithms of the weights, both `[n, n + 1, batch]`. It is linear
 * in that, and the engine can differentiate it by it.
 *
 * @param means those of `meansOf`
 * @param change consumed; finite, 0 where a pointer is impossible
 */
export function changeOfMeans(steps: readonly Step[], means: readonly np.Array[], change: np.Array): np.Array {
  const changes = steps.map(({ shares, kept }, i) => {
    const n = steps.length - i;
    const row = rowOf(change, n);
    const relative = row.ref.sub(shares.ref.mul(row).sum(0));
    if (kept === undefined) return { relative };
    const direct = restOf(change, n);
    // How much more the way by the vertex grows than the direct one.
    const excess = np.expandDims(columnOf(change, n), 1).add(relative.ref).sub(direct.ref);
    change = direct.add(np.subtract(1, kept.ref).mul(excess.ref));
    return { relative, excess };
  });
  let changed = withItself(steps.at(-1)!.shares.ref.mul(changes.at(-1)!.relative));
  for (let n = 2; n <= steps.length; n++) {
    const { shares, kept } = steps[steps.length - n]!;
    const { relative, excess } = changes[steps.length - n]!;
    const leaving = np.subtract(1, kept!.ref);
    const moved = means[n - 2]!.ref.mul(leaving.ref);
    const arrived = np.subtract(1, moved.ref.sum([0, 1]));
    const around = changed.ref.mul(leaving).add(moved.mul(kept!.ref).mul(excess!));
    const arriving = around.ref.sum(1);
    const own = shares.ref.mul(relative.mul(arrived).sub(arriving.ref.sum(0))).add(around.ref.sum(0));
    changed = withVertex(changed.sub(around), arriving, own);
  }
  return changed;
}

/** The row of a vertex whose parent may be those before it, `[n, batch]`, with itself: `[1, n + 1, batch]`. */
export function withItself(row: np.Array): np.Array {
  return np.expandDims(np.concatenate([row, np.zeros([1, row.shape[1]!])], 0), 0);
}

/** A matrix of one more vertex: those that point to it, and its own pointer. */
export function withVertex(rest: np.Array, column: np.Array, row: np.Array): np.Array {
  const [others = 0, n = 0] = rest.shape;
  const padded = (x: np.Array, rows: [number, number], columns: [number, number]) => np.pad(x, [rows, columns, [0, 0]]);
  const ofColumn = padded(np.expandDims(column, 1), [0, 1], [n, 0]);
  const ofRow = padded(np.expandDims(row, 0), [others, 0], [0, 1]);
  return padded(rest, [0, 1], [0, 1]).add(ofColumn).add(ofRow);
}
