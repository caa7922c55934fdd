/** Exact draws and the noise that they are made with. */

import { numpy as np } from "@jax-js/jax";
import { describe, isArray } from "../checks.ts";
import { gumbel, logistic, perturb } from "../noise.ts";
import { sigmoid } from "../numerics.ts";
import type { Structure } from "../structure.ts";
import { repeated } from "./costs.ts";
import type { Task } from "./task.ts";

/**
 * So many exact draws, `[samples, ...]`, without a gradient.
 *
 * @throws TypeError where they are solved on the host and have not been
 */
export function exactDraws(
  { where, structure, key, logits, solved }: Omit<Task<unknown>, "cost">,
  samples: number,
): np.Array {
  if (solved !== undefined) for (const unused of [key, logits]) unused.dispose();
  const draws = solved?.value ?? structure.sample(key, repeated(logits, samples));
  if (!isArray(draws)) throw solvedOnHost(where);
  if (solved !== undefined && draws.shape.slice(1).join() !== logits.shape.join()) {
    throw new RangeError(
      `${where}: the draws were prepared for logits of shape [${draws.shape.slice(1)}], got ${describe(logits)}.`,
    );
  }
  if (draws.shape[0] === samples) return draws;
  throw new RangeError(
    `${where}: samples is ${samples}, and ${draws.shape[0]} draws were prepared. Give both the same options.`,
  );
}

/** The most probable value of any logits, without a gradient. */
export function maximum(where: string, structure: Structure, logits: np.Array): np.Array {
  const mode = structure.mode(logits);
  if (isArray(mode)) return mode;
  throw solvedOnHost(where);
}

function solvedOnHost(where: string): TypeError {
  return new TypeError(
    `${where}: this structure is solved on the host. Await prepareExpectation(structure, key, logits, options) outside of jit ` +
      "and grad, and pass what it gives in place of the key.",
  );
}

/** Logits with the noise that `sample` has with the same key: its draws are the maxima of these. */
export function perturbed(structure: Structure, key: np.Array, logits: np.Array): np.Array {
  if (structure.law !== "bernoulli") return perturb(key, logits);
  const noise = logistic(key, logits.shape);
  return logits.add(noise);
}

/** Minus the derivative of the log-density of that noise: `1 - exp(-z)` of Gumbel's, `tanh(z / 2)` of the logistic one. */
export function scoreOfNoise(structure: Structure, key: np.Array, shape: number[]): np.Array {
  if (structure.law !== "bernoulli") return np.subtract(1, np.exp(np.negative(gumbel(key, shape))));
  return sigmoid(logistic(key, shape)).mul(2).sub(1);
}
