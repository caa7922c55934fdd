/** Trees as the tests define them: by enumeration, and by determinants in float64. */

/** All edges of n vertices without direction, row by row. */
export function edgesOf(n: number): [number, number][] {
  return Array.from({ length: n }, (_, i) => i).flatMap((i) =>
    Array.from({ length: n - i - 1 }, (_, k): [number, number] => [i, i + 1 + k]),
  );
}

/** The subsets of k numbers below n, in lexicographic order. */
function subsets(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  return Array.from({ length: Math.max(0, n - from) }, (_, i) => from + i).flatMap((first) =>
    subsets(n, k - 1, first + 1).map((rest) => [first, ...rest]),
  );
}

/** Whether edges connect the vertices: what is reached from the first grows until it is all. */
function connects(n: number, edges: [number, number][]): boolean {
  const reached = new Set([0]);
  for (let round = 0; round < n; round++) {
    for (const [i, j] of edges) if (reached.has(i) || reached.has(j)) reached.add(i).add(j);
  }
  return reached.size === n;
}

/** The symmetric matrices of all spanning trees, in lexicographic order of their edges. */
export function spanningTreesOf(n: number): number[][] {
  const edges = edgesOf(n);
  return subsets(edges.length, n - 1)
    .map((chosen) => chosen.map((e) => edges[e]!))
    .filter((chosen) => connects(n, chosen))
    .map((chosen) => {
      const matrix = Array<number>(n * n).fill(0);
      for (const [i, j] of chosen) {
        matrix[n * i + j] = 1;
        matrix[n * j + i] = 1;
      }
      return matrix;
    });
}

/** The mean of both triangles of a matrix, 0 on the diagonal; -Infinity where one of them is that. */
export function symmetric(logits: number[], n: number): number[] {
  return logits.map((x, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return i === j ? 0 : (x + logits[n * j + i]!) / 2;
  });
}

/** The logarithm of the sum over all spanning trees: that of a minor of the Laplacian, in float64. */
export function logDeterminantOfTrees(logits: number[], n: number): number {
  const weights = symmetric(logits, n).map(Math.exp);
  const minor = Array.from({ length: n - 1 }, (_, i) =>
    Array.from({ length: n - 1 }, (_, j) => {
      if (i !== j) return -weights[n * (i + 1) + j + 1]!;
      return Array.from({ length: n }, (_, k) => (k === i + 1 ? 0 : weights[n * (i + 1) + k]!)).reduce((a, b) => a + b);
    }),
  );
  return logDeterminant(minor);
}

/** By Gauss' elimination with pivoting. */
function logDeterminant(matrix: number[][]): number {
  const a = matrix.map((row) => [...row]);
  let total = 0;
  for (let k = 0; k < a.length; k++) {
    const pivot = a.slice(k).reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(a[best]![k]!) ? k + i : best), k);
    [a[k], a[pivot]] = [a[pivot]!, a[k]!];
    total += Math.log(Math.abs(a[k]![k]!));
    for (const row of a.slice(k + 1)) {
      const factor = row[k]! / a[k]![k]!;
      for (let j = k; j < a.length; j++) row[j]! -= factor * a[k]![j]!;
    }
  }
  return total;
}

/** The law in proportion to products of weights, in float64, of some trees. */
export function gibbsLaw(trees: number[][], logits: number[], entries: 1 | 2) {
  const sums = trees.map((tree) => tree.reduce((sum, x, i) => (x === 1 ? sum + logits[i]! : sum), 0) / entries);
  const largest = sums.reduce((a, b) => Math.max(a, b));
  const weights = sums.map((sum) => Math.exp(sum - largest));
  const total = weights.reduce((a, b) => a + b);
  const logProbs = sums.map((sum) => sum - largest - Math.log(total));
  const probabilities = weights.map((weight) => weight / total);
  const marginals = logits.map((_, i) => trees.reduce((sum, tree, t) => sum + tree[i]! * probabilities[t]!, 0));
  const entropy = -probabilities.reduce((sum, p, t) => (p > 0 ? sum + p * logProbs[t]! : sum), 0);
  return { trees, sums, logProbs, probabilities, marginals, entropy, logPartition: largest + Math.log(total) };
}

/**
 * The matrices of all arborescences, in lexicographic order of the parents of the vertices, where none comes first: from
 * every vertex but one, parents lead to that.
 *
 * @param root where none is given, any
 */
export function arborescencesOf(n: number, root?: number): number[][] {
  const vertices = Array.from({ length: n }, (_, i) => i);
  const parents = vertices.reduce<number[][]>(
    (lists) => lists.flatMap((list) => [-1, ...vertices].map((parent) => [...list, parent])),
    [[]],
  );
  const rootOf = (list: number[], vertex: number) => {
    let at = vertex;
    for (let step = 0; step < n && list[at]! >= 0; step++) at = list[at]!;
    return list[at]! < 0 ? at : -1;
  };
  return parents
    .filter((list) => {
      const only = root ?? list.indexOf(-1);
      return list[only] === -1 && list.filter((x) => x < 0).length === 1 && vertices.every((v) => rootOf(list, v) >= 0);
    })
    .map((list) => {
      const matrix = Array<number>(n * n).fill(0);
      list.forEach((parent, child) => {
        if (parent >= 0) matrix[n * parent + child] = 1;
      });
      return matrix;
    });
}

/** The logarithm of the sum over all arborescences from a root: that of a minor of the Laplacian of in-degrees. */
export function logDeterminantFrom(root: number, logits: number[], n: number): number {
  const rest = Array.from({ length: n }, (_, i) => i).filter((i) => i !== root);
  const weight = (i: number, j: number) => (i === j ? 0 : Math.exp(logits[n * i + j]!));
  const arriving = (j: number) => Array.from({ length: n }, (_, i) => weight(i, j)).reduce((a, b) => a + b);
  return logDeterminant(rest.map((i) => rest.map((j) => (i === j ? arriving(j) : -weight(i, j)))));
}

/** The arborescence from a root with the largest sum, after Chu, Liu and Edmonds, in float64. */
export function largestArborescence(logits: number[], n: number, root: number): number[] {
  const edges = logits.flatMap((weight, at) => {
    const [from, to] = [Math.floor(at / n), at % n];
    return from === to || to === root ? [] : [{ from, to, weight, at }];
  });
  const tree = Array<number>(n * n).fill(0);
  for (const at of largestEdges(edges, root)) tree[at] = 1;
  return tree;
}

interface Edge {
  from: number;
  to: number;
  weight: number;
  /** What it stands for. */
  at: number;
}

function largestEdges(edges: Edge[], root: number): number[] {
  const best = new Map<number, Edge>();
  for (const edge of edges) if (edge.weight > (best.get(edge.to)?.weight ?? -Infinity)) best.set(edge.to, edge);
  const circle = circleOf(best, root);
  if (circle === undefined) return [...best.values()].map(({ at }) => at);
  // The circle becomes one vertex, and an edge that enters it is worth what it is more than that which it replaces.
  const joined = circle[0]!;
  const isIn = (vertex: number) => circle.includes(vertex);
  const byIndex = edges.flatMap((edge, index) => {
    if (isIn(edge.from) && isIn(edge.to)) return [];
    return [
      {
        from: isIn(edge.from) ? joined : edge.from,
        to: isIn(edge.to) ? joined : edge.to,
        weight: isIn(edge.to) ? edge.weight - best.get(edge.to)!.weight : edge.weight,
        at: index,
      },
    ];
  });
  const chosen = largestEdges(byIndex, root).map((index) => edges[index]!);
  const entered = chosen.find(({ to }) => isIn(to))!.to;
  const kept = circle.filter((vertex) => vertex !== entered).map((vertex) => best.get(vertex)!);
  return [...chosen, ...kept].map(({ at }) => at);
}

/** The vertices of a circle of edges, one to each vertex, if there is one. */
function circleOf(best: Map<number, Edge>, root: number): number[] | undefined {
  for (const start of best.keys()) {
    const way: number[] = [];
    for (let at = start; at !== root; at = best.get(at)!.from) {
      if (way.includes(at)) return way.slice(way.indexOf(at));
      way.push(at);
    }
  }
  return undefined;
}
