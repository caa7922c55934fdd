/**
 * Between which bounds the numbers of an expression are. What is asked of numbers that cannot be need not be computed: a logarithm
 * asks for zeros, negative and infinite numbers and for what is no number, and noise has none of these.
 */

import type { Expression, Operation } from "./expressions.ts";

/** Bounds of what is a number in all cases, and finite. */
interface Range {
  readonly least: number;
  readonly most: number;
}

/** The range of an expression, or undefined if nothing is known. `known` keeps what has been found. */
export function rangeOf(expression: Expression, known: Map<Expression, Range | undefined>): Range | undefined {
  if (known.has(expression)) return known.get(expression);
  const found = finite(computed(expression, known));
  known.set(expression, found);
  return found;
}

/** What a comparison of two ranges gives in all cases; undefined if that is not the same. */
export function decided(name: Operation["name"], a: Range, b: Range): boolean | undefined {
  const isBelow = a.most < b.least;
  const isAbove = a.least > b.most;
  if (name === "f32.lt" || name === "i32.lt_s") return isBelow ? true : a.least >= b.most ? false : undefined;
  if (name === "f32.gt" || name === "i32.gt_s") return isAbove ? true : a.most <= b.least ? false : undefined;
  if (name === "f32.eq" || name === "i32.eq") return isBelow || isAbove ? false : undefined;
  if (name === "f32.ne" || name === "i32.ne") return isBelow || isAbove ? true : undefined;
  return undefined;
}

function finite(range: Range | undefined): Range | undefined {
  return range !== undefined && Number.isFinite(range.least) && Number.isFinite(range.most) ? range : undefined;
}

function computed(expression: Expression, known: Map<Expression, Range | undefined>): Range | undefined {
  if (expression.kind === "i32") return { least: expression.value, most: expression.value };
  if (expression.kind === "f32") {
    const [value] = new Float32Array(Uint8Array.from(expression.bytes).buffer);
    return { least: value!, most: value! };
  }
  if (expression.kind !== "operation") return undefined;
  const { name, operands } = expression;
  if (name === "f32.convert_i32_u") return { least: 0, most: 2 ** 32 };
  const [a, b] = operands.map((operand) => rangeOf(operand, known));
  if (name === "i32.and") return masked(a, b);
  if (a === undefined) return undefined;
  if (operands.length === 1) return ofOne(name, a);
  return b === undefined ? undefined : ofTwo(name, a, b);
}

function ofOne(name: Operation["name"], { least, most }: Range): Range | undefined {
  if (name === "f32.convert_i32_s") return { least: Math.fround(least), most: Math.fround(most) };
  if (name === "f32.sqrt" && least >= 0)
    return { least: Math.fround(Math.sqrt(least)), most: Math.fround(Math.sqrt(most)) };
  // Positive numbers have the order of their bits.
  if (name === "i32.reinterpret_f32" && least > 0) return { least: bitsOf(least), most: bitsOf(most) };
  if (name === "f32.reinterpret_i32" && least >= 0 && most < INFINITY)
    return { least: ofBits(least), most: ofBits(most) };
  return undefined;
}

function ofTwo(name: Operation["name"], a: Range, b: Range): Range | undefined {
  if (name === "f32.add") return rounded([a.least + b.least, a.most + b.most]);
  if (name === "f32.sub") return rounded([a.least - b.most, a.most - b.least]);
  if (name === "f32.mul") return rounded(corners(a, b, (x, y) => x * y));
  if (name === "f32.div" && (b.least > 0 || b.most < 0)) return rounded(corners(a, b, (x, y) => x / y));
  if (name === "f32.min") return { least: Math.min(a.least, b.least), most: Math.min(a.most, b.most) };
  if (name === "f32.max") return { least: Math.max(a.least, b.least), most: Math.max(a.most, b.most) };
  if (name === "select") return { least: Math.min(a.least, b.least), most: Math.max(a.most, b.most) };
  if (name === "i32.add") return whole({ least: a.least + b.least, most: a.most + b.most });
  if (name === "i32.sub") return whole({ least: a.least - b.most, most: a.most - b.least });
  if (name === "i32.or") return joined(a, b);
  const isShift = a.least >= 0 && b.least === b.most && b.least >= 0 && b.least < 32;
  if (name === "i32.shr_u" && isShift) return { least: a.least >> b.least, most: a.most >> b.least };
  return undefined;
}

/** Each rounded as single numbers are: the nearest of these keep the order. */
function rounded(values: readonly number[]): Range {
  return { least: Math.fround(Math.min(...values)), most: Math.fround(Math.max(...values)) };
}

function corners(a: Range, b: Range, f: (x: number, y: number) => number): number[] {
  return [f(a.least, b.least), f(a.least, b.most), f(a.most, b.least), f(a.most, b.most)];
}

/** None if it could be beyond what 32 bits hold. */
function whole(range: Range): Range | undefined {
  return range.least >= -(2 ** 31) && range.most < 2 ** 31 ? range : undefined;
}

/** Bits that both have. */
function masked(a: Range | undefined, b: Range | undefined): Range | undefined {
  const most = Math.min(
    ...[a, b].map((one) => (one !== undefined && one.least >= 0 ? one.most : Number.POSITIVE_INFINITY)),
  );
  return { least: 0, most };
}

/** Bits that one of them has: a sum, if one is a constant and the other is below its lowest bit. */
function joined(a: Range, b: Range): Range | undefined {
  const isConstant = b.least === b.most && b.least > 0;
  const lowest = b.least & -b.least;
  return isConstant && a.least >= 0 && a.most < lowest
    ? { least: a.least + b.least, most: a.most + b.least }
    : undefined;
}

/** The bits of infinity. */
const INFINITY = 0x7f800000;

const numbers = new Float32Array(1);
const bits = new Int32Array(numbers.buffer);

function bitsOf(value: number): number {
  numbers[0] = value;
  return bits[0]!;
}

function ofBits(value: number): number {
  bits[0] = value;
  return numbers[0]!;
}
