/** The Adam optimizer and its kin, for use inside a jitted step. */

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
  const { count, mean, square } = nextMeans(gradients, state);
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

/**
 * Rectified Adam: the same step times a factor below 1, for as long as the running mean of the squares rests on few
 * gradients; and where it rests on too few for the factor to be a number, in the first five steps, without that mean:
 *
 *     rho_inf = 2 / (1 - b2) - 1,   rho_t = rho_inf - 2 t b2^t / (1 - b2^t)
 *     r_t = sqrt((rho_t - 4) (rho_t - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho_t))
 *     p - rate r_t m / (1 - b1^t) sqrt(1 - b2^t) / (sqrt(v) + epsilon)   if rho_t > 5
 *     p - rate m / (1 - b1^t)                                            otherwise
 *
 * The bound is 5 as in PyTorch's RAdam, whose epsilon is at the same place; in the paper it is 4, which differs at the
 * fifth step. Consumes everything.
 *
 * Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019.
 */
export function radam<P extends Parameters>(
  parameters: P,
  gradients: P,
  state: AdamState<P>,
  learningRate: np.Array,
): { parameters: P; state: AdamState<P> } {
  const { count, mean, square } = nextMeans(gradients, state);
  const length = momentLength(count.ref);
  const isTractable = length.ref.greater(SHORTEST_LENGTH);
  const squareCorrection = np.sqrt(np.subtract(1, np.power(SQUARE_DECAY, count.ref)));
  const rate = learningRate.div(np.subtract(1, np.power(MEAN_DECAY, count.ref)));
  const adaptive = rate.ref.mul(rectification(length)).mul(squareCorrection);
  const step = (p: np.Array, m: np.Array, v: np.Array) => {
    const scale = np.where(isTractable.ref, adaptive.ref.div(np.sqrt(v).add(EPSILON)), rate.ref);
    return p.sub(m.mul(scale));
  };
  const next = tree.map(step, parameters, tree.ref(mean), tree.ref(square)) as P;
  for (const scalar of [isTractable, adaptive, rate]) scalar.dispose();
  return { parameters: next, state: { count, mean, square } };
}

/** rho_inf: how many gradients the running mean of their squares rests on in the end. */
const LONGEST = 2 / (1 - SQUARE_DECAY) - 1;

/** rho_t has to be above this. */
const SHORTEST_LENGTH = 5;

const LOG_DECAY = -Math.log(SQUARE_DECAY);

/**
 * rho_t. For small t it is a small difference of large numbers, so it comes from the series of x / (exp(x) - 1) with
 * x = -t log b2, up to x = 1, where what is left out is a millionth of it.
 */
function momentLength(count: np.Array): np.Array {
  const t = count;
  const x = t.ref.mul(LOG_DECAY);
  const square = np.square(x.ref);
  const curve = square.ref.mul(square.ref.mul(square.mul(1 / 30240).sub(1 / 720)).add(1 / 12));
  const early = t.ref.sub(curve.mul(2 / LOG_DECAY)).add(LONGEST - 2 / LOG_DECAY);
  const late = np.subtract(LONGEST, t.mul(2).div(np.exp(x.ref).sub(1)));
  return np.where(x.less(1), early, late);
}

/** r_t; where rho_t is too small for it, that of the bound. */
function rectification(length: np.Array): np.Array {
  const rho = np.maximum(length, SHORTEST_LENGTH);
  const ratio = rho.ref.sub(4).mul(rho.ref.sub(2)).div(rho);
  return np.sqrt(ratio.mul(LONGEST / ((LONGEST - 4) * (LONGEST - 2))));
}

/** The state after a step. Consumes both. */
function nextMeans<P extends Parameters>(gradients: P, state: AdamState<P>): AdamState<P> {
  return {
    count: state.count.add(1),
    mean: map2((m, g) => m.mul(MEAN_DECAY).add(g.mul(1 - MEAN_DECAY)), state.mean, tree.ref(gradients)),
    square: map2((v, g) => v.mul(SQUARE_DECAY).add(np.square(g).mul(1 - SQUARE_DECAY)), state.square, gradients),
  };
}

function map2<P extends Parameters>(f: (a: np.Array, b: np.Array) => np.Array, a: P, b: P): P {
  return tree.map(f, a, b) as P;
}
