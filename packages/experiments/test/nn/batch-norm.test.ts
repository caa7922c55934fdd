import { grad, jit, numpy as np, tree } from "@jax-js/jax";
import { largestDifference, normals, numericalGradient } from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { type BatchNorm, batchNorm, batchNormTraining, initBatchNorm } from "../../src/nn/batch-norm.ts";

const array = (values: ArrayLike<number>, shape: number[]) => np.array(Float32Array.from(values), { shape });
const vector = (values: ArrayLike<number>) => array(values, [values.length]);

type Numbers = readonly number[];
const layerOf = (scale: Numbers, offset: Numbers): BatchNorm => ({ scale: vector(scale), offset: vector(offset) });

/** The definition in float64, over the last axis of `channels` numbers. */
function reference(x: Numbers, scale: Numbers, offset: Numbers): number[] {
  const channels = scale.length;
  const moments = scale.map((_, channel) => {
    const values = x.filter((_, i) => i % channels === channel);
    const mean = values.reduce((a, b) => a + b) / values.length;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
  });
  return x.map((value, i) => {
    const { mean, variance } = moments[i % channels]!;
    return (scale[i % channels]! * (value - mean)) / Math.sqrt(variance + 1e-5) + offset[i % channels]!;
  });
}

/** Batches of two channels, and what torch.nn.BatchNorm1d of PyTorch 1.13 makes of them with this scale and offset. */
const [SCALE, OFFSET] = [
  [2, -0.5],
  [1, 3],
];
const BATCHES = [
  {
    x: [1, 10, 2, -20, 4, 30, -3, 0],
    normalized: [1, 2.8613248, 1.7844639, 3.6933751, 3.3533919, 2.3066247, -2.1378558, 3.138675],
    mean: [0.1, 0.5],
    variance: [1.7666667, 44.233334],
  },
  {
    x: [0.5, 1, 0.25, 2, 0, 4],
    normalized: [3.4491959, 3.5345209, 1, 3.1336303, -1.4491959, 2.3318491],
    mean: [0.115, 0.68333334],
    variance: [1.5962499, 40.043331],
  },
];
/** The first batch by the running statistics after both. */
const EVALUATED = [2.4009461, 2.2638516, 3.9839363, 4.6342759, 7.1499162, 0.68356866, -3.931014, 3.053993];

test("normalizes and keeps running statistics as PyTorch's does", () => {
  const step = jit(batchNormTraining);
  let { statistics } = initBatchNorm(2);
  for (const { x, normalized, mean, variance } of BATCHES) {
    const result = step(layerOf(SCALE, OFFSET), statistics, array(x, [x.length / 2, 2]));
    statistics = result.statistics;
    expect(largestDifference(result.normalized.dataSync(), normalized)).toBeLessThan(1e-5);
    expect(largestDifference(statistics.mean.ref.dataSync(), mean)).toBeLessThan(1e-6);
    expect(largestDifference(statistics.variance.ref.dataSync(), variance)).toBeLessThan(1e-5);
  }
  const evaluated = batchNorm(layerOf(SCALE, OFFSET), statistics, array(BATCHES[0]!.x, [4, 2]));
  expect(largestDifference(evaluated.dataSync(), EVALUATED)).toBeLessThan(1e-5);
});

describe.each([[[6, 3]], [[2, 3, 4, 5]], [[1, 2, 7, 1]]])("a batch of shape %j", (shape) => {
  const channels = shape.at(-1)!;
  const x = normals(
    1,
    shape.reduce((a, b) => a * b),
  );
  const scale = normals(2, channels);
  const offset = normals(3, channels);
  const cotangent = normals(4, x.length);
  const normalize = (layer: BatchNorm, given: np.Array) => {
    const { normalized, statistics } = batchNormTraining(layer, initBatchNorm(channels).statistics, given);
    tree.dispose(statistics);
    return normalized;
  };

  test("is normalized over all axes but the last", () => {
    const result = normalize(layerOf(scale, offset), array(x, shape));
    expect(result.shape).toEqual(shape);
    expect(largestDifference(result.dataSync(), reference(x, scale, offset))).toBeLessThan(1e-5);
  });

  test("its gradient, also through the batch's own statistics, is the slope of the reference", async () => {
    const loss = (layer: BatchNorm, given: np.Array) => normalize(layer, given).mul(array(cotangent, shape)).sum();
    const gradients = jit(grad(loss, { argnums: [0, 1] }))(layerOf(scale, offset), array(x, shape));
    const [ofLayer, ofInput] = gradients as unknown as [BatchNorm, np.Array];
    const slope = async (f: (values: number[]) => number[], at: number[]) =>
      await numericalGradient((values) => f(values).reduce((sum, y, i) => sum + y * cotangent[i]!, 0), at, 1e-5);
    const ofScale = await slope((values) => reference(x, values, offset), scale);
    const ofOffset = await slope((values) => reference(x, scale, values), offset);
    const ofX = await slope((values) => reference(values, scale, offset), x);
    expect(largestDifference(ofLayer.scale.dataSync(), ofScale)).toBeLessThan(1e-4);
    expect(largestDifference(ofLayer.offset.dataSync(), ofOffset)).toBeLessThan(1e-4);
    expect(largestDifference(ofInput.dataSync(), ofX)).toBeLessThan(1e-4);
  });
});

test("a channel that is always the same becomes its offset, and one far from 0 keeps its digits", () => {
  const { layer, statistics } = initBatchNorm(2);
  const { normalized, statistics: next } = batchNormTraining(layer, statistics, array([7, 1e4, 7, 1e4 + 1], [2, 2]));
  expect(largestDifference(normalized.dataSync(), [0, -1, 0, 1])).toBeLessThan(1e-4);
  expect(largestDifference(next.variance.dataSync(), [0.9, 0.95])).toBeLessThan(1e-6);
  next.mean.dispose();
});

test("a batch of one has no unbiased variance, and none is made up", () => {
  const { layer, statistics } = initBatchNorm(1);
  const { normalized, statistics: next } = batchNormTraining(layer, statistics, array([5], [1, 1]));
  expect([...normalized.dataSync(), ...next.mean.dataSync()]).toEqual([0, 0.5]);
  expect(next.variance.js()).toEqual([expect.closeTo(0.9, 6)]);
});

test("begins as the identity by statistics of 0 and 1, and consumes all that it is given", () => {
  const { layer, statistics } = initBatchNorm(3);
  const x = array([1, -2, 0.5], [1, 3]);
  const kept = tree.ref({ layer, statistics, x });
  const result = batchNorm(kept.layer, kept.statistics, kept.x);
  expect(largestDifference(result.dataSync(), [1, -2, 0.5])).toBeLessThan(2e-5);
  const { normalized, statistics: next } = batchNormTraining(layer, statistics, x);
  tree.dispose([normalized, next]);
  for (const given of tree.leaves({ layer, statistics, x }) as np.Array[]) expect(given.refCount).toBe(0);
});
