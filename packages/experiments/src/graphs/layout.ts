/**
 * Trees that are being laid out: every frame is one iteration of a force-directed layout.
 *
 * The graphs, the forces and their sampling are those of the layouts in Paulus, Choi, Tarlow, Krause, Maddison, "Gradient
 * Estimation with Stochastic Softmax Tricks", 2020, by its published code:
 * - every pair of vertices draws a weight, independent of the others, and the largest spanning tree is the graph. This is
 *   not uniform over trees;
 * - places begin normal with deviation 1;
 * - the forces are those of Fruchterman and Reingold, "Graph Drawing by Force-Directed Placement", 1991: with k the root of
 *   1/n, all vertices push each other apart by k^2/distance, and an edge pulls its ends together by distance^2/k;
 * - an iteration moves every vertex along the force on it, by a tenth of the longer side of what all take up, however large
 *   the force. Only forces below 0.01 move less: by ten times the force of that;
 * - after each iteration places are moved and scaled: their mean is 0, and the largest coordinate 1 or -1. The first frame
 *   is that after the first iteration.
 *
 * All is in float64. The same seed gives the same bytes.
 */

import { checkWish, drawnWords, normalsOf } from "./drawing.ts";
import { FEATURES, type Simulations, type Wish } from "./systems.ts";

/** Vertices of a graph at one moment. They move as they are laid out. */
export interface Layout {
  readonly vertices: number;
  /** `[vertices, vertices]`, symmetric: 1 for an edge. */
  readonly edges: Uint8Array;
  /** `[vertices]` each. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A move is this share of the longer side. */
const MOVE = 0.1;

/** Vertices nearer than this push each other apart as at this distance. */
const SMALLEST_DISTANCE = 0.01;

/** Forces below this count as weak: one is divided by `WEAK` in place of its size. */
const WEAKEST_FORCE = 0.01;
const WEAK = 0.1;

// Layout --------------------------------------------------------------------------------------------------------------

/** One iteration. */
export function layOut(layout: Layout): void {
  const { vertices, x, y } = layout;
  const move = MOVE * Math.max(extentOf(x), extentOf(y));
  const [forceX, forceY] = forcesOf(layout);
  for (let i = 0; i < vertices; i++) {
    const size = Math.hypot(forceX[i]!, forceY[i]!);
    const share = move / (size < WEAKEST_FORCE ? WEAK : size);
    x[i] = x[i]! + share * forceX[i]!;
    y[i] = y[i]! + share * forceY[i]!;
  }
  rescale(layout);
}

/** The sums of what pushes and pulls each vertex. */
function forcesOf({ vertices, edges, x, y }: Layout): [x: Float64Array, y: Float64Array] {
  const k = Math.sqrt(1 / vertices);
  const [forceX, forceY] = [new Float64Array(vertices), new Float64Array(vertices)];
  for (let i = 0; i < vertices; i++) {
    for (let j = 0; j < i; j++) {
      const [apartX, apartY] = [x[i]! - x[j]!, y[i]! - y[j]!];
      const distance = Math.max(SMALLEST_DISTANCE, Math.hypot(apartX, apartY));
      // Both forces over the distance, so that what is apart gives them their direction.
      const force = (k / distance) ** 2 - (edges[i * vertices + j] === 1 ? distance / k : 0);
      forceX[i] = forceX[i]! + force * apartX;
      forceY[i] = forceY[i]! + force * apartY;
      forceX[j] = forceX[j]! - force * apartX;
      forceY[j] = forceY[j]! - force * apartY;
    }
  }
  return [forceX, forceY];
}

function extentOf(values: Float64Array): number {
  return Math.max(...values) - Math.min(...values);
}

/** Moves the mean to 0, and scales the largest coordinate to 1 or -1. */
function rescale({ x, y }: Layout): void {
  for (const values of [x, y]) {
    const mean = values.reduce((sum, value) => sum + value) / values.length;
    values.forEach((value, i) => {
      values[i] = value - mean;
    });
  }
  const largest = Math.max(...x.map(Math.abs), ...y.map(Math.abs));
  for (const values of [x, y]) {
    values.forEach((value, i) => {
      values[i] = value / largest;
    });
  }
}

// Beginnings ----------------------------------------------------------------------------------------------------------

/** Trees and where their vertices begin. */
export async function* beginnings(wish: Omit<Wish, "frames">): AsyncGenerator<Layout, void, void> {
  const vertices = wish.particles;
  const pairs = (vertices * (vertices - 1)) / 2;
  for await (const words of drawnWords(wish, pairs + 2 * vertices)) {
    const layout: Layout = {
      vertices,
      edges: largestTree(vertices, words.subarray(0, pairs)),
      x: new Float64Array(vertices),
      y: new Float64Array(vertices),
    };
    for (let i = 0; i < vertices; i++) {
      const word = pairs + 2 * i;
      [layout.x[i], layout.y[i]] = normalsOf(words[word]!, words[word + 1]!);
    }
    yield layout;
  }
}

/**
 * The spanning tree with the largest weights, edge by edge (Kruskal 1956). What the weights are does not matter, only their
 * order.
 *
 * @param weights of the pairs i, j with j below i, row by row
 */
function largestTree(vertices: number, weights: Uint32Array): Uint8Array {
  const edges = new Uint8Array(vertices * vertices);
  const pairs = Array.from({ length: vertices }, (_, i) => Array.from({ length: i }, (_, j) => ({ i, j }))).flat();
  const order = pairs.map((_, pair) => pair).sort((a, b) => weights[b]! - weights[a]!);
  // Of every vertex the name of those that it is connected with.
  const names = Array.from({ length: vertices }, (_, i) => i);
  for (const pair of order) {
    const { i, j } = pairs[pair]!;
    const [kept, gone] = [names[i]!, names[j]!];
    if (kept === gone) continue;
    edges[i * vertices + j] = 1;
    edges[j * vertices + i] = 1;
    names.forEach((name, vertex) => {
      if (name === gone) names[vertex] = kept;
    });
  }
  return edges;
}

// Simulations ---------------------------------------------------------------------------------------------------------

/**
 * Lays out so many trees for so many frames.
 *
 * @throws RangeError for numbers of vertices, trees or frames that are no whole numbers in range
 */
export async function simulateLayouts(wish: Wish): Promise<Simulations> {
  checkWish(wish);
  const { particles, count, frames } = wish;
  const paths = new Float32Array(count * particles * frames * FEATURES.layout);
  const edges = new Uint8Array(count * particles * particles);
  let row = 0;
  for await (const layout of beginnings(wish)) {
    edges.set(layout.edges, row * particles * particles);
    for (let frame = 0; frame < frames; frame++) {
      layOut(layout);
      layout.x.forEach((x, i) => {
        paths.set([x, layout.y[i]!], ((row * particles + i) * frames + frame) * FEATURES.layout);
      });
    }
    row++;
  }
  return { system: "layout", count, particles, frames, paths, edges };
}
