/**
 * The Adam optimizer and its kin.
 *
 * @module
 */

import { numpy as np, tree } from "@jax-js/jax";
import { checkOption, type Optimizer, rateOf } from "./optimizer.ts";

/** Any nesting of plain objects and lists with arrays at the leaves. */
export type Parameters = { [name: string]: np.Array | Parameters } | (np.Array | Parameters)[];

/** Step count, and running means of the gradients and of their squares. */
export type AdamState<P> = { count: np.Array; mean: P; square: P };

/** How Adam and its kin remember gradients. */
export interface AdamOptions {
  /** Decay of the running mean of the gradients, from 0 to below 1; default 0.9. */
  readonly beta1?: number;
  /** Decay of the running mean of their squares, from 0 to below 1; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the squares' mean; default 1e-8. */
  readonly epsilon?: number;
}

type Settings = Required<AdamOptions>;

const DEFAULTS: Settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The state before the first step. Keeps the parameters. */
function init<P extends Parameters>(parameters: P): AdamState<P> {
  const zeros = () => tree.map((p: np.Array) => np.zeros(p.shape), parameters) as P;
  return { count: np.array(0), mean: zeros(), square: zeros() };
}

/**
 * Adam: `p - rate * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)` with the running means m of the gradient and v of its square.
 *
 * @throws RangeError for options out of range
 *
 * Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015.
 */
export function adam(options: AdamOptions = {}): Optimizer<"adam"> {
  const settings = settingsOf("adam", options);
  return {
    init,
    update(parameters, gradients, state, learningRate) {
      return adamStep(settings, parameters, gradients, state, rateOf(learningRate));
    },
  };
}

/**
 * Adam with weight decay that the gradient does not see: `p (1 - rate decay)` in place of p.
 *
 * @param options those of Adam, and `weightDecay`, at least 0, default 0.01
 * @throws RangeError for options out of range
 *
 * Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019.
 */
export function adamW({
  weightDecay = 0.01,
  ...options
}: AdamOptions & { readonly weightDecay?: number } = {}): Optimizer<"adam"> {
  const settings = settingsOf("adamW", options);
  checkOption("adamW: weightDecay", weightDecay);
  return {
    init,
    update(parameters, gradients, state, learningRate) {
      const rate = rateOf(learningRate);
      const kept = np.subtract(1, rate.ref.mul(weightDecay));
      const shrunk = tree.map((p: np.Array) => p.mul(kept.ref), parameters) as typeof parameters;
      kept.dispose();
      return adamStep(settings, shrunk, gradients, state, rate);
    },
  };
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
 * fifth step.
 *
 * @param options those of Adam
 * @throws RangeError for options out of range
 *
 * Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019.
 */
export function rAdam(options: AdamOptions = {}): Optimizer<"adam"> {
  const settings = settingsOf("rAdam", options);
  return {
    init,
    update(parameters, gradients, state, learningRate) {
      return rectifiedStep(settings, parameters, gradients, state, rateOf(learningRate));
    },
  };
}

function settingsOf(name: string, options: AdamOptions): Settings {
  const settings = { ...DEFAULTS, ...options };
  checkOption(`${name}: beta1`, settings.beta1, 1);
  checkOption(`${name}: beta2`, settings.beta2, 1);
  checkOption(`${name}: epsilon`, settings.epsilon);
  return settings;
}

function adamStep<P extends Parameters>(
  settings: Settings,
  parameters: P,
  gradients: P,
  state: AdamState<P>,
  learningRate: np.Array,
): { parameters: P; state: AdamState<P> } {
  const { beta1, beta2, epsilon } = settings;
  const { count, mean, square } = nextMeans(settings, gradients, state);
  // Both corrections in scalars: sqrt(v / c) + epsilon = (sqrt(v) + epsilon sqrt(c)) / sqrt(c).
  const squareCorrection = np.sqrt(np.subtract(1, np.power(beta2, count.ref)));
  const rate = learningRate.mul(squareCorrection.ref).div(np.subtract(1, np.power(beta1, count.ref)));
  const floor = squareCorrection.mul(epsilon);
  const step = (p: np.Array, m: np.Array, v: np.Array) => p.sub(m.mul(rate.ref).div(np.sqrt(v).add(floor.ref)));
  const next = tree.map(step, parameters, tree.ref(mean), tree.ref(square)) as P;
  rate.dispose();
  floor.dispose();
  return { parameters: next, state: { count, mean, square } };
}

function rectifiedStep<P extends Parameters>(
  settings: Settings,
  parameters: P,
  gradients: P,
  state: AdamState<P>,
  learningRate: np.Array,
): { parameters: P; state: AdamState<P> } {
  const { beta1, beta2, epsilon } = settings;
  const { count, mean, square } = nextMeans(settings, gradients, state);
  const length = momentLength(count.ref, beta2);
  const isTractable = length.ref.greater(SHORTEST_LENGTH);
  const squareCorrection = np.sqrt(np.subtract(1, np.power(beta2, count.ref)));
  const rate = learningRate.div(np.subtract(1, np.power(beta1, count.ref)));
  const adaptive = rate.ref.mul(rectification(length, beta2)).mul(squareCorrection);
  const step = (p: np.Array, m: np.Array, v: np.Array) => {
    const scale = np.where(isTractable.ref, adaptive.ref.div(np.sqrt(v).add(epsilon)), rate.ref);
    return p.sub(m.mul(scale));
  };
  const next = tree.map(step, parameters, tree.ref(mean), tree.ref(square)) as P;
  for (const scalar of [isTractable, adaptive, rate]) scalar.dispose();
  return { parameters: next, state: { count, mean, square } };
}

/** rho_inf: how many gradients the running mean of their squares rests on in the end. */
function longestLength(beta2: number): number {
  return 2 / (1 - beta2) - 1;
}

/** rho_t has to be above this. */
const SHORTEST_LENGTH = 5;

/**
 * rho_t. For small t it is a small difference of large numbers, so it comes from the series of x / (exp(x) - 1) with
 * x = -t log b2, up to x = 1, where what is left out is a millionth of it.
 */
function momentLength(count: np.Array, beta2: number): np.Array {
  const [longest, logDecay] = [longestLength(beta2), -Math.log(beta2)];
  const t = count;
  const x = t.ref.mul(logDecay);
  const square = np.square(x.ref);
  const curve = square.ref.mul(square.ref.mul(square.mul(1 / 30240).sub(1 / 720)).add(1 / 12));
  const early = t.ref.sub(curve.mul(2 / logDecay)).add(longest - 2 / logDecay);
  const late = np.subtract(longest, t.mul(2).div(np.exp(x.ref).sub(1)));
  return np.where(x.less(1), early, late);
}

/** r_t; where rho_t is too small for it, that of the bound. */
function rectification(length: np.Array, beta2: number): np.Array {
  const longest = longestLength(beta2);
  const rho = np.maximum(length, SHORTEST_LENGTH);
  const ratio = rho.ref.sub(4).mul(rho.ref.sub(2)).div(rho);
  return np.sqrt(ratio.mul(longest / ((longest - 4) * (longest - 2))));
}

/** The state after a step. Consumes both. */
function nextMeans<P extends Parameters>({ beta1, beta2 }: Settings, gradients: P, state: AdamState<P>): AdamState<P> {
  return {
    count: state.count.add(1),
    mean: map2((m, g) => m.mul(beta1).add(g.mul(1 - beta1)), state.mean, tree.ref(gradients)),
    square: map2((v, g) => v.mul(beta2).add(np.square(g).mul(1 - beta2)), state.square, gradients),
  };
}

function map2<P extends Parameters>(f: (a: np.Array, b: np.Array) => np.Array, a: P, b: P): P {
  return tree.map(f, a, b) as P;
}
