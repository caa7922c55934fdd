/** What the page of categorical choices asks of the engine. */

import { numpy as np } from "@jax-js/jax";
import { exactGradient, relaxedGradients, straightThroughGradients } from "./gradients.ts";
import { noiseQuadrature } from "./integration.ts";
import { drawNoise, hardDraws, relaxDraws } from "./relaxed-draws.ts";

export interface CloudQuestion {
  readonly logits: readonly number[];
  readonly temperature: number;
  readonly draws: number;
  readonly seed: number;
}

export interface Cloud {
  /** `[draws, n]`, row by row. */
  readonly relaxed: Float32Array;
  /** The category of each draw. */
  readonly choices: Uint8Array;
  /** How many draws took each category. */
  readonly counts: readonly number[];
}

export async function relaxedCloud({ logits, temperature, draws, seed }: CloudQuestion): Promise<Cloud> {
  const n = logits.length;
  const noise = noiseOf(seed, draws, n);
  const l = np.array([...logits]);
  const relaxed = relaxDraws(noise.ref, l.ref, np.array(temperature));
  const hard = await hardDraws(noise.ref, l).data();
  const choices = Uint8Array.from({ length: draws }, (_, row) => hard.subarray(row * n, (row + 1) * n).indexOf(1));
  const counts = logits.map((_, category) => choices.filter((choice) => choice === category).length);
  return { relaxed: (await relaxed.data()) as Float32Array, choices, counts };
}

export interface GradientQuestion {
  readonly logits: readonly number[];
  /** Of the categories. */
  readonly values: readonly number[];
  readonly target: number;
  readonly temperatures: readonly number[];
}

/** What the gradients of one draw amount to, over all noise. */
export interface Estimate {
  readonly temperature: number;
  /** By each logit. */
  readonly mean: readonly number[];
  /** Length of the difference between the mean and the exact gradient. */
  readonly bias: number;
  /** Square root of the sum of the variances: of the gradient of one draw. */
  readonly deviation: number;
}

export interface GradientAnswer {
  readonly exact: readonly number[];
  readonly relaxed: readonly Estimate[];
  readonly straightThrough: readonly Estimate[];
}

/** Integrated over the noise, and not sampled: where the temperature is low, all that matters may be in draws too rare to come. */
export async function judgeGradients(question: GradientQuestion): Promise<GradientAnswer> {
  const { logits, values, target, temperatures } = question;
  const [l, v, t] = [np.array([...logits]), np.array([...values]), np.array(target)];
  const exact = [...(await exactGradient(l.ref, v.ref, t.ref).data())];
  const [relaxed, straightThrough]: [Estimate[], Estimate[]] = [[], []];
  for (const temperature of temperatures) {
    const { noise, weights } = noiseQuadrature(logits, temperature);
    const points = np.array(noise).reshape([weights.length, logits.length]);
    const soft = await relaxedGradients(points.ref, l.ref, v.ref, t.ref, np.array(temperature)).data();
    const hard = await straightThroughGradients(points, l.ref, v.ref, t.ref, np.array(temperature)).data();
    relaxed.push(estimateOf(soft, weights, temperature, exact));
    straightThrough.push(estimateOf(hard, weights, temperature, exact));
  }
  for (const array of [l, v, t]) array.dispose();
  return { exact, relaxed, straightThrough };
}

/** In float64: sums of as many float32 numbers are off by what is measured here. */
export function estimateOf(
  gradients: ArrayLike<number>,
  weights: ArrayLike<number>,
  temperature: number,
  exact: readonly number[],
): Estimate {
  const n = exact.length;
  const mean = exact.map(() => 0);
  const squares = exact.map(() => 0);
  for (let i = 0; i < gradients.length; i++) {
    const weight = weights[Math.floor(i / n)]!;
    mean[i % n]! += weight * gradients[i]!;
    squares[i % n]! += weight * gradients[i]! ** 2;
  }
  const variances = squares.map((square, i) => Math.max(0, square - mean[i]! ** 2));
  return {
    temperature,
    mean,
    bias: Math.hypot(...mean.map((m, i) => m - exact[i]!)),
    deviation: Math.sqrt(variances.reduce((a, b) => a + b, 0)),
  };
}

let held: { readonly name: string; readonly noise: np.Array } | undefined;

/** The noise of a seed and a shape; that of the last question is kept, which only the temperature may tell from the next. */
function noiseOf(seed: number, draws: number, n: number): np.Array {
  const name = [seed, draws, n].join();
  if (held?.name !== name) {
    held?.noise.dispose();
    held = { name, noise: drawNoise(seed, draws, n) };
  }
  return held.noise;
}
