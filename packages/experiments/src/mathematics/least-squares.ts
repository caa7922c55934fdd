/** The line through points, on the host and in float64. */

/** What is added to the diagonal, as a share of it: entries that depend on each other linearly have no one solution. */
const RIDGE = 1e-9;

/**
 * The weights w and the constant u that make `sum_i (w . x_i + u - y_i)^2` least, and of several such the shortest, nearly.
 *
 * @param x row by row
 * @returns w, and u behind it
 */
export function linearFit(x: ArrayLike<number>, y: ArrayLike<number>): number[] {
  const n = x.length / y.length;
  const size = n + 1;
  const entry = (row: number, i: number) => (i === n ? 1 : x[row * n + i]!);
  const normal = Array.from({ length: size }, () => new Float64Array(size));
  const right = new Float64Array(size);
  for (let row = 0; row < y.length; row++) {
    for (let i = 0; i < size; i++) {
      right[i]! += entry(row, i) * y[row]!;
      for (let j = 0; j < size; j++) normal[i]![j]! += entry(row, i) * entry(row, j);
    }
  }
  for (let i = 0; i < size; i++) normal[i]![i]! += RIDGE * y.length;
  return solve(normal, right);
}

/** Solves `A x = b` for a positive definite A by elimination. Overwrites both. */
function solve(matrix: readonly Float64Array[], right: Float64Array): number[] {
  const size = right.length;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = matrix[row]![pivot]! / matrix[pivot]![pivot]!;
      for (let j = pivot; j < size; j++) matrix[row]![j]! -= factor * matrix[pivot]![j]!;
      right[row]! -= factor * right[pivot]!;
    }
  }
  const x = new Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    const rest = x.reduce((sum, value, j) => (j > row ? sum + matrix[row]![j]! * value : sum), 0);
    x[row] = (right[row]! - rest) / matrix[row]![row]!;
  }
  return x;
}
