/** Many examples, some at a time. */

/** Blocks of at most `size` that make up 0 to `count - 1`: the first number of each, and how many it has. */
export function* blocksOf(count: number, size: number): Generator<{ first: number; size: number }> {
  for (let first = 0; first < count; first += size) yield { first, size: Math.min(size, count - first) };
}
