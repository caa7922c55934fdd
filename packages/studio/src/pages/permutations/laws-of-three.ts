/** Laws of the permutations of three, by enumeration. */

import type { Matrix } from "./sinkhorn-steps.ts";

/** As columns of the rows. */
export const permutationsOfThree: Matrix = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** exp of the sum of the logits that a permutation takes, in shares of the permanent: by enumeration. */
export function gibbsLaw(logits: Matrix): number[] {
  const sums = permutationsOfThree.map((columns) =>
    columns.reduce((sum, column, row) => sum + logits[row]![column]!, 0),
  );
  const largest = Math.max(...sums);
  const weights = sums.map((sum) => Math.exp(sum - largest));
  const permanent = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / permanent);
}

/** How likely each column is for each row, by a law of the permutations of three. */
export function marginals(law: readonly number[]): number[][] {
  const matrix = [0, 1, 2].map(() => [0, 0, 0]);
  permutationsOfThree.forEach((columns, i) => {
    columns.forEach((column, row) => {
      matrix[row]![column]! += law[i]!;
    });
  });
  return matrix;
}
