/** Parsers for the options and arguments of the commands themselves; those of a configuration are in `configuration.ts`. */

import { LARGEST_SEED } from "@softdraw/experiments/training/options";
import { InvalidArgumentError, Option } from "commander";
import { didYouMean } from "./suggestions.ts";

/** The seed of what a command draws beside a training. */
export function seedOption(description: string): Option {
  return new Option("--seed <number>", description).argParser(wholeNumber(0, LARGEST_SEED)).default(0);
}

/** A whole number within bounds. */
export function wholeNumber(lowest: number, highest = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= lowest && value <= highest) return value;
    const upTo = highest === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${highest}`;
    throw new InvalidArgumentError(`Expected a whole number of at least ${lowest}${upTo}.`);
  };
}

/** Whole numbers within bounds, separated by commas, none of them twice. */
export function wholeNumbers(lowest: number, highest: number): (text: string) => number[] {
  return (text) => {
    const values = text.split(",").map(wholeNumber(lowest, highest));
    const twice = values.find((value, i) => values.indexOf(value) < i);
    if (twice === undefined) return values;
    throw new InvalidArgumentError(`Expected different numbers, got ${twice} twice.`);
  };
}

/** One of some names; the error suggests the nearest. */
export function oneOf(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new InvalidArgumentError(`Expected ${names.join(", ")}.${didYouMean(text, names)}`);
  };
}

/** A finite number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (isPositive(value)) return value;
  throw new InvalidArgumentError("Expected a positive number.");
}

/** Finite numbers above 0, separated by commas. */
export function positiveNumbers(text: string): number[] {
  const parts = text.split(",");
  const wrong = parts.find((part) => !isPositive(Number(part)));
  if (wrong === undefined) return parts.map(Number);
  throw new InvalidArgumentError(`Expected positive numbers separated by commas, got "${wrong}" among them.`);
}

function isPositive(value: number): boolean {
  return value > 0 && value < Number.POSITIVE_INFINITY;
}
