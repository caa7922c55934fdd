/** What the gradients of one draw amount to over all draws. */

import type { Wish } from "../../mathematics/choice.ts";
import { noiseQuadrature } from "./integration.ts";

export interface Estimate {
  readonly temperature: number;
  /** By each logit. */
  readonly mean: readonly number[];
  /** Length of the difference between the mean and the exact gradient. */
  readonly bias: number;
  /** Square root of the sum of the variances: of the gradient of one draw. */
  readonly deviation: number;
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

/**
 * The same by plain numbers, integrated over the noise: quick enough to follow a slider. `drawGradient` written out, without an
 * array a draw.
 */
export function integratedEstimate(
  logits: readonly number[],
  temperature: number,
  { values, target }: Wish,
  seesChoice: boolean,
  exact: readonly number[],
): Estimate {
  const { noise, weights } = noiseQuadrature(logits, temperature);
  const gradients = new Float64Array(noise.length);
  const soft = [0, 0, 0];
  for (let row = 0; row < noise.length; row += 3) {
    let [choice, largest] = [0, -Infinity];
    for (let i = 0; i < 3; i++) {
      soft[i] = logits[i]! + noise[row + i]!;
      if (soft[i]! > largest) [choice, largest] = [i, soft[i]!];
    }
    let [sum, mean] = [0, 0];
    for (let i = 0; i < 3; i++) {
      soft[i] = Math.exp((soft[i]! - largest) / temperature);
      sum += soft[i]!;
      mean += soft[i]! * values[i]!;
    }
    mean /= sum;
    const slope = 2 * ((seesChoice ? values[choice]! : mean) - target);
    for (let i = 0; i < 3; i++) gradients[row + i] = (slope * (soft[i]! / sum) * (values[i]! - mean)) / temperature;
  }
  return estimateOf(gradients, weights, temperature, exact);
}
