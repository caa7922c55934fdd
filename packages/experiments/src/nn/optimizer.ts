/**
 * What every optimizer offers: one interface, so that a model is trained by another one without more than a word changed.
 *
 * @module
 */

import { numpy as np } from "@jax-js/jax";
import type { AdamState, Parameters } from "./adam.ts";

/** What optimizers remember from step to step: those of Adam's kin, and gradient descent its velocity. */
export interface OptimizerStates<P extends Parameters> {
  adam: AdamState<P>;
  sgd: P;
}

/**
 * An optimizer: what remains the same over a training, such as its decays. What it remembers is a tree of arrays beside the
 * parameters, and a part of the state that is trained and saved.
 */
export interface Optimizer<Kind extends keyof OptimizerStates<Parameters>> {
  /** What it remembers before the first step. Keeps the parameters. */
  init<P extends Parameters>(parameters: P): OptimizerStates<P>[Kind];
  /**
   * One step, for use inside a jitted function. Consumes everything.
   *
   * @param gradients of what is minimized, in the form of the parameters
   * @param learningRate the step size: a number, which is compiled in, or a scalar array, which may change from step to step
   */
  update<P extends Parameters>(
    parameters: P,
    gradients: P,
    state: OptimizerStates<P>[Kind],
    learningRate: np.Array | number,
  ): { parameters: P; state: OptimizerStates<P>[Kind] };
}

/** A learning rate as an array, which the caller owns. */
export function rateOf(learningRate: np.Array | number): np.Array {
  return typeof learningRate === "number" ? np.array(learningRate) : learningRate;
}

/** @throws RangeError that names the optimizer and the option, for one outside of the range from 0 to below `end` */
export function checkOption(name: string, value: number, end = Number.POSITIVE_INFINITY): void {
  if (value >= 0 && value < end) return;
  const range = end === Number.POSITIVE_INFINITY ? "a finite number of at least 0" : `at least 0 and below ${end}`;
  throw new RangeError(`${name}: expected ${range}, got ${value}.`);
}
