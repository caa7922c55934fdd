/**
 * Exact k nearest neighbours, block by block, so that memory is bounded whatever the number of points.
 *
 * @module
 */

import { jit, lax, numpy as np } from "@jax-js/jax";

/** Points as rows of `dimensions` numbers. */
export interface Points {
  readonly values: Float32Array;
  readonly dimensions: number;
}

/** Points multiplied at once: 2,000 x 2,500 products are 20 MB. */
const QUERIES_AT_ONCE = 2000;
const POINTS_AT_ONCE = 2500;

/**
 * The k points nearest to each query in Euclidean distance, nearest first; of equally near ones the first.
 *
 * @param onProgress called with the queries times points compared, and all of them
 * @returns indices `[queries, k]`
 * @throws RangeError for another number of dimensions, or fewer than k points
 */
export async function nearestNeighbours(
  queries: Points,
  points: Points,
  k: number,
  onProgress?: (done: number, total: number) => void | Promise<void>,
): Promise<Uint32Array> {
  const [queryCount, pointCount] = checkPoints(queries, points, k);
  const norms = squaredNorms(points, pointCount);
  const nearest = shortLists(queryCount, k);
  for (let first = 0; first < pointCount; first += POINTS_AT_ONCE) {
    const block = rowsOf(points, first, Math.min(POINTS_AT_ONCE, pointCount - first));
    for (let query = 0; query < queryCount; query += QUERIES_AT_ONCE) {
      const asked = rowsOf(queries, query, Math.min(QUERIES_AT_ONCE, queryCount - query));
      const [rows, columns] = [asked.shape[0]!, block.shape[0]!];
      const dots = (await productsKernel(asked, block.ref).data()) as Float32Array;
      // |q|^2 is the same for all points, so |p|^2 - 2 q.p orders them by distance.
      for (let row = 0; row < rows; row++) {
        nearest.offer(query + row, first, dots.subarray(row * columns, (row + 1) * columns), norms);
      }
      await onProgress?.(first * queryCount + (query + rows) * columns, queryCount * pointCount);
    }
    block.dispose();
  }
  return nearest.indices;
}

const productsKernel = jit(function products(queries: np.Array, points: np.Array) {
  return lax.dot(queries, points, { lhsContractingDims: [1], rhsContractingDims: [1] });
});

/** The k nearest so far of every query, in order. */
function shortLists(queryCount: number, k: number) {
  const distances = new Float64Array(queryCount * k).fill(Number.POSITIVE_INFINITY);
  const indices = new Uint32Array(queryCount * k);
  const insert = (from: number, distance: number, index: number) => {
    let place = from + k - 1;
    for (; place > from && distances[place - 1]! > distance; place--) {
      distances[place] = distances[place - 1]!;
      indices[place] = indices[place - 1]!;
    }
    distances[place] = distance;
    indices[place] = index;
  };
  const offer = (query: number, first: number, dots: Float32Array, norms: Float64Array) => {
    const from = query * k;
    let farthest = distances[from + k - 1]!;
    for (let i = 0; i < dots.length; i++) {
      const distance = norms[first + i]! - 2 * dots[i]!;
      if (distance >= farthest) continue;
      insert(from, distance, first + i);
      farthest = distances[from + k - 1]!;
    }
  };
  return { indices, offer };
}

/**
 * The label that most of the k neighbours have; of labels with equally many, the one whose nearest is nearer.
 *
 * @param neighbours indices `[queries, k]`, nearest first
 * @returns a label a query
 */
export function majorityVote(neighbours: Uint32Array, k: number, labels: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: neighbours.length / k }, (_, query) => {
    const votes = new Map<number, number>();
    for (const neighbour of neighbours.subarray(query * k, (query + 1) * k)) {
      votes.set(labels[neighbour]!, (votes.get(labels[neighbour]!) ?? 0) + 1);
    }
    // A map keeps the order of insertion, which here is by distance, and the first of equals wins.
    return [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
  });
}

function rowsOf({ values, dimensions }: Points, first: number, count: number): np.Array {
  const rows = values.subarray(first * dimensions, (first + count) * dimensions) as Float32Array<ArrayBuffer>;
  return np.array(rows, { shape: [count, dimensions] });
}

function squaredNorms({ values, dimensions }: Points, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, point) => {
    let sum = 0;
    for (let i = point * dimensions; i < (point + 1) * dimensions; i++) sum += values[i]! * values[i]!;
    return sum;
  });
}

function checkPoints(queries: Points, points: Points, k: number): [queries: number, points: number] {
  if (queries.dimensions !== points.dimensions) {
    throw new RangeError(
      `nearestNeighbours: queries and points must have as many dimensions, got ${queries.dimensions} and ${points.dimensions}.`,
    );
  }
  const [queryCount, pointCount] = [queries, points].map(({ values, dimensions }) => values.length / dimensions) as [
    number,
    number,
  ];
  if (Number.isInteger(k) && k >= 1 && k <= pointCount) return [queryCount, pointCount];
  throw new RangeError(`nearestNeighbours: k must be a whole number from 1 to the ${pointCount} points, got ${k}.`);
}
