/** Assignments of a batch of matrices, as `assignment.maximize` and the exact verbs of permutations ask for them. */

import { numpy as np } from "@jax-js/jax";
import { firstOfLargest, MOST_FIRST } from "./first.ts";
import { assign } from "./solver.ts";

type Values = Awaited<ReturnType<np.Array["data"]>>;

/**
 * Column indices, int32 `[..., m]`, of the assignment with the largest sum of weights `[..., m, n]`, which have values
 * to read; errors name the caller.
 *
 * @param isFirst whether it is the first of equals that is wanted, of squares up to `MOST_FIRST`
 */
export async function columnsOfLargest(
  where: string,
  name: string,
  weights: np.Array,
  isFirst = false,
): Promise<np.Array> {
  const [rows = 0, columns = 0] = weights.shape.slice(-2);
  const batch = weights.shape.slice(0, -2);
  const { device } = weights;
  const values = await weights.data();
  const count = batch.reduce((a, b) => a * b, 1);
  const chosen = new Int32Array(count * rows);
  for (let i = 0; i < count; i++) {
    const size = rows * columns;
    const matrix = values.subarray(i * size, (i + 1) * size);
    const place = `${where}: ${name}${batch.length > 0 ? `[${unravel(i, batch)}]` : ""}`;
    const spread = spreadOf(matrix, columns, place);
    const first = isFirst && rows === columns && rows <= MOST_FIRST ? firstOfLargest(matrix, rows) : undefined;
    chosen.set(first ?? solve(matrix, rows, columns, spread, place), i * rows);
  }
  return np.array(chosen, { shape: [...batch, rows], device });
}

/** The column of each row, -1 for none. `place` names the matrix for an error. */
function solve(weights: Values, rows: number, columns: number, spread: number, place: string): Int32Array {
  const refuse = (line: string, other: string) => {
    throw new RangeError(
      `${place}, ${line}, cannot have a ${other} of its own: no assignment avoids the forbidden pairs.`,
    );
  };
  if (rows <= columns) return assign(weights, rows, columns, spread, (row) => refuse(`row ${row}`, "column"));
  const rowOf = assign(transposed(weights, rows, columns), columns, rows, spread, (column) =>
    refuse(`column ${column}`, "row"),
  );
  const columnOf = new Int32Array(rows).fill(-1);
  rowOf.forEach((row, column) => {
    columnOf[row] = column;
  });
  return columnOf;
}

/** The difference of the largest and the smallest weight that is a number. */
function spreadOf(weights: Values, columns: number, place: string): number {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight < Number.POSITIVE_INFINITY)) {
      throw new RangeError(
        `${place}, row ${Math.floor(i / columns)}, must have weights that are numbers or -Infinity, got ${weight} in column ${i % columns}.`,
      );
    }
    if (weight > highest) highest = weight;
    if (weight < lowest && weight > Number.NEGATIVE_INFINITY) lowest = weight;
  }
  return Math.max(0, highest - lowest);
}

function transposed(weights: Values, rows: number, columns: number): Float64Array {
  return Float64Array.from(weights, (_, k) => weights[(k % rows) * columns + Math.floor(k / rows)]!);
}

/** The index of the i-th entry, row by row, of an array of that shape. */
function unravel(i: number, shape: number[]): number[] {
  return shape.reduceRight<number[]>((index, size) => {
    index.unshift(i % size);
    i = Math.floor(i / size);
    return index;
  }, []);
}
