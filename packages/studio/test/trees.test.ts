import { expect, test } from "vitest";
import { edgesOf, edgeValues, matrixOf } from "../src/pages/trees/edges.ts";
import { drawnTrees, perturbedTrees, treeLaw } from "../src/pages/trees/tasks.ts";

const four = { vertices: 4, logits: [2, 0, 1, 0, 0, -1] };
const five = { vertices: 5, logits: [2, 0, 1, 0, 0, -1, 0.5, -2, 1, 0] };

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
}

/** Whether edges join all vertices, by walking along them. */
function isTree(tree: readonly number[], vertices: number): boolean {
  const taken = edgesOf(vertices).filter((_, i) => tree[i] === 1);
  const reached = new Set([0]);
  for (let round = 0; round < vertices; round++) {
    for (const { from, to } of taken) {
      if (reached.has(from)) reached.add(to);
      if (reached.has(to)) reached.add(from);
    }
  }
  return taken.length === vertices - 1 && reached.size === vertices;
}

test("edges have names and places in a matrix; those of fewer vertices come first", () => {
  expect(edgesOf(4).map(({ name }) => name)).toEqual(["AB", "AC", "BC", "AD", "BD", "CD"]);
  expect(edgesOf(5).slice(0, 6)).toEqual(edgesOf(4));
  expect(matrixOf([1, 2, 3], 3)).toEqual([
    [0, 1, 2],
    [1, 0, 3],
    [2, 3, 0],
  ]);
  expect(edgeValues([0, 1, 2, 1, 0, 3, 2, 3, 0], 3)).toEqual([1, 2, 3]);
});

test.each([
  { graph: four, count: 16 },
  { graph: five, count: 125 },
])("the law of $count trees: products of weights, and their sums for the edges", async ({ graph, count }) => {
  const { trees, probabilities, marginals } = await treeLaw(graph);
  expect(new Set(trees.map((tree) => tree.join())).size).toBe(count);
  expect(trees.every((tree) => isTree(tree, graph.vertices))).toBe(true);
  const weights = trees.map((tree) => Math.exp(tree.reduce((sum, edge, i) => sum + edge * graph.logits[i]!, 0)));
  const all = weights.reduce((a, b) => a + b);
  const law = weights.map((weight) => weight / all);
  expect(largestDifference(probabilities, law)).toBeLessThan(1e-5);
  const sums = graph.logits.map((_, edge) => trees.reduce((sum, tree, i) => sum + tree[edge]! * law[i]!, 0));
  expect(largestDifference(marginals, sums)).toBeLessThan(1e-5);
});

test("a hundred draws are trees, the same of the same seed", async () => {
  const draws = await drawnTrees({ ...four, seed: 3, draws: 100 });
  expect(draws.length).toBe(100);
  expect(draws.every((tree) => isTree(tree, 4))).toBe(true);
  expect(await drawnTrees({ ...four, seed: 3, draws: 100 })).toEqual(draws);
  expect(await drawnTrees({ ...four, seed: 4, draws: 100 })).not.toEqual(draws);
});

test("the relaxed tree tends to the exact one of the same noise, and sums to its edges", async () => {
  const at = (temperature: number) => perturbedTrees({ ...four, seed: 2, temperature });
  const [warm, cold] = [await at(2), await at(0.01)];
  expect(isTree(warm.exact, 4)).toBe(true);
  expect(cold.exact).toEqual(warm.exact);
  expect(largestDifference(cold.relaxed, cold.exact)).toBeLessThan(1e-3);
  expect(largestDifference(warm.relaxed, warm.exact)).toBeGreaterThan(0.1);
  expect(warm.relaxed.reduce((a, b) => a + b)).toBeCloseTo(3, 4);
});
