/**
 * How the index of an array's number depends on two counters, that of the outputs and that of the steps. The engine puts indices
 * together from digits of a counter, `floor(counter / divisor) mod modulus`, each times a stride.
 */

import type { Expression } from "./expressions.ts";

/** `stride * (floor(counter / divisor) mod modulus)`. */
export interface Digit {
  readonly counter: "index" | "step";
  readonly divisor: number;
  /** Infinite for what is left after a division. */
  readonly modulus: number;
  readonly stride: number;
}

/** A sum of digits and a constant. */
export interface Strides {
  readonly digits: readonly Digit[];
  readonly constant: number;
}

/** Variables that count outputs and steps. */
interface Counters {
  readonly index: number;
  readonly step: number;
}

/** The digits of an index; undefined if it is put together in another way. */
export function stridesOf(expression: Expression, counters: Counters): Strides | undefined {
  if (expression.kind === "i32") return { digits: [], constant: expression.value };
  if (expression.kind === "local") return ofCounter(expression.index, counters);
  if (expression.kind !== "operation" || expression.operands.length !== 2) return undefined;
  const [a, b] = expression.operands.map((operand) => stridesOf(operand, counters));
  if (a === undefined || b === undefined) return undefined;
  if (expression.name === "i32.add") return added(a, b);
  if (expression.name === "i32.sub") return added(a, times(b, -1));
  if (expression.name === "i32.mul" && b.digits.length === 0) return times(a, b.constant);
  if (expression.name === "i32.mul" && a.digits.length === 0) return times(b, a.constant);
  if (b.digits.length > 0 || b.constant <= 0) return undefined;
  if (expression.name === "i32.div_s") return divided(a, b.constant);
  return expression.name === "i32.rem_s" ? remainder(a, b.constant) : undefined;
}

function ofCounter(local: number, { index, step }: Counters): Strides | undefined {
  if (local !== index && local !== step) return undefined;
  const counter = local === index ? "index" : "step";
  return { digits: [{ counter, divisor: 1, modulus: Number.POSITIVE_INFINITY, stride: 1 }], constant: 0 };
}

function added(a: Strides, b: Strides): Strides {
  return { digits: [...a.digits, ...b.digits], constant: a.constant + b.constant };
}

function times({ digits, constant }: Strides, factor: number): Strides {
  if (factor === 0) return { digits: [], constant: 0 };
  return { digits: digits.map((digit) => ({ ...digit, stride: digit.stride * factor })), constant: constant * factor };
}

/** The digit that a sum consists of, if it is one and nothing else. */
function onlyDigit({ digits, constant }: Strides): Digit | undefined {
  return digits.length === 1 && constant === 0 && digits[0]!.stride === 1 ? digits[0] : undefined;
}

function divided(a: Strides, divisor: number): Strides | undefined {
  const digit = onlyDigit(a);
  if (digit === undefined || (Number.isFinite(digit.modulus) && digit.modulus % divisor !== 0)) return undefined;
  return { digits: [{ ...digit, divisor: digit.divisor * divisor, modulus: digit.modulus / divisor }], constant: 0 };
}

function remainder(a: Strides, modulus: number): Strides | undefined {
  const digit = onlyDigit(a);
  if (digit === undefined) return undefined;
  if (digit.modulus <= modulus) return a;
  if (Number.isFinite(digit.modulus) && digit.modulus % modulus !== 0) return undefined;
  return { digits: [{ ...digit, modulus }], constant: 0 };
}

/** Whether all indices are those of numbers of an array, for so many outputs and steps. */
export function areWithin(
  length: number,
  { digits, constant }: Strides,
  counts: Record<Digit["counter"], number>,
): boolean {
  let [least, most] = [constant, constant];
  for (const { counter, divisor, modulus, stride } of digits) {
    const reach = stride * Math.min(modulus - 1, Math.floor((counts[counter] - 1) / divisor));
    if (reach < 0) least += reach;
    else most += reach;
  }
  return least >= 0 && most < length;
}

/**
 * How the numbers of four neighbouring outputs lie, the first of which is a multiple of 4: from each to the next is the same distance; or
 * outputs have the same number up to the next multiple of a length, which comes once at most; or none of that.
 */
export type Neighbours =
  | { readonly kind: "even"; readonly distance: number }
  | { readonly kind: "in rows"; readonly length: number }
  | { readonly kind: "apart" };

export function neighboursOf(strides: Strides): Neighbours {
  const moving = digitsOfOutputs(strides).filter(({ divisor }) => divisor % 4 !== 0);
  const [first] = moving;
  if (first === undefined) return { kind: "even", distance: 0 };
  const { divisor } = first;
  if (!moving.every((digit) => digit.divisor === divisor)) return { kind: "apart" };
  if (divisor > 1) return { kind: "in rows", length: divisor };
  const distance = moving.reduce((sum, { stride }) => sum + stride, 0);
  const isWhole = moving.every(({ modulus }) => modulus === Number.POSITIVE_INFINITY || modulus % 4 === 0);
  return isWhole && distance >= 0 ? { kind: "even", distance } : { kind: "apart" };
}

/** The digits of the outputs' counter, as few as there can be. */
export function digitsOfOutputs({ digits }: Strides): readonly Digit[] {
  return merged(digits.filter(({ counter }) => counter === "index"));
}

/** The same sum with fewer digits: `stride (i mod n) + stride n floor(i / n)` is `stride i`. */
function merged(digits: readonly Digit[]): readonly Digit[] {
  for (const low of digits) {
    const high = digits.find(
      ({ divisor, stride }) => divisor === low.divisor * low.modulus && stride === low.stride * low.modulus,
    );
    if (high === undefined) continue;
    const rest = digits.filter((digit) => digit !== low && digit !== high);
    return merged([...rest, { ...low, modulus: low.modulus * high.modulus }]);
  }
  return digits;
}

/** The shortest rows that the outputs are cut into by any of these indices; infinite if they are not cut. */
export function rowLengthOf(all: readonly Strides[]): number {
  const moduli = all.flatMap(({ digits }) =>
    digits.filter(({ counter, divisor }) => counter === "index" && divisor === 1).map(({ modulus }) => modulus),
  );
  return Math.min(...moduli);
}

/** The numbers of rows, or of rows up to those of a batch, that these indices are cut into, without repetition. */
export function heightsOf(all: readonly Strides[], columns: number): number[] {
  const ends = all.flatMap(({ digits }) =>
    digits.filter(({ counter }) => counter === "index").map(({ divisor, modulus }) => (divisor * modulus) / columns),
  );
  return [...new Set(ends.filter((height) => height > 1 && Number.isInteger(height)))];
}

/** What an index grows by from a row, a column or a step to the next. */
export interface Steps {
  readonly row: number;
  readonly column: number;
  readonly step: number;
}

/**
 * The same for all rows of a batch, columns and steps; undefined if it is not the same for all, or depends on where a batch begins.
 *
 * @param shape rows of a batch, columns, and steps
 */
export function stepsOf({ digits }: Strides, { rows, columns, steps }: Shape): Steps | undefined {
  const ofOutputs = digits.filter(({ counter }) => counter === "index");
  if (!ofOutputs.every((digit) => isCutAt(digit, columns) && isCutAt(digit, rows * columns))) return undefined;
  const ofIndex = valueOf(ofOutputs);
  const column = evenStep(ofIndex, columns);
  const row = evenStep((count) => ofIndex(count * columns), rows);
  const step = distanceOfSteps({ digits, constant: 0 }, steps);
  return row === undefined || column === undefined || step === undefined ? undefined : { row, column, step };
}

/** What an index grows by from a step to the next; undefined if it is not the same for all of so many. */
export function distanceOfSteps({ digits }: Strides, steps: number): number | undefined {
  return evenStep(valueOf(digits.filter(({ counter }) => counter === "step")), steps);
}

interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly steps: number;
}

function valueOf(digits: readonly Digit[]): (count: number) => number {
  return (count) =>
    digits.reduce((sum, { divisor, modulus, stride }) => sum + stride * (Math.floor(count / divisor) % modulus), 0);
}

/** Whether, for counts of which some multiple of `length` is taken off, the digit is the sum of the digits of both parts. */
function isCutAt({ divisor, modulus }: Digit, length: number): boolean {
  if (divisor % length === 0 || length % (divisor * modulus) === 0) return true;
  return length % divisor === 0 && (modulus === Number.POSITIVE_INFINITY || modulus % (length / divisor) === 0);
}

/** What a function of 0, 1, 2 and so on grows by each time; undefined if it is not always the same. */
function evenStep(of: (count: number) => number, counts: number): number | undefined {
  const step = counts > 1 ? of(1) : 0;
  for (let count = 0; count < counts; count++) if (of(count) !== count * step) return undefined;
  return step;
}
