import { describe, expect, test } from "vitest";
import { beginnings, type Layout, layOut, simulateLayouts } from "../src/graphs/layout.ts";
import { mean, sum } from "./support.ts";

const wish = { particles: 4, count: 3, frames: 5, seed: 9, part: "train" } as const;

const range = (length: number) => Array.from({ length }, (_, i) => i);

function layoutOf(places: [x: number, y: number][], edges: [number, number][]): Layout {
  const vertices = places.length;
  const matrix = new Uint8Array(vertices * vertices);
  for (const [i, j] of edges) {
    matrix[i * vertices + j] = 1;
    matrix[j * vertices + i] = 1;
  }
  const column = (axis: 0 | 1) => Float64Array.from(places, (place) => place[axis]);
  return { vertices, edges: matrix, x: column(0), y: column(1) };
}

async function drawn(vertices: number, count: number): Promise<Layout[]> {
  const all: Layout[] = [];
  for await (const layout of beginnings({ particles: vertices, count, seed: 3, part: "train" })) all.push(layout);
  return all;
}

const degreesOf = ({ vertices, edges }: Layout) =>
  range(vertices).map((i) => sum([...edges.subarray(i * vertices, (i + 1) * vertices)]));

describe("an iteration", () => {
  test("moves every vertex by a tenth of the side along the force on it, and scales what comes of that", () => {
    const layout = layoutOf(
      [
        [-1, 0],
        [0, 0],
        [1, 0],
      ],
      [[0, 1]],
    );
    layOut(layout);
    // The edge pulls the first to the right by more than the others push it, and the middle, which both push, to the left.
    const places = [-0.8, -0.2, 1.2];
    const middle = mean(places);
    places.forEach((place, i) => {
      expect(layout.x[i]).toBeCloseTo((place - middle) / (1.2 - middle), 12);
      expect(layout.y[i]).toBe(0);
    });
  });

  test("moves along the sum of what pushes by k^2 over the distance and pulls by its square over k", () => {
    const [places, edges]: [[number, number][], [number, number][]] = [
      [
        [0.9, 0.1],
        [-1, 0.4],
        [0.3, -0.5],
      ],
      [
        [0, 1],
        [1, 2],
      ],
    ];
    const layout = layoutOf(places, edges);
    layOut(layout);
    const k = Math.sqrt(1 / 3);
    const moved = places.map(([x, y], i) => {
      const forces = places.flatMap(([otherX, otherY], j) => {
        if (i === j) return [];
        const distance = Math.hypot(x - otherX, y - otherY);
        const isEdge = edges.some((edge) => edge.includes(i) && edge.includes(j));
        const force = k ** 2 / distance - (isEdge ? distance ** 2 / k : 0);
        return [[(force * (x - otherX)) / distance, (force * (y - otherY)) / distance] as const];
      });
      const [forceX, forceY] = [sum(forces.map(([fx]) => fx)), sum(forces.map(([, fy]) => fy))];
      const share = 0.19 / Math.hypot(forceX, forceY);
      return [x + share * forceX, y + share * forceY] as const;
    });
    const [middleX, middleY] = [mean(moved.map(([x]) => x)), mean(moved.map(([, y]) => y))];
    const centred = moved.map(([x, y]) => [x - middleX, y - middleY] as const);
    const largest = Math.max(...centred.flat().map(Math.abs));
    centred.forEach(([x, y], i) => {
      expect(layout.x[i]).toBeCloseTo(x / largest, 12);
      expect(layout.y[i]).toBeCloseTo(y / largest, 12);
    });
  });

  test("after a few, what an edge joins is nearer than what none joins", async () => {
    const layouts = await drawn(8, 20);
    const distances: [number[], number[]] = [[], []];
    for (const layout of layouts) {
      for (let iteration = 0; iteration < 30; iteration++) layOut(layout);
      const { vertices, edges, x, y } = layout;
      for (const i of range(vertices)) {
        for (const j of range(i)) {
          distances[edges[i * vertices + j] as 0 | 1].push(Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!));
        }
      }
    }
    expect(mean(distances[1])).toBeLessThan(0.6 * mean(distances[0]));
  });
});

describe("the graphs", () => {
  test("are trees, symmetric, without loops", async () => {
    for (const layout of await drawn(7, 50)) {
      const { vertices, edges } = layout;
      expect(sum([...edges])).toBe(2 * (vertices - 1));
      const reached = new Set([0]);
      for (const _ of range(vertices)) {
        for (const i of reached) for (const j of range(vertices)) if (edges[i * vertices + j] === 1) reached.add(j);
      }
      expect(reached.size).toBe(vertices);
      for (const i of range(vertices)) {
        expect(edges[i * vertices + i]).toBe(0);
        for (const j of range(i)) expect(edges[i * vertices + j]).toBe(edges[j * vertices + i]);
      }
    }
  });

  // Each bound is five standard errors: a false alarm once in a million seeds.
  test("are those of the largest random weights, in which stars are likelier than among all trees", async () => {
    const layouts = await drawn(4, 1000);
    const stars = layouts.filter((layout) => Math.max(...degreesOf(layout)) === 3).length;
    // After two edges that meet, with probability 4/5, the fourth vertex joins the middle one time in three.
    const probability = (4 / 5) * (1 / 3);
    const error = Math.sqrt((probability * (1 - probability)) / 1000);
    expect(Math.abs(stars / 1000 - probability)).toBeLessThan(5 * error);
    const places = layouts.flatMap(({ x, y }) => [...x, ...y]);
    expect(Math.abs(mean(places))).toBeLessThan(5 / Math.sqrt(places.length));
    expect(Math.abs(mean(places.map((place) => place ** 2)) - 1)).toBeLessThan(5 * Math.sqrt(2 / places.length));
  });
});

describe("simulations", () => {
  test("are the same bytes for the same seed, others for another seed and part, and those of few the first of many", async () => {
    const first = await simulateLayouts(wish);
    expect(await simulateLayouts(wish)).toEqual(first);
    expect((await simulateLayouts({ ...wish, seed: 10 })).paths).not.toEqual(first.paths);
    expect((await simulateLayouts({ ...wish, part: "test" })).edges).not.toEqual(first.edges);
    const many = await simulateLayouts({ ...wish, count: 300 });
    expect(many.paths.subarray(0, first.paths.length)).toEqual(first.paths);
  });

  test("are centred and scaled in every frame", async () => {
    const { paths, count, particles, frames } = await simulateLayouts(wish);
    for (const row of range(count)) {
      for (const frame of range(frames)) {
        const columns = [0, 1].map((axis) =>
          range(particles).map((i) => paths[((row * particles + i) * frames + frame) * 2 + axis]!),
        );
        for (const column of columns) expect(mean(column)).toBeCloseTo(0, 6);
        expect(Math.max(...columns.flat().map(Math.abs))).toBe(1);
      }
    }
  });

  test("of too few vertices are refused", async () => {
    await expect(simulateLayouts({ ...wish, particles: 1 })).rejects.toThrow("particles must be a whole number from 2");
  });
});
