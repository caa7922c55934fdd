/** The Adam optimizer, for use inside a jitted step. */

import { numpy as np, tree } from "@jax-js/jax";

/** Any nesting of plain objects and lists with arrays at the leaves. */
export type Parameters = { [name: string]: np.Array | Parameters } | (np.Array | Parameters)[];

/** Step count, and running means of the gradients and of their squares. */
export type AdamState<P> = { count: np.Array; mean: P; square: P };

const MEAN_DECAY = 0.9;
const SQUARE_DECAY = 0.999;
const EPSILON = 1e-8;

/** The state before the first step. Does not consume the parameters. */
export function initAdam<P extends Parameters>(parameters: P): AdamState<P> {
  const zeros = () => tree.map((p: np.Array) => np.zeros(p.shape), parameters) as P;
  return { count: np.array(0), mean: zeros(), square: zeros() };
}

/**
 * One step: `p - rate * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)` with the running means m of the gradient and v
 * of its square, `b1 = 0.9`, `b2 = 0.999`, `epsilon = 1e-8`. Consumes everything.
 *
 * Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015.
 */
export function adam<P extends Parameters>(
  parameters: P,
  gradients: P,
  state: AdamState<P>,
  learningRate: np.Array,
): { parameters: P; state: AdamState<P> } {
  const count = state.count.add(1);
  const mean = map2((m, g) => m.mul(MEAN_DECAY).add(g.mul(1 - MEAN_DECAY)), state.mean, tree.ref(gradients));
  const square = map2((v, g) => v.mul(SQUARE_DECAY).add(np.square(g).mul(1 - SQUARE_DECAY)), state.square, gradients);
  // Both corrections in scalars: sqrt(v / c) + epsilon = (sqrt(v) + epsilon sqrt(c)) / sqrt(c).
  const squareCorrection = np.sqrt(np.subtract(1, np.power(SQUARE_DECAY, count.ref)));
  const rate = learningRate.mul(squareCorrection.ref).div(np.subtract(1, np.power(MEAN_DECAY, count.ref)));
  const floor = squareCorrection.mul(EPSILON);
  const step = (p: np.Array, m: np.Array, v: np.Array) => p.sub(m.mul(rate.ref).div(np.sqrt(v).add(floor.ref)));
  const next = tree.map(step, parameters, tree.ref(mean), tree.ref(square)) as P;
  rate.dispose();
  floor.dispose();
  return { parameters: next, state: { count, mean, square } };
}

/**
 * The same with weight decay that the gradient does not see: `p (1 - rate decay)` in place of p. Consumes everything.
 *
 * Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019.
 */
export function adamW<P extends Parameters>(
  parameters: P,
  gradients: P,
  state: AdamState<P>,
  { learningRate, weightDecay }: { learningRate: np.Array; weightDecay: number },
): { parameters: P; state: AdamState<P> } {
  const kept = np.subtract(1, learningRate.ref.mul(weightDecay));
  const shrunk = tree.map((p: np.Array) => p.mul(kept.ref), parameters) as P;
  kept.dispose();
  return adam(shrunk, gradients, state, learningRate);
}

function map2<P extends Parameters>(f: (a: np.Array, b: np.Array) => np.Array, a: P, b: P): P {
  return tree.map(f, a, b) as P;
}
