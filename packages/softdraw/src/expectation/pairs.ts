/** Structures of two arrays, as estimators see them: the first moves with the samples, and the second goes with it. */

import type { numpy as np } from "@jax-js/jax";
import { checkFloat, describe, isArray, kindOf } from "../checks.ts";
import { checkOptions, type TemperatureOptions } from "../options.ts";
import type { AnyStructure, PairStructure, Structure } from "../structure.ts";

/** One array, and the structure whose verbs take one. */
export interface Bound {
  readonly structure: Structure;
  readonly logits: np.Array;
  /** Gives back what the structure holds. */
  dispose(): void;
}

/** Whether the verbs of a structure take two arrays. */
export function isPair(structure: AnyStructure): structure is PairStructure {
  return typeof structure === "object" && structure !== null && "arrays" in structure && structure.arrays === 2;
}

/**
 * A structure of two arrays as one of the first alone. The second is held, for as many calls as there are.
 *
 * @param arrays both, consumed
 * @throws TypeError for what is no list of two
 */
export function bindSecond(where: string, structure: PairStructure, arrays: readonly np.Array[]): Bound {
  const [logits, second] = checkPair(where, arrays);
  /** The second beside the first, before which axes were put, of the samples. */
  const beside = (first: np.Array) => {
    const added = first.ndim - logits.ndim;
    return added === 0 ? second.ref : second.ref.reshape([...Array<number>(added).fill(1), ...second.shape]);
  };
  /** The first has all batch axes: else there would be more draws than samples were asked for. */
  const ofFirst = <Value extends np.Array | Promise<np.Array>>(value: Value, first: readonly number[]): Value => {
    if (!isArray(value) || value.shape.join() === first.join()) return value;
    const got = describe(value);
    value.dispose();
    throw new RangeError(
      `${where}: the first array must have all batch axes, got [${first}], of which a value with the second is ${got}.`,
    );
  };
  const { relax, logProb, marginals, support, eventAxes } = structure;
  return {
    logits,
    dispose: () => second.dispose(),
    structure: {
      ...(eventAxes !== undefined && { eventAxes }),
      sample: (key, l) => {
        const { shape } = l;
        return ofFirst(structure.sample(key, l, beside(l)), shape);
      },
      mode: (l) => structure.mode(l, beside(l)),
      softMode: (l, options) => structure.softMode(l, beside(l), options),
      ...(relax && {
        relax: (key: np.Array, l: np.Array, options: TemperatureOptions = {}) => {
          checkOptions(where, options, RELAXING, "{ temperature: 0.5 }");
          const { shape } = l;
          return ofFirst(relax(key, l, beside(l), options), shape);
        },
      }),
      ...(logProb && { logProb: (value: np.Array, l: np.Array) => logProb(value, l, beside(l)) }),
      ...(marginals && { marginals: (l: np.Array) => marginals(l, beside(l)) }),
      ...(support && { support: (l: np.Array) => support(l, beside(l)) }),
    },
  };
}

/** What `relax` is given here: options that `sample` has, too, would not reach it. */
const RELAXING = ["temperature", "noise"];

function checkPair(where: string, arrays: readonly np.Array[]): readonly [np.Array, np.Array] {
  if (!Array.isArray(arrays) || arrays.length !== 2) {
    const got = Array.isArray(arrays) ? `a list of ${arrays.length}` : kindOf(arrays);
    throw new TypeError(`${where}: this structure takes a list of two arrays in place of the logits, got ${got}.`);
  }
  const [first, second] = arrays as unknown as [np.Array, np.Array];
  checkFloat(where, "the first array", first);
  checkFloat(where, "the second array", second);
  return [first, second];
}
