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
import { type Dense, dense, initDense } from "../../src/nn/dense.ts";

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
  const init = (seed: number, initialization: "fan-in" | "he") => {
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

  test.each(["fan-in", "he"] as const)(
    "%s: a key gives the same layer again, another key another",
    (initialization) => {
      const bytes = (seed: number) => Object.values(init(seed, initialization)).map((x) => Buffer.from(x.buffer));
      const [first, again, other] = [bytes(3), bytes(3), bytes(4)];
      expect(first.every((layer, i) => layer.equals(again[i]!))).toBe(true);
      expect(first[0]!.equals(other[0]!)).toBe(false);
    },
  );

  test.each(["fan-in", "he"] as const)("%s: the key is consumed", (initialization) => {
    const key = random.key(5);
    tree.dispose(initDense(key, 3, 2, initialization));
    expect(key.refCount).toBe(0);
  });
});
