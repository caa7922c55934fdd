/** The verbs that `chain` and `chain.perturbed` share. Each is told the name of the function that was called, for errors. */

import { lax, type numpy as np } from "@jax-js/jax";
import { checkTemperature, type TemperatureOptions } from "../options.ts";
import { supportOf } from "../support.ts";
import { CHAIN, type ChainOptions, checkArrays, checkChain } from "./checks.ts";
import * as kernels from "./kernels.ts";

export interface ChainTemperatureOptions extends ChainOptions, TemperatureOptions {}

const TEMPERED = ["temperature", ...CHAIN];

export function mode(where: string, logits: np.Array, transitions: np.Array, options: ChainOptions): np.Array {
  const lengths = checkChain(where, logits, transitions, options);
  return kernels.modeKernel(lax.stopGradient(logits), lax.stopGradient(transitions), lengths);
}

export function softMode(
  where: string,
  logits: np.Array,
  transitions: np.Array,
  options: ChainTemperatureOptions,
): np.Array {
  const lengths = checkChain(where, logits, transitions, options, TEMPERED);
  const temperature = checkTemperature(where, logits, 2, options, TEMPERED) as np.Array;
  return kernels.softModeKernel(kernels.bothOf(logits, transitions), kernels.withFixed(temperature), lengths);
}

/** The labels^length sequences, in lexicographic order, the last place the first to change. */
export function support(where: string, logits: np.Array, transitions: np.Array): np.Array {
  checkArrays(where, logits, transitions);
  const [length = 0, labels = 0] = logits.shape.slice(-2);
  const sequence = (number: number) =>
    Array.from({ length }, (_, t) => t * labels + (Math.floor(number / labels ** (length - 1 - t)) % labels));
  const count = labels ** length;
  const ones = () => Array.from({ length: count }, (_, number) => sequence(number));
  const all = supportOf(where, logits, [length, labels], { count, ones });
  transitions.dispose();
  return all;
}
