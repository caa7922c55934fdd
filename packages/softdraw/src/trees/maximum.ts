/**
 * The tree with the largest sum of logits, by the elimination with maxima in place of sums, and the larger of two ways
 * in place of a draw.
 */

import { numpy as np } from "@jax-js/jax";
import { indicator } from "../numerics.ts";
import { assembled, firstOf } from "./draw.ts";
import { columnOf, restOf, rowOf } from "./elimination.ts";
import {
  allowedSize,
  distanceOf,
  kept,
  type Logarithm,
  largestSize,
  over,
  plainLogarithm,
  type Size,
  sizeBy,
  sizeWhere,
  times,
} from "./scaled.ts";

interface Step {
  readonly weights: Logarithm;
  /** 1 where the way by the vertex is the larger one, `[n - 1, n, batch]`. */
  readonly detours?: np.Array;
}

/** Below all relative logarithms. */
const LOWEST = -3e38;

/** Zeros and ones `[n, n + 1, batch]`, and the size of the largest product, `[batch]`. */
export function largestTree(weights: Logarithm): { pointers: np.Array; size: Size } {
  const steps: Step[] = [];
  let size: Size | undefined;
  let left = weights;
  for (let n = weights.rest.shape[0]!; n >= 1; n--) {
    const row = mapped(left, (x) => rowOf(x, n));
    const level = largestSize(kept(row));
    size = size === undefined ? kept(level) : times(size, kept(level));
    if (n === 1) {
      steps.push({ weights: row });
      break;
    }
    const relative = over(kept(row), level);
    const largest = np.max(plainLogarithm(row.rest.ref, distanceOf(kept(relative))), 0);
    const direct = mapped(left, (x) => restOf(x, n));
    const column = mapped(left, (x) => np.expandDims(columnOf(x, n), 1));
    const around = {
      rest: column.rest.add(row.rest.ref.sub(largest)),
      ...times(column, relative),
    };
    const excess = plainLogarithm(around.rest.ref.sub(direct.rest.ref), distanceOf(over(kept(around), kept(direct))));
    const isDetour = excess.greater(0);
    steps.push({ weights: row, detours: indicator(isDetour.ref) });
    left = {
      rest: np.where(isDetour.ref, around.rest, direct.rest),
      ...sizeWhere(isDetour, around, direct),
    };
  }
  const pointers = assembled(
    steps,
    (pointers, { detours }) => pointers.mul(detours!.ref).sum(1).greater(0.5),
    (isAllowed, step) => largestOf(step.weights, isAllowed),
  );
  return { pointers, size: size! };
}

/** The first of the largest that are allowed, as a one-hot vector `[n, batch]`. */
function largestOf({ rest, ...size }: Logarithm, isAllowed: np.Array): np.Array {
  const level = largestSize(allowedSize(isAllowed.ref, kept(size)));
  const logits = np.where(isAllowed, plainLogarithm(rest.ref, distanceOf(over(kept(size), level))), LOWEST);
  return firstOf(logits.ref.equal(np.max(logits, 0)));
}

function mapped({ rest, ...size }: Logarithm, f: (x: np.Array) => np.Array): Logarithm {
  return { rest: f(rest), ...sizeBy(size, f) };
}
