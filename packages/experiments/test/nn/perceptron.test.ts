import { numpy as np, random, tree } from "@jax-js/jax";
import { largestDifference, normals } from "@softdraw/testing/numbers";
import { expect, test } from "vitest";
import { initPerceptron, type Perceptron, perceptron } from "../../src/nn/perceptron.ts";

const [IN, HIDDEN, OUT, BATCH] = [3, 4, 2, 5];

test("is one layer after the other, with ReLU between and none behind", () => {
  const [w1, b1, w2, b2, x] = [HIDDEN * IN, HIDDEN, OUT * HIDDEN, OUT, BATCH * IN].map((n, i) => normals(i + 1, n)) as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  const array = (values: number[], ...shape: number[]) => np.array(Float32Array.from(values), { shape });
  const layers: Perceptron = [
    { weight: array(w1, HIDDEN, IN), bias: array(b1, HIDDEN) },
    { weight: array(w2, OUT, HIDDEN), bias: array(b2, OUT) },
  ];
  const sum = (row: number[], weights: number[]) => row.reduce((total, value, i) => total + value * weights[i]!, 0);
  const expected = Array.from({ length: BATCH }, (_, row) => {
    const input = x.slice(row * IN, (row + 1) * IN);
    const hidden = b1.map((b, unit) => Math.max(0, b + sum(input, w1.slice(unit * IN, (unit + 1) * IN))));
    return b2.map((b, unit) => b + sum(hidden, w2.slice(unit * HIDDEN, (unit + 1) * HIDDEN)));
  });
  const given = array(x, BATCH, IN);
  expect(largestDifference(perceptron(layers, given).dataSync(), expected.flat())).toBeLessThan(1e-4);
  for (const leaf of [...tree.leaves(layers), given] as np.Array[]) expect(leaf.refCount).toBe(0);
});

test("has a layer between any two sizes", () => {
  const layers = initPerceptron(random.key(0), [3, 8, 4, 2]);
  expect(layers.map(({ weight, bias }) => [weight.shape, bias.shape])).toEqual([
    [[8, 3], [8]],
    [[4, 8], [4]],
    [[2, 4], [2]],
  ]);
  tree.dispose(layers);
});
