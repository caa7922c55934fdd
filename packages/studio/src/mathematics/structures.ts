/** A subset and a tree, softened, in plain numbers: the library's formulas, by a test. A permutation is softened by its own page. */

import { softmax } from "./choice.ts";

/** `y_i = sigmoid((key_i - t) / T)`, with t such that they sum to k: the library's threshold relaxation. */
export function softSubset(keys: readonly number[], k: number, temperature: number): number[] {
  return sigmoids(keys, thresholdOf(keys, k, temperature), temperature);
}

/** That t, to the last digit, for k below the number of keys. */
export function thresholdOf(keys: readonly number[], k: number, temperature: number): number {
  // The sum of the sigmoids falls as t grows.
  let [low, high] = [Math.min(...keys) - 40 * temperature, Math.max(...keys) + 40 * temperature];
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    const sum = sigmoids(keys, middle, temperature).reduce((a, b) => a + b, 0);
    if (sum > k) low = middle;
    else high = middle;
  }
  return low;
}

function sigmoids(keys: readonly number[], t: number, temperature: number): number[] {
  return keys.map((key) => 1 / (1 + Math.exp((t - key) / temperature)));
}

/** A tree is a list of the numbers of its edges. */
type Tree = readonly number[];

/** The spanning trees of n vertices, by trying all choices of n - 1 edges: for a few vertices. */
export function spanningTrees(edges: readonly { readonly from: number; readonly to: number }[], n: number): Tree[] {
  const grow = (tree: Tree, groups: readonly number[], next: number): Tree[] => {
    if (tree.length === n - 1) return [tree];
    return edges.slice(next).flatMap(({ from, to }, i) => {
      const [a, b] = [groups[from]!, groups[to]!];
      if (a === b) return [];
      const joined = groups.map((group) => (group === b ? a : group));
      return grow([...tree, next + i], joined, next + i + 1);
    });
  };
  return grow(
    [],
    Array.from({ length: n }, (_, vertex) => vertex),
    0,
  );
}

/** How likely each edge is in a tree that weighs `exp(sum of its keys / T)`: the library's relaxed tree. */
export function softTree(keys: readonly number[], trees: readonly Tree[], temperature: number): number[] {
  const scores = trees.map((tree) => tree.reduce((sum, edge) => sum + keys[edge]!, 0));
  const shares = softmax(scores, temperature);
  return keys.map((_, edge) => trees.reduce((sum, tree, i) => (tree.includes(edge) ? sum + shares[i]! : sum), 0));
}
