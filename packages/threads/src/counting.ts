/** Code that counts, and finds places by counters. */

import { type Code, i32, ifElse, local, repeatWhile } from "./assembler.ts";
import type { Expression } from "./expressions.ts";

export function increased(variable: number, by: number): Code {
  return by === 0 ? [] : local.set(variable, i32.add(local.get(variable), i32.const(by)));
}

export function whileLess(counter: number, bound: Code, body: Code): Code {
  const isLess = i32.lt_u(local.get(counter), bound);
  return ifElse(isLess, repeatWhile(isLess, body), []);
}

/** A whole number that is put together from variables. */
export function wholeNumber(expression: Expression, variables: ReadonlyMap<number, Code>): Code {
  if (expression.kind === "i32") return i32.const(expression.value);
  if (expression.kind === "local") return variables.get(expression.index)!;
  if (expression.kind !== "operation") throw new TypeError("An index is put together from whole numbers.");
  const instruction = i32[expression.name.slice("i32.".length) as "add" | "sub" | "mul" | "div_s" | "rem_s"];
  return instruction(...expression.operands.map((operand) => wholeNumber(operand, variables)));
}
