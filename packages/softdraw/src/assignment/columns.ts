/** The solver behind `assignment.maximize` and the exact verbs of permutations. */

import { numpy as np } from "@jax-js/jax";
import { munkres } from "munkres";
import { type Array, checkConcrete } from "../checks.ts";

/** Column indices, int32 `[..., m]`, of the assignment with the largest sum of weights `[..., m, n]`; errors name the caller. */
export async function columnsOfLargest(where: string, name: string, weights: Array): Promise<Array> {
  checkConcrete(where, name, weights);
  const [rows, columns] = weights.shape.slice(-2) as [number, number];
  const batch = weights.shape.slice(0, -2);
  const { device } = weights;
  const values = await weights.data();
  const count = batch.reduce((a, b) => a * b, 1);
  const chosen = new Int32Array(count * rows);
  for (let i = 0; i < count; i++) {
    const size = rows * columns;
    const matrix = rowsOf(values.subarray(i * size, (i + 1) * size), columns);
    const place = (row: number) => `${where}: ${name}${batch.length > 0 ? `[${unravel(i, batch)}]` : ""}, row ${row},`;
    chosen.set(solve(matrix, place), i * rows);
  }
  return np.array(chosen, { shape: [...batch, rows], device });
}

type Matrix = ArrayLike<number>[];

/** The column of each row, -1 for none. `place` names a row for an error. */
function solve(weights: Matrix, place: (row: number) => string): number[] {
  const costs = finiteCosts(weights, place);
  const columns = weights.map(() => -1);
  for (const [row, column] of munkres(costs)) {
    if (weights[row]![column] === Number.NEGATIVE_INFINITY) {
      throw new RangeError(`${place(row)} cannot have a column of its own: no assignment avoids the forbidden pairs.`);
    }
    columns[row] = column;
  }
  return columns;
}

/** What is to be minimized. A forbidden pair costs more than any assignment without one, but is a number to count with. */
function finiteCosts(weights: Matrix, place: (row: number) => string): number[][] {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  weights.forEach((row, i) => {
    for (let j = 0; j < row.length; j++) {
      const weight = row[j]!;
      if (!(weight < Number.POSITIVE_INFINITY)) {
        throw new RangeError(
          `${place(i)} must have weights that are numbers or -Infinity, got ${weight} in column ${j}.`,
        );
      }
      if (weight === Number.NEGATIVE_INFINITY) continue;
      lowest = Math.min(lowest, weight);
      highest = Math.max(highest, weight);
    }
  });
  const forbidden = (weights.length + 1) * (Math.max(0, highest - lowest) + 1);
  return weights.map((row) =>
    globalThis.Array.from(row, (weight) => (weight === Number.NEGATIVE_INFINITY ? forbidden : highest - weight)),
  );
}

function rowsOf(
  values: ArrayLike<number> & { subarray(start: number, end: number): ArrayLike<number> },
  columns: number,
) {
  return globalThis.Array.from({ length: values.length / columns }, (_, i) =>
    values.subarray(i * columns, (i + 1) * columns),
  );
}

/** The index of the i-th entry, row by row, of an array of that shape. */
function unravel(i: number, shape: number[]): number[] {
  return shape.reduceRight<number[]>((index, size) => {
    index.unshift(i % size);
    i = Math.floor(i / size);
    return index;
  }, []);
}
