/** The options that verbs share, and their checks. An option that is undefined is one that was not given. */

import type { numpy as np } from "@jax-js/jax";
import { checkFloat, describe, isArray, kindOf } from "./checks.ts";
import { LARGEST_NOISE } from "./numerics.ts";
import { SMALLEST_TEMPERATURE } from "./tempered.ts";

/**
 * The temperature of a relaxation: a number from 1.2e-38, the smallest normal float32; or an array, when it is computed
 * or learned, or differs from row to row. Its shape broadcasts against the batch axes of the logits, with their event
 * axes kept at length 1: `[2, 1]` for logits `[2, n]`, `[2, 1, 1]` for matrices `[2, n, n]`.
 *
 * A number is checked. The values of an array are not looked at: one that is not positive, infinite, or below 1.2e-38
 * gives NaN. Temperatures below 1e-20 count as 1e-20.
 */
export type Temperature = number | np.Array;

/**
 * How much of its noise a relaxed draw has: `logits + noise * G`. At 1, the default, its exact draw is that of `sample`; at 0
 * there is none, and the draw is `softMode`. A number from 0 to 1e18; or an array that broadcasts as that of a temperature
 * does, of which an entry that is negative, above 1e18 or NaN gives NaN. Beyond, the noise would lift impossible entries.
 */
export type NoiseScale = number | np.Array;

interface Tempered {
  /** From 1.2e-38; default 1. Dynamic: a new value never recompiles. */
  temperature?: Temperature | undefined;
}

export interface TemperatureOptions extends Tempered {
  /** An option of `relax` alone. */
  hard?: undefined;
}

export interface RelaxOptions extends Tempered {
  /**
   * Return the exact draw of `sample` for the same key, with the gradient of the relaxation; of another `noise` than 1, the exact
   * maximum of the same keys. Default false.
   */
  hard?: boolean | undefined;
  /** From 0 to 1e18; default 1. Dynamic, as the temperature is. */
  noise?: NoiseScale | undefined;
}

/** The names of the options of `TemperatureOptions`, for `checkOptions`. */
export const TEMPERATURE: readonly string[] = ["temperature"];

/** The names of the options of `RelaxOptions`. */
export const RELAX: readonly string[] = ["temperature", "hard", "noise"];

/** The largest float32. */
export const LARGEST = 2 ** 128 - 2 ** 104;

const INSTEAD_OF_HARD =
  " For an exact value with the gradient of a relaxation use straightThrough(soft, hard): hard from sample, with the " +
  "key that relax had, or from mode beside softMode.";

/**
 * Refuses options that are no object, such as a temperature without braces, and options of another name: one that is
 * misspelled would leave the default in force without a word. Called by every verb, so it allocates nothing for a plain
 * object unless it throws. Symbols are no names of options, and are not looked at.
 *
 * @param names of all options that there are
 */
export function checkOptions(where: string, options: object, names: readonly string[], example: string): void {
  const isObject = typeof options === "object" && options !== null && !Array.isArray(options) && !isArray(options);
  if (!isObject || !(isPlain(options) || names.some((name) => name in options))) {
    throw new TypeError(`${where}: options must be an object such as ${example}, got ${kindOf(options)}.`);
  }
  for (const name in options) {
    // What is not the object's own may be an addition to all objects.
    if (!names.includes(name) && Object.hasOwn(options, name)) refuseOption(where, options, name, names);
  }
  if (!isPlain(options)) checkInherited(where, options, names);
}

/** Whether an object is no instance of a class, one of this realm or of another. */
function isPlain(options: object): boolean {
  const prototype = Object.getPrototypeOf(options);
  return prototype === Object.prototype || prototype === null || isRoot(prototype);
}

/** Whether an object is the `Object.prototype` of any realm. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "hasOwnProperty");
}

/** Getters of a class, and what is enumerable in an object that is another's prototype, are options too. */
function checkInherited(where: string, options: object, names: readonly string[]): void {
  for (let level = Object.getPrototypeOf(options); level !== null && !isRoot(level); ) {
    for (const [name, { get, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if ((get || enumerable) && !names.includes(name)) refuseOption(where, options, name, names);
    }
    level = Object.getPrototypeOf(level);
  }
}

/** The temperature of `options`, 1 when it is not given, after a check of their names. */
export function checkTemperature(
  where: string,
  logits: np.Array,
  eventAxes: 0 | 1 | 2,
  options: { temperature?: Temperature | undefined },
  names = TEMPERATURE,
): Temperature {
  checkOptions(where, options, names, "{ temperature: 0.5 }");
  const { temperature = 1 } = options;
  if (typeof temperature === "number") {
    if (temperature >= SMALLEST_TEMPERATURE && temperature <= LARGEST) return temperature;
    const expected = temperature > 0 ? "from 1.2e-38 to 3.4e38, as float32 holds it" : "a positive number";
    throw new RangeError(
      `${where}: temperature must be ${expected}, got ${temperature}. For values without relaxation use ` +
        `${insteadOfCold(names)}.`,
    );
  }
  checkOfEvents(where, "temperature", temperature, logits, eventAxes);
  return temperature;
}

/**
 * The scale of the noise of `options`, in a list that is empty where all of the noise is wanted: then nothing is computed with
 * the scale.
 */
export function checkNoise(
  where: string,
  logits: np.Array,
  eventAxes: 0 | 1 | 2,
  { noise = 1 }: { noise?: NoiseScale | undefined },
): NoiseScale[] {
  if (noise === 1) return [];
  if (typeof noise === "number") {
    if (noise >= 0 && noise <= LARGEST_NOISE) return [noise];
    throw new RangeError(`${where}: noise must be a number from 0 to 1e18, got ${noise}.`);
  }
  checkOfEvents(where, "noise", noise, logits, eventAxes);
  return [noise];
}

/** An array that has a number for all events of the logits, or one for each. */
export function checkOfEvents(where: string, name: string, x: np.Array, logits: np.Array, eventAxes: number): void {
  if (!isArray(x)) throw new TypeError(`${where}: ${name} must be a number or an array, got ${kindOf(x)}.`);
  checkFloat(where, name, x);
  if (x.ndim === 0 || broadcastsToBatch(x.shape, logits.shape, eventAxes)) return;
  const shape = [...logits.shape.slice(0, logits.ndim - eventAxes), ...Array(eventAxes).fill(1)];
  throw new RangeError(
    `${where}: ${name} must be a number, a scalar array, or an array that broadcasts to [${shape}], one for each ` +
      `event of logits ${describe(logits)}, got ${describe(x)}.`,
  );
}

/** Whether a shape broadcasts to the batch axes of logits, with their event axes kept at length 1. */
function broadcastsToBatch(shape: number[], logits: number[], eventAxes: number): boolean {
  if (shape.length < eventAxes || shape.length > logits.length) return false;
  const fits = (size: number, axis: number) =>
    size === 1 || (axis < shape.length - eventAxes && size === logits[logits.length - shape.length + axis]);
  return shape.every(fits);
}

function insteadOfCold(names: readonly string[]): string {
  return names.includes("hard")
    ? "mode (no noise), sample, or hard: true (exact value, relaxed gradient)"
    : "mode (no noise) or sample";
}

/** Whether `options` ask for the exact value. */
export function checkHard(where: string, { hard = false }: RelaxOptions): boolean {
  if (typeof hard === "boolean") return hard;
  throw new TypeError(`${where}: hard must be true or false, got ${kindOf(hard)}.`);
}

/** What `relax` computes with, after the checks of its options: the temperature, the scale of the noise, and whether it is hard. */
export function checkRelax(
  where: string,
  logits: np.Array,
  eventAxes: 0 | 1 | 2,
  options: RelaxOptions,
  names: readonly string[],
): [temperature: Temperature, scale: NoiseScale[], hard: boolean] {
  const temperature = checkTemperature(where, logits, eventAxes, options, names);
  return [temperature, checkNoise(where, logits, eventAxes, options), checkHard(where, options)];
}

/** One of some names. */
export function checkChoice(where: string, name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  const got = typeof value === "string" ? JSON.stringify(value) : kindOf(value);
  throw new RangeError(`${where}: ${name} must be one of ${quoted(choices)}, got ${got}.`);
}

function refuseOption(where: string, options: object, name: string, names: readonly string[]): void {
  if ((options as Record<string, unknown>)[name] === undefined) return;
  const near = nearest(name.toLowerCase(), names);
  const guess = near === undefined ? "." : `; did you mean "${near}"?`;
  const instead = name === "hard" && names.includes("temperature") ? INSTEAD_OF_HARD : "";
  throw new TypeError(
    `${where}: unknown option "${name}"${guess} There ${names.length > 1 ? "are" : "is"} ${quoted(names)}.${instead}`,
  );
}

/** The name that another one, in small letters, most likely stands for, if any. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const near = names.filter((known) => isNear(name, known.toLowerCase()));
  return near.sort((a, b) => distance(name, a.toLowerCase()) - distance(name, b.toLowerCase()))[0];
}

/**
 * Whether a name is another one abbreviated, or with its letters in another order, or with one of three letters wrong.
 */
function isNear(name: string, known: string): boolean {
  let found = 0;
  for (const letter of known) if (letter === name[found]) found++;
  const isAbbreviation = found === name.length && name[0] === known[0];
  return isAbbreviation || sorted(name) === sorted(known) || distance(name, known) <= known.length / 3;
}

function sorted(name: string): string {
  return [...name].sort().join();
}

/** The edit distance of two names: the letters to insert, delete and replace on the way from one to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(row[j]! + (letter === b[j] ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
