/**
 * How faithful choices are: what is told from the chosen groups alone, beside a random choice, and beside one by integrated
 * occlusion. On the host, because what tells may be a model that is asked from there.
 */

import type { Answers } from "./examples.ts";

/**
 * What is told of parts of examples: probabilities, `[count, classes]`.
 *
 * @param seen zeros and ones, `[count, groups]`, one row for each of the examples
 */
export type Tell = (seen: Float32Array) => Promise<Float32Array>;

/** Of many examples. */
export interface Fidelity {
  /** The share of examples of which the most probable class is that of the answer. */
  readonly same: number;
  /** The mean cross-entropy of the answer and what is told, in nats. */
  readonly crossEntropy: number;
}

/** Probabilities below count as this: what is told with certainty, and wrongly, costs 16 nats. */
const SMALLEST = 1e-7;

export function fidelityOf({ classes, values }: Answers, told: Float32Array): Fidelity {
  const count = values.length / classes;
  let [same, crossEntropy] = [0, 0];
  for (let row = 0; row < count; row++) {
    const [from, to] = [row * classes, (row + 1) * classes];
    if (largestOf(values.subarray(from, to)) === largestOf(told.subarray(from, to))) same++;
    for (let i = from; i < to; i++) crossEntropy -= values[i]! * Math.log(Math.max(told[i]!, SMALLEST));
  }
  return { same: same / count, crossEntropy: crossEntropy / count };
}

/** The first of the largest. */
export function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[largest]!) largest = i;
  return largest;
}

/** The k largest of each row, as zeros and ones; of equals the first. */
export function largestOfRows(scores: Float32Array, groups: number, k: number): Float32Array {
  const chosen = new Float32Array(scores.length);
  for (let from = 0; from < scores.length; from += groups) {
    const order = Array.from({ length: groups }, (_, i) => i).sort((i, j) => scores[from + j]! - scores[from + i]!);
    for (const group of order.slice(0, k)) chosen[from + group] = 1;
  }
  return chosen;
}

/**
 * The importance of each group, `[count, groups]`: by how much the logarithm of the answer's probability is higher where
 * the group is seen, a mean over random halves of all groups. Each half is told together with its other half, so that every
 * group is seen as often as it is not.
 *
 * After Zintgraf, Cohen, Adel, Welling, "Visualizing Deep Neural Network Decisions: Prediction Difference Analysis", 2017,
 * and Štrumbelj, Kononenko, "Explaining Prediction Models and Individual Predictions with Feature Contributions", 2014,
 * whose contributions are means over parts of all sizes.
 *
 * @param halves of the groups, zeros and ones, `[rounds, count, groups]`
 */
export async function occlusionOf(
  { classes, values }: Answers,
  groups: number,
  halves: readonly Float32Array[],
  tell: Tell,
): Promise<Float32Array> {
  const count = values.length / classes;
  const answered = Array.from({ length: count }, (_, row) =>
    largestOf(values.subarray(row * classes, (row + 1) * classes)),
  );
  const importance = new Float32Array(count * groups);
  for (const half of halves) {
    for (const seen of [half, half.map((x) => 1 - x)]) {
      const told = await tell(seen);
      answered.forEach((answer, row) => {
        const logProb = Math.log(Math.max(told[row * classes + answer]!, SMALLEST));
        for (let i = row * groups; i < (row + 1) * groups; i++) importance[i]! += (2 * seen[i]! - 1) * logProb;
      });
    }
  }
  return importance.map((sum) => sum / halves.length);
}
