/** Bounds of numbers that are put together from others. */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Expression, Operation } from "../src/expressions.ts";
import { decided, rangeOf } from "../src/ranges.ts";

const f32 = (value: number): Expression => ({
  kind: "f32",
  bytes: [...new Uint8Array(Float32Array.of(value).buffer)],
});
const i32 = (value: number): Expression => ({ kind: "i32", value });
const operation = (name: Operation["name"], ...operands: Expression[]): Operation => ({
  kind: "operation",
  name,
  operands,
});
const range = (expression: Expression) => rangeOf(expression, new Map());

/** One of two numbers, of which it is not known which. */
const either = (a: Expression, b: Expression) => operation("select", a, b, { kind: "local", index: 0 });

const numbers = fc.float({ noDefaultInfinity: true, noNaN: true });
const whole = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

const ofFloats = {
  "f32.add": (x: number, y: number) => Math.fround(x + y),
  "f32.sub": (x: number, y: number) => Math.fround(x - y),
  "f32.mul": (x: number, y: number) => Math.fround(x * y),
  "f32.div": (x: number, y: number) => Math.fround(x / y),
  "f32.min": Math.min,
  "f32.max": Math.max,
};
const ofWhole = {
  "i32.add": (x: number, y: number) => (x + y) | 0,
  "i32.sub": (x: number, y: number) => (x - y) | 0,
  "i32.and": (x: number, y: number) => x & y,
  "i32.or": (x: number, y: number) => x | y,
  "i32.shr_u": (x: number, y: number) => (x >>> y) | 0,
};

function checkBounds(
  of: Record<string, (x: number, y: number) => number>,
  one: fc.Arbitrary<number>,
  constant: (value: number) => Expression,
): void {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(of)), one, one, one, fc.boolean(), (name, a, b, c, isConstant) => {
      const d = isConstant ? c : Math.max(a, c);
      const bounds = range(
        operation(name as Operation["name"], either(constant(a), constant(b)), either(constant(c), constant(d))),
      );
      if (bounds === undefined) return;
      for (const x of [a, b]) {
        for (const y of [c, d]) {
          const value = of[name]!(x, y);
          expect(value).toBeGreaterThanOrEqual(bounds.least);
          expect(value).toBeLessThanOrEqual(bounds.most);
        }
      }
    }),
    { numRuns: 300 },
  );
}

test("hold what is computed with numbers", () => checkBounds(ofFloats, numbers, f32));

test("hold what is computed with whole numbers", () => checkBounds(ofWhole, fc.oneof(whole, fc.nat(255)), i32));

test("are those of a logarithm's parts", () => {
  const bits = operation("i32.reinterpret_f32", either(f32(2 ** -24), f32(1)));
  const exponent = operation("i32.shr_u", bits, i32(23));
  expect(range(exponent)).toEqual({ least: 103, most: 127 });
  const mantissa = operation("i32.or", operation("i32.and", bits, i32(0x7fffff)), i32(0x3f800000));
  expect(range(operation("f32.reinterpret_i32", mantissa))).toEqual({ least: 1, most: 2 - 2 ** -23 });
});

test("are not those of numbers that may be none, or infinite, or have a sign for a bit", () => {
  const load: Expression = { kind: "load", type: "f32", array: 0, index: i32(0), length: 1 };
  expect(range(operation("f32.max", load, f32(1)))).toBe(undefined);
  expect(range(operation("f32.mul", f32(1e30), f32(1e30)))).toBe(undefined);
  expect(range(operation("f32.div", f32(1), either(f32(-1), f32(1))))).toBe(undefined);
  expect(range(operation("i32.reinterpret_f32", either(f32(0), f32(1))))).toBe(undefined);
  expect(range(f32(Number.NaN))).toBe(undefined);
});

test("decide comparisons that come out the same for all", () => {
  const comparisons = {
    "f32.lt": (x: number, y: number) => x < y,
    "f32.gt": (x: number, y: number) => x > y,
    "f32.eq": (x: number, y: number) => x === y,
    "f32.ne": (x: number, y: number) => x !== y,
  };
  const few = fc.integer({ min: -3, max: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(comparisons)), few, few, few, few, (name, a, b, c, d) => {
      const of = comparisons[name as keyof typeof comparisons];
      const [first, second] = [
        { least: Math.min(a, b), most: Math.max(a, b) },
        { least: Math.min(c, d), most: Math.max(c, d) },
      ];
      const found = decided(name as "f32.lt", first, second);
      if (found !== undefined) for (const x of [a, b]) for (const y of [c, d]) expect(of(x, y)).toBe(found);
    }),
    { numRuns: 300 },
  );
  expect(decided("f32.lt", { least: 0, most: 1 }, { least: 2, most: 3 })).toBe(true);
  expect(decided("f32.lt", { least: 2, most: 3 }, { least: 0, most: 2 })).toBe(false);
});
