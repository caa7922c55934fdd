/** Matrices that move items: permutations, relaxed or not, and plans of transport. */

import { jit, numpy as np } from "@jax-js/jax";
import { checkFloat, describe } from "./checks.ts";

/** `result_i = sum_j plan_ij items_j`, items of any shape. Consumes both. */
export const applied = jit(function apply(plan: np.Array, items: np.Array) {
  const batch = plan.ndim - 2;
  const flat = items.reshape([...items.shape.slice(0, batch + 1), -1]);
  const moved = np.matmul(plan, flat);
  return moved.reshape([...moved.shape.slice(0, -1), ...items.shape.slice(batch + 1)]);
});

/**
 * Items for a plan `[..., m, n]`.
 *
 * @param axis of the plan that has as many entries as there are items
 */
export function checkItems(where: string, plan: np.Array, items: np.Array, axis: -1 | -2): void {
  const size = plan.shape.at(axis)!;
  checkFloat(where, "items", items, 1);
  const batch = plan.ndim - 2;
  const fits = (one: number, axis: number) => axis >= batch || one === 1 || [1, one].includes(plan.shape[axis]!);
  if (items.ndim > batch && items.shape[batch] === size && items.shape.every(fits)) return;
  const axes =
    batch > 0 ? `the batch axes ${JSON.stringify(plan.shape.slice(0, -2))} and then ${size}` : `first axis ${size}`;
  throw new RangeError(`${where}: items must have ${axes}, as plan ${describe(plan)} does, got ${describe(items)}.`);
}

/**
 * The largest of numbers on the host, NaN where one of them is.
 *
 * Upstream: on WebGPU the larger of NaN and a number is the number.
 */
export function largestOf(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((largest, x) => Math.max(largest, x));
}
