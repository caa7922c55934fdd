/** All permutations of a few things. */

/** n!, or more than 2^53 if it is that. */
export function countPermutations(n: number): number {
  let count = 1;
  for (let i = 2; i <= n && count <= Number.MAX_SAFE_INTEGER; i++) count *= i;
  return count;
}

/** The index vectors of n entries, in lexicographic order. */
export function indexVectors(n: number): number[][] {
  const orders = (left: number[]): number[][] =>
    left.length === 0 ? [[]] : left.flatMap((i) => orders(left.filter((j) => j !== i)).map((rest) => [i, ...rest]));
  return orders(Array.from({ length: n }, (_, i) => i));
}
