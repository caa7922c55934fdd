/** Randomness of simulations: of every simulation the same words, however many there are. */

import { random } from "@jax-js/jax";
import { blocksOf } from "../mathematics/blocks.ts";
import { streamKey } from "../nn/keys.ts";
import { streams } from "../training/streams.ts";
import { parts, type Wish } from "./systems.ts";

/** Simulations that are drawn at once, always as many, so that the first of many are the same as those of few. */
const DRAWN_AT_ONCE = 256;

const STREAMS_A_PART = 2 ** 24;

/** The random words of one simulation after the other. */
export async function* drawnWords(
  { count, seed, part }: Pick<Wish, "count" | "seed" | "part">,
  words: number,
): AsyncGenerator<Uint32Array, void, void> {
  const firstStream = streams.simulations + parts.indexOf(part) * STREAMS_A_PART;
  for (const { first, size } of blocksOf(count, DRAWN_AT_ONCE)) {
    const key = streamKey(seed, firstStream + first / DRAWN_AT_ONCE);
    const bits = (await random.bits(key, [DRAWN_AT_ONCE * words]).data()) as Uint32Array;
    for (let i = 0; i < size; i++) yield bits.subarray(i * words, (i + 1) * words);
  }
}

/** A word as a number between 0 and 1, neither of which it is. */
export function uniformOf(word: number): number {
  return (word + 0.5) / 2 ** 32;
}

/** Two words as two normal numbers, by Box and Muller. */
export function normalsOf(first: number, second: number): [number, number] {
  const distance = Math.sqrt(-2 * Math.log(uniformOf(first)));
  const angle = 2 * Math.PI * uniformOf(second);
  return [distance * Math.cos(angle), distance * Math.sin(angle)];
}

/** @throws RangeError for numbers that are no whole numbers in range */
export function checkWish({ particles, count, frames }: Wish): void {
  checkWhole("particles", particles, 2, 255);
  checkWhole("count", count, 1, DRAWN_AT_ONCE * STREAMS_A_PART);
  checkWhole("frames", frames, 1, Number.MAX_SAFE_INTEGER);
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`simulate: ${name} must be a whole number from ${least} to ${most}, got ${value}.`);
}
