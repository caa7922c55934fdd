/**
 * Stochastic gradient descent with momentum and weight decay.
 *
 * @module
 */

import { numpy as np, tree } from "@jax-js/jax";
import { checkOption, type Optimizer, rateOf } from "./optimizer.ts";

/**
 * Gradient descent: `v <- momentum v + g + decay p`, then `p <- p - rate v`, with the gradient g and the velocity v, which is 0 at
 * first.
 *
 * @param options `momentum`, from 0 to below 1, and `weightDecay`, at least 0; both are 0 by default
 * @throws RangeError for options out of range
 *
 * Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; the decay is part of the gradient,
 * as in PyTorch's SGD.
 */
export function sgd({
  momentum = 0,
  weightDecay = 0,
}: {
  readonly momentum?: number;
  readonly weightDecay?: number;
} = {}): Optimizer<"sgd"> {
  checkOption("sgd: momentum", momentum, 1);
  checkOption("sgd: weightDecay", weightDecay);
  const accelerate = (p: np.Array, g: np.Array, v: np.Array) => v.mul(momentum).add(g).add(p.mul(weightDecay));
  return {
    init: (parameters) => tree.map((p: np.Array) => np.zeros(p.shape), parameters) as typeof parameters,
    update(parameters, gradients, velocity, learningRate) {
      const rate = rateOf(learningRate);
      const state = tree.map(accelerate, tree.ref(parameters), gradients, velocity) as typeof parameters;
      const step = (p: np.Array, v: np.Array) => p.sub(v.mul(rate.ref));
      const moved = tree.map(step, parameters, tree.ref(state)) as typeof parameters;
      rate.dispose();
      return { parameters: moved, state };
    },
  };
}
