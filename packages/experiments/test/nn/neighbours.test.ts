import { random } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { majorityVote, nearestNeighbours, type Points } from "../../src/nn/neighbours.ts";

/** Points of small whole numbers: all distances are exact, and many are equal. */
function gridPoints(seed: number, count: number, dimensions: number, most = 3): Points {
  const bits = random.bits(random.key(seed), [count * dimensions]).dataSync() as Uint32Array;
  return { values: Float32Array.from(bits, (word) => word % (most + 1)), dimensions };
}

function normalPoints(seed: number, count: number, dimensions: number): Points {
  return { values: random.normal(random.key(seed), [count * dimensions]).dataSync() as Float32Array, dimensions };
}

const countOf = ({ values, dimensions }: Points) => values.length / dimensions;

function squaredDistance(queries: Points, query: number, points: Points, point: number): number {
  let sum = 0;
  for (let i = 0; i < points.dimensions; i++) {
    sum += (queries.values[query * points.dimensions + i]! - points.values[point * points.dimensions + i]!) ** 2;
  }
  return sum;
}

/** All points in order of distance; a stable sort leaves equally near ones in their order. */
function bruteForce(queries: Points, points: Points, k: number): number[] {
  const all = Array.from({ length: countOf(points) }, (_, point) => point);
  return Array.from({ length: countOf(queries) }, (_, query) => {
    const distances = all.map((point) => squaredDistance(queries, query, points, point));
    return all.toSorted((a, b) => distances[a]! - distances[b]!).slice(0, k);
  }).flat();
}

describe("nearestNeighbours", () => {
  test.each([
    { name: "a single point", queries: gridPoints(1, 3, 2), points: gridPoints(2, 1, 2), k: 1 },
    { name: "all of a few points", queries: gridPoints(3, 5, 3), points: gridPoints(4, 7, 3), k: 7 },
    { name: "points of one dimension", queries: gridPoints(5, 10, 1, 20), points: gridPoints(6, 50, 1, 20), k: 4 },
    { name: "three blocks of points", queries: gridPoints(7, 20, 5), points: gridPoints(8, 5003, 5), k: 9 },
    { name: "two blocks of queries", queries: gridPoints(9, 2001, 2, 9), points: gridPoints(10, 60, 2, 9), k: 3 },
  ])("$name: the same as sorting all distances, the first of equals first", async ({ queries, points, k }) => {
    const nearest = await nearestNeighbours(queries, points, k);
    expect([...nearest]).toEqual(bruteForce(queries, points, k));
  });

  test("of many dimensions: each neighbour is as near as the one found by sorting", async () => {
    const [queries, points] = [normalPoints(1, 15, 500), normalPoints(2, 2600, 500)];
    const nearest = await nearestNeighbours(queries, points, 9);
    const expected = bruteForce(queries, points, 9);
    nearest.forEach((point, i) => {
      const [found, right] = [point, expected[i]!].map((p) => squaredDistance(queries, Math.floor(i / 9), points, p));
      expect(found! / right!).toBeCloseTo(1, 5);
    });
  });

  test("a point is its own nearest neighbour, and its copies follow in their order", async () => {
    const { values, dimensions } = normalPoints(3, 10, 16);
    const twice = { values: Float32Array.of(...values, ...values), dimensions };
    const nearest = await nearestNeighbours({ values, dimensions }, twice, 2);
    expect([...nearest]).toEqual(Array.from({ length: 10 }, (_, i) => [i, i + 10]).flat());
  });

  test("its progress ends at all pairs", async () => {
    const done: [number, number][] = [];
    const onProgress = (...progress: [number, number]) => void done.push(progress);
    await nearestNeighbours(gridPoints(1, 2300, 2), gridPoints(2, 2600, 2), 1, onProgress);
    const total = 2300 * 2600;
    expect(done).toEqual([
      [2000 * 2500, total],
      [2300 * 2500, total],
      [2300 * 2500 + 2000 * 100, total],
      [total, total],
    ]);
  });

  test.each([0, -1, 1.5, 4, Number.NaN])("refuses %d of 3 neighbours", async (k) => {
    await expect(nearestNeighbours(gridPoints(1, 2, 2), gridPoints(2, 3, 2), k)).rejects.toThrow(
      `nearestNeighbours: k must be a whole number from 1 to the 3 points, got ${k}.`,
    );
  });

  test("refuses points of another number of dimensions", async () => {
    await expect(nearestNeighbours(gridPoints(1, 2, 2), gridPoints(2, 3, 4), 1)).rejects.toThrow(
      "nearestNeighbours: queries and points must have as many dimensions, got 2 and 4.",
    );
  });
});

describe("majorityVote", () => {
  const labels = [7, 7, 1, 1, 1, 0];

  test.each([
    ["the label that most have, wherever they are", [5, 2, 3], 1],
    ["of two labels with equally many, the one that comes first", [0, 2, 1, 3], 7],
    ["and with the other first", [2, 0, 1, 3], 1],
    ["of all different labels, the nearest's", [5, 0, 2], 0],
    ["of a tie behind a single nearest, the tie's nearer", [5, 2, 0, 1, 3], 1],
    ["of one neighbour, its label", [0], 7],
  ])("%s", (_, neighbours, expected) => {
    expect([...majorityVote(Uint32Array.from(neighbours), neighbours.length, labels)]).toEqual([expected]);
  });

  test("gives a label a query", () => {
    const neighbours = Uint32Array.of(0, 1, 5, 2, 3, 0, 5, 0, 2);
    expect(majorityVote(neighbours, 3, Uint8Array.from(labels))).toEqual(Uint8Array.of(7, 1, 0));
  });
});
