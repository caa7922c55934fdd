import { lax, type numpy as np } from "@jax-js/jax";
import { checkBroadcast, checkFloat, checkLogits } from "../checks.ts";
import { checkOptions } from "../options.ts";
import type { Structure } from "../structure.ts";
import { bounded, repeated } from "./costs.ts";
import { exactDraws, perturbed } from "./draws.ts";
import { checkAddable, checkSamples, checkStructure } from "./options.ts";
import { type Prepared, taskKey } from "./task.ts";

export interface FenchelYoungOptions {
  /** How many exact draws the estimate is the mean of: a whole number, default 1. */
  samples?: number | undefined;
}

/**
 * The Fenchel-Young loss of a perturbed maximum: how far logits are from giving a target, which is a value or the
 * mean of some. It is convex in the logits, and its gradient is an unbiased estimate of `E[value] - target`:
 *
 *     mean_s max_y <logits + noise_s, y> - <logits, target>
 *
 * that is the loss but for a number that does not depend on the logits. Learning to give values, as in learning to
 * rank or to match, needs no cost and no gradient through a draw.
 *
 * @param structure with `law`: its draws are maxima of perturbed logits, and its values have their shape
 * @param key PRNG key, consumed; or what `prepareExpectation` gave, for structures that are solved on the host
 * @param logits `[...batch, ...event]`, consumed
 * @param target values or means of values, a shape that broadcasts with the logits over the batch, consumed
 * @returns shape `[...batch]`
 * @throws TypeError for arguments of another type, RangeError for shapes that do not fit
 *
 * Blondel, Martins, Niculae, "Learning with Fenchel-Young Losses", 2020; Berthet et al., "Learning with Differentiable
 * Perturbed Optimizers", 2020.
 *
 * @example
 * const loss = (l: np.Array) => fenchelYoung(subset.of(2), key, l, np.array([1, 1, 0, 0]), { samples: 10 });
 */
export function fenchelYoung(
  structure: Structure & Required<Pick<Structure, "law" | "eventAxes">>,
  key: np.Array | Prepared,
  logits: np.Array,
  target: np.Array,
  options: FenchelYoungOptions = {},
): np.Array {
  const where = "fenchelYoung";
  checkOptions(where, options, ["samples"], "{ samples: 10 }");
  checkStructure(where, structure);
  if (structure.law === undefined) throw new TypeError(`${where} needs a structure with law, and this one has none.`);
  checkAddable(where, structure);
  const axes = structure.eventAxes;
  checkLogits(where, logits, axes);
  checkFloat(where, "target", target, axes);
  checkBroadcast(where, "target", target, logits, axes);
  const samples = checkSamples(where, options.samples);
  const task = { where, structure, logits, options, ...taskKey(where, key) };
  const sumOfEvent = (x: np.Array) => x.sum(Array.from({ length: axes }, (_, i) => i - axes));
  const draws = exactDraws({ ...task, key: task.key.ref, logits: lax.stopGradient(logits.ref) }, samples);
  const at = bounded(logits);
  const keys = perturbed(structure, task.key, repeated(at.ref, samples));
  const largest = sumOfEvent(keys.mul(lax.stopGradient(draws))).mean(0);
  return largest.sub(sumOfEvent(at.mul(lax.stopGradient(target))));
}
