/** What has to be solved on the host, before a loss is differentiated. */

import type { numpy as np } from "@jax-js/jax";
import { checkConcrete, checkKey, checkLogits } from "../checks.ts";
import type { Structure } from "../structure.ts";
import { type Cost, type CostTask, repeated } from "./costs.ts";
import { perturbed } from "./draws.ts";
import { checkImle, costsAndSlope } from "./maxima.ts";
import { type AnyOptions, checkEstimator, checkSamples } from "./options.ts";
import { leastFor } from "./score-function.ts";
import type { Prepared } from "./task.ts";

/** Refuses what is wrong at once, before it returns a promise. */
export function prepare(
  where: string,
  structure: Structure,
  key: np.Array,
  logits: np.Array,
  options: AnyOptions,
  cost?: Cost,
): Promise<Prepared> {
  checkEstimator(where, structure, options);
  checkKey(where, key);
  checkLogits(where, logits, structure.eventAxes ?? 0);
  checkConcrete(where, key, logits);
  if (options.estimator !== "imle") {
    const least = leastFor(("baseline" in options && options.baseline) || "none");
    const samples = checkSamples(where, "samples" in options ? options.samples : undefined, least);
    return exactDraws(structure, key, repeated(logits, samples));
  }
  const { samples, step } = checkImle(where, options);
  if (typeof cost === "function") {
    return movedDraws({ where, structure, cost }, key, repeated(logits, samples), step);
  }
  throw new TypeError(`${where}: "imle" needs the cost, too, whose gradient moves the draws.`);
}

async function exactDraws(structure: Structure, key: np.Array, logits: np.Array): Promise<Prepared> {
  return { key: key.ref, value: await structure.sample(key, logits) };
}

/** The exact draws, and the maxima that the gradient of the cost leads to. */
async function movedDraws(task: CostTask, key: np.Array, logits: np.Array, step: number): Promise<Prepared> {
  const { structure } = task;
  const value = await structure.sample(key.ref, logits.ref);
  const { costs, slope } = costsAndSlope(task, value.ref);
  costs.dispose();
  const keys = perturbed(structure, key.ref, logits);
  return { key, value, target: await structure.mode(keys.sub(slope.mul(step))) };
}
