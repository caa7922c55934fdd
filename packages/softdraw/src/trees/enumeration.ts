/** All trees of a few vertices. */

type Places = readonly number[];

/**
 * The places of the ones of every spanning tree, in lexicographic order of their edges, which are in the order of the
 * rows of a matrix above its diagonal.
 */
export function spanningTrees(n: number): Places[] {
  const edges = Array.from({ length: n * n }, (_, at) => [Math.floor(at / n), at % n] as const).filter(
    ([i, j]) => i < j,
  );
  const all: Places[] = [];
  // To which part of the forest each vertex belongs.
  const grow = (from: number, parts: readonly number[], places: Places) => {
    if (places.length === 2 * (n - 1)) {
      all.push(places);
      return;
    }
    for (let at = from; at < edges.length; at++) {
      const [i, j] = edges[at]!;
      const [one, other] = [parts[i]!, parts[j]!];
      if (one === other) continue;
      const joined = parts.map((part) => (part === other ? one : part));
      grow(at + 1, joined, [...places, i * n + j, j * n + i]);
    }
  };
  grow(
    0,
    Array.from({ length: n }, (_, i) => i),
    [],
  );
  return all;
}

/**
 * The places of the ones of every arborescence, in lexicographic order of the parents of the vertices one after the
 * other, where none comes before all.
 *
 * @param root the vertex that has no parent, or -1 if that may be any
 */
export function arborescences(n: number, root: number): Places[] {
  const all: Places[] = [];
  const grow = (parents: readonly number[]) => {
    const vertex = parents.length;
    if (vertex === n) {
      if (reachRoot(parents)) all.push(parents.flatMap((parent, child) => (parent < 0 ? [] : [parent * n + child])));
      return;
    }
    const mayBeRoot = root < 0 ? !parents.includes(-1) : vertex === root;
    if (mayBeRoot) grow([...parents, -1]);
    if (vertex === root) return;
    for (let parent = 0; parent < n; parent++) if (parent !== vertex) grow([...parents, parent]);
  };
  grow([]);
  return all;
}

/** Whether from every vertex a way of parents leads to one that has none, and to the same. */
function reachRoot(parents: readonly number[]): boolean {
  const n = parents.length;
  if (parents.filter((parent) => parent < 0).length !== 1) return false;
  return parents.every((_, vertex) => {
    let at = vertex;
    for (let step = 0; step < n && at >= 0; step++) at = parents[at]!;
    return at < 0;
  });
}
