/** Which kernels of the engine are products of matrices, and how their arrays lie. */

import type { Expression, Load, Reduction } from "./expressions.ts";
import { areWithin, heightsOf, rowLengthOf, type Steps, stepsOf, stridesOf } from "./strides.ts";

/**
 * For each of some batches of rows, and each row and column, `result(sum over steps of left(row, step) * right(column, step))`. The
 * factors may be put together from several arrays.
 */
export interface Product {
  readonly sum: Reduction;
  readonly batches: number;
  /** Of a batch. */
  readonly rows: number;
  readonly columns: number;
  readonly steps: number;
  readonly left: Expression;
  readonly right: Expression;
  readonly result: Expression;
  readonly loads: ReadonlyMap<Load, Steps>;
}

/** Below these a product is not worth a kernel of its own: multiplications in all, rows, columns, steps. */
const LEAST = { multiplications: 2 ** 18, rows: 4, columns: 4, steps: 8 };

/**
 * The product that a kernel computes by a reduction for so many outputs; undefined if it is none, or a small one, or its arrays lie in
 * a way that is not known here.
 */
export function productOf(sum: Reduction, outputs: number): Product | undefined {
  if (sum.combine !== "f32.add" || !isPlainZero(sum.initial)) return undefined;
  if (sum.term.kind !== "operation" || sum.term.name !== "f32.mul") return undefined;
  const { steps } = sum;
  if (outputs * steps < LEAST.multiplications || steps < LEAST.steps) return undefined;
  const factors = sum.term.operands;
  if (!factors.every((factor) => isComputable(factor)) || !isComputable(sum.result, sum.total)) return undefined;

  const loads = [...factors, sum.result].flatMap(loadsIn);
  const strides = loads.map((load) => stridesOf(load.index, sum));
  if (!strides.every((one) => one !== undefined)) return undefined;
  const counts = { index: outputs, step: steps };
  if (!strides.every((one, i) => areWithin(loads[i]!.length, one, counts))) return undefined;

  const columns = rowLengthOf(strides);
  if (columns < LEAST.columns || outputs % columns !== 0) return undefined;
  const allRows = outputs / columns;
  // Few large batches rather than many small ones.
  const heights = [allRows, ...heightsOf(strides, columns)].filter(
    (rows) => rows >= LEAST.rows && allRows % rows === 0,
  );
  for (const rows of heights.sort((a, b) => b - a)) {
    const found = strides.map((one) => stepsOf(one, { rows, columns, steps }));
    if (!found.every((one) => one !== undefined && one.row >= 0 && one.column >= 0 && one.step >= 0)) continue;
    const known = new Map(loads.map((load, i) => [load, found[i]!]));
    const sides = sidesOf(factors, known);
    if (sides === undefined) return undefined;
    return { sum, batches: allRows / rows, rows, columns, steps, ...sides, result: sum.result, loads: known };
  }
  return undefined;
}

/** Which of the factors is the same for all columns, and which for all rows. */
function sidesOf(
  factors: readonly Expression[],
  loads: ReadonlyMap<Load, Steps>,
): Pick<Product, "left" | "right"> | undefined {
  const isSame = (factor: Expression, direction: keyof Steps) =>
    loadsIn(factor).every((load) => loads.get(load)![direction] === 0);
  for (const [left, right] of [factors, factors.toReversed()] as [Expression, Expression][]) {
    if (isSame(left, "column") && isSame(right, "row")) return { left, right };
  }
  return undefined;
}

/** The arrays' numbers in an expression, each once. */
export function loadsIn(expression: Expression): Load[] {
  if (expression.kind === "load") return [expression];
  return expression.kind === "operation" ? [...new Set(expression.operands.flatMap(loadsIn))] : [];
}

const NUMBERS = ["f32.add", "f32.sub", "f32.mul", "f32.div", "f32.min", "f32.max", "f32.sqrt"];
const CONDITIONS = ["f32.lt", "f32.ne"];

/** Whether it can be computed for four numbers at once, from arrays, constants and the sum, if there is one, alone. */
function isComputable(expression: Expression, sum?: number): boolean {
  if (expression.kind === "load") return expression.type === "f32";
  if (expression.kind === "f32") return true;
  if (expression.kind === "local") return expression.index === sum;
  if (expression.kind !== "operation") return false;
  const { name, operands } = expression;
  if (NUMBERS.includes(name)) return operands.every((operand) => isComputable(operand, sum));
  if (name !== "select") return false;
  const [yes, no, condition] = operands;
  return isComputable(yes!, sum) && isComputable(no!, sum) && isCondition(condition!, sum);
}

function isCondition(expression: Expression, sum: number | undefined): boolean {
  if (expression.kind === "load") return expression.type === "i32";
  if (expression.kind !== "operation" || !CONDITIONS.includes(expression.name)) return false;
  return expression.operands.every((operand) => isComputable(operand, sum));
}

/** 0, and not -0. */
export function isPlainZero(expression: Expression): boolean {
  return expression.kind === "f32" && expression.bytes.every((byte) => byte === 0);
}
