/**
 * Whole numbers that are put together from the place of an output, and nothing else: which number of an array is read, or on which side
 * of a border a place is. Of four neighbouring outputs they are found at once where that is possible.
 */

import { type Code, i32, select } from "./assembler.ts";
import type { Expression } from "./expressions.ts";

/** A whole number for the first of four outputs, the place of which is a multiple of 4, and how it goes on. */
export interface Places {
  readonly code: Code;
  /** From each output to the next; undefined if that is not known. */
  readonly distance: number | undefined;
  /** Whether the first number is a multiple of 4. */
  readonly isAligned: boolean;
  /** Whether none is negative. */
  readonly isNatural: boolean;
}

/**
 * Undefined if there is more in an expression than places.
 *
 * @param place gives the place of the first output; undefined for variables that are no places
 */
export function placesOf(expression: Expression, place: (variable: number) => Places | undefined): Places | undefined {
  if (expression.kind === "i32") return constant(expression.value);
  if (expression.kind === "local") return place(expression.index);
  if (expression.kind !== "operation" || expression.operands.length !== 2) return undefined;
  const [a, b] = expression.operands.map((operand) => placesOf(operand, place));
  if (a === undefined || b === undefined) return undefined;
  if (expression.name === "i32.add" || expression.name === "i32.sub") return sum(a, b, expression.name);
  const [, second] = expression.operands;
  if (second?.kind !== "i32" || second.value <= 0) return undefined;
  if (expression.name === "i32.mul") return times(a, second.value);
  if (expression.name === "i32.div_s") return quotient(a, second.value);
  return expression.name === "i32.rem_s" ? remainder(a, second.value) : undefined;
}

export function constant(value: number): Places {
  return { code: i32.const(value), distance: 0, isAligned: value % 4 === 0, isNatural: value >= 0 };
}

/** The address of an array's number; that of the first where there is no such number. */
export function guarded(array: Code, index: Code, length: number): Code {
  const isThere = i32.lt_u(index, i32.const(length));
  return i32.add(array, i32.mul(select(index, i32.const(0), isThere), i32.const(4)));
}

function sum(a: Places, b: Places, name: "i32.add" | "i32.sub"): Places {
  const isSum = name === "i32.add";
  const isKnown = a.distance !== undefined && b.distance !== undefined;
  return {
    code: isSum ? i32.add(a.code, b.code) : i32.sub(a.code, b.code),
    distance: isKnown ? (isSum ? a.distance + b.distance : a.distance - b.distance) : undefined,
    isAligned: a.isAligned && b.isAligned,
    isNatural: isSum && a.isNatural && b.isNatural,
  };
}

function times({ code, distance, isAligned, isNatural }: Places, factor: number): Places {
  return {
    code: factor === 1 ? code : i32.mul(code, i32.const(factor)),
    distance: distance === undefined ? undefined : distance * factor,
    isAligned: isAligned || factor % 4 === 0,
    isNatural,
  };
}

/** Whether four numbers have no multiple of the divisor between them. */
function areTogether({ distance, isAligned, isNatural }: Places, divisor: number): boolean {
  return distance === 0 || (distance === 1 && isAligned && isNatural && divisor % 4 === 0);
}

function quotient(a: Places, divisor: number): Places {
  const by = i32.const(divisor);
  return {
    code: a.isNatural ? i32.div_u(a.code, by) : i32.div_s(a.code, by),
    distance: areTogether(a, divisor) ? 0 : undefined,
    isAligned: false,
    isNatural: a.isNatural,
  };
}

function remainder(a: Places, divisor: number): Places {
  const by = i32.const(divisor);
  return {
    code: a.isNatural ? i32.rem_u(a.code, by) : i32.rem_s(a.code, by),
    distance: areTogether(a, divisor) ? a.distance : undefined,
    isAligned: a.isAligned && divisor % 4 === 0,
    isNatural: a.isNatural,
  };
}
