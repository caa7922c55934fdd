/** What has to be solved on the host, before a loss is differentiated. */

import type { numpy as np } from "@jax-js/jax";
import { checkConcrete, checkFloat, checkKey } from "../checks.ts";
import type { Structure } from "../structure.ts";
import type { Cost } from "./costs.ts";
import { repeated } from "./costs.ts";
import { perturbed } from "./draws.ts";
import { checkImle, costsAndSlope } from "./maxima.ts";
import { type AnyOptions, checkEstimator, checkSamples } from "./options.ts";
import type { Prepared } from "./task.ts";

export async function prepare(
  where: string,
  structure: Structure,
  key: np.Array,
  logits: np.Array,
  options: AnyOptions,
  cost?: Cost,
): Promise<Prepared> {
  checkEstimator(where, structure, options);
  checkKey(where, key);
  checkFloat(where, "logits", logits, structure.eventAxes ?? 0);
  checkConcrete(where, key, logits);
  if (options.estimator === "imle") return prepareImle();
  const samples = checkSamples(where, "samples" in options ? options.samples : undefined);
  return { key: key.ref, value: await structure.sample(key, repeated(logits, samples)) };

  /** The exact draws, and the maxima that the gradient of the cost leads to. */
  async function prepareImle(): Promise<Prepared> {
    const { samples, step } = checkImle(where, options as Extract<AnyOptions, { estimator: "imle" }>);
    if (typeof cost !== "function")
      throw new TypeError(`${where}: "imle" needs the cost, too, whose gradient moves the draws.`);
    const many = repeated(logits, samples);
    const value = await structure.sample(key.ref, many.ref);
    const { costs, slope } = costsAndSlope({ where, cost, structure }, value.ref);
    costs.dispose();
    const keys = perturbed(structure, key.ref, many);
    return { key, value, target: await structure.mode(keys.sub(slope.mul(step))) };
  }
}
