/** Arithmetic that stays finite: where float32 ends, and the functions of the engine that overflow before that. */

import { numpy as np } from "@jax-js/jax";
import type { Array } from "./checks.ts";

/** The largest float32 below 1. */
export const BELOW_ONE = 1 - 2 ** -24;

/**
 * Stands for a logit of -Infinity inside a kernel: its exponential is 0 like that of -Infinity, but it can be
 * multiplied by that 0 and divided by a temperature down to 1e-8 without becoming NaN.
 */
export const LOWEST = -1e30;

/**
 * The smallest entry of a relaxed draw (1.9e-34) that a density tells from 0. Below it the gradient by the entry, up to
 * n times the temperature over the entry, would overflow; below 1.2e-38 the engine's logarithm takes a number for 0.
 */
export const SMALLEST_ENTRY = 2 ** -112;

/** Logits of -Infinity raised to `LOWEST`; no gradient flows into them. */
export function finite(logits: Array): Array {
  return np.maximum(logits, LOWEST);
}

/** log sigmoid(x), finite for every finite x. */
export function logSigmoid(x: Array): Array {
  return np.negative(softplus(np.negative(x)));
}

/** 1 / (1 + exp(-x)). The engine's own has a NaN gradient below -88, where exp(-x) overflows. */
export function sigmoid(x: Array): Array {
  const positive = x.ref.greaterEqual(0);
  const decay = expOfMinusAbsolute(x);
  return np.where(positive, 1, decay.ref).div(decay.add(1));
}

/** log(1 + exp(x)). The engine's own is infinite above 88. */
export function softplus(x: Array): Array {
  const positivePart = np.where(x.ref.greaterEqual(0), x.ref, 0);
  return positivePart.add(np.log(expOfMinusAbsolute(x).add(1)));
}

/** exp(-|x|), with the one-sided derivative -1 at 0: that of `absolute`, 0, would halve the gradients above there. */
function expOfMinusAbsolute(x: Array): Array {
  return np.exp(np.where(x.ref.greaterEqual(0), np.negative(x.ref), x));
}
