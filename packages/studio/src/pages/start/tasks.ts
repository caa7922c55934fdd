/** What the story asks of the engine. */

import { learn } from "./learning.ts";

export interface LearningQuestion {
  readonly sizes: readonly number[];
  readonly wish: number;
  readonly temperature: number;
  readonly steps: number;
}

/** The logits after each step. */
export function learnedLogits({ sizes, wish, temperature, steps }: LearningQuestion): Promise<number[][]> {
  return learn([...sizes], wish, temperature, steps);
}
