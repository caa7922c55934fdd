/**
 * What the tests know of each structure. A file in structures/ describes one; laws, ownership, the browser's draws and
 * the table of docs/verbs.md are checked against it.
 */

import { readdirSync } from "node:fs";
import type { numpy as np } from "@jax-js/jax";
import type { RelaxOptions, Structure } from "softdraw";

/** The verbs of every structure; `relax`, where there is one, with `hard`. */
interface Verbs extends Omit<Structure, "relax"> {
  relax?(key: np.Array, logits: np.Array, options?: RelaxOptions): np.Array;
}

/** A structure, or one of its relaxations, at a size that can be enumerated: all laws are asked of it. */
export interface Instance {
  name: string;
  /** The shape of one event; batch axes go before it. */
  event: number[];
  /** The shape of a value, where it is another. */
  value?: number[];
  verbs: Verbs;
  /** Further functions of the logits alone that have a gradient, by name. */
  differentiable: Record<string, (logits: np.Array) => np.Array>;
  /** Such functions that are infinite where a choice that they ask for is impossible. */
  differentiableIfPossible: Record<string, (logits: np.Array) => np.Array>;
  /** Entries of the logits that may be impossible all at once, and how much of an entry's choice a value has. */
  impossible: { entries: number[]; share(value: number[], entry: number): number };
  /** Entries that are impossible all at once only where there is no value at all; none if there always is one. */
  hopeless: number[];
  /**
   * Whether the gradient given an exact draw is that of a law, and not that of a draw as a function of the logits: then
   * there are no finite differences.
   */
  implicit?: true;
  /**
   * Whether it is one more relaxation, or size, of what another instance is asked all laws of; or, "on a card", whether it has so many
   * kernels that a program in a card's place takes minutes. The slow suites ask all of it, too.
   */
  another?: true | "on a card";
  /** Seeds of logits for finite differences, where the gradient has jumps: such that none is within a step. */
  smooth?: number[];
  /** Whether a logit means something by itself, and not beside the others: then they cannot all be shifted. */
  absolute?: true;
  /** Entries that mean nothing, such as the diagonal of a graph's edges. */
  ignored?: number[];
  /** Whether a relaxation depends on the order in which the entries come along the last axis. */
  arranged?: true;
  /** Whether the values of an event are a vertex (an exact choice), or a point of the polytope (a relaxed one). */
  isVertex(value: number[]): boolean;
  isInPolytope(value: number[]): boolean;
  /** Every vertex with its probability, by enumeration. */
  law(logits: number[]): { vertex: number[]; probability: number }[];
  /**
   * Whether `sample` and `mode` are solved on the host: then they stay outside `jit` and `vmap`.
   */
  onHost?: true;
  /** Whether `relax` has no `hard`. */
  neverHard?: true;
  /** Whether a fixed number of iterations stands between a low temperature and its limit, or it comes as slowly as that falls. */
  iterative?: true;
}

/** One way to call a verb, with the arrays that it consumes. */
export interface Call {
  /** That of the verb, and what is special about the call. */
  name: string;
  /** Fresh arguments: arrays that hold memory of their own, the scalar temperature too. */
  arrays: () => np.Array[];
  call: (...arrays: np.Array[]) => np.Array | Promise<np.Array>;
  /** Solved on the host, so without gradient. */
  onHost?: true;
}

export interface Description {
  /** What has the verbs, by the name that the table of docs/verbs.md has for it, with the shape of its logits. */
  columns: Record<string, { shape: string; verbs: object }>;
  instances: Instance[];
  /** At least one of every verb of the columns, but for those that take no arrays. */
  calls: Call[];
  withoutArrays?: string[];
  /** How far the numbers of its calls may be apart in Node and in a page; default 0. */
  tolerance?: number;
}

const folder = new URL("structures/", import.meta.url);

/** The names of the structures that are described. */
export const structureNames = readdirSync(folder).map((file) => file.replace(".ts", ""));

/** Their descriptions. They load the engine, so a test that watches that asks for them afterwards. */
export async function readStructures(): Promise<Description[]> {
  return Promise.all(structureNames.map(async (name) => (await import(`./structures/${name}.ts`)).description));
}
