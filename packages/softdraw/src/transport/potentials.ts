/**
 * Sinkhorn's iterations by their potentials, the logarithms of the scalings: right at any temperature, with any sums and
 * penalties, and from any beginning. Each normalization is a sum of exponentials below the largest of its row, so nothing
 * that counts is lost, and no scaling is formed, which a penalty can make larger than float32 holds. It takes two
 * exponentials of the whole matrix an iteration; where sums are known and of about one size, stabilized.ts has fewer.
 *
 * Chizat, Peyre, Schmitzer, Vialard, "Scaling Algorithms for Unbalanced Optimal Transport Problems", 2018.
 */

import { jit, numpy as np, tree } from "@jax-js/jax";
import { keepNaN } from "../lawful.ts";
import { materialize } from "../materialize.ts";
import { column, row } from "../rows.ts";
import { changeOfScaling, changesOf, levelOfSum, potentialOf, type Side, type Sides, wherePlan } from "./sums.ts";

/** The logarithms of the scalings of rows and columns. */
export interface Potentials {
  rows: np.Array;
  columns: np.Array;
  [name: string]: np.Array;
}

/**
 * Iterations are compiled one after the other. Outside a jitted function so many are compiled at a time, and used again
 * and again.
 *
 * Upstream: there are no loops (`scan`, `while_loop`).
 */
const PIECE = 10;

/** The largest float32 or so: a mass that is no number yet. */
const LARGEST_MASS = 3e38;

/** One normalization, of all rows or of all columns. */
interface Normalization {
  /** The exponentials, the largest of each row (or column) being 1. */
  weights: np.Array;
  /** 1 over their sums. */
  inverse: np.Array;
  /** The logarithm of the scaling; of a side with a power, what it is the power of. */
  level: np.Array;
  /** The logarithm of the scaling. */
  potential: np.Array;
  /** What the weights are multiplied by for the plan that is normalized. */
  scaling(): np.Array;
}

function normalization(x: np.Array, other: np.Array | undefined, side: Side, axis: -1 | -2): Normalization {
  const [beside, across] = axis === -1 ? [column, row] : [row, column];
  const exponent = other === undefined ? x : x.add(across(other));
  const largest = np.max(exponent.ref, axis);
  const weights = np.exp(exponent.sub(beside(largest.ref)));
  const inverse = np.reciprocal(weights.ref.sum(axis));
  const level = levelOfSum(side, inverse.ref).sub(largest.ref);
  const potential = materialize(potentialOf(side, level.ref));
  const { sums, power } = side;
  const scaling = () => {
    if (power !== undefined) return np.exp(potential.ref.add(largest.ref));
    return sums === undefined ? inverse.ref : sums.ref.mul(inverse.ref);
  };
  return { weights, inverse, level, potential, scaling };
}

/** So many iterations from the potentials of the columns, at least one. */
function iterated(x: np.Array, sides: Sides, columns: np.Array | undefined, iterations: number): Potentials {
  let [f, g] = [columns, columns];
  for (let i = 0; i < iterations; i++) {
    f = normalization(x.ref, g, sides.rows, -1).potential;
    g = normalization(x.ref, f.ref, sides.columns, -2).potential;
  }
  return { rows: f!, columns: g! };
}

/** The first iteration. */
export const start = jit(function start(x: np.Array, sides: Sides): Potentials {
  return iterated(x, sides, sides.columns.start?.ref, 1);
});

/** So many further iterations. */
export const advance = jit(
  function advance({ columns, rows }: Potentials, x: np.Array, sides: Sides, iterations: number): Potentials {
    rows.dispose();
    return iterated(x, sides, columns, iterations);
  },
  { staticArgnums: [3] },
);

/**
 * The potentials after `iterations`, at least one.
 *
 * @param x logits `[..., m, n]` with 0 the largest of each row, consumed
 * @param sides kept
 */
export function potentialsAfter(x: np.Array, sides: Sides, iterations: number): Potentials {
  let reached = start(x.ref, tree.ref(sides));
  for (let done = 1; done < iterations; done += PIECE) {
    reached = advance(reached, x.ref, tree.ref(sides), Math.min(PIECE, iterations - done));
  }
  x.dispose();
  return reached;
}

/** The plan of potentials, of which those of the columns are the last. */
export const planOfPotentials = jit(function planOfPotentials(
  { rows, columns }: Potentials,
  x: np.Array,
  sides: Sides,
): np.Array {
  columns.dispose();
  const { weights, scaling } = normalization(x, rows, sides.columns, -2);
  return weights.mul(row(scaling()));
});

/** The logarithms of what the powers are applied to. */
export const levelsOf = jit(function levels({ rows, columns }: Potentials, x: np.Array, sides: Sides): Potentials {
  const ofRows = normalization(x.ref, columns, sides.rows, -1);
  return { rows: ofRows.level, columns: normalization(x, rows, sides.columns, -2).level };
});

/** By how much one more scaling would change the sum of a row, at most, `[...]`. */
export const drift = jit(function drift({ rows, columns }: Potentials, x: np.Array, sides: Sides): np.Array {
  const { weights, inverse, level, potential } = normalization(x.ref, columns, sides.rows, -1);
  weights.dispose();
  const logOfSum = levelOfSum(sides.rows, inverse).sub(level);
  const mass = (f: np.Array) => np.minimum(np.exp(f.add(logOfSum.ref)), LARGEST_MASS);
  return wherePlan(x, np.max(np.absolute(mass(potential).sub(mass(rows))), -1));
});

/**
 * The plan after `iterations`, at least one, with the gradient of them all, in memory of a few vectors an iteration: see
 * unrolled.ts. There is no second derivative.
 *
 * @param x logits `[..., m, n]`, divided by the temperature, consumed
 * @param stopped the same without a gradient, consumed
 * @param sides consumed
 * @param stoppedSides the same without a gradient, consumed
 */
export const unrolledByPotentials = jit(
  function unrolled(x: np.Array, stopped: np.Array, sides: Sides, stoppedSides: Sides, iterations: number): np.Array {
    // Zero, with the gradient of x: what follows is linear in it.
    const change = x.sub(stopped.ref);
    const changes = changesOf(sides, stoppedSides);
    const { rows, columns } = stoppedSides;
    let b: np.Array | undefined;
    let a: np.Array;
    let g = columns.start?.ref;
    for (let i = 0; ; i++) {
      const ofRows = normalization(stopped.ref, g, rows, -1);
      const moved = b === undefined ? change.ref : change.ref.add(row(b));
      const ofRow = ofRows.weights.mul(moved).sum(-1).mul(ofRows.inverse);
      a = changeOfScaling(rows, changes.rows, ofRow, ofRows.level);
      const ofColumns = normalization(stopped.ref, ofRows.potential, columns, -2);
      const ofColumn = ofColumns.weights.ref
        .mul(change.ref.add(column(a.ref)))
        .sum(-2)
        .mul(ofColumns.inverse.ref);
      b = changeOfScaling(columns, changes.columns, ofColumn, ofColumns.level);
      if (i === iterations - 1) {
        const plan = ofColumns.weights.mul(row(ofColumns.scaling()));
        return keepNaN(stopped, plan.mul(change.add(column(a)).add(row(b)).add(1)));
      }
      ofColumns.weights.dispose();
      g = ofColumns.potential;
    }
  },
  { staticArgnums: [4] },
);
