import type { numpy as np } from "@jax-js/jax";
import { checkArray, checkKey, FLOATS, isArray } from "../checks.ts";
import type { Structure } from "../structure.ts";
import type { Cost } from "./costs.ts";

/** What every estimator is given. It consumes the arrays, and calls the cost once. */
export interface Task<Options> {
  /** The function that was called, for errors. */
  readonly where: string;
  readonly structure: Structure;
  readonly key: np.Array;
  readonly logits: np.Array;
  readonly cost: Cost;
  readonly options: Options;
  /** What was solved on the host, where the structure is solved there. */
  readonly solved?: Solved | undefined;
}

/** What `prepareExpectation` gives: arrays, to be passed on to a loss in place of a key. */
export interface Prepared extends Solved {
  readonly key: np.Array;
}

export interface Solved {
  /** The exact draws, `[samples, ...]`. */
  readonly value: np.Array;
  /** Of "imle": the maxima that the gradient of the cost leads to, `[samples, ...]`. */
  readonly target?: np.Array;
}

/** A key, or what was prepared in its place. */
export function taskKey(where: string, key: np.Array | Prepared): Pick<Task<unknown>, "key" | "solved"> {
  const isPrepared = typeof key === "object" && key !== null && !isArray(key) && "key" in key && "value" in key;
  if (isPrepared) {
    checkArray(where, "the prepared value", key.value, FLOATS[0]);
    checkKey(where, key.key);
    return { key: key.key, solved: key };
  }
  checkKey(where, key as np.Array);
  return { key: key as np.Array };
}
