/** All subsets of a few things. */

/** C(n, k), or more than 2^53 if it is that. */
export function countSubsets(n: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= Math.min(k, n - k) && count <= Number.MAX_SAFE_INTEGER; i++) count = (count * (n - i + 1)) / i;
  return count;
}

/** The indices of each k of n, ascending, in lexicographic order: one list, which is another each time. */
export function* indicesOfSubsets(n: number, k: number): Generator<readonly number[]> {
  const indices = Array.from({ length: k }, (_, i) => i);
  for (;;) {
    yield indices;
    // The last index that has room goes on, and those after it follow.
    let last = k - 1;
    while (indices[last] === n - k + last) last--;
    if (last < 0) return;
    indices[last]!++;
    for (let i = last + 1; i < k; i++) indices[i] = indices[i - 1]! + 1;
  }
}
