/** What a cost returns, and what is made of it: sums over the batch axes that it keeps not, means over the samples. */

import { numpy as np } from "@jax-js/jax";
import { checkFloat, describe, isArray } from "../checks.ts";
import { materializeGradient } from "../materialize.ts";
import { LOWEST } from "../numerics.ts";
import type { Task } from "./task.ts";

/** A function of values `[samples, ...batch, ...event]` that returns `[samples, ...]`, with the leading batch axes it keeps. */
export type Cost = (value: np.Array) => np.Array;

/**
 * Calls the cost, once, and checks what it returns.
 *
 * Upstream: under `jit`, the gradient by a part of an array is that by the whole where what comes back is one number everywhere,
 * as it does from a mean. So it comes back from a dot product, which the engine computes and keeps: a cost may take parts.
 */
export function costsOf({ where, cost, structure }: CostTask, value: np.Array): np.Array {
  const given = value.shape.slice(0, value.ndim - (structure.valueAxes ?? structure.eventAxes ?? 0));
  const costs = cost(value);
  checkCosts(where, "what cost returns", costs, given);
  return materializeGradient(costs);
}

/** @param given the axes of the values that the cost was called with, without those of an event */
export function checkCosts(where: string, name: string, costs: np.Array, given: readonly number[]): void {
  checkFloat(where, name, costs);
  const isPrefix = costs.ndim >= 1 && costs.ndim <= given.length && costs.shape.every((size, i) => size === given[i]);
  if (isPrefix) return;
  throw new RangeError(
    `${where}: ${name} must be one number for each of the ${given[0]} values along the first axis, or for each of them and ` +
      `of their leading batch axes: [${given[0]}, ...], a beginning of [${given}], got ${describe(costs)}.`,
  );
}

/** Refuses an option that does not broadcast to the shape of the costs: one that is larger would make more of them. */
export function checkFitsCosts(where: string, name: string, option: np.Array | number, costs: np.Array): void {
  if (!isArray(option)) return;
  const { shape } = option;
  const fits = shape.every((size, i) => size === 1 || size === costs.shape.at(i - shape.length));
  if (shape.length <= costs.ndim && fits) return;
  throw new RangeError(
    `${where}: ${name} must be a number, or an array that broadcasts to the costs, [${costs.shape}], got ` +
      `${describe(option)}.`,
  );
}

/** What it takes to call the cost. */
export type CostTask = Pick<Task<unknown>, "where" | "cost" | "structure">;

/** Sums over all axes from one on. */
export function sumFrom(axis: number, x: np.Array): np.Array {
  const axes = Array.from({ length: x.ndim - axis }, (_, i) => axis + i);
  return axes.length === 0 ? x : x.sum(axes);
}

/**
 * A part of the first axis.
 *
 * Upstream: under `jit`, the gradient by a part is that by the whole where what comes back is one number everywhere,
 * as it does from a mean. So it comes from a dot product, which the engine computes and keeps.
 */
export function rows(x: np.Array, from: number, to: number): np.Array {
  return materializeGradient(x.slice([from, to]));
}

/** So many copies along a new first axis. */
export function repeated(x: np.Array, count: number): np.Array {
  return np.broadcastTo(x, [count, ...x.shape]);
}

/** Logits without their infinities, of which differences are no numbers; no gradient flows into them. */
export function bounded(logits: np.Array): np.Array {
  return np.clip(logits, LOWEST, -LOWEST);
}

/**
 * The mean over samples of `costs + weight * change`: costs and their own gradient, and weighed what is 0 and has a
 * gradient by the logits.
 *
 * @param costs `[samples, ...kept]`, consumed
 * @param weight broadcasts with the costs; its gradient by the logits is to have been stopped; consumed
 * @param change `[samples, ...kept, ...]`, summed over what the cost has not kept; consumed
 */
export function weighed(costs: np.Array, weight: np.Array, change: np.Array): np.Array {
  return costs.add(weight.mul(sumFrom(costs.ndim, change))).mean(0);
}
