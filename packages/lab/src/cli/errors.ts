/** How a command ends. */

import { distance } from "fastest-levenshtein";

export const EXIT = { done: 0, failure: 1, wrongCall: 2, interrupted: 130, readerGone: 141 } as const;

/** The caller's mistake: the message says what was wrong, what was expected and what came. */
export class WrongCall extends Error {}

/** The signal to stop was obeyed: the work is saved, and there is nothing more to say. */
export class Interrupted extends Error {}

/** ` Did you mean "x"?` for the candidate nearest to `word`, if one is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const [nearest] = candidates
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.far - b.far);
  return nearest ? ` Did you mean "${nearest.candidate}"?` : "";
}
