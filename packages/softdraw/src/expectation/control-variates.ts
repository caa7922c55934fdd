/** Score functions less a relaxed cost that is near the cost, with the gradient of what was taken off put back. Unbiased. */

import { lax, numpy as np, random, vjp } from "@jax-js/jax";
import { checkFloat, describe, isArray } from "../checks.ts";
import type { Temperature } from "../options.ts";
import { onlyGradient } from "../numerics.ts";
import { checkFitsCosts, costsOf, repeated, rows, sumFrom } from "./costs.ts";
import { exactDraws } from "./draws.ts";
import { checkNumberOrArray, checkSamples, type RebarOptions, type RelaxVariateOptions } from "./options.ts";
import type { Task } from "./task.ts";

/**
 * REBAR, with b the exact draw, z the relaxed one of the same noise, and z' another relaxed draw whose exact draw is b:
 *
 *     (cost(b) - scale cost(z')) grad log p(b) + scale grad (cost(z) - cost(z'))
 *
 * Tucker et al., "REBAR: Low-variance, unbiased gradient estimates for discrete latent variable models", 2017.
 */
export function rebarEstimate(task: Task<RebarOptions>): np.Array {
  const { where, options } = task;
  const { scale = 1 } = options;
  checkNumberOrArray(where, "scale", scale);
  const samples = checkSamples(where, options.samples);
  const { exact, relaxed, given, logProb } = drawsAround(task, samples, options.temperature);
  // The derivative by the values alone is wanted, and none by what the cost has captured: that is the ordinary one.
  const values = np.concatenate([exact, lax.stopGradient(relaxed.ref), lax.stopGradient(given.ref)]);
  const [costs, pullBack] = vjp((value: np.Array) => costsOf(task, value), [values]);
  const signs = np.array([0, 1, -1]).reshape([3, ...costs.shape.map(() => 1)]);
  const [slopes] = pullBack(np.broadcastTo(signs, [3, samples, ...costs.shape.slice(1)]).reshape(costs.shape)) as [
    np.Array,
  ];
  pullBack.dispose();
  const slope = lax.stopGradient(slopes);
  const ofExact = rows(costs.ref, 0, samples);
  checkFitsCosts(where, "scale", scale, ofExact);
  const ofRelaxed = onlyGradient(relaxed).mul(rows(slope.ref, samples, 2 * samples));
  const ofGiven = onlyGradient(given).mul(rows(slope, 2 * samples, 3 * samples));
  const putBack = sumFrom(costs.ndim, ofRelaxed.add(ofGiven));
  const takenOff = lax.stopGradient(rows(costs, 2 * samples, 3 * samples)).mul(kept(scale));
  const weight = lax.stopGradient(ofExact.ref).sub(takenOff);
  const change = sumFrom(ofExact.ndim, onlyGradient(logProb)).mul(weight).add(putBack.mul(scale));
  return ofExact.add(change).mean(0);
}

/**
 * RELAX, as REBAR but with a control variate c of its own, which may be learned: by the gradient of the square of the
 * estimate. What it is made of has no gradient in the first derivative, which is that of the cost, and all of it in
 * the second.
 *
 *     (cost(b) - c(z')) grad log p(b) + grad (c(z) - c(z'))
 *
 * Grathwohl et al., "Backpropagation through the Void", 2018.
 */
export function relaxEstimate(task: Task<RelaxVariateOptions>): np.Array {
  const { where, options } = task;
  const { variate } = options;
  if (typeof variate !== "function") {
    throw new TypeError(
      `${where}: "relax" needs variate, a function of relaxed values; "rebar" takes the cost itself.`,
    );
  }
  const samples = checkSamples(where, options.samples);
  const { exact, relaxed, given, logProb } = drawsAround(task, samples, options.temperature);
  const costs = costsOf(task, exact);
  // c(z) - c(stop z) is 0 with the gradient of c by z, and none by what c is made of.
  const fixed = [lax.stopGradient(relaxed.ref), lax.stopGradient(given.ref)];
  const values = np.concatenate([relaxed, given, ...fixed]);
  const shape = [4 * samples, ...costs.shape.slice(1)];
  const variates = variate(values);
  checkFloat(where, "what variate returns", variates);
  if (variates.shape.join() !== shape.join()) {
    throw new RangeError(
      `${where}: variate must return what cost returns, for ${4 * samples} values: [${shape}], got ${describe(variates)}.`,
    );
  }
  const part = (i: number) => rows(variates.ref, i * samples, (i + 1) * samples);
  const putBack = part(0).sub(part(1)).sub(part(2)).add(part(3));
  const weight = lax.stopGradient(costs.ref).sub(part(3));
  variates.dispose();
  const change = sumFrom(costs.ndim, onlyGradient(logProb)).mul(weight).add(putBack);
  return costs.add(change).mean(0);
}

interface Draws {
  readonly exact: np.Array;
  /** The relaxed draw of the same noise. */
  readonly relaxed: np.Array;
  /** Another relaxed draw, whose exact draw is the same. */
  readonly given: np.Array;
  /** Of the exact draw. */
  readonly logProb: np.Array;
}

function drawsAround(task: Task<unknown>, samples: number, temperature: Temperature = 1): Draws {
  const { structure, key, logits } = task;
  const [first, second] = splitKey(key);
  const exact = exactDraws({ ...task, key: first.ref, logits: logits.ref }, samples);
  const many = repeated(logits, samples);
  return {
    exact: exact.ref,
    relaxed: structure.relax!(first, many.ref, { temperature: kept(temperature) }),
    given: structure.relaxGiven!(second, exact.ref, many.ref, { temperature }),
    logProb: structure.logProb!(exact, many),
  };
}

export function splitKey(key: np.Array): [np.Array, np.Array] {
  const keys = random.split(key, 2);
  return [keys.ref.slice(0), keys.slice(1)];
}

/** An option to use and to keep, if it is an array. */
function kept<T extends number | np.Array>(option: T): T {
  return (isArray(option) ? option.ref : option) as T;
}
