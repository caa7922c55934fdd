/** The plan of scaled logits, by the form and with the gradient that are asked for; squares with sums of 1 included. */

import { lax, type numpy as np, tree } from "@jax-js/jax";
import { checkCount } from "../checks.ts";
import { checkChoice } from "../options.ts";
import { iterate, type SinkhornForm } from "./forms.ts";
import { type Levels, withImplicitGradient } from "./implicit.ts";
import { levelsOf, planOfPotentials, potentialsAfter, unrolledByPotentials } from "./potentials.ts";
import { finish, stabilized } from "./stabilized.ts";
import type { Side, Sides } from "./sums.ts";
import { unrolled } from "./unrolled.ts";

export interface Settings {
  readonly iterations: number;
  readonly form: SinkhornForm;
  readonly gradient: "unrolled" | "implicit";
}

/** The names of the options that say how a plan is computed. */
export const COMPUTATION = ["iterations", "form", "gradient"];
const FORMS = ["auto", ...Object.keys(iterate)];
const GRADIENTS = ["unrolled", "implicit"];

/** What is compiled as a whole takes time, and memory, in proportion to the iterations; what is compiled in pieces does not. */
export const MOST_UNROLLED = 1000;
const MOST_IN_PIECES = 100_000;

/** @param least number of iterations */
export function checkSettings(
  where: string,
  options: {
    iterations?: number | undefined;
    form?: SinkhornForm | undefined;
    gradient?: Settings["gradient"] | undefined;
  },
  least: number,
): Settings {
  const { iterations = 20, form = "auto", gradient = "unrolled" } = options;
  checkChoice(where, "form", form, FORMS);
  checkChoice(where, "gradient", gradient, GRADIENTS);
  const isInPieces = form === "auto" && gradient === "implicit";
  if (!isInPieces && iterations > MOST_UNROLLED && iterations <= MOST_IN_PIECES) {
    throw new RangeError(
      `${where}: iterations must be a whole number from ${least} to ${MOST_UNROLLED}, or to ${MOST_IN_PIECES} with the form ` +
        `"auto" and the gradient "implicit", which are not compiled as a whole, got ${iterations}.`,
    );
  }
  checkCount(where, "iterations", iterations, least, isInPieces ? MOST_IN_PIECES : MOST_UNROLLED);
  return { iterations, form, gradient };
}

/**
 * The plan after at least one iteration.
 *
 * @param x logits `[..., m, n]`, divided by the temperature, with 0 the largest of each row, consumed
 * @param sides consumed
 * @param longest iterations between two absorptions; 1 where sums or penalties ask for potentials
 */
export function planOf(x: np.Array, sides: Sides, longest: number, { iterations, form, gradient }: Settings): np.Array {
  if (gradient === "unrolled" && form !== "auto") return iterate[form](x, sides, iterations);
  // Upstream: a gradient that enters a jitted function and ends there leaks arrays; so it is stopped out here.
  const stopped = lax.stopGradient(x.ref);
  const stoppedSides = { rows: stoppedSide(sides.rows), columns: stoppedSide(sides.columns) };
  const isOfPotentials = longest === 1;
  if (gradient === "unrolled") {
    return isOfPotentials
      ? unrolledByPotentials(x, stopped, sides, stoppedSides, iterations)
      : unrolled(x, stopped, sides, stoppedSides, iterations, longest);
  }
  const hasPower = "power" in sides.rows || "power" in sides.columns;
  // In pieces, which are compiled once for any number of iterations; a gradient of the iterations needs the whole.
  if (isOfPotentials && (form === "auto" || hasPower)) {
    const reached = potentialsAfter(stopped.ref, stoppedSides, iterations);
    const levels: Levels = hasPower ? levelsOf(tree.ref(reached), stopped.ref, tree.ref(stoppedSides)) : {};
    const value = planOfPotentials(reached, stopped, tree.ref(stoppedSides));
    return withImplicitGradient(x, value, sides, stoppedSides, levels, iterations);
  }
  if (form === "auto") {
    const value = finish(stabilized(stopped, stoppedSides, iterations, longest));
    return withImplicitGradient(x, value, sides, stoppedSides, {}, iterations);
  }
  const value = iterate[form](stopped, tree.ref(stoppedSides), iterations);
  return withImplicitGradient(x, lax.stopGradient(value), sides, stoppedSides, {}, iterations);
}

function stoppedSide(side: Side): Side {
  return Object.fromEntries(Object.entries(side).map(([name, x]) => [name, lax.stopGradient(x.ref)]));
}
