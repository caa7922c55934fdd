/** Rows are cut into parts for a graphics card. What comes is right on every device: so it is computed here by WebAssembly. */

import { grad, jit, numpy as np } from "@jax-js/jax";
import { largestDifference, normals } from "@softdraw/testing/numbers";
import { describe, expect, test, vi } from "vitest";
import { batchNormTraining } from "../../src/nn/batch-norm.ts";
import { alongRows, meanOfRows, product } from "../../src/nn/parts.ts";

vi.mock("@jax-js/jax", async (original) => ({ ...(await original<object>()), defaultDevice: () => "webgpu" }));

const matrix = (values: number[], shape: number[]) => np.array(Float32Array.from(values), { shape });

/** Below the shortest that is cut, a square, a prime number, and one with few divisors. */
describe.each([{ rows: 6 }, { rows: 2500 }, { rows: 2503 }, { rows: 4098 }])("of $rows rows", ({ rows }) => {
  const [inputs, outputs] = [5, 3];
  const [x, weight, bias] = [normals(1, rows * inputs), normals(2, outputs * inputs), normals(3, outputs)];
  const cotangent = normals(4, rows * outputs);
  const at = (row: number, output: number) =>
    x.slice(row * inputs, (row + 1) * inputs).map((value, i) => value * weight[output * inputs + i]!);
  const overRows = (term: (row: number) => number) =>
    Array.from({ length: rows }, (_, row) => term(row)).reduce((a, b) => a + b, 0);

  test("a product with a bias is the sum over the inputs", () => {
    const y = product(matrix(x, [rows, inputs]), matrix(weight, [outputs, inputs]), matrix(bias, [outputs]));
    expect(y.shape).toEqual([rows, outputs]);
    const expected = cotangent.map((_, i) =>
      at(Math.floor(i / outputs), i % outputs).reduce((a, b) => a + b, bias[i % outputs]!),
    );
    expect(largestDifference(y.dataSync(), expected)).toBeLessThan(2e-5);
  });

  test("its gradients are those of that sum", () => {
    const loss = (...given: [np.Array, np.Array, np.Array]) =>
      product(...given)
        .mul(matrix(cotangent, [rows, outputs]))
        .sum();
    const gradients = jit(grad(loss, { argnums: [0, 1, 2] }));
    const given = [matrix(x, [rows, inputs]), matrix(weight, [outputs, inputs]), matrix(bias, [outputs])] as const;
    const [ofX, ofWeight, ofBias] = gradients(...given) as unknown as [np.Array, np.Array, np.Array];
    const of = (row: number, output: number) => cotangent[row * outputs + output]!;
    const expectedOfX = x.map((_, i) => {
      const row = Math.floor(i / inputs);
      return [0, 1, 2].reduce((sum, output) => sum + of(row, output) * weight[output * inputs + (i % inputs)]!, 0);
    });
    const expectedOfWeight = weight.map((_, i) =>
      overRows((row) => of(row, Math.floor(i / inputs)) * x[row * inputs + (i % inputs)]!),
    );
    const expectedOfBias = bias.map((_, output) => overRows((row) => of(row, output)));
    expect(largestDifference(ofX.dataSync(), expectedOfX)).toBeLessThan(2e-5);
    expect(largestDifference(ofWeight.dataSync(), expectedOfWeight)).toBeLessThan(2e-3);
    expect(largestDifference(ofBias.dataSync(), expectedOfBias)).toBeLessThan(2e-3);
  });

  test("a vector goes along every row, and means are those of the columns", () => {
    const vector = normals(5, inputs);
    const moved = alongRows(matrix(x, [rows, inputs]), [matrix(vector, [inputs])], (each, [plus]) => each.add(plus!));
    expect(
      largestDifference(
        moved.dataSync(),
        x.map((value, i) => value + vector[i % inputs]!),
      ),
    ).toBeLessThan(1e-5);
    const means = vector.map((_, i) => overRows((row) => x[row * inputs + i]!) / rows);
    expect(largestDifference(meanOfRows(matrix(x, [rows, inputs])).dataSync(), means)).toBeLessThan(1e-5);
  });

  test("a batch is normalized to mean 0 and variance 1", () => {
    const vectors = (value: number) =>
      matrix(
        Array.from({ length: inputs }, () => value),
        [inputs],
      );
    const { normalized } = batchNormTraining(
      { scale: vectors(1), offset: vectors(0) },
      { mean: vectors(0), variance: vectors(1) },
      matrix(x, [1, rows, inputs]),
    );
    expect(normalized.shape).toEqual([1, rows, inputs]);
    const values = normalized.dataSync();
    for (let i = 0; i < inputs; i++) {
      expect(overRows((row) => values[row * inputs + i]!) / rows).toBeCloseTo(0, 4);
      expect(overRows((row) => values[row * inputs + i]! ** 2) / rows).toBeCloseTo(1, 3);
    }
  });
});
