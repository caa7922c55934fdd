import { lax, numpy as np, vjp } from "@jax-js/jax";
import { checkPositive } from "../checks.ts";
import { onlyGradient } from "../numerics.ts";
import { bounded, type CostTask, costsOf, repeated, sumFrom } from "./costs.ts";
import { exactDraws, maximum, perturbed } from "./draws.ts";
import { checkSamples, type ImleOptions } from "./options.ts";
import type { Solved, Task } from "./task.ts";

/**
 * I-MLE: the gradient by the logits is `(value - target) / step`, with the value the maximum of perturbed logits, and
 * the target that of the same ones moved against the gradient of the cost: `mode(keys - step grad cost(value))`.
 */
export function imleEstimate(task: Task<ImleOptions>): np.Array {
  const { where, structure, key, logits, options, solved } = task;
  const { samples, step } = checkImle(where, options);
  const value = exactDraws({ ...task, key: key.ref, logits: lax.stopGradient(logits.ref) }, samples);
  const { costs, target } = solved ? solvedCosts(task, value.ref, solved) : movedCosts();
  const change = onlyGradient(repeated(bounded(logits), samples)).mul(value.sub(target).mul(1 / step));
  return costs.add(sumFrom(costs.ndim, change)).mean(0);

  function movedCosts() {
    const { costs, slope } = costsAndSlope(task, value.ref);
    const keys = perturbed(structure, key, repeated(lax.stopGradient(logits.ref), samples));
    return { costs, target: maximum(where, structure, keys.sub(slope.mul(step))) };
  }
}

/** The costs of values, and their derivative by the values alone, which has no gradient itself. */
export function costsAndSlope(task: CostTask, value: np.Array) {
  const [costs, pullBack] = vjp((x: np.Array) => costsOf(task, x), [value]);
  const [slope] = pullBack(np.ones(costs.shape)) as [np.Array];
  pullBack.dispose();
  return { costs, slope: lax.stopGradient(slope) };
}

export function checkImle(where: string, { samples, step = 1 }: ImleOptions): { samples: number; step: number } {
  checkPositive(where, "step", step);
  return { samples: checkSamples(where, samples), step };
}

function solvedCosts(task: Task<ImleOptions>, value: np.Array, { target }: Solved) {
  task.key.dispose();
  if (target !== undefined) return { costs: costsOf(task, value), target };
  throw new TypeError(`${task.where}: for "imle" give prepareExpectation the cost, too.`);
}
