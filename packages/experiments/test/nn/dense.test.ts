import { grad, numpy as np, random, tree } from "@jax-js/jax";
import {
  kolmogorovCritical,
  kolmogorovSmirnov,
  largestDifference,
  moments,
  normals,
  STANDARD_ERRORS,
} from "@softdraw/testing/numbers";
import { describe, expect, test } from "vitest";
import { type Dense, dense, type Initialization, initDense, initializations } from "../../src/nn/dense.ts";

const matrix = (values: number[], shape: number[]) => np.array(Float32Array.from(values), { shape });

describe.each([
  { batch: 1, inputs: 1, outputs: 1 },
  { batch: 5, inputs: 7, outputs: 3 },
  { batch: 16, inputs: 64, outputs: 32 },
])("dense from $inputs to $outputs, batch $batch", ({ batch, inputs, outputs }) => {
  const x = normals(1, batch * inputs);
  const weight = normals(2, outputs * inputs);
  const bias = normals(3, outputs);
  const cotangent = normals(4, batch * outputs);
  const layer = (): Dense => ({ weight: matrix(weight, [outputs, inputs]), bias: matrix(bias, [outputs]) });
  const input = () => matrix(x, [batch, inputs]);

  test("is the sum over the inputs of weight times input, plus bias", () => {
    const y = dense(layer(), input());
    expect(y.shape).toEqual([batch, outputs]);
    const expected = Array.from({ length: batch * outputs }, (_, at) => {
      const [row, output] = [Math.floor(at / outputs), at % outputs];
      let sum = bias[output]!;
      for (let i = 0; i < inputs; i++) sum += weight[output * inputs + i]! * x[row * inputs + i]!;
      return sum;
    });
    expect(largestDifference(y.dataSync(), expected)).toBeLessThan(2e-5);
  });

  test("its gradients are those of that sum", () => {
    const loss = (parameters: Dense, given: np.Array) =>
      dense(parameters, given)
        .mul(matrix(cotangent, [batch, outputs]))
        .sum();
    const [ofLayer, ofInput] = grad(loss, { argnums: [0, 1] })(layer(), input()) as unknown as [Dense, np.Array];
    const sum = (length: number, term: (i: number) => number) =>
      Array.from({ length }, (_, i) => term(i)).reduce((a, b) => a + b, 0);
    const ofWeight = weight.map((_, at) =>
      sum(batch, (row) => cotangent[row * outputs + Math.floor(at / inputs)]! * x[row * inputs + (at % inputs)]!),
    );
    const ofBias = bias.map((_, output) => sum(batch, (row) => cotangent[row * outputs + output]!));
    const ofX = x.map((_, at) =>
      sum(outputs, (o) => cotangent[Math.floor(at / inputs) * outputs + o]! * weight[o * inputs + (at % inputs)]!),
    );
    expect(largestDifference(ofLayer.weight.dataSync(), ofWeight)).toBeLessThan(2e-5);
    expect(largestDifference(ofLayer.bias.dataSync(), ofBias)).toBeLessThan(2e-5);
    expect(largestDifference(ofInput.dataSync(), ofX)).toBeLessThan(2e-5);
  });
});

/** A seed makes a test pass or fail once and for all; `STANDARD_ERRORS` and `kolmogorovCritical` allow one seed in 10,000 to fail. */
describe("initDense", () => {
  const [inputs, outputs] = [400, 300];
  const init = (seed: number, initialization: Initialization) => {
    const { weight, bias } = initDense(random.key(seed), inputs, outputs, initialization);
    expect(weight.shape).toEqual([outputs, inputs]);
    expect(bias.shape).toEqual([outputs]);
    return { weight: weight.dataSync() as Float32Array, bias: bias.dataSync() as Float32Array };
  };

  test("fan-in: weights and biases are uniform within 1/sqrt(inputs)", () => {
    const { weight, bias } = init(1, "fan-in");
    const limit = 1 / Math.sqrt(inputs);
    for (const draws of [weight, bias]) {
      const largest = draws.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(largest).toBeLessThanOrEqual(limit);
      expect(largest).toBeGreaterThan(0.95 * limit);
      const uniform = kolmogorovSmirnov(draws.slice(), (x) => (x / limit + 1) / 2);
      expect(uniform).toBeLessThan(kolmogorovCritical(draws.length));
    }
    expect(largestDifference(weight.slice(0, outputs), bias)).toBeGreaterThan(limit);
  });

  test("he: weights are normal with variance 2/inputs, biases zero", async () => {
    const { weight, bias } = init(2, "he");
    const { count, mean, variance, skewness } = await moments([weight], 0);
    expect(Math.abs(mean)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(2 / inputs / count));
    expect(Math.abs(variance * (inputs / 2) - 1)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(2 / count));
    expect(Math.abs(skewness)).toBeLessThan(STANDARD_ERRORS * Math.sqrt(6 / count));
    const withinOne = weight.filter((x) => Math.abs(x) < Math.sqrt(2 / inputs)).length / count;
    expect(Math.abs(withinOne - 0.682689)).toBeLessThan(STANDARD_ERRORS * Math.sqrt((0.682689 * 0.317311) / count));
    expect([...bias]).toEqual(Array(outputs).fill(0));
  });

  test("truncated: weights have the normal law of deviation 0.1 within 0.2 of 0, biases are 0.1", () => {
    const { weight, bias } = init(6, "truncated");
    expect(weight.reduce((most, x) => Math.max(most, Math.abs(x)), 0)).toBeLessThanOrEqual(0.2 * (1 + 1e-6));
    // Of a normal number within two deviations.
    for (const [limit, share] of [
      [0.05, 0.382925 / 0.9545],
      [0.1, 0.682689 / 0.9545],
      [0.15, 0.866386 / 0.9545],
    ] as const) {
      const within = weight.filter((x) => Math.abs(x) < limit).length / weight.length;
      const error = Math.sqrt((share * (1 - share)) / weight.length);
      expect(Math.abs(within - share)).toBeLessThan(STANDARD_ERRORS * error);
    }
    const positive = weight.filter((x) => x > 0).length / weight.length;
    expect(Math.abs(positive - 0.5)).toBeLessThan((STANDARD_ERRORS * 0.5) / Math.sqrt(weight.length));
    expect([...bias]).toEqual(Array(outputs).fill(Math.fround(0.1)));
  });

  test.each(initializations)("%s: a key gives the same layer again, another key another", (initialization) => {
    const bytes = (seed: number) => Object.values(init(seed, initialization)).map((x) => Buffer.from(x.buffer));
    const [first, again, other] = [bytes(3), bytes(3), bytes(4)];
    expect(first.every((layer, i) => layer.equals(again[i]!))).toBe(true);
    expect(first[0]!.equals(other[0]!)).toBe(false);
  });

  test.each(initializations)("%s: the key is consumed", (initialization) => {
    const key = random.key(5);
    tree.dispose(initDense(key, 3, 2, initialization));
    expect(key.refCount).toBe(0);
  });
});
