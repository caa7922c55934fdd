import { grad, numpy as np, random } from "@jax-js/jax";
import { largestDifference, normals, numericalGradient } from "@softdraw/testing/numbers";
import { expect, test } from "vitest";
import { initLayerNorm, type LayerNorm, layerNorm } from "../../src/nn/layer-norm.ts";

const array = (values: readonly number[], ...shape: number[]) => np.array(Float32Array.from(values), { shape });
const norm = (): LayerNorm => ({ scale: np.array([2, -0.5, 1]), offset: np.array([1, 3, 0]) });

/** Rows, and what torch.nn.LayerNorm of PyTorch 1.13 makes of them; the last has no variance. */
const X = [1, 10, 2, -20, 4, 30, 0.25, 0.25, 0.25];
const EXPECTED = [-0.655211, 2.29654, -0.579324, -1.41619, 3.01633, 1.24074, 1, 3, 0];
const COTANGENT = [1, -2, 0.5, 0, 1, 2, 1, 1, 1];
const OF_X = [0.170056, 0.021257, -0.191313, 0.0247756, -0.0476453, 0.0228697, 368.932, -421.637, 52.7046];

test("is PyTorch's, with its gradients", () => {
  expect(largestDifference(layerNorm(norm(), array(X, 3, 3)).dataSync(), EXPECTED)).toBeLessThan(1e-5);
  const loss = (layer: LayerNorm, x: np.Array) => layerNorm(layer, x).mul(array(COTANGENT, 3, 3)).sum(); // biome-ignore format: one line
  const [ofLayer, ofX] = grad(loss, { argnums: [0, 1] })(norm(), array(X, 3, 3)) as unknown as [LayerNorm, np.Array];
  const slopes = ofX.dataSync();
  expect(largestDifference(slopes.slice(0, 6), OF_X.slice(0, 6))).toBeLessThan(1e-5);
  // 1 / sqrt(1e-5) times the cotangent, less its mean.
  expect(largestDifference(slopes.slice(6), OF_X.slice(6))).toBeLessThan(0.01);
  expect(largestDifference(ofLayer.scale.dataSync(), [-0.8276, -2.8465, 2.1918])).toBeLessThan(1e-4);
  expect(largestDifference(ofLayer.offset.dataSync(), [2, 0, 3.5])).toBeLessThan(1e-6);
});

test("its gradient is that of finite differences, over any leading axes", async () => {
  const x = normals(1, 24);
  const loss = (x: np.Array) => layerNorm(initLayerNorm(4), x).mul(array(normals(2, 24), 2, 3, 4)).sum(); // biome-ignore format: one line
  const numeric = await numericalGradient((values) => loss(array(values, 2, 3, 4)).js() as number, x);
  expect(largestDifference(grad(loss)(array(x, 2, 3, 4)).dataSync(), numeric)).toBeLessThan(5e-3);
});

test("begins with mean 0 and variance 1, whatever comes", () => {
  const normed = layerNorm(initLayerNorm(64), random.normal(random.key(0), [5, 64]).mul(9).add(4));
  const [mean, variance] = [np.mean(normed.ref, -1), np.mean(np.square(normed), -1)];
  expect(largestDifference(mean.dataSync(), new Array(5).fill(0))).toBeLessThan(1e-5);
  expect(largestDifference(variance.dataSync(), new Array(5).fill(1))).toBeLessThan(1e-4);
});
