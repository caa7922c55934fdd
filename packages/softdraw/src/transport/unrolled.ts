/**
 * The gradient of Sinkhorn's iterations as they are, every one of them, in memory of a few vectors an iteration.
 *
 * When the logits change by dx, the logarithms of the scalings change by a (rows) and b (columns), normalization by
 * normalization:
 *
 *     a_i = -u_i sum_j K_ij v_j (dx_ij + b_j),    b_j = -v_j sum_i K_ij u_i (dx_ij + a_i)
 *
 * where sums are 1 (sums.ts has what others and penalties add), and the plan by `P (dx + a_i + b_j)`. To differentiate
 * the normalizations themselves would keep a matrix for each. Here the sums with dx of all normalizations by one kernel
 * are one product of matrices, and so are their gradients.
 */

import { jit, numpy as np } from "@jax-js/jax";
import { keepNaN } from "../lawful.ts";
import { materializeGradient } from "../materialize.ts";
import { column, row } from "../rows.ts";
import { absorbed, finish, firstIteration, run, type Scalings, type State } from "./stabilized.ts";
import { changeOfScaling, changesOf, type Sides } from "./sums.ts";

/**
 * Iterations whose vectors are stacked at a time: so many the engine joins in one kernel, and longer stacks take
 * longer.
 */
const STACKED = 8;

/**
 * The plan after `iterations`, at least one, with the gradient of them all. There is no second derivative.
 *
 * @param x logits `[..., m, n]`, divided by the temperature, consumed
 * @param stopped the same without a gradient, consumed
 * @param sides consumed
 * @param stoppedSides the same without a gradient, consumed
 * @param longest iterations between two absorptions
 */
export const unrolled = jit(
  function unrolled(
    x: np.Array,
    stopped: np.Array,
    sides: Sides,
    stoppedSides: Sides,
    iterations: number,
    longest: number,
  ): np.Array {
    // Zero, with the gradient of x: what follows is linear in it.
    // Upstream: there is no way to give a function a gradient of one's own (`custom_vjp`).
    const change = x.sub(stopped.ref);
    const changes: Changes = { x: change, sides: stoppedSides, ofSides: changesOf(sides, stoppedSides) };
    const begun = firstIteration(stopped.ref, stoppedSides);
    let state = begun.state;
    const { columns } = begun.scalings;
    let a = changeOfScaling(stoppedSides.rows, changes.ofSides.rows, begun.softmax.mul(change.ref).sum(-1));
    const moved = state.kernel.ref.mul(column(state.u.ref)).mul(change.ref.add(column(a.ref)));
    let b = changeOfScaling(stoppedSides.columns, changes.ofSides.columns, columns.inverse.mul(moved.sum(-2)));
    for (let done = 1; done < iterations; done += longest) {
      if (done > 1) state = absorbed(state, stopped.ref);
      const next = run(state, stoppedSides, Math.min(longest, iterations - done));
      ({ a, b } = follow(state, next.path, changes, b));
      state = next.state;
    }
    return keepNaN(stopped, finish(state).mul(change.add(column(a)).add(row(b)).add(1)));
  },
  { staticArgnums: [4, 5] },
);

interface Changes {
  x: np.Array;
  sides: Sides;
  ofSides: Sides;
}

/**
 * The changes of the scalings at the end of a path through iterations with the kernel of a state, from those before it.
 */
function follow(
  { kernel, v }: State,
  path: Scalings[],
  { x, sides, ofSides }: Changes,
  before: np.Array,
): { a: np.Array; b: np.Array } {
  const weighted = kernel.ref.mul(x.ref);
  let [a, b] = [before, before];
  for (let i = 0; i < path.length; i += STACKED) {
    const part = path.slice(i, i + STACKED);
    const befores = [v, ...path.map(({ columns }) => columns.scaling)].slice(i, i + part.length);
    const ofRows = products(befores, np.swapaxes(weighted.ref, -1, -2));
    const ofColumns = products(
      part.map(({ rows }) => rows.scaling),
      weighted.ref,
    );
    for (const [t, { rows, columns }] of part.entries()) {
      const ofRow = ofRows[t]!.add(product(kernel.ref, befores[t]!.ref.mul(b))).mul(rows.inverse.ref);
      a = changeOfScaling(sides.rows, ofSides.rows, ofRow);
      const transposed = np.swapaxes(kernel.ref, -1, -2);
      const ofColumn = ofColumns[t]!.add(product(transposed, rows.scaling.ref.mul(a.ref))).mul(columns.inverse.ref);
      b = changeOfScaling(sides.columns, ofSides.columns, ofColumn);
    }
  }
  return { a, b };
}

/**
 * A matrix times a vector `[..., n]`. With the rows in front: the gradient by the vector is then a sum along the first
 * axis, to which the engine joins what comes after it.
 *
 * Upstream: a sum along an axis in the middle is a kernel that nothing joins, because a reshape follows it.
 */
function product(matrix: np.Array, vector: np.Array): np.Array {
  return np.moveaxis(np.moveaxis(matrix, -2, 0).mul(vector).sum(-1), 0, -1);
}

/**
 * Vectors `[..., n]` times a matrix, as one product. Its gradient is stacked before it enters the product of matrices.
 */
function products(vectors: np.Array[], matrix: np.Array): np.Array[] {
  const stacked = np.stack(
    vectors.map((vector) => vector.ref),
    -2,
  );
  return np.unstack(materializeGradient(np.matmul(stacked, matrix)), -2);
}
