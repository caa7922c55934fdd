/** Stochastic gradient descent with momentum and weight decay, for use inside a jitted step. */

import { numpy as np, tree } from "@jax-js/jax";
import type { Parameters } from "./adam.ts";

/** The state before the first step. Does not consume the parameters. */
export function initSgd<P extends Parameters>(parameters: P): P {
  return tree.map((p: np.Array) => np.zeros(p.shape), parameters) as P;
}

/**
 * One step: `v <- momentum v + g + decay p`, then `p <- p - rate v`, with the gradient g. Consumes everything.
 *
 * Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; the decay is part of the gradient,
 * as in PyTorch's SGD.
 */
export function sgd<P extends Parameters>(
  parameters: P,
  gradients: P,
  velocity: P,
  options: { learningRate: np.Array; momentum: number; weightDecay: number },
): { parameters: P; velocity: P } {
  const { learningRate, momentum, weightDecay } = options;
  const accelerate = (p: np.Array, g: np.Array, v: np.Array) => v.mul(momentum).add(g).add(p.mul(weightDecay));
  const next = tree.map(accelerate, tree.ref(parameters), gradients, velocity) as P;
  const step = (p: np.Array, v: np.Array) => p.sub(v.mul(learningRate.ref));
  const moved = tree.map(step, parameters, tree.ref(next)) as P;
  learningRate.dispose();
  return { parameters: moved, velocity: next };
}
