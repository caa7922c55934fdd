/** The draws of the story: the same noise in every step. */

import { drawGradient, largestOf, oneHot, softmax, type Wish } from "../../mathematics/choice.ts";
import { gumbelNoise } from "../../mathematics/noise.ts";

/** Of each draw, the noise of each class. */
export type Noise = readonly (readonly number[])[];

export function noiseOf(seed: number, draws: number): Noise {
  const next = gumbelNoise(seed);
  return Array.from({ length: draws }, () => next(3));
}

export function keysOf(logits: readonly number[], noise: readonly number[]): number[] {
  return logits.map((logit, i) => logit + noise[i]!);
}

/** As the triangle takes them. */
export function relaxed(noise: Noise, logits: readonly number[], temperature: number) {
  const keys = noise.map((row) => keysOf(logits, row));
  return { relaxed: keys.flatMap((row) => softmax(row, temperature)), choices: keys.map(largestOf) };
}

export type Seen = "mixture" | "choice";

/** The gradient of each draw, where the loss sees the mixture, or the choice alone. */
export function gradientsOf(noise: Noise, logits: readonly number[], temperature: number, wish: Wish, seen: Seen) {
  return noise.map((row) => {
    const keys = keysOf(logits, row);
    const choice = largestOf(keys);
    const soft = softmax(keys, temperature);
    const gradient = drawGradient(soft, seen === "choice" ? oneHot(choice, 3) : soft, temperature, wish);
    return { gradient, choice };
  });
}
