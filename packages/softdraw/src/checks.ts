/** Argument errors. Each names the function, the argument, what was expected and what came, before any array is used. */

import { numpy as np } from "@jax-js/jax";

/** A PRNG key, a logit array, a sample: any array of the engine, or a tracer of one inside `jit`, `grad` and `vmap`. */
export type Array = np.Array;

/** The temperature of a relaxation: a positive number, or a scalar array when it is computed or learned. */
export type Temperature = number | Array;

export interface TemperatureOptions {
  /** Positive; default 1. Dynamic: a new value never recompiles. */
  temperature?: Temperature;
}

export interface RelaxOptions extends TemperatureOptions {
  /** Return the exact draw of `sample` for the same key, with the gradient of the relaxation. Default false. */
  hard?: boolean;
}

/** A single key, uint32 of shape [2]; batches of keys go through `vmap`. */
export function checkKey(where: string, key: Array): void {
  checkArray(where, "key", key);
  if (key.dtype !== np.uint32 || key.ndim !== 1 || key.shape[0] !== 2) {
    throw new TypeError(
      `${where}: key must be one PRNG key, uint32[2] as random.key(seed) makes it, got ${describe(key)}. ` +
        "Use random.split for several keys and vmap for a batch of them.",
    );
  }
}

/** Random bits, uint32 of any shape. */
export function checkBits(where: string, bits: Array): void {
  checkArray(where, "bits", bits);
  if (bits.dtype !== np.uint32) throw new TypeError(`${where}: bits must be uint32, got ${describe(bits)}.`);
}

/** Floating-point logits with at least `eventAxes` axes, none of them of length 0. */
export function checkLogits(where: string, logits: Array, eventAxes: 0 | 1 | 2, name = "logits"): void {
  checkFloat(where, name, logits);
  const event = ["[...]", "[..., n]", "[..., n, n]"][eventAxes];
  if (logits.ndim < eventAxes || logits.shape.slice(logits.ndim - eventAxes).includes(0)) {
    throw new RangeError(`${where}: ${name} must have shape ${event} with n at least 1, got ${describe(logits)}.`);
  }
}

/** A floating-point array. */
export function checkFloat(where: string, name: string, value: Array): void {
  checkArray(where, name, value);
  if (!value.dtype.startsWith("float")) {
    throw new TypeError(`${where}: ${name} must be floating point, got ${describe(value)}.`);
  }
}

/** Two arrays of equal event axes whose batch axes broadcast. */
export function checkBroadcast(where: string, name: string, value: Array, logits: Array, eventAxes: 0 | 1 | 2): void {
  const event = (x: Array) => x.shape.slice(x.ndim - eventAxes).join();
  if (value.ndim >= eventAxes && event(value) === event(logits) && broadcasts(value.shape, logits.shape)) return;
  throw new RangeError(
    `${where}: ${name} must match logits ${describe(logits)}${eventAxes > 0 ? " in its event axes" : ""} and broadcast ` +
      `over the batch, got ${describe(value)}.`,
  );
}

/** Two arrays of the same shape. */
export function checkSameShape(where: string, name: string, value: Array, other: string, expected: Array): void {
  if (value.shape.join() !== expected.shape.join()) {
    throw new RangeError(
      `${where}: ${name} must have the shape of ${other}, ${describe(expected)}, got ${describe(value)}.`,
    );
  }
}

/** The size of a subset of the last axis of logits: a whole number from 1 to n. */
export function checkSize(where: string, k: number, logits: Array): void {
  const n = logits.shape.at(-1)!;
  if (Number.isInteger(k) && k >= 1 && k <= n) return;
  const got = typeof k === "number" ? k : kindOf(k);
  throw new RangeError(`${where}: k must be a whole number from 1 to n = ${n}, got ${got}.`);
}

/** An ordered draw: int32 indices `[..., k]`, k from 1 to n, whose batch axes broadcast with those of the logits. */
export function checkIndices(where: string, indices: Array, logits: Array): void {
  checkArray(where, "indices", indices);
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

/** The object that a function's options come in; what should have been in it is easily passed in its place. */
export function checkOptions(where: string, options: object, example: string): void {
  if (typeof options === "object" && options !== null && !isArray(options)) return;
  throw new TypeError(`${where}: options must be an object such as ${example}, got ${kindOf(options)}.`);
}

/** The temperature of `options`, 1 when it is not given. */
export function checkTemperature(where: string, options: TemperatureOptions): Temperature {
  checkOptions(where, options, "{ temperature: 0.5 }");
  const { temperature = 1 } = options;
  if (typeof temperature === "number") {
    if (temperature > 0 && temperature < Number.POSITIVE_INFINITY) return temperature;
    throw new RangeError(
      `${where}: temperature must be a positive number, got ${temperature}. ` +
        "For values without relaxation use mode (no noise), sample, or hard: true (exact value, relaxed gradient).",
    );
  }
  if (!isArray(temperature)) {
    throw new TypeError(`${where}: temperature must be a number or a scalar array, got ${kindOf(temperature)}.`);
  }
  checkFloat(where, "temperature", temperature);
  if (temperature.ndim === 0) return temperature;
  throw new RangeError(`${where}: temperature must be a number or a scalar array, got ${describe(temperature)}.`);
}

/** A shape: non-negative integers. */
export function checkShape(where: string, shape: readonly number[]): void {
  if (globalThis.Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0)) return;
  throw new RangeError(`${where}: shape must be a list of non-negative integers, got ${JSON.stringify(shape)}.`);
}

/** Square matrices of floating-point numbers, `[..., n, n]` with n at least 1. */
export function checkSquare(where: string, name: string, value: Array): void {
  checkLogits(where, value, 2, name);
  const [rows, columns] = value.shape.slice(-2);
  if (rows !== columns) throw new RangeError(`${where}: ${name} must have shape [..., n, n], got ${describe(value)}.`);
}

/** A number of times: a whole number, at least 0. */
export function checkCount(where: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 0) return;
  throw new RangeError(`${where}: ${name} must be a whole number of at least 0, got ${value}.`);
}

/** A finite number above 0. */
export function checkPositive(where: string, name: string, value: number): void {
  if (value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw new RangeError(`${where}: ${name} must be a positive number, got ${value}.`);
}

/** An array whose values can be read: none that `jit`, `grad` or `vmap` trace. */
export function checkConcrete(where: string, name: string, value: Array): void {
  if (value instanceof np.Array) return;
  throw new TypeError(`${where}: ${name} must have values to read; call it outside jit, grad and vmap.`);
}

function checkArray(where: string, name: string, value: unknown): void {
  if (isArray(value)) return;
  const hint = globalThis.Array.isArray(value) ? ", of which np.array makes one" : "";
  throw new TypeError(`${where}: ${name} must be an array of the engine, got ${kindOf(value)}${hint}.`);
}

/** An array of the engine, also one of another copy of it, or a tracer of one. */
function isArray(value: unknown): value is Array {
  return typeof value === "object" && value !== null && "aval" in value;
}

/** What a caller without types passed. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (isArray(value)) return describe(value);
  return globalThis.Array.isArray(value) ? "a JavaScript array" : typeof value;
}

function broadcasts(a: number[], b: number[]): boolean {
  const tail = Math.min(a.length, b.length);
  return globalThis.Array.from({ length: tail }, (_, i) => [a.at(-1 - i), b.at(-1 - i)]).every(
    ([m, n]) => m === n || m === 1 || n === 1,
  );
}

function describe(x: Array): string {
  return `${x.dtype}[${x.shape}]`;
}
