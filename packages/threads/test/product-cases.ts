/** Products of matrices as programs have them, computed by the engine and by the kernels that take its place. */

import type { numpy } from "@jax-js/jax";
import { expect, test } from "vitest";
import { areOurs, cutFor } from "./own-kernels.ts";

type Array = numpy.Array;

const { grad, jit, numpy: np } = await import("@jax-js/jax");

/** What is computed of some arrays, in the engine's operations, and number by number in float64. */
interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly compute: (...arrays: Array[]) => Array;
  /** The factors of an output and a step, and what the sum becomes; for output `[batch, row, column]`. */
  readonly steps: number;
  readonly size: readonly [batches: number, rows: number, columns: number];
  readonly left: (at: At, ...arrays: Float32Array[]) => number;
  readonly right: (at: At, ...arrays: Float32Array[]) => number;
  readonly finish?: (sum: number, at: At, ...arrays: Float32Array[]) => number;
}

interface At {
  readonly batch: number;
  readonly row: number;
  readonly column: number;
  readonly step: number;
}

const plain = (rows: number, steps: number, columns: number): Case => ({
  shapes: [
    [rows, steps],
    [steps, columns],
  ],
  compute: (a, b) => np.dot(a, b),
  steps,
  size: [1, rows, columns],
  left: ({ row, step }, a) => a[row * steps + step]!,
  right: ({ column, step }, _, b) => b[step * columns + column]!,
});

const leftTransposed = (rows: number, steps: number, columns: number): Case => ({
  ...plain(rows, steps, columns),
  shapes: [
    [steps, rows],
    [steps, columns],
  ],
  compute: (a, b) => np.dot(a.transpose(), b),
  left: ({ row, step }, a) => a[step * rows + row]!,
});

const rightTransposed = (rows: number, steps: number, columns: number): Case => ({
  ...plain(rows, steps, columns),
  shapes: [
    [rows, steps],
    [columns, steps],
  ],
  compute: (a, b) => np.dot(a, b.transpose()),
  right: ({ column, step }, _, b) => b[column * steps + step]!,
});

const bothTransposed = (rows: number, steps: number, columns: number): Case => ({
  ...rightTransposed(rows, steps, columns),
  shapes: [
    [steps, rows],
    [columns, steps],
  ],
  compute: (a, b) => np.dot(a.transpose(), b.transpose()),
  left: leftTransposed(rows, steps, columns).left,
});

const batched = (batches: number, rows: number, steps: number, columns: number): Case => ({
  ...plain(rows, steps, columns),
  shapes: [
    [batches, rows, steps],
    [batches, steps, columns],
  ],
  compute: (a, b) => np.matmul(a, b),
  size: [batches, rows, columns],
  left: ({ batch, row, step }, a) => a[(batch * rows + row) * steps + step]!,
  right: ({ batch, column, step }, _, b) => b[(batch * steps + step) * columns + column]!,
});

const layer = (rows: number, steps: number, columns: number): Case => {
  const product = rightTransposed(rows, steps, columns);
  return {
    ...product,
    shapes: [...product.shapes, [columns], [rows, columns]],
    compute: (a, b, bias, rest) => np.maximum(np.dot(a, b.transpose()).add(bias), 0).add(rest.mul(0.5)),
    finish: (sum, { row, column }, _a, _b, bias, rest) =>
      Math.max(sum + bias![column]!, 0) + 0.5 * rest![row * columns + column]!,
  };
};

/** The gradient of a weight behind which some outputs were cut off. */
const maskedGradient = (rows: number, steps: number, columns: number): Case => ({
  ...plain(rows, steps, columns),
  shapes: [
    [rows, columns],
    [steps, rows],
    [steps, columns],
    [steps, rows],
  ],
  compute: (weight, cotangent, x, signs) =>
    grad((w: Array) => np.where(signs.greater(0), np.dot(x, w.transpose()), 0).mul(cotangent).sum())(weight),
  left: ({ row, step }, _w, cotangent, _x, signs) =>
    signs![step * rows + row]! > 0 ? cotangent![step * rows + row]! : 0,
  right: ({ column, step }, _w, _c, x) => x![step * columns + column]!,
});

/** By name; each is large enough for a kernel of ours, and most do not fit its tiles. */
const cases: Record<string, Case> = {
  "a product whose tiles fit": plain(64, 64, 80),
  "one with rows, steps and columns left over": plain(53, 101, 59),
  "one of many steps, in parts": plain(37, 610, 23),
  "one of more rows than stay in a cache": plain(1101, 172, 240),
  "a left factor by columns": leftTransposed(50, 130, 47),
  "a left factor by columns, of many steps": leftTransposed(20, 1000, 28),
  "a right factor by columns, four steps at once": rightTransposed(50, 100, 64),
  "a right factor by columns, with rows and columns left over": rightTransposed(51, 92, 66),
  "a right factor by columns, with steps left over": rightTransposed(51, 101, 66),
  "both factors by columns": bothTransposed(45, 99, 62),
  "few rows": plain(5, 300, 190),
  "few columns": plain(190, 300, 5),
  "batches with rows left over": batched(5, 13, 90, 50),
  "batches of many steps": batched(3, 21, 500, 31),
  "a layer with bias, rectifier and residue": layer(50, 100, 62),
  "a layer in parts": layer(50, 301, 62),
  "a gradient behind a mask": maskedGradient(20, 600, 28),
  "a gradient behind a mask, of other rows": maskedGradient(22, 600, 28),
};

const total = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/** Repeatable numbers in [-1, 1). */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** Of larger products some rows are compared with float64. */
const COMPARED = 500_000;

/** In float64, beside what the rounding of a sum in float32 may be at most: for some rows, the last of them included. */
function* reference({ size, steps, left, right, finish }: Case, arrays: Float32Array[]) {
  const [batches, rows, columns] = size;
  const every = Math.ceil((batches * rows * columns * steps) / COMPARED);
  for (let place = batches * rows - 1; place >= 0; place -= every) {
    const [batch, row] = [Math.floor(place / rows), place % rows];
    for (let column = 0; column < columns; column++) {
      let [sum, scale] = [0, 1];
      for (let step = 0; step < steps; step++) {
        const term = left({ batch, row, column, step }, ...arrays) * right({ batch, row, column, step }, ...arrays);
        sum += term;
        scale += Math.abs(term);
      }
      const value = finish ? finish(sum, { batch, row, column, step: 0 }, ...arrays) : sum;
      yield { index: place * columns + column, value, rounding: scale * steps * 2 ** -24 };
    }
  }
}

/** How far the outputs are from the reference, in units of the rounding that is allowed; infinite if one is of another kind. */
function distance(one: Case, arrays: Float32Array[], outputs: Float32Array): number {
  expect(outputs).toHaveLength(total(one.size));
  let most = 0;
  for (const { index, value, rounding } of reference(one, arrays)) {
    const output = outputs[index]!;
    if (Object.is(output, value)) continue;
    most = Math.max(most, Number.isFinite(value) ? Math.abs(output - value) / rounding : Number.POSITIVE_INFINITY);
  }
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
}

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The tests of all cases, in whichever way this program's engine adds up. */
export function testProducts(): void {
  test.each(Object.entries(cases))("%s", async (_, one) => {
    const kernel = jit(one.compute);
    const data = one.shapes.map((shape, i) => numbers(total(shape), i + 1));
    const outputs = async (arrays: Float32Array[]) => {
      const inputs = arrays.map((array, i) => np.array(array, { shape: [...one.shapes[i]!] }));
      return (await kernel(...inputs).data()) as Float32Array;
    };
    const before = areOurs.length;
    const engines = await outputs(data);
    expect(areOurs.slice(before).filter(Boolean)).toHaveLength(1);
    expect(distance(one, data, engines)).toBeLessThan(1);
    for (const threads of [1, 2, 3]) {
      cutFor(threads);
      expect(bytes(await outputs(data)).equals(bytes(engines))).toBe(true);
    }

    // What is infinite or no number stays in its rows and columns.
    const special = data.map((array) => array.slice());
    special[0]![total(one.shapes[0]!) >> 1] = Number.POSITIVE_INFINITY;
    special[1]![total(one.shapes[1]!) - 1] = Number.NaN;
    special[1]![0] = Number.NEGATIVE_INFINITY;
    special[1]![1] = 0;
    expect(distance(one, special, await outputs(special))).toBeLessThan(1);
  });

  test("what is no product of two sides, or a small one, is left to the engine", async () => {
    const left: [f: (...arrays: Array[]) => Array, ...shapes: number[][]][] = [
      [(a, b) => np.dot(a, b), [8, 9], [9, 12]],
      [(a, b) => np.dot(a, b), [3, 900], [900, 800]],
      [(a, b) => np.dot(a, b), [901, 300], [300, 3]],
      [(a, b) => np.exp(np.dot(a, b)), [60, 100], [100, 60]],
      [(a) => a.mul(a.ref).sum(0), [600, 1000]],
      [(a, b) => a.mul(b).sum(0), [600, 1000], [600, 1000]],
    ];
    const before = areOurs.length;
    for (const [f, ...shapes] of left) {
      const arrays = shapes.map((shape, i) => np.array(numbers(total(shape), i), { shape }));
      await jit(f)(...arrays).data();
    }
    expect(areOurs.slice(before).filter(Boolean)).toHaveLength(0);
  });
}
