/**
 * Expressions that give the same bits by fewer instructions. The engine writes numbers that are needed twice down twice, and puts
 * comparisons together from others.
 */

import { type Expression, isComparison, isNumber, type Operation, type OperationName } from "./expressions.ts";
import { decided, rangeOf } from "./ranges.ts";

/** A function that simplifies expressions. Equal parts of all that it gives are one object. */
export function simplifier(): (expression: Expression) => Expression {
  const numbers = new Map<Expression, number>();
  const byKey = new Map<string, Expression>();
  const done = new Map<Expression, Expression>();
  const ranges = new Map();

  function one(expression: Expression): Expression {
    const key = keyOf(expression, numbers);
    const known = byKey.get(key) ?? expression;
    if (known === expression && !numbers.has(expression)) {
      byKey.set(key, expression);
      numbers.set(expression, numbers.size);
    }
    return known;
  }

  function simplified(expression: Expression): Expression {
    const known = done.get(expression);
    if (known !== undefined) return known;
    let found = expression;
    if (expression.kind === "load") found = { ...expression, index: simplified(expression.index) };
    if (expression.kind === "operation") {
      const operands = expression.operands.map(simplified);
      const fewer = simpler(expression.name, operands) ?? simplerInRange(expression.name, operands, ranges);
      found = fewer === undefined ? { ...expression, operands } : simplified(fewer);
    }
    const result = one(found);
    done.set(expression, result);
    done.set(result, result);
    return result;
  }

  return simplified;
}

/** Equal for equal expressions whose parts have the same numbers. */
function keyOf(expression: Expression, numbers: ReadonlyMap<Expression, number>): string {
  const { kind } = expression;
  if (kind === "operation") return `${expression.name} ${expression.operands.map((one) => numbers.get(one))}`;
  if (kind === "load")
    return `${expression.type} ${expression.array} ${numbers.get(expression.index)} ${expression.length}`;
  if (kind === "f32") return `f32 ${expression.bytes}`;
  return kind === "i32" ? `i32 ${expression.value}` : `local ${expression.index}`;
}

/** The same by fewer instructions, or undefined; operands are simplified, and equal ones are the same object. */
function simpler(name: OperationName, operands: readonly Expression[]): Expression | undefined {
  const [first, second, third] = operands as [Expression, Expression, Expression];
  if (name === "i32.eqz") return negated(first);
  if (name === "i32.ne" && isCondition(first) && second.kind === "i32") {
    if (second.value === 0) return first;
    if (second.value === 1) return negated(first);
  }
  if (name === "i32.or" && isNumber(first, 0)) return second;
  if (name === "i32.or" && isNumber(second, 0)) return first;
  if (name === "i32.or") return lessOrEqual(first, second) ?? lessOrEqual(second, first);
  if (name === "i32.eq") return equal(first, second);
  if (name === "i32.div_u") return shifted(first, second);
  if ((name === "f32.convert_i32_s" || name === "f32.convert_i32_u") && isCondition(first)) {
    return operation("select", ONE, ZERO, first);
  }
  return name === "select" ? chosenOnce(first, second, third) : undefined;
}

/** The same, where what is computed with can be certain numbers only. */
function simplerInRange(
  name: OperationName,
  operands: readonly Expression[],
  ranges: Parameters<typeof rangeOf>[1],
): Expression | undefined {
  const [first, second] = operands as [Expression, Expression];
  if (operands.length !== 2) return undefined;
  const [a, b] = [rangeOf(first, ranges), rangeOf(second, ranges)];
  if (a === undefined || b === undefined) return undefined;
  const isTrue = decided(name, a, b);
  if (isTrue !== undefined) return { kind: "i32", value: Number(isTrue) };
  if (name !== "i32.and" || second.kind !== "i32") return undefined;
  const isAllOnes = second.value > 0 && (second.value & (second.value + 1)) === 0;
  return isAllOnes && a.least >= 0 && a.most <= second.value ? first : undefined;
}

const ZERO: Expression = { kind: "f32", bytes: [0, 0, 0, 0] };
const ONE: Expression = { kind: "f32", bytes: [0, 0, 0x80, 0x3f] };

function operation(name: OperationName, ...operands: readonly Expression[]): Operation {
  return { kind: "operation", name, operands };
}

/** Whether it is 0 or 1. */
export function isCondition(expression: Expression): expression is Operation {
  if (expression.kind !== "operation") return false;
  if (expression.name === "i32.or" || expression.name === "i32.and") return expression.operands.every(isCondition);
  return isComparison(expression);
}

const OPPOSITES: Partial<Record<OperationName, OperationName>> = {
  "f32.eq": "f32.ne",
  "f32.ne": "f32.eq",
  "i32.eq": "i32.ne",
  "i32.ne": "i32.eq",
};

function negated(condition: Expression): Expression | undefined {
  const name = isCondition(condition) ? OPPOSITES[condition.name] : undefined;
  return name === undefined ? undefined : operation(name, ...(condition as Operation).operands);
}

/** Of `a < b` and `a == b`. */
function lessOrEqual(less: Expression, same: Expression): Expression | undefined {
  if (less.kind !== "operation" || less.name !== "f32.lt") return undefined;
  if (same.kind !== "operation" || same.name !== "f32.eq") return undefined;
  const isAlike = less.operands.every((operand) => same.operands.includes(operand));
  return isAlike ? operation("f32.le", ...less.operands) : undefined;
}

/** Of `a - b == c` with constants b and c: `a == b + c`. */
function equal(difference: Expression, constant: Expression): Expression | undefined {
  if (difference.kind !== "operation" || difference.name !== "i32.sub" || constant.kind !== "i32") return undefined;
  const [number, less] = difference.operands as [Expression, Expression];
  if (less.kind !== "i32") return undefined;
  return operation("i32.eq", number, { kind: "i32", value: (less.value + constant.value) | 0 });
}

/** Of a quotient by a power of 2. */
function shifted(number: Expression, divisor: Expression): Expression | undefined {
  const power = divisor.kind === "i32" && divisor.value > 0 ? Math.log2(divisor.value) : Number.NaN;
  return Number.isInteger(power) ? operation("i32.shr_u", number, { kind: "i32", value: power }) : undefined;
}

/** Of a choice that is known, or one between a number and a choice that has the same number. */
function chosenOnce(yes: Expression, no: Expression, condition: Expression): Expression | undefined {
  if (condition.kind === "i32") return condition.value === 0 ? no : yes;
  if (!isCondition(condition)) return undefined;
  const isChoice = (one: Expression): one is Operation =>
    one.kind === "operation" && one.name === "select" && isCondition(one.operands[2]!);
  if (isChoice(no) && no.operands[0] === yes) {
    return operation("select", yes, no.operands[1]!, operation("i32.or", condition, no.operands[2]!));
  }
  if (isChoice(yes) && yes.operands[1] === no) {
    return operation("select", yes.operands[0]!, no, operation("i32.and", condition, yes.operands[2]!));
  }
  return undefined;
}
