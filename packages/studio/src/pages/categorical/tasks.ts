/** What the page of categorical choices asks of the engine. */

import { numpy as np } from "@jax-js/jax";
import { type Estimate, estimateOf } from "./estimates.ts";
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
  /** Of each draw, `[draws, n]`. */
  readonly noise: Float32Array;
}

export async function relaxedCloud({ logits, temperature, draws, seed }: CloudQuestion): Promise<Cloud> {
  const n = logits.length;
  const noise = noiseOf(seed, draws, n);
  const drawn = noise.ref.data() as Promise<Float32Array>;
  const l = np.array([...logits]);
  const relaxed = relaxDraws(noise.ref, l.ref, np.array(temperature));
  const hard = await hardDraws(noise.ref, l).data();
  const choices = Uint8Array.from({ length: draws }, (_, row) => hard.subarray(row * n, (row + 1) * n).indexOf(1));
  const counts = logits.map((_, category) => choices.filter((choice) => choice === category).length);
  return { relaxed: (await relaxed.data()) as Float32Array, choices, counts, noise: await drawn };
}

export interface GradientQuestion {
  readonly logits: readonly number[];
  /** Of the categories. */
  readonly values: readonly number[];
  readonly target: number;
  readonly temperatures: readonly number[];
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
