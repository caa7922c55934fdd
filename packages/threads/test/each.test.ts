/** Kernels that compute number by number in the engine, and four numbers at once here. */

import type { numpy } from "@jax-js/jax";
import { expect, test } from "vitest";
import { areOurs, cutFor } from "./own-kernels.ts";

type Array = numpy.Array;

const { jit, lax, nn, numpy: np, random } = await import("@jax-js/jax");

const COUNT = 4100;

/** Numbers of all sizes and signs, with what is none. */
const numbers = Float32Array.from({ length: COUNT }, (_, i) => Math.sin(i) * 10 ** ((i % 80) - 40));
numbers.set([
  0,
  -0,
  1,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e-45,
  -1e-39,
  88.7,
  -87.4,
  3.4e38,
]);

const array = (...shape: number[]) =>
  np.array(
    numbers.slice(
      0,
      shape.reduce((a, b) => a * b),
    ),
    { shape },
  );
const key = () => np.array(Uint32Array.of(3, 2 ** 31 + 5));

const ours: Record<string, readonly [f: (...arrays: Array[]) => Array, inputs: () => Array[]]> = {
  exponentials: [(x) => np.exp(x), () => [array(COUNT)]],
  logarithms: [(x) => np.log(x), () => [array(COUNT)]],
  quotients: [(x, y) => x.div(np.sqrt(y)), () => [array(COUNT), array(COUNT)]],
  "sigmoids and hyperbolic tangents": [
    (x) => np.where(x.ref.less(1), nn.sigmoid(x.ref), np.tanh(x)),
    () => [array(COUNT)],
  ],
  "random bits": [(k) => random.bits(k, [COUNT]), () => [key()]],
  "uniform numbers": [(k) => random.uniform(k, [41, 100]), () => [key()]],
  "noise of rows and columns": [
    (k, rows, columns) =>
      np
        .log(random.uniform(k, [205, 20]))
        .mul(rows.reshape([205, 1]))
        .add(np.exp(columns)),
    () => [key(), array(205), array(20)],
  ],
  "rows of a length that is no multiple of 4": [(x, y) => np.exp(x).mul(y), () => [array(410, 10), array(10)]],
  "an array by its columns": [(x) => np.exp(x.transpose()), () => [array(50, 82)]],
  "whole numbers": [(x) => np.floor(np.exp(x)).astype(np.int32).add(3), () => [array(COUNT)]],
  "sums of exponentials": [(x) => np.exp(x).sum(-1), () => [array(820, 5)]],
  "largest of rows": [(x) => np.max(x, -1), () => [array(820, 5)]],
  "least of columns": [(x) => np.min(np.exp(x), 0).add(1), () => [array(41, 100)]],
  "means of squares": [(x) => np.square(x).mean(-1), () => [array(820, 5)]],
  softmax: [(x) => nn.softmax(x, -1), () => [array(100, 41)]],
  "rows less their largest": [(x) => x.ref.sub(np.max(x, -1, { keepdims: true })), () => [array(410, 10)]],
  "rows in rows": [
    (x, y) => x.mul(y.ref.reshape([41, 10, 1])).add(np.reciprocal(y).reshape([41, 10, 1])),
    () => [array(41, 10, 10), array(41, 10)],
  ],
  "products of rows": [(x, y) => np.exp(x).mul(y).sum(-1), () => [array(512, 8), array(512, 8)]],
  "parts beside each other": [
    (x, y) => np.exp(np.concatenate([x.ref, y, x], -1)),
    () => [array(100, 16), array(100, 12)],
  ],
  "windows beyond the border": [
    (x) => {
      const shifted = [0, 4, 8].map((left) =>
        np.pad(x.ref, [
          [0, 0],
          [left, 8 - left],
        ]),
      );
      x.dispose();
      return shifted.reduce((sum, one) => sum.add(one));
    },
    () => [array(100, 40)],
  ],
  "skewed views": [
    (x) => {
      const wider = np
        .pad(x, [
          [0, 0],
          [0, 0],
          [0, 5],
          [0, 0],
        ])
        .reshape([5, 65, 20]);
      return np
        .transpose(
          np
            .pad(wider, [
              [0, 0],
              [0, 7],
              [0, 0],
            ])
            .reshape([5, 6, 12, 20]),
          [1, 0, 2, 3],
        )
        .add(1);
    },
    () => [array(5, 5, 8, 20)],
  ],
  "bounds that are constants": [
    (x) => np.exp(np.minimum(np.maximum(x.ref, 0), 5)).add(np.clip(x, -1e30, -0.5)),
    () => [array(COUNT)],
  ],
  "choices in choices": [
    (x) =>
      np.where(
        x.ref.lessEqual(1),
        np.where(x.ref.greater(-1), np.exp(x.ref), 0),
        np.where(x.ref.less(3), 0, np.log(x)),
      ),
    () => [array(COUNT)],
  ],
  "logarithms of what is positive": [
    (k) => np.log(np.maximum(np.negative(np.log(np.subtract(1, np.minimum(random.uniform(k, [COUNT]), 0.999)))), 0.1)),
    () => [key()],
  ],
  conditions: [(x) => np.exp(x).less(1), () => [array(COUNT)]],
};

test.each(Object.entries(ours))("%s are the same bytes", async (_, [f, inputs]) => {
  const kernel = jit(f);
  const compute = async () => {
    const data = await kernel(...inputs()).data();
    return new Uint32Array(data.buffer, data.byteOffset, data.length);
  };
  const before = areOurs.length;
  const engines = await compute();
  expect(areOurs.slice(before)).toContain(true);
  expect(new Set(engines).size).toBeGreaterThan(1);
  for (const threads of [1, 3]) {
    cutFor(threads);
    // Those that are no numbers may differ in kind.
    const isKind = (bits: number) => (bits & 0x7fffffff) > 0x7f800000;
    const found = await compute();
    const differing = found.filter((bits, i) => bits !== engines[i] && !(isKind(bits) && isKind(engines[i]!)));
    expect([...differing]).toEqual([]);
  }
});

test("few numbers, or such as are no fours, are left to the engine", async () => {
  const before = areOurs.length;
  await np.exp(array(1000)).data();
  await np.exp(array(4099)).data();
  await lax.erf(array(4096).mul(1e-3)).data();
  expect(areOurs.slice(before)).not.toContain(true);
});
