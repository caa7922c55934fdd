/**
 * The tree with the largest sum of logits, by the elimination with maxima in place of sums, and the larger of two ways
 * in place of a draw.
 */

import { numpy as np } from "@jax-js/jax";
import { indicator } from "../numerics.ts";
import { assembled, firstOf, NOWHERE } from "./draw.ts";
import { columnOf, restOf, rowOf } from "./elimination.ts";
import { type Logarithm, plainLogarithm } from "./scaled.ts";

interface Step {
  readonly weights: Logarithm;
  /** 1 where the way by the vertex is the larger one, `[n - 1, n, batch]`. */
  readonly detours?: np.Array;
}

/** Zeros and ones `[n, n + 1, batch]`, and the exponent of the largest sum, `[batch]`. */
export function largestTree(weights: Logarithm): { pointers: np.Array; exponent: np.Array } {
  const steps: Step[] = [];
  let exponent = np.zeros([weights.rest.shape[2]!]);
  let left = weights;
  for (let n = weights.rest.shape[0]!; n >= 1; n--) {
    const row = mapped(left, (x) => rowOf(x, n));
    const level = np.max(row.exponent.ref, 0);
    exponent = exponent.add(level.ref);
    if (n === 1) {
      steps.push({ weights: row });
      break;
    }
    const relative = row.exponent.ref.sub(level);
    const largest = np.max(plainLogarithm(row.rest.ref, relative.ref), 0);
    const direct = mapped(left, (x) => restOf(x, n));
    const column = mapped(left, (x) => np.expandDims(columnOf(x, n), 1));
    const around = {
      rest: column.rest.add(row.rest.ref.sub(largest)),
      exponent: column.exponent.add(relative),
    };
    const excess = plainLogarithm(around.rest.ref.sub(direct.rest.ref), around.exponent.ref.sub(direct.exponent.ref));
    const isDetour = excess.greater(0);
    steps.push({ weights: row, detours: indicator(isDetour.ref) });
    left = {
      rest: np.where(isDetour.ref, around.rest, direct.rest),
      exponent: np.where(isDetour, around.exponent, direct.exponent),
    };
  }
  const pointers = assembled(
    steps,
    (pointers, { detours }) => pointers.mul(detours!.ref).sum(1).greater(0.5),
    (isAllowed, step) => largestOf(step.weights, isAllowed),
  );
  return { pointers, exponent };
}

/** The first of the largest that are allowed, as a one-hot vector `[n, batch]`. */
function largestOf({ rest, exponent }: Logarithm, isAllowed: np.Array): np.Array {
  const level = np.max(np.where(isAllowed.ref, exponent.ref, NOWHERE), 0);
  const logits = np.where(isAllowed, plainLogarithm(rest.ref, exponent.ref.sub(level)), NOWHERE);
  return firstOf(logits.ref.equal(np.max(logits, 0)));
}

function mapped({ rest, exponent }: Logarithm, f: (x: np.Array) => np.Array): Logarithm {
  return { rest: f(rest), exponent: f(exponent) };
}
