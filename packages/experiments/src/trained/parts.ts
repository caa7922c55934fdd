/**
 * What the trained parts of all experiments share: a model out of its checkpoint, and functions of rows. Inputs are rows, one after the
 * other in one array, and so are outputs.
 */

import { jit, numpy as np, tree } from "@jax-js/jax";
import type { z } from "zod";
import { configurationIn } from "../checkpoint/described.ts";
import type { Checkpoint } from "../checkpoint/safetensors.ts";
import type { Parameters } from "../nn/adam.ts";
import { arraysOf, checkTensors } from "../nn/tensors.ts";
import { problemOf } from "../problems.ts";

export interface Parts<Experiment extends string> {
  readonly experiment: Experiment;
  /** Frees the model. Its functions throw from then on; a second call changes nothing. */
  dispose(): void;
}

/** Parts whose functions say so when the model has been freed. */
export function guarded<Guarded extends Parts<string>>(parts: Guarded): Guarded {
  let isFreed = false;
  const guard = (name: string, part: (...args: unknown[]) => unknown) => {
    return async (...args: unknown[]) => {
      if (isFreed) throw new Error(`${name}: expected a model that is there, got one that dispose() has freed.`);
      return part(...args);
    };
  };
  const dispose = () => {
    if (!isFreed) parts.dispose();
    isFreed = true;
  };
  const entries = Object.entries(parts).map(([name, part]) => [
    name,
    typeof part === "function" ? guard(name, part) : part,
  ]);
  return { ...Object.fromEntries(entries), dispose } as Guarded;
}

/**
 * An argument of whole numbers, such as `{ height, width }`, looked at before they are reckoned with.
 *
 * @param what such as "embed: size"
 */
export function sizesOf<Name extends string>(
  what: string,
  given: Readonly<Record<Name, number>>,
  names: readonly Name[],
): Readonly<Record<Name, number>> {
  const wanted = `{ ${names.join(", ")} }`;
  if (Object(given) !== given) throw new TypeError(`${what}: expected ${wanted}, got ${String(given)}.`);
  for (const name of names) {
    const value: unknown = given[name];
    if (Number.isInteger(value) && (value as number) >= 1) continue;
    throw new RangeError(`${what}: ${name}: expected a whole number from 1 on, got ${String(value)}.`);
  }
  return given;
}

/** The configuration that a checkpoint says it was trained with. */
export function configOf<Config>(schema: z.ZodType<Config>, checkpoint: Checkpoint, file: string): Config {
  const values = configurationIn(checkpoint);
  if (values === undefined) throw new Error(`${file}: expected one that says its configuration, got none.`);
  const { data, error } = schema.safeParse(values);
  if (error) throw new Error(`${file}: ${problemOf(error, values)}`);
  return data;
}

/**
 * The model below a path of the checkpoint, which the caller owns.
 *
 * @param init such a model, to compare with
 */
export function modelIn<Model extends Parameters>({ tensors }: Checkpoint, path: string, init: () => Model): Model {
  const below = Object.entries(tensors).filter(([name]) => name.startsWith(`${path}.`));
  return restored(Object.fromEntries(below.map(([name, tensor]) => [name.slice(path.length + 1), tensor])), init());
}

/** The same for more than the model: all that a state has, by its names, and the checkpoint too. */
export function stateIn<State extends Parameters>({ tensors }: Checkpoint, init: () => State): State {
  const expected = init();
  const own = Object.entries(tensors).filter(([name]) => Object.hasOwn(expected, name.split(".")[0]!));
  return restored(Object.fromEntries(own), expected);
}

function restored<State extends Parameters>(tensors: Checkpoint["tensors"], expected: State): State {
  try {
    checkTensors(tensors, expected);
  } finally {
    tree.dispose(expected);
  }
  return arraysOf<State>(tensors);
}

/** A function of the model and of rows, compiled, from rows to numbers. It consumes the rows, and keeps the model. */
export function kernelOf<Model extends Parameters, Rows extends np.Array | Parameters = np.Array>(
  model: Model,
  f: (model: Model, x: Rows) => np.Array,
) {
  const kernel = jit(f as (model: Parameters, x: np.Array | Parameters) => np.Array);
  return async (x: Rows) => (await kernel(tree.ref(model), x).data()) as Float32Array;
}

/** Rows of a shape as an array. Numbers that are none are refused: behind a maximum they would not be seen any more. */
export function rowsOf(what: string, values: Float32Array, shape: readonly number[]): np.Array {
  const count = countOf(
    what,
    values,
    shape.reduce((size, length) => size * length, 1),
  );
  return np.array(values as Float32Array<ArrayBuffer>, { shape: [count, ...shape] });
}

/** How many rows there are, at least one. */
export function countOf(what: string, values: Float32Array, width: number): number {
  // A program in JavaScript may have bytes, which would be read as numbers that they are not.
  if (!(values instanceof Float32Array)) {
    const got = (values as object | undefined)?.constructor?.name ?? String(values);
    throw new TypeError(`${what}: expected a Float32Array, got ${got}.`);
  }
  if (values.length === 0 || values.length % width !== 0) {
    throw new RangeError(`${what}: expected rows of ${width} numbers, at least one, got ${values.length} numbers.`);
  }
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`${what}: expected finite numbers, got ${wrong}.`);
  return values.length / width;
}
