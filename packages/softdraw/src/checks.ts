/**
 * Argument errors. Each names the function, the argument, what was expected and what came, before any array is used.
 */

import { lax, numpy as np } from "@jax-js/jax";

/** What arrays of the engine have in common with the tracers that stand for them inside `jit`, `grad` and `vmap`. */
const Tracer = Object.getPrototypeOf(np.Array) as typeof np.Array;

/** What an array is to hold: what to suggest to whoever passes something else in its place. */
interface Wanted {
  type: "float" | "int32" | "uint32" | "key";
  /** The axes that it has at least. */
  axes: 0 | 1 | 2;
}

const KEY: Wanted = { type: "key", axes: 0 };
const BITS: Wanted = { type: "uint32", axes: 0 };
export const INDICES: Wanted = { type: "int32", axes: 1 };
export const FLOATS: readonly [Wanted, Wanted, Wanted] = [
  { type: "float", axes: 0 },
  { type: "float", axes: 1 },
  { type: "float", axes: 2 },
];

/** A single key, uint32 of shape [2]; batches of keys go through `vmap`. */
export function checkKey(where: string, key: np.Array): void {
  checkArray(where, "key", key, KEY);
  if (key.dtype !== np.uint32 || key.ndim !== 1 || key.shape[0] !== 2) {
    throw new TypeError(
      `${where}: key must be one PRNG key, uint32[2] as random.key(seed) makes it, got ${describe(key)}. ` +
        "Use random.split for several keys and vmap for a batch of them.",
    );
  }
}

/** Random bits, uint32 of any shape. */
export function checkBits(where: string, bits: np.Array): void {
  checkArray(where, "bits", bits, BITS);
  if (bits.dtype !== np.uint32) throw new TypeError(`${where}: bits must be uint32, got ${describe(bits)}.`);
}

const SHAPES = ["[...]", "[..., n] with n at least 1", "[..., n, n] with n at least 1"];

/** Floating-point logits with at least `eventAxes` axes, none of them of length 0. */
export function checkLogits(
  where: string,
  logits: np.Array,
  eventAxes: 0 | 1 | 2,
  name = "logits",
  shape = SHAPES[eventAxes],
): void {
  checkFloat(where, name, logits, eventAxes);
  if (logits.ndim < eventAxes || logits.shape.slice(logits.ndim - eventAxes).includes(0)) {
    throw new RangeError(`${where}: ${name} must have shape ${shape}, got ${describe(logits)}.`);
  }
}

/** A floating-point array, which is to have at least so many axes. */
export function checkFloat(where: string, name: string, value: np.Array, axes: 0 | 1 | 2 = 0): void {
  checkArray(where, name, value, FLOATS[axes]);
  if (!value.dtype.startsWith("float")) {
    throw new TypeError(`${where}: ${name} must be floating point, got ${describe(value)}.`);
  }
}

/** Two arrays of equal event axes whose batch axes broadcast. */
export function checkBroadcast(
  where: string,
  name: string,
  value: np.Array,
  logits: np.Array,
  eventAxes: 0 | 1 | 2,
): void {
  const event = (x: np.Array) => x.shape.slice(x.ndim - eventAxes).join();
  if (value.ndim >= eventAxes && event(value) === event(logits) && broadcasts(value.shape, logits.shape)) return;
  throw new RangeError(
    `${where}: ${name} must match logits ${describe(logits)}${eventAxes > 0 ? " in its event axes" : ""} and broadcast ` +
      `over the batch, got ${describe(value)}.`,
  );
}

/** Matrices `[..., n, n]` beside logits `[..., n]`, with batch axes that broadcast. */
export function checkMatrices(where: string, name: string, value: np.Array, logits: np.Array): void {
  checkFloat(where, name, value, 2);
  const n = logits.shape.at(-1)!;
  const isSquare = value.ndim >= 2 && value.shape.slice(-2).every((size) => size === n);
  if (isSquare && broadcasts(value.shape.slice(0, -2), logits.shape.slice(0, -1))) return;
  throw new RangeError(
    `${where}: ${name} must have shape [..., ${n}, ${n}] and broadcast over the batch of logits ${describe(logits)}, ` +
      `got ${describe(value)}.`,
  );
}

/** Two arrays of the same shape. */
export function checkSameShape(where: string, name: string, value: np.Array, other: string, expected: np.Array): void {
  if (value.shape.join() !== expected.shape.join()) {
    throw new RangeError(
      `${where}: ${name} must have the shape of ${other}, ${describe(expected)}, got ${describe(value)}.`,
    );
  }
}

/**
 * The size of a choice along the last axis of logits: a whole number from 1 to n. It comes after the arrays, which
 * callers forget, so that options or logits arrive in its place.
 *
 * @param order the arguments of the function that was called, as they are written
 */
export function checkSize(where: string, order: string, logits: np.Array, k: number): void {
  if (typeof logits === "number") {
    throw new TypeError(
      `${where}: logits must be an array of the engine, got ${logits}.${order === "logits" ? "" : inOrder(order)}`,
    );
  }
  checkLogits(where, logits, 1);
  const n = logits.shape.at(-1)!;
  if (Number.isInteger(k) && k >= 1 && k <= n) return;
  const isMissing = k === undefined || (typeof k === "object" && k !== null && !isArray(k));
  if (isMissing) {
    throw new TypeError(`${where}: k is missing, a whole number from 1 to n = ${n}.${inOrder(order)}`);
  }
  throw new RangeError(`${where}: k must be a whole number from 1 to n = ${n}, got ${kindOf(k)}.`);
}

function inOrder(order: string): string {
  return ` The arguments are ${order}, in this order.`;
}

/** An ordered draw: int32 indices `[..., k]`, k from 1 to n, whose batch axes broadcast with those of the logits. */
export function checkIndices(where: string, indices: np.Array, logits: np.Array): void {
  checkArray(where, "indices", indices, INDICES);
  if (indices.dtype !== np.int32) {
    throw new TypeError(`${where}: indices must be int32, got ${describe(indices)}.`);
  }
  const [k = 0, n = 0] = [indices.shape.at(-1), logits.shape.at(-1)];
  if (k >= 1 && k <= n && broadcasts(indices.shape.slice(0, -1), logits.shape.slice(0, -1))) return;
  throw new RangeError(
    `${where}: indices must have shape [..., k], k from 1 to n = ${n}, and broadcast over the batch of logits ` +
      `${describe(logits)}, got ${describe(indices)}.`,
  );
}

/** A shape: non-negative integers. */
export function checkShape(where: string, shape: readonly number[]): void {
  if (Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0)) return;
  const got = Array.isArray(shape) ? `[${shape.map(kindOf)}]` : kindOf(shape);
  throw new RangeError(`${where}: shape must be a list of non-negative integers, got ${got}.`);
}

/** Square matrices of floating-point numbers, `[..., n, n]` with n at least 1. */
export function checkSquare(where: string, name: string, value: np.Array): void {
  checkLogits(where, value, 2, name);
  const [rows, columns] = value.shape.slice(-2);
  if (rows !== columns) throw new RangeError(`${where}: ${name} must have shape [..., n, n], got ${describe(value)}.`);
}

/**
 * A number of times: a whole number, at least `least`, and up to `most`, if there is a most, or to below 2^53, from where on
 * numbers are no longer exact.
 */
export function checkCount(where: string, name: string, value: number, least: number, most?: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= (most ?? value)) return;
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new RangeError(`${where}: ${name} must be a whole number ${range}, got ${kindOf(value)}.`);
}

/** A finite number above 0. */
export function checkPositive(where: string, name: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new RangeError(`${where}: ${name} must be a positive number, got ${kindOf(value)}.`);
}

/**
 * Arrays whose values the host can read: none that `jit`, `grad` or `vmap` trace. Inside of `jit` that is no array at
 * all, because what it computes even from arrays of outside is traced.
 */
export function checkConcrete(where: string, ...values: unknown[]): void {
  if (values.some(isTraced) || isInsideJit()) {
    throw new TypeError(`${where} is solved on the host: call it outside jit, grad and vmap.`);
  }
}

/** Whether `jit`, `grad` or `vmap` trace an array. */
export function isTraced(value: unknown): boolean {
  return isArray(value) && !(value instanceof np.Array);
}

/**
 * An array of this copy of the engine, or a tracer of one. Every function checks each of its arrays here, before it
 * uses any.
 *
 * Upstream: two copies of the engine do not know each other's arrays, and do not say so.
 */
export function checkArray(where: string, name: string, value: unknown, wanted: Wanted): void {
  if (value instanceof Tracer) return;
  if (isArray(value)) {
    throw new TypeError(
      `${where}: ${name} is an array of another copy of @jax-js/jax than the one that softdraw uses. ` +
        "Load both in one way, both by import or both by require, and keep one installed version.",
    );
  }
  const maker = makerOf(name, value, wanted);
  const hint = maker === undefined ? "" : `; ${maker} makes one`;
  throw new TypeError(`${where}: ${name} must be an array of the engine, got ${kindOf(value)}${hint}.`);
}

/** What makes an array out of numbers that are none, if one of the right type and shape comes of it. */
function makerOf(name: string, value: unknown, { type, axes }: Wanted): string | undefined {
  const depth = depthOf(value);
  if (depth === undefined || depth < axes) return undefined;
  if (type === "key") return `random.key(${typeof value === "number" && Number.isInteger(value) ? value : "seed"})`;
  // Of typed arrays the engine takes the three types of its own alone.
  const Typed = { float: Float32Array, int32: Int32Array, uint32: Uint32Array }[type];
  if (ArrayBuffer.isView(value)) return `np.array(${value instanceof Typed ? name : `${Typed.name}.from(${name})`})`;
  return type === "float" ? `np.array(${name})` : `np.array(${name}, { dtype: np.${type} })`;
}

/** The axes of numbers of JavaScript: 2 stands for any more. */
function depthOf(value: unknown): 0 | 1 | 2 | undefined {
  if (typeof value === "number") return 0;
  if (Array.isArray(value)) return Array.isArray(value[0]) ? 2 : 1;
  const isOfNumbers = ArrayBuffer.isView(value) && Symbol.iterator in value && !/^Big/.test(value.constructor.name);
  return isOfNumbers ? 1 : undefined;
}

/** An array of the engine or a tracer of one, also of another copy of the engine. */
export function isArray(value: unknown): value is np.Array {
  return typeof value === "object" && value !== null && "aval" in value;
}

/** What came in place of what was expected: a number itself, of others the kind. */
export function kindOf(value: unknown): string {
  if (typeof value === "number" || value === null || value === undefined) return String(value);
  if (typeof value !== "object") return typeof value;
  if (isArray(value)) return describe(value);
  if (Array.isArray(value)) return "a JavaScript array";
  if (typeof (value as Partial<PromiseLike<unknown>>).then === "function") return "a promise: await it";
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name !== "string" || ["", "Object"].includes(name)) return "object";
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

/** Whether shapes broadcast with each other. */
export function broadcasts(a: readonly number[], b: readonly number[]): boolean {
  const tail = Math.min(a.length, b.length);
  return Array.from({ length: tail }, (_, i) => [a.at(-1 - i), b.at(-1 - i)]).every(
    ([m, n]) => m === n || m === 1 || n === 1,
  );
}

/** Type and shape of an array. */
export function describe(x: np.Array): string {
  return `${x.dtype}[${x.shape}]`;
}

/**
 * Whether `jit` traces what calls this: then the engine's operations give tracers, whatever they are given.
 *
 * Upstream: the engine cannot be asked whether it traces, and what it says of a promise in a traced function is obscure.
 */
function isInsideJit(): boolean {
  const zero = lax.stopGradient(np.zeros([]));
  zero.dispose();
  return !(zero instanceof np.Array);
}
